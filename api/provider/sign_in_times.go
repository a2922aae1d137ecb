package provider

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// withinMS are the milliseconds within which answers to the login form are counted; the last has all that took longer.
var withinMS = []int{25, 50, 100, 150, 200, 300, 500, 800, 1200, 2000, 5000, 10_000}

// signInTimes counts what became of login forms, and how long it took, so that no request waits until that is written. However many
// come, these are a few numbers an hour.
type signInTimes struct {
	mu sync.Mutex
	of map[store.SignInTime]int64 // that are still to be written
}

// note counts the answer to a form that came at began; err is why nobody is signed in, or nil.
func (t *signInTimes) note(began, ended time.Time, err error) {
	of := store.SignInTime{Hour: began.UTC().Truncate(time.Hour), Outcome: store.SignInAnswered, WithinMS: withinMS[len(withinMS)-1]}
	if i := slices.IndexFunc(withinMS, func(ms int) bool { return ended.Sub(began) <= time.Duration(ms)*time.Millisecond }); i >= 0 {
		of.WithinMS = withinMS[i]
	}
	if not := (notProven{}); errors.As(err, &not) && not.status == http.StatusTooManyRequests {
		of.Outcome = store.SignInThrottled
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[store.SignInTime]int64{}
	}
	t.of[of]++
}

// take returns what is to be written, and forgets it.
func (t *signInTimes) take() map[store.SignInTime]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	of := t.of
	t.of = nil
	return of
}

// saveSignInTimes writes what was counted since it was called before. What cannot be written is lost: it is a number in a plot.
func (p *Provider) saveSignInTimes(ctx context.Context) {
	of := p.signInTimes.take()
	if len(of) == 0 {
		return
	}
	if err := p.store.AddSignInTimes(ctx, of); err != nil && ctx.Err() == nil {
		p.tell(ctx, oidc.MaintenanceFailed{Error: err.Error()})
	}
}

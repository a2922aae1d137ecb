package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/outgoing"
)

// What anybody can have us fetch at once. Otherwise somebody with a loop would take all there is; see authn.SiteLimiter.
const (
	maxFetches       = 32
	maxFetchAttempts = 1_000            // that are running or in the pause after
	maxFetchesOfSite = 50               // of these, for one end site
	fetchPause       = 10 * time.Second // between two attempts of a site at the same
)

// errTooManyFetches is the error of a fetch for which there is no place.
var errTooManyFetches = errors.New("as many addresses of clients are fetched as may; the bound is in api/provider/fetch.go")

// fetches bounds what is fetched for those who may be anybody.
type fetches struct {
	places   chan struct{}
	mu       sync.Mutex
	attempts map[fetchKey]*fetchAttempt
	ofSite   map[string]int // attempts
}

// fetchKey is what is fetched, and for whom: nobody waits for an attempt of somebody else, whose places may all be taken, or has the
// error of it.
type fetchKey struct {
	site string // the end site of who asks; "" where there is no share for each
	what any    // an address, or whatever else names it
}

// fetchAttempt is a running or finished fetch. Failures are not cached (OAuth Client ID Metadata Document §4.4), only
// spaced out.
type fetchAttempt struct {
	done  chan struct{}
	err   error
	until time.Time // end of the pause; zero while it is running
}

func newFetches() fetches {
	return fetches{places: make(chan struct{}, maxFetches), attempts: map[fetchKey]*fetchAttempt{}, ofSite: map[string]int{}}
}

// once runs fetch for what key names, or waits for the attempt that is running; within the pause after one it returns the
// error of that. An attempt goes on although the request that began it has ended.
func (f *fetches) once(ctx context.Context, key fetchKey, now func() time.Time, fetch func(context.Context) error) error {
	a, begins := f.attempt(key, now())
	if a == nil {
		return errTooManyFetches
	}
	if begins {
		go func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*outgoing.Patience)
			defer cancel()
			err := fetch(ctx)
			f.mu.Lock()
			defer f.mu.Unlock()
			a.err, a.until = err, now().Add(fetchPause)
			close(a.done)
		}()
	}
	select {
	case <-a.done:
		return a.err
	case <-ctx.Done():
		return errTooManyFetches
	}
}

// attempt returns the attempt that counts now; begins reports whether the caller is to make it. nil: there are too many.
func (f *fetches) attempt(key fetchKey, now time.Time) (a *fetchAttempt, begins bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.isFull(key.site) {
		for other, old := range f.attempts {
			if old.isOver(now) {
				f.ofSite[other.site]--
				delete(f.attempts, other)
			}
		}
		maps.DeleteFunc(f.ofSite, func(_ string, n int) bool { return n == 0 })
	}
	a = f.attempts[key]
	switch {
	case a != nil && !a.isOver(now):
		return a, false
	case a == nil && f.isFull(key.site):
		return nil, false
	case a == nil:
		f.ofSite[key.site]++
	}
	a = &fetchAttempt{done: make(chan struct{})}
	f.attempts[key] = a
	return a, true
}

// isFull reports whether there is no place for an attempt of a site.
func (f *fetches) isFull(site string) bool {
	return len(f.attempts) >= maxFetchAttempts || site != "" && f.ofSite[site] >= maxFetchesOfSite
}

// isOver reports whether the attempt and the pause after it have ended.
func (a *fetchAttempt) isOver(now time.Time) bool { return !a.until.IsZero() && !now.Before(a.until) }

// namedByStrangers is the target (authn.SiteLimiter) of what is at addresses that anybody can invent.
const namedByStrangers = ""

// fetchForAnybody is fetch for a request that nobody has authenticated yet: it waits for a place among those of the
// request's network at target. What strangers named waits for one among all such, too.
func (p *Provider) fetchForAnybody(
	ctx context.Context, r Request, target, uri string, limit int64,
) (body []byte, contentType string, err error) {
	release, err := p.perSite.Acquire(ctx, authn.EndSite(r.Addr), target)
	if err != nil {
		return nil, "", errTooManyFetches
	}
	defer release()
	if target == namedByStrangers {
		select {
		case p.fetches.places <- struct{}{}:
			defer func() { <-p.fetches.places }()
		case <-ctx.Done():
			return nil, "", errTooManyFetches
		}
	}
	return p.fetch(ctx, uri, limit)
}

// fetch gets what a client keeps at an address of its own, such as its keys: at most limit bytes, through the guarded way
// out, and nothing but a 200. The error is for the log; it never repeats the address, which may have a secret in it.
func (p *Provider) fetch(ctx context.Context, uri string, limit int64) (body []byte, contentType string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return nil, "", errors.New("the address cannot be read")
	}
	request.Header.Set("Accept", "application/json, */*;q=0.5")
	response, err := p.outgoing.Do(request)
	if err != nil {
		return nil, "", withoutURL(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("answers %d", response.StatusCode)
	}
	body, err = io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = fmt.Errorf("answers with more than %d bytes", limit)
	}
	return body, response.Header.Get("Content-Type"), err
}

// withoutURL returns the error of net/http without the address.
func withoutURL(err error) error {
	var withURL *url.Error
	if errors.As(err, &withURL) {
		return withURL.Err
	}
	return err
}

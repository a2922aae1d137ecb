package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// probe is somebody who asks for the same, again and again, while something is broken.
type probe struct {
	mu            sync.Mutex
	good, refused int
	longest       time.Duration
	wrong         map[string]int // answers that are neither
	asking        sync.WaitGroup
	goHome        context.CancelFunc
}

// requestPatience is what a request may take, 10 s, and what the machine may take that has other things to do.
const requestPatience = 13 * time.Second

// probing has people ask. An answer is good, or it says when to come again.
func probing(ctx context.Context, people []*person, ask func(*person) (answer, error), good func(answer) bool) *probe {
	b := &probe{wrong: map[string]int{}}
	ctx, b.goHome = context.WithCancel(ctx)
	for _, p := range people {
		b.asking.Go(func() {
			defer p.browser.CloseIdleConnections()
			for ctx.Err() == nil {
				began := time.Now()
				a, err := ask(p)
				b.note(a, err, good, time.Since(began))
				_ = pause(ctx, 100*time.Millisecond) // or it is over
			}
		})
	}
	return b
}

func (b *probe) note(a answer, err error, good func(answer) bool, took time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.longest = max(b.longest, took)
	switch {
	case err == nil && good(a):
		b.good++
	case err == nil && a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "":
		b.refused++
	default:
		b.wrong[fmt.Sprintf("%d %s %.200s %v", a.status, a.location(), a.body, err)]++
	}
}

func (b *probe) String() string {
	return fmt.Sprintf("%d good, %d × 503 with Retry-After, within %.1f s", b.good, b.refused, b.longest.Seconds())
}

// ended stops asking, and returns an error where an answer was wrong or late, or there was none.
func (b *probe) ended() error {
	b.goHome()
	b.asking.Wait()
	for what, n := range b.wrong {
		return fmt.Errorf("%d times %s", n, what)
	}
	if b.longest > requestPatience || b.good+b.refused == 0 {
		return fmt.Errorf("answers: %s", b)
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// storm has many more people send their passwords than can be hashed. Who is signed in already does not notice.
func storm(ctx context.Context, l *lab) (outcome, error) {
	_, s, err := l.oneReplica(ctx)
	if err != nil {
		return outcome{}, err
	}
	calm := s.crowd(ctx, 0)
	regulars := make([]*person, 4)
	for i := range regulars {
		regulars[i] = newPerson(calm, i)
		if _, ok := regulars[i].signIn(); !ok {
			return outcome{}, fmt.Errorf("%s cannot sign in", regulars[i].name)
		}
	}
	c := s.crowd(ctx, 200)
	defer c.stop()
	var waited, signOns atomic.Int64
	over := time.Now().Add(l.last(30*time.Second, 4*time.Second))
	var all sync.WaitGroup
	for _, p := range regulars {
		all.Go(func() {
			for time.Now().Before(over) {
				began := time.Now()
				if code, ok := p.signOn(p.cookie()); ok {
					p.redeem("other", code)
					signOns.Add(1)
				}
				most(&waited, time.Since(began))
			}
		})
	}
	all.Wait()
	o, err := c.afterwards(ctx)
	o.acknowledged += calm.book.acknowledged
	o.lost += len(calm.book.lost)
	o.saw += fmt.Sprintf("; %d sign-ons of who was signed in took %.1f s at most", signOns.Load(), time.Duration(waited.Load()).Seconds())
	if err == nil && (len(calm.trouble) > 0 || signOns.Load() == 0) {
		err = fmt.Errorf("who was signed in noticed: %d sign-ons, %s", signOns.Load(), calm.saw())
	}
	return o, err
}

// most keeps the longest of some durations.
func most(longest *atomic.Int64, d time.Duration) {
	for old := longest.Load(); int64(d) > old && !longest.CompareAndSwap(old, int64(d)); {
		old = longest.Load()
	}
}

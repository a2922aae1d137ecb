package provider

import (
	"context"
	"sync"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
)

// How many refusals of one kind a site (an IPv4 address, or a /48 of IPv6) has in the log: so many in a row, and then one a second.
const (
	linesInARow   = 100
	sitesOfLines  = 10_000 // that are counted at once, in all kinds
	tellOfLeftOut = time.Minute
)

// refusals shares out the log among those who have their requests refused: otherwise somebody with a loop would fill it. How many
// were left out is told.
type refusals struct {
	now  func() time.Time
	next listener

	mu     sync.Mutex
	counts map[refusalsOf]*refusalCount
}

type refusalsOf struct{ event, site string }

type refusalCount struct {
	lines   float64 // in a row, of which one a second is forgotten
	at      time.Time
	leftOut int
	since   time.Time // of the first that was left out
}

func newRefusals(now func() time.Time, next listener) *refusals {
	return &refusals{now: now, next: next, counts: map[refusalsOf]*refusalCount{}}
}

// hear is a listener in front of next.
func (l *refusals) hear(ctx context.Context, e oidc.Event) {
	from := requestOf(ctx)
	if !from.addr.IsValid() || !isRefusal(e) {
		l.next(ctx, e)
		return
	}
	name := e.Kind().Name
	told, leftOut := l.count(refusalsOf{name, authn.EndSite(from.addr)}, l.now())
	if leftOut > 0 {
		l.next(ctx, oidc.RefusalsLeftOut{Of: name, Count: leftOut})
	}
	if told {
		l.next(ctx, e)
	}
}

// isRefusal reports whether anybody can make e happen, as often as they like.
func isRefusal(e oidc.Event) bool {
	switch e.(type) {
	case oidc.AccessTokenRefused, oidc.AuthorizationRefused:
		return true
	}
	return e.Kind().Level == oidc.LevelWarn
}

// count reports whether there is room for one more line, and how many were left out that it is time to tell of.
func (l *refusals) count(of refusalsOf, now time.Time) (told bool, leftOut int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.counts[of]
	if c == nil {
		if len(l.counts) >= sitesOfLines { // a full one starts anew
			clear(l.counts)
		}
		c = &refusalCount{at: now}
		l.counts[of] = c
	}
	c.lines = max(0, c.lines-max(0, now.Sub(c.at).Seconds()))
	c.at = now
	if told = c.lines <= linesInARow-1; told {
		c.lines++
	} else if c.leftOut++; c.leftOut == 1 {
		c.since = now
	}
	if c.leftOut > 0 && now.Sub(c.since) >= tellOfLeftOut {
		leftOut, c.leftOut = c.leftOut, 0
	}
	return told, leftOut
}

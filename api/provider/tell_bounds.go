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
	linesInARow  = 100
	sitesOfLines = 10_000 // that are counted at once, in all kinds
)

// refusals shares out the log among those who have their requests refused: otherwise somebody with a loop would fill it. How many
// were left out is told each minute.
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
}

func newRefusals(now func() time.Time, next listener) *refusals {
	return &refusals{now: now, next: next, counts: map[refusalsOf]*refusalCount{}}
}

// hear is a listener in front of next.
func (l *refusals) hear(ctx context.Context, e oidc.Event) {
	from := requestOf(ctx)
	if !from.addr.IsValid() || !isRefusal(e) || l.hasRoom(refusalsOf{e.Kind().Name, authn.EndSite(from.addr)}, l.now()) {
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

// hasRoom counts a line, and reports whether there is room for it.
func (l *refusals) hasRoom(of refusalsOf, now time.Time) bool {
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
	if c.lines > linesInARow-1 {
		c.leftOut++
		return false
	}
	c.lines++
	return true
}

// tellOfLeftOut has next hear of what was left out since it was called before.
func (l *refusals) tellOfLeftOut(ctx context.Context) {
	for _, e := range l.leftOut() {
		l.next(ctx, e)
	}
}

func (l *refusals) leftOut() (list []oidc.RefusalsLeftOut) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for of, c := range l.counts {
		if c.leftOut > 0 {
			list = append(list, oidc.RefusalsLeftOut{Of: of.event, Site: of.site, Count: c.leftOut})
		}
		c.leftOut = 0
		if l.now().Sub(c.at).Seconds() >= c.lines {
			delete(l.counts, of)
		}
	}
	return list
}

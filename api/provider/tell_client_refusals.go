package provider

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// What is kept of requests that were refused, for the administrator who sets a client up. Anybody can have them refused, so this bounds
// what a replica writes: 600 rows a minute.
const (
	clientRefusalsEvery = 5 * time.Second
	maxClientRefusals   = 50 // that wait to be written
	maxOfOneClient      = 5  // of these, the latest
	maxRefusalText      = 500
)

// clientRefusals notes refusals of clients until they are written, so that no request waits for that. What is too many is dropped.
type clientRefusals struct {
	now     func() time.Time
	mu      sync.Mutex
	waiting int
	of      map[string][]store.ClientRefusal // by client, in the order in which they came
}

// hear is a listener.
func (l *clientRefusals) hear(_ context.Context, e oidc.Event) {
	switch e := e.(type) {
	case oidc.RequestRefused:
		l.note(cmp.Or(e.ClientID, e.Claimed), e.Endpoint, e.Error, e.Why, e.Refused)
	case oidc.AuthorizationRefused:
		l.note(e.ClientID, "authorization", e.Error, e.Why, e.Refused)
	case oidc.AuthorizationRequestRefused:
		l.note(e.ClientID, "authorization", oidc.InvalidRequest, cmp.Or(e.Why, e.Error), e.Refused)
	case oidc.LogoutReturnRefused:
		l.note(e.ClientID, "logout", e.Error, e.Why, e.Refused)
	}
}

// ordinary are answers to requests with which nothing is wrong: nobody has to change how the client is set up.
var ordinary = []string{oidc.LoginRequired, oidc.InteractionRequired, oidc.ConsentRequired, oidc.AccessDenied, oidc.AuthorizationPending,
	oidc.SlowDown, oidc.TemporarilyUnavailable, oidc.ServerError}

func (l *clientRefusals) note(clientID, endpoint, code, why string, v *oidc.RefusedValue) {
	if clientID == "" || slices.Contains(ordinary, code) {
		return
	}
	r := store.ClientRefusal{At: l.now(), ClientID: clientID, Endpoint: inert(endpoint), Error: inert(code),
		Why: inert(oidc.WithoutQueries(why))}
	if v != nil {
		r.Member, r.Sent, r.Whole, r.Nearest = v.Member, inert(v.Sent), v.Whole, inert(v.Nearest)
		r.Whole = r.Whole && r.Sent == v.Sent
		r.Why = v.Member + " is not registered"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.of[clientID]
	switch {
	case len(list) == maxOfOneClient:
		list = list[1:]
	case l.waiting == maxClientRefusals:
		return
	default:
		l.waiting++
	}
	if l.of == nil {
		l.of = map[string][]store.ClientRefusal{}
	}
	l.of[clientID] = append(list, r)
}

// inert returns a text that a terminal shows as it is, of a bounded length.
func inert(s string) string {
	if len(s) > 2*maxRefusalText {
		s = s[:2*maxRefusalText]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// take returns what is to be written, and forgets it.
func (l *clientRefusals) take() (list []store.ClientRefusal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, of := range l.of {
		list = append(list, of...)
	}
	l.of, l.waiting = nil, 0
	return list
}

// saveClientRefusals writes what waits. What cannot be written is lost: it is of use to somebody who looks now.
func (p *Provider) saveClientRefusals(ctx context.Context) {
	if list := p.clientRefusals.take(); len(list) > 0 {
		_ = p.store.SaveClientRefusals(ctx, list)
	}
}

func (p *Provider) saveClientRefusalsNowAndThen(ctx context.Context) {
	tick := time.NewTicker(clientRefusalsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			p.saveClientRefusals(ctx)
		}
	}
}

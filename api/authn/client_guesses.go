package authn

import (
	"net/netip"
	"sync"
	"time"
)

// clientsGuessedAt is how many clients, each from one site, are counted at once: beyond that all is forgotten.
const clientsGuessedAt = 10_000

// ClientGuesses counts wrong secrets of clients for each client and EndSite, in this process: a replica has its own, so that no
// request costs a statement for it. A client_id is public, so somebody else's wrong secrets, from elsewhere, never keep a client out.
type ClientGuesses struct {
	mu     sync.Mutex
	states map[clientAt]State
}

type clientAt struct{ clientID, site string }

// Wait returns how long the client has to wait at addr before its secret is looked at again, in whole seconds and at most a minute; 0
// means not at all. Where addr is not known nobody has to: it might be anybody's.
func (g *ClientGuesses) Wait(clientID string, addr netip.Addr, now time.Time) time.Duration {
	if !addr.IsValid() {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.states) == 0 {
		return 0
	}
	return Wait([]State{g.states[clientAt{clientID, EndSite(addr)}]}, now)
}

// Failed counts a wrong secret. Right ones are counted nowhere, or who shares the client's address would have more guesses.
func (g *ClientGuesses) Failed(clientID string, addr netip.Addr, now time.Time) {
	if !addr.IsValid() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	at := clientAt{clientID, EndSite(addr)}
	s, known := g.states[at]
	if !known {
		g.makeRoom(now)
		s = State{Bucket: Bucket(ByClient) << digestBits}
	}
	s.Failures = min(level(s, now)+1, s.Bucket.Limits().Capacity)
	s.UpdatedAt = now
	g.states[at] = s
}

func (g *ClientGuesses) makeRoom(now time.Time) {
	if g.states == nil {
		g.states = map[clientAt]State{}
	}
	if len(g.states) < clientsGuessedAt {
		return
	}
	for at, s := range g.states {
		if level(s, now) == 0 {
			delete(g.states, at)
		}
	}
	if len(g.states) >= clientsGuessedAt {
		clear(g.states)
	}
}

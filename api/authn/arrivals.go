package authn

import (
	"context"
	"sync"
)

// arrivalsAtOnce is how many of one site may be asked about at upstreams at the same time.
const arrivalsAtOnce = 4

// Arrivals shares out the questions to upstreams. Each answer of one to a browser costs us a request there, whether its code is good or
// invented, so somebody with a loop would otherwise take all connections that there are, and everybody else's sign-ins with them. Who
// has to wait waits: a class may sign in from one address.
type Arrivals struct {
	mu sync.Mutex
	at map[string]*gate
}

type gate struct {
	places chan struct{}
	inUse  int // by those inside and those who wait
}

// Enter waits for a place of the site until ctx ends; leave gives it back.
func (a *Arrivals) Enter(ctx context.Context, site string) (leave func(), err error) {
	g := a.gate(site)
	select {
	case g.places <- struct{}{}:
		return func() { <-g.places; a.done(site, g) }, nil
	case <-ctx.Done():
		a.done(site, g)
		return nil, ctx.Err()
	}
}

func (a *Arrivals) gate(site string) *gate {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at == nil {
		a.at = map[string]*gate{}
	}
	g := a.at[site]
	if g == nil {
		g = &gate{places: make(chan struct{}, arrivalsAtOnce)}
		a.at[site] = g
	}
	g.inUse++
	return g
}

func (a *Arrivals) done(site string, g *gate) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if g.inUse--; g.inUse == 0 {
		delete(a.at, site)
	}
}

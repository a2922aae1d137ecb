package authn

import (
	"context"
	"sync"
)

// requestsPerSite is how many requests to other servers one end site may have us send at the same time.
const requestsPerSite = 4

// SiteLimiter shares out the requests to other servers that callers who are not signed in can cause, such as the redemption of a
// code at an upstream, whether the code is good or invented: somebody with a loop would otherwise take all the connections there
// are, and everybody else's sign-ins with them. Requests beyond the limit wait, since a whole class may sign in from one address.
type SiteLimiter struct {
	mu    sync.Mutex
	sites map[string]*site
}

type site struct {
	places chan struct{}
	inUse  int // by requests that hold a place and those that wait for one
}

// Acquire waits for a place of the end site until ctx ends; release frees it. The error is that of ctx.
func (l *SiteLimiter) Acquire(ctx context.Context, endSite string) (release func(), err error) {
	s := l.use(endSite)
	select {
	case s.places <- struct{}{}:
		return func() { <-s.places; l.unuse(endSite, s) }, nil
	case <-ctx.Done():
		l.unuse(endSite, s)
		return nil, ctx.Err()
	}
}

func (l *SiteLimiter) use(endSite string) *site {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sites == nil {
		l.sites = map[string]*site{}
	}
	s := l.sites[endSite]
	if s == nil {
		s = &site{places: make(chan struct{}, requestsPerSite)}
		l.sites[endSite] = s
	}
	s.inUse++
	return s
}

func (l *SiteLimiter) unuse(endSite string, s *site) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.inUse--; s.inUse == 0 {
		delete(l.sites, endSite)
	}
}

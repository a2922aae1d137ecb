package authn

import (
	"context"
	"sync"
)

// requestsPerSite is how many requests to one target an end site may have us send at the same time.
const requestsPerSite = 4

// SiteLimiter shares out the requests to other servers that callers who are not signed in can cause, such as the redemption of a
// code at an upstream, whether the code is good or invented: somebody with a loop would otherwise take all the connections there
// are, and everybody else's sign-ins with them. Requests beyond the limit wait, since a whole class may sign in from one address.
// Each target has places of its own, so that a dead one takes none of the others'.
type SiteLimiter struct {
	mu     sync.Mutex
	shares map[shareKey]*share
}

// shareKey is who asks, and what a request is sent to.
type shareKey struct{ endSite, target string }

type share struct {
	places chan struct{}
	inUse  int // by requests that hold a place and those that wait for one
}

// Acquire waits for a place of the end site at target until ctx ends; release frees it. The error is that of ctx. There have to be few
// targets, such as those that an administrator named: what callers can invent is one together.
func (l *SiteLimiter) Acquire(ctx context.Context, endSite, target string) (release func(), err error) {
	key := shareKey{endSite, target}
	s := l.use(key)
	select {
	case s.places <- struct{}{}:
		return func() { <-s.places; l.unuse(key, s) }, nil
	case <-ctx.Done():
		l.unuse(key, s)
		return nil, ctx.Err()
	}
}

func (l *SiteLimiter) use(key shareKey) *share {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shares == nil {
		l.shares = map[shareKey]*share{}
	}
	s := l.shares[key]
	if s == nil {
		s = &share{places: make(chan struct{}, requestsPerSite)}
		l.shares[key] = s
	}
	s.inUse++
	return s
}

func (l *SiteLimiter) unuse(key shareKey, s *share) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.inUse--; s.inUse == 0 {
		delete(l.shares, key)
	}
}

package authn

import "sync"

// Caller is who wants a password checked.
type Caller struct {
	Site  string // their EndSite
	Known bool   // their browser signed in to this account before
}

// places are those of hashes that are computed or wait. Some are kept for callers who are known, and some for other sites than the
// one that asks most, so that no customer with a loop keeps everybody from signing in.
type places struct {
	all, unknown, site int // how many may be taken: altogether, by callers who are not known, and by those of one site

	mu     sync.Mutex
	taken  int
	of     map[string]int // by callers of a site who are not known
	others int            // the sum of them
}

func newPlaces(workers, queue int) *places {
	all := workers + queue
	return &places{all: all, unknown: max(1, all*3/4), site: max(1, all/2), of: map[string]int{}}
}

// enter takes a place; ok is false where there is none for c.
func (p *places) enter(c Caller) (leave func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken == p.all || !c.Known && (p.others >= p.unknown || p.of[c.Site] >= p.site) {
		return nil, false
	}
	p.count(c, 1)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.count(c, -1)
	}, true
}

func (p *places) count(c Caller, n int) {
	p.taken += n
	if c.Known {
		return
	}
	p.others += n
	if p.of[c.Site] += n; p.of[c.Site] == 0 {
		delete(p.of, c.Site)
	}
}

// inUse returns how many places are taken.
func (p *places) inUse() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}

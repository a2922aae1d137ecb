package authn

import "sync"

// Attempts counts the attempts in progress in this process, so that guesses sent all at once are not all let through before the
// first has failed.
type Attempts struct {
	mu sync.Mutex
	n  map[Bucket]int
}

// Begin counts an attempt in its buckets until end is called. Call it before the states are loaded, and Wait with what withOthers
// makes of them: as if every other attempt in progress had failed. An address or a site is not counted so, since a whole class
// may sign in from one at nine o'clock.
func (a *Attempts) Begin(buckets []Bucket) (withOthers func([]State) []State, end func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.n == nil {
		a.n = map[Bucket]int{}
	}
	others := make(map[Bucket]int, len(buckets))
	for _, b := range buckets {
		others[b] = a.n[b]
		a.n[b]++
	}
	withOthers = func(states []State) []State { return addOthers(buckets, states, others) }
	return withOthers, func() { a.end(buckets) }
}

func (a *Attempts) end(buckets []Bucket) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, b := range buckets {
		if a.n[b]--; a.n[b] == 0 {
			delete(a.n, b)
		}
	}
}

// addOthers returns a state for each bucket, also for those that have no row.
func addOthers(buckets []Bucket, states []State, others map[Bucket]int) []State {
	var all []State
	for _, b := range buckets {
		s := State{Bucket: b}
		for _, loaded := range states {
			if loaded.Bucket == b {
				s = loaded
			}
		}
		if !kinds[b.Kind()].shared {
			s.InProgress = others[b]
		}
		all = append(all, s)
	}
	return all
}

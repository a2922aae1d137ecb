package store

import "sync"

// cacheLimit bounds the entries of a cache; a full one starts anew.
const cacheLimit = 10_000

// cache keeps rows that seldom change until a NOTIFY (or a poll) reports a change. While nobody listens it keeps nothing,
// so a row that was changed with SQL counts at the next request.
type cache[V any] struct {
	mu         sync.Mutex
	listening  bool
	generation uint64
	entries    map[string]V
}

// get returns the kept value of key or loads it. What was loaded before the latest change is never kept.
func (c *cache[V]) get(key string, load func() (V, error)) (V, error) {
	c.mu.Lock()
	value, ok := c.entries[key]
	generation := c.generation
	c.mu.Unlock()
	if ok {
		return value, nil
	}
	value, err := load()
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listening && generation == c.generation {
		if len(c.entries) >= cacheLimit {
			c.entries = nil
		}
		if c.entries == nil {
			c.entries = map[string]V{}
		}
		c.entries[key] = value
	}
	return value, nil
}

// drop forgets everything; listening is whether changes will be heard of from now on.
func (c *cache[V]) drop(listening bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = nil
	c.generation++
	c.listening = listening
}

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// crowd are people who sign in, on and on, until they are stopped.
type crowd struct {
	*site
	ctx     context.Context
	leave   context.CancelFunc
	people  sync.WaitGroup
	mu      sync.Mutex
	book    ledger
	trouble map[string]int // answers that nobody wanted, by what they were
	heard   time.Time      // the last answer that somebody wanted
	silent  time.Duration
}

// ledger is what was acknowledged, so that it has to be there afterwards.
type ledger struct {
	acknowledged int
	lost         []string
	sessions     []string // values of cookies
	ended        []string // of those who signed out
	codes        []redeemed
	proven       []provenCode      // one-time codes
	refresh      map[string]string // by the code that they began with, the latest
	signIns      int               // forms that were sent, whether or not an answer came
}

// redeemed is a code that had tokens for it.
type redeemed struct{ code, client string }

// crowd has n people sign in at once, on and on.
func (s *site) crowd(ctx context.Context, n int) *crowd {
	c := &crowd{site: s, trouble: map[string]int{}, heard: time.Now(), book: ledger{refresh: map[string]string{}}}
	c.ctx, c.leave = context.WithCancel(ctx)
	for i := range n {
		c.people.Go(func() {
			for round := 0; c.ctx.Err() == nil; round++ {
				newPerson(c, (i+round*n)%population).orCareful().visit(round)
			}
		})
	}
	return c
}

// stop has everybody finish what they are at and go.
func (c *crowd) stop() {
	c.leave()
	c.people.Wait()
}

// told notes an answer that somebody wanted.
func (c *crowd) told(note func(*ledger)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.silent, c.heard = max(c.silent, now.Sub(c.heard)), now
	if note != nil {
		note(&c.book)
	}
}

// acknowledgements is how many there are so far.
func (c *crowd) acknowledgements() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.book.acknowledged
}

// longestSilence is how long nobody had an answer that they wanted, at the longest so far.
func (c *crowd) longestSilence() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.silent
}

// goesOn waits until so many more acknowledgements have come, so that whatever was broken is over.
func (c *crowd) goesOn(ctx context.Context, more int) error {
	goal := c.acknowledgements() + more
	return until(ctx, time.Minute, fmt.Sprintf("%d more acknowledgements", more), func() bool { return c.acknowledgements() >= goal })
}

// troubled notes an answer that nobody wanted, or that none came.
func (c *crowd) troubled(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trouble[what]++
}

// misses notes that something is not there that was acknowledged.
func (c *crowd) misses(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.book.lost = append(c.book.lost, what)
}

// check asks for everything once more that was acknowledged, and tries to use again what was used. The crowd has been stopped.
func (c *crowd) check(ctx context.Context) (outcome, error) {
	b := c.book
	o := outcome{acknowledged: b.acknowledged, silent: c.silent, saw: c.saw()}
	c.say("%d acknowledged; asking again for %d sessions, %d refresh tokens, %d codes and %d logouts", b.acknowledged, len(b.sessions),
		len(b.refresh), len(b.codes), len(b.ended))
	doubled := newTally(c)
	c.codesCountOnce(ctx, doubled)
	c.each(ctx, b.sessions, func(p *person, session string) string { return p.sessionIs(session, true) })
	c.each(ctx, b.ended, func(p *person, session string) string { return p.sessionIs(session, false) })
	c.each(ctx, slices.Collect(maps.Keys(b.refresh)), func(p *person, code string) string { return p.refreshes(b.refresh[code]) })
	byCode := map[string]string{}
	for _, r := range b.codes {
		byCode[r.code] = r.client
	}
	// At the very end, since a code that comes again ends what it began (RFC 6749 §4.1.2).
	c.each(ctx, slices.Collect(maps.Keys(byCode)), func(p *person, code string) string {
		if p.redeemsAgain(byCode[code], code) {
			doubled.add("a code was redeemed twice")
		}
		return ""
	})
	sessions, err := c.count(ctx, "SELECT count(*) FROM sessions")
	if sessions > c.book.signIns {
		doubled.add(fmt.Sprintf("%d sign-ins made %d sessions", c.book.signIns, sessions))
	}
	o.lost, o.doubled = len(c.book.lost), doubled.n
	for what, n := range counted(c.book.lost) {
		c.say("lost: %s (%d times)", what, n)
	}
	if err == nil && o.acknowledged == 0 {
		err = fmt.Errorf("nothing was acknowledged; people saw %s", o.saw)
	}
	return o, err
}

// each has eight people look at one thing after the other, and notes what they miss.
func (c *crowd) each(ctx context.Context, things []string, look func(*person, string) (missed string)) {
	c.ctx = ctx
	queue := make(chan string)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for thing := range queue {
				if missed := look(newPerson(c, 0), thing); missed != "" {
					c.misses(missed)
				}
			}
		})
	}
	for _, thing := range things {
		queue <- thing
	}
	close(queue)
	all.Wait()
}

// saw is what people saw beside what they wanted, the most frequent first.
func (c *crowd) saw() string {
	kinds := slices.SortedFunc(maps.Keys(c.trouble), func(a, b string) int { return c.trouble[b] - c.trouble[a] })
	var list []string
	for _, kind := range kinds {
		list = append(list, fmt.Sprintf("%d × %s", c.trouble[kind], kind))
	}
	if list == nil {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

// tally counts what happened twice, and says so.
type tally struct {
	*crowd
	n int
}

func newTally(c *crowd) *tally { return &tally{crowd: c} }

func (t *tally) add(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
	t.say("doubled: %s", what)
}

func counted(list []string) map[string]int {
	n := map[string]int{}
	for _, what := range list {
		n[what]++
	}
	return n
}

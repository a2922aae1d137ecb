package load

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// crew is workers who go on until they are dismissed. What they do counts while a window is open.
type crew struct {
	over atomic.Bool
	all  sync.WaitGroup

	mu     sync.Mutex
	open   bool
	took   []float64 // ms, of each operation
	errors int
	first  string // error, before a window as well
}

// newCrew signs the workers on, if the workload needs that, and has them begin.
func newCrew(t *Target, workload string, workers int) (*crew, error) {
	run, list := operations[workload], []*worker{}
	for i := range workers {
		w, err := newWorker(t, i, workload)
		if err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	c := &crew{}
	for _, w := range list {
		c.all.Go(func() { c.work(w, run, needsTokens(workload)) })
	}
	return c, nil
}

func (c *crew) work(w *worker, run func(*worker) error, tokens bool) {
	defer w.http.close()
	for failures := 0; !c.over.Load() && failures < 200; {
		began := time.Now()
		err := run(w)
		if c.count(time.Since(began), err); err == nil {
			continue
		}
		failures++
		if tokens { // a refresh token that may have been spent is of no use
			_ = w.signOn()
		}
	}
}

// count notes an operation in the window in which it ends: those that began before the window make up for those that end after
// it.
func (c *crew) count(took time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && c.first == "" {
		c.first = fmt.Sprintf("%.160s", err)
	}
	switch {
	case !c.open:
	case err == nil:
		c.took = append(c.took, took.Seconds()*1000)
	default:
		c.errors++
	}
}

// begin opens a window.
func (c *crew) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open, c.took, c.errors = true, nil, 0
}

// end closes the window and fills in what was counted.
func (c *crew) end(w *Window) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = false
	slices.Sort(c.took)
	w.Operations, w.Errors, w.FirstError = len(c.took), c.errors, c.first
	if n := len(c.took); n > 0 {
		w.P50, w.P99 = c.took[(n-1)/2], c.took[(n-1)*99/100]
	}
}

// dismiss returns when the last operation is over.
func (c *crew) dismiss() {
	c.over.Store(true)
	c.all.Wait()
}

package load

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

// A Plan is how a workload is measured.
type Plan struct {
	Workers int           // each begins an operation when its last one is over
	Warm    time.Duration // before the window
	Length  time.Duration // of the window
	Tries   int           // windows at most, while others use much of the machine
	Quiet   time.Duration // the longest wait for others to calm down before a window

	Server, Postgres int // process ids; 0 for a server without a database
}

// A Window is what was measured.
type Window struct {
	Target, Workload string
	Operations       int
	Errors           int
	FirstError       string
	PerSecond        float64
	P50, P99         float64 // ms
	Server, Postgres float64 // ms of CPU for an operation
	Others           float64 // share of the machine that other processes had
	Memory           float64 // MiB of the server afterwards
}

func (w Window) String() string {
	return fmt.Sprintf("%-10s %-16s %8.1f/s, p50 %.2f ms, p99 %.2f ms, CPU %.3f + %.3f ms, others %.0f %%, %d errors %s",
		w.Workload, w.Target, w.PerSecond, w.P50, w.P99, w.Server, w.Postgres, 100*w.Others, w.Errors, w.FirstError)
}

// Others are busy above much of the machine, and calm below little.
const much, little = 0.20, 0.12

// Measure runs a workload for a window, and again while others use much of the machine; it returns the window with the least of
// that.
func Measure(ctx context.Context, t *Target, workload string, p Plan) (Window, error) {
	if err := t.Discover(); err != nil {
		return Window{}, err
	}
	c, err := newCrew(t, workload, p.Workers)
	if err != nil {
		return Window{}, err
	}
	defer c.dismiss()
	if err := sleep(ctx, p.Warm); err != nil {
		return Window{}, err
	}
	best := Window{Others: 2}
	for range p.Tries {
		if err := p.awaitQuiet(ctx); err != nil {
			return Window{}, err
		}
		w := Window{Target: t.Name, Workload: workload}
		c.begin()
		spent, err := p.spend(ctx, p.Length)
		c.end(&w)
		if err != nil {
			return Window{}, err
		}
		w.Others, w.PerSecond, w.Memory = spent.others, float64(w.Operations)/spent.elapsed.Seconds(), Resident(p.Server)
		if w.Operations > 0 {
			w.Server = spent.server.Seconds() * 1000 / float64(w.Operations)
			w.Postgres = spent.postgres.Seconds() * 1000 / float64(w.Operations)
		}
		if w.Others < best.Others {
			best = w
		}
		if best.Others < much {
			break
		}
	}
	return best, nil
}

// spent is what the machine did meanwhile.
type spent struct {
	elapsed, server, postgres time.Duration
	others                    float64
}

func (p Plan) spend(ctx context.Context, d time.Duration) (spent, error) {
	began, server, postgres, client, all := time.Now(), CPU(p.Server), CPU(p.Postgres), own(), busy()
	err := sleep(ctx, d)
	s := spent{elapsed: time.Since(began), server: CPU(p.Server) - server, postgres: CPU(p.Postgres) - postgres}
	others := busy() - all - s.server - s.postgres - (own() - client)
	s.others = max(0, others.Seconds()/(s.elapsed.Seconds()*float64(runtime.NumCPU())))
	return s, err
}

func (p Plan) awaitQuiet(ctx context.Context) error {
	for began := time.Now(); time.Since(began) < p.Quiet; {
		if s, err := p.spend(ctx, 300*time.Millisecond); err != nil || s.others < little {
			return err
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

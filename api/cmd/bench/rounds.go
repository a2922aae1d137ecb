package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/api/cmd/bench/floor"
	"gatehouse/api/cmd/bench/load"
)

// comparison is a goal: what an operation may cost, in CPU time of server and Postgres, beside that of another target.
type comparison struct {
	what     string
	workload string
	ours     string // target
	beside   string // target; "" for the hash of a password
	most     float64
}

// comparisons are those with the floors.
var comparisons = []comparison{
	{"SSO, ID token RS256", "sso", ours, floorRS256, 1.2},
	{"SSO, ID token ES256", "sso", oursES256, floorES256, 1.3},
	{"refresh, ID token RS256", "refresh", ours, floorRS256, 1.25},
	{"refresh, ID token ES256", "refresh", oursES256, floorES256, 1.25},
	{"client_credentials, ES256", "cc", ours, floorES256, 1.2},
	{"userinfo", "userinfo", ours, floorES256, 1.2},
	{"introspection", "introspect", ours, floorES256, 1.2},
	{"discovery", "discovery", ours, hello, 1.2},
	{"JWKS", "jwks", ours, hello, 1.2},
	{"password login", "login", ours, "", 0},
}

const (
	loginMore   = 6    // ms that a password login may cost beside the hash
	againstMost = 1.10 // times what it cost before: below that is noise
	metricsMost = 1.03 // times what it costs without them
)

// workloads are the names in comparisons.
func workloads() []string {
	var list []string
	for _, c := range comparisons {
		list = append(list, c.workload)
	}
	return slices.Compact(list)
}

// comparisons are with the floors and, with --against, with the commit before; with --metrics they are with ourselves alone.
func (b *bench) comparisons() (list []comparison) {
	if !b.metrics {
		list = slices.Clone(comparisons)
	}
	if b.before == nil {
		return list
	}
	for _, c := range comparisons {
		c.what += " against " + b.against
		c.beside = strings.Replace(c.ours, ours, before, 1)
		if c.most = againstMost; b.metrics {
			c.most = metricsMost
		}
		list = append(list, c)
	}
	return list
}

// measures reports whether anything is compared with the target in this workload.
func (b *bench) measures(t *target, workload string) bool {
	return slices.ContainsFunc(b.comparisons(), func(c comparison) bool {
		return c.workload == workload && (c.ours == t.Name || c.beside == t.Name)
	})
}

// rounds measures what is to be compared in turns, so that what else the machine does touches all.
func (b *bench) rounds(ctx context.Context) ([]row, error) {
	wanted := slices.DeleteFunc(workloads(), func(w string) bool { return !b.wants(w) })
	plan := load.Plan{Workers: 8, Warm: time.Second, Length: 4 * time.Second, Tries: 2, Quiet: 3 * time.Second}
	if b.quick {
		plan = load.Plan{Workers: 8, Warm: 500 * time.Millisecond, Length: 1500 * time.Millisecond, Tries: 1}
	}
	progress("%d rounds of %s", b.options.rounds, strings.Join(wanted, ", "))
	var measured []load.Window
	for round := range b.options.rounds {
		for _, workload := range wanted {
			for i := range b.targets {
				t := b.targets[(i+round)%len(b.targets)] // another one begins each round
				if !b.measures(t, workload) {
					continue
				}
				w, err := b.measure(ctx, t, workload, plan)
				if err != nil {
					return nil, err
				}
				measured = append(measured, w)
			}
		}
	}
	var rows []row
	for _, c := range b.comparisons() {
		switch {
		case !slices.Contains(wanted, c.workload):
		case c.beside == "":
			rows = append(rows, c.besideHash(measured))
		default:
			rows = append(rows, c.row(measured))
		}
	}
	return rows, nil
}

// measure measures one window. One without an operation, or with more than a few errors, is an error: what it measured is
// something else.
func (b *bench) measure(ctx context.Context, t *target, workload string, plan load.Plan) (load.Window, error) {
	plan.Server = t.server.cmd.Process.Pid
	if t.server.database != "" {
		plan.Postgres = b.postmaster()
	}
	w, err := load.Measure(ctx, &t.Target, workload, plan)
	if err == nil {
		progress("%s", w)
	}
	if err == nil && (w.Operations == 0 || w.Errors > w.Operations/20) {
		err = fmt.Errorf("%d operations, %d errors: %s", w.Operations, w.Errors, w.FirstError)
	}
	if err != nil {
		err = fmt.Errorf("%s against %s: %w", workload, t.Name, err)
	}
	return w, err
}

// row compares the windows of each round, which were measured one after the other; the ratio is the median of theirs, the spread their
// lowest and highest.
func (c comparison) row(windows []load.Window) row {
	ours, other := of(windows, c.ours, c.workload), of(windows, c.beside, c.workload)
	var each []float64
	for i := range min(len(ours), len(other)) {
		each = append(each, cost(ours[i])/cost(other[i]))
	}
	ratio := median(each)
	return row{what: c.what,
		ours:   fmt.Sprintf("%.2f ms (%s)", median(costs(ours)), shares(ours)),
		floor:  fmt.Sprintf("%.2f ms (%s)", median(costs(other)), shares(other)),
		ratio:  fmt.Sprintf("%.2f", ratio),
		goal:   fmt.Sprintf("≤ %.2f", c.most),
		met:    ratio <= c.most,
		spread: fmt.Sprintf("%.2f–%.2f", slices.Min(each), slices.Max(each)),
		others: others(append(ours, other...))}
}

// besideHash tells what a login costs beside its hash.
func (c comparison) besideHash(windows []load.Window) row {
	ours, hash := of(windows, c.ours, c.workload), floor.Cost(floor.Argon2id)
	more := costs(ours)
	for i := range more {
		more[i] -= hash
	}
	return row{what: c.what,
		ours:   ms(median(costs(ours))),
		floor:  ms(hash) + " (hash)",
		ratio:  fmt.Sprintf("%+.2f ms", median(more)),
		goal:   fmt.Sprintf("≤ %+d ms", loginMore),
		met:    median(more) <= loginMore,
		spread: fmt.Sprintf("%+.1f to %+.1f", slices.Min(more), slices.Max(more)),
		others: others(ours)}
}

// shares tells how a cost is divided between server and Postgres.
func shares(windows []load.Window) string {
	var server, pg []float64
	for _, w := range windows {
		server, pg = append(server, w.Server), append(pg, w.Postgres)
	}
	return fmt.Sprintf("%.2f + %.2f", median(server), median(pg))
}

// cost is in milliseconds of CPU for an operation.
func cost(w load.Window) float64 { return w.Server + w.Postgres }

func of(windows []load.Window, target, workload string) (out []load.Window) {
	for _, w := range windows {
		if w.Target == target && w.Workload == workload {
			out = append(out, w)
		}
	}
	return out
}

func costs(windows []load.Window) (out []float64) {
	for _, w := range windows {
		out = append(out, cost(w))
	}
	return out
}

func others(windows []load.Window) string {
	var all []float64
	for _, w := range windows {
		all = append(all, w.Others)
	}
	return fmt.Sprintf("%.0f %%", 100*median(all))
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func ms(x float64) string { return fmt.Sprintf("%.2f ms", x) }

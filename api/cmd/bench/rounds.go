package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// comparison is a goal: what an operation of ours may cost, in CPU time of server and Postgres.
type comparison struct {
	what        string
	workload    string // of the load generator
	ours, floor string // targets
	most        float64
}

// comparisons are those of issue 6 that are ratios.
var comparisons = []comparison{
	{"SSO, ID token RS256", "sso", "gatehouse", "floor-rs256", 1.2},
	{"SSO, ID token ES256", "sso", "gatehouse-es256", "floor-es256", 1.3},
	{"refresh, ID token RS256", "refresh", "gatehouse", "floor-rs256", 1.25},
	{"refresh, ID token ES256", "refresh", "gatehouse-es256", "floor-es256", 1.25},
	{"client_credentials, ES256", "cc", "gatehouse", "floor-es256", 1.2},
	{"userinfo", "userinfo", "gatehouse", "floor-es256", 1.2},
	{"introspection", "introspect", "gatehouse", "floor-es256", 1.2},
	{"discovery", "discovery", "gatehouse", "hello", 1.2},
	{"JWKS", "jwks", "gatehouse", "hello", 1.2},
	{"password login", "login", "gatehouse", "", 0},
}

// loginMore is what a password login may cost beside the hash, in milliseconds.
const loginMore = 6

// workloads are the names in comparisons.
func workloads() []string {
	var list []string
	for _, c := range comparisons {
		list = append(list, c.workload)
	}
	return slices.Compact(list)
}

// window is what the load generator says of one window (type Result there).
type window struct {
	Round     int     `json:"round"`
	Target    string  `json:"target"`
	Workload  string  `json:"workload"`
	Ops       int     `json:"ops"`
	Errors    int     `json:"errors"`
	FirstErr  string  `json:"first_error"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	CPUServer float64 `json:"cpu_server_s_per_1000"`
	CPUPG     float64 `json:"cpu_pg_s_per_1000"`
	Foreign   float64 `json:"foreign_cpu"`
	RSS       float64 `json:"rss_after_mib"`
}

// cost is in milliseconds of CPU per operation.
func (w window) cost() float64 { return w.CPUServer + w.CPUPG }

// rounds runs what is to be compared in interleaved rounds.
func (b *bench) rounds(ctx context.Context) ([]row, error) {
	wanted := slices.DeleteFunc(workloads(), func(w string) bool { return !b.wants(w) })
	rounds, windows := 3, []string{"-dur", "4s", "-warm", "1s", "-tries", "2", "-quiet", "3s"}
	if b.quick {
		rounds, windows = 2, []string{"-dur", "1500ms", "-warm", "500ms", "-tries", "1", "-quiet", "500ms"}
	}
	say("%d rounds of %s against Gatehouse and the floors", rounds, strings.Join(wanted, ", "))
	measured, err := b.measure(ctx, "rounds", b.targets, append(windows, "-rounds", fmt.Sprint(rounds), "-c", "8", "-w", strings.Join(wanted, ","))...)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, c := range comparisons {
		switch {
		case !slices.Contains(wanted, c.workload):
		case c.floor == "":
			rows = append(rows, c.besideHash(measured))
		default:
			rows = append(rows, c.row(measured))
		}
	}
	return rows, nil
}

// row compares the medians; the spread is that of the rounds.
func (c comparison) row(windows []window) row {
	ours, floor := of(windows, c.ours, c.workload), of(windows, c.floor, c.workload)
	var each []float64
	for i := range min(len(ours), len(floor)) {
		each = append(each, ours[i].cost()/floor[i].cost())
	}
	ratio := median(costs(ours)) / median(costs(floor))
	return row{what: c.what, ours: ms(median(costs(ours))) + " (" + shares(ours) + ")", floor: ms(median(costs(floor))) + " (" + shares(floor) + ")",
		ratio: fmt.Sprintf("%.2f", ratio), goal: fmt.Sprintf("≤ %.2f", c.most), met: ratio <= c.most,
		spread: fmt.Sprintf("%.2f–%.2f", slices.Min(each), slices.Max(each)), foreign: foreign(append(ours, floor...))}
}

// besideHash says what a login costs beside its hash.
func (c comparison) besideHash(windows []window) row {
	ours, hash := of(windows, c.ours, c.workload), hashCost()
	more := costs(ours)
	for i := range more {
		more[i] -= hash
	}
	return row{what: c.what, ours: ms(median(costs(ours))), floor: ms(hash) + " (hash)", ratio: fmt.Sprintf("%+.2f ms", median(more)),
		goal: fmt.Sprintf("≤ %+d ms", loginMore), met: median(more) <= loginMore,
		spread: fmt.Sprintf("%+.1f to %+.1f", slices.Min(more), slices.Max(more)), foreign: foreign(ours)}
}

// shares says how a cost is divided between server and Postgres.
func shares(windows []window) string {
	var server, pg []float64
	for _, w := range windows {
		server, pg = append(server, w.CPUServer), append(pg, w.CPUPG)
	}
	return fmt.Sprintf("%.2f + %.2f", median(server), median(pg))
}

func of(windows []window, target, workload string) (out []window) {
	for _, w := range windows {
		if w.Target == target && w.Workload == workload {
			out = append(out, w)
		}
	}
	return out
}

func costs(windows []window) (out []float64) {
	for _, w := range windows {
		out = append(out, w.cost())
	}
	return out
}

func foreign(windows []window) string {
	var all []float64
	for _, w := range windows {
		all = append(all, w.Foreign)
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

// measure runs the load generator, shows its lines as progress, and gives its windows. One without an operation, or with more than a few
// errors, is an error: what it measured is something else.
func (b *bench) measure(ctx context.Context, command string, targets []*target, args ...string) ([]window, error) {
	file := filepath.Join(b.dir, command+".jsonl")
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	args = append([]string{command, "-out", file}, args...)
	for _, t := range targets {
		args = append(args, t.profile())
	}
	if _, err := b.loadgenSays(ctx, args...); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var windows []window
	for line := range strings.Lines(string(text)) {
		var w window
		if err := json.Unmarshal([]byte(line), &w); err != nil {
			return nil, err
		}
		if w.Workload != "cold" && (w.Ops == 0 || w.Errors > w.Ops/20) {
			return nil, fmt.Errorf("%s against %s: %d operations, %d errors: %s", w.Workload, w.Target, w.Ops, w.Errors, w.FirstErr)
		}
		windows = append(windows, w)
	}
	return windows, nil
}

// loadgenSays runs the load generator and gives what it printed.
func (b *bench) loadgenSays(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, b.bin("loadgen"), args...)
	cmd.Env = append(ownEnvironment(), "LOADGEN_PGPID="+b.db.PIDFile, "LOADGEN_PG="+b.db.URL("postgres"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		return "", err
	}
	var text strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		say("%.160s", lines.Text())
		fmt.Fprintln(&text, lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		return "", fmt.Errorf("loadgen %s: %w %s", args[0], err, complaints.String())
	}
	return text.String(), nil
}

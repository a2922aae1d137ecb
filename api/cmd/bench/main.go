// Command bench is what `npm run bench` runs: it measures Gatehouse and the least that the same answers could cost (package
// floor) side by side on one Postgres, and prints a table of what an operation costs; see docs/performance.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"gatehouse/api/cmd/bench/floor"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	missed, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if missed != "" {
		fmt.Println(missed)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	only    []string
	rounds  int
	quick   bool
	check   bool
	record  bool
	against string // a commit, or noMetrics
	metrics bool   // ours counts
	mode    mode
}

// A mode is one of the tables, or the profiles.
type mode string

const (
	usual    mode = ""
	profiles mode = "profile"
	growth   mode = "growth"
	floors   mode = "floors"
	crowd    mode = "people"
)

// A part of the run is one line: its names, which --only can pick, what it measures, and in which mode.
type part struct {
	names []string
	run   func(*bench, context.Context) ([]row, error)
	mode  mode
}

// parts run in this order, which is that of the table.
var parts = []part{
	{workloads(), (*bench).rounds, usual},
	{[]string{"caching"}, (*bench).caching, usual},
	{[]string{"storm"}, (*bench).storm, usual},
	{[]string{"scrape"}, (*bench).scrape, usual},
	{[]string{"cold"}, (*bench).cold, usual},
	{[]string{"statements"}, (*bench).statements, usual},
	{[]string{"ui"}, (*bench).ui, usual},
	{workloads(), (*bench).profile, profiles},
	{[]string{"growth"}, (*bench).growth, growth},
	{[]string{"people"}, (*bench).people, crowd},
	{[]string{"computations"}, (*bench).computations, floors},
	{[]string{"round-trips"}, (*bench).roundTrips, floors},
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.IntVar(&o.rounds, "rounds", 0, "how often each workload is measured (default 3, with --metrics 9)")
	flags.BoolVar(&o.quick, "quick", false, "two rounds with short windows, for development: figures are rough")
	flags.BoolVar(&o.check, "check", false, "exit with 1 where a goal is missed, and name it in the last line")
	flags.BoolVar(&o.record, "record", false, "write the table, or the pictures of --profile, to docs/performance.md")
	flags.StringVar(&o.against, "against", "", "measure another commit as well, in turn, and compare with it")
	flags.BoolVar(&o.metrics, "metrics", false, "have ours count, and compare it with the same program that does not, in turn")
	only := flags.String("only", "", "measure these alone, separated by commas, such as sso,refresh,storm")
	for mode, usage := range map[mode]string{
		profiles: "CPU and allocation profiles of SSO and refresh, in .cache/bench, instead of the table",
		growth:   "what Postgres does among a million users and ten million logins, instead of the table; see docs/performance.md",
		crowd:    "what an administrator looks up among a million people, instead of the table",
		floors:   "what signatures, hashes and round trips to Postgres cost at least, instead of the table",
	} {
		flags.BoolFunc(string(mode), usage, func(string) error { o.mode = mode; return nil })
	}
	_ = flags.Parse(args) // it exits where there is an error
	if o.metrics && o.against != "" {
		return o, errors.New("--metrics is not for --against")
	} else if o.metrics {
		o.against = noMetrics
	}
	switch {
	case o.rounds > 0:
	case o.quick:
		o.rounds = 2
	case o.metrics: // it looks for a few percent, which is less than two rounds differ by
		o.rounds = 9
	default:
		o.rounds = 3
	}
	if o.against != "" && o.mode != usual {
		return o, fmt.Errorf("--against is not for --%s", o.mode)
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	var known []string
	for _, p := range parts {
		if p.mode == o.mode {
			known = append(known, p.names...)
		}
	}
	for _, name := range o.only {
		if !slices.Contains(known, name) {
			return o, fmt.Errorf("--only %s is none of %s", name, strings.Join(known, ", "))
		}
	}
	return o, nil
}

// wants reports whether one of names is to be measured.
func (o options) wants(names ...string) bool {
	return o.only == nil || slices.ContainsFunc(names, func(name string) bool { return slices.Contains(o.only, name) })
}

// run returns the line that names the goals that were missed, if that is asked for.
func run(ctx context.Context, args []string) (missed string, err error) {
	if len(args) > 0 && args[0] == "floor" {
		return "", floor.Serve(ctx, args[1:])
	}
	o, err := parse(args)
	if err != nil {
		return "", err
	}
	b, err := setUp(ctx, o)
	if err != nil {
		return "", err
	}
	defer b.tearDown()
	var rows []row
	for _, p := range parts {
		if p.mode != o.mode || !o.wants(p.names...) {
			continue
		}
		more, err := p.run(b, ctx)
		if err != nil {
			return "", errors.Join(fmt.Errorf("%s: %w", strings.Join(p.names, ", "), err), ctx.Err())
		}
		rows = append(rows, more...)
	}
	if len(rows) == 0 {
		return "", nil
	}
	return o.conclude(rows), b.keep(rows)
}

// progress prints a line.
func progress(format string, args ...any) {
	fmt.Printf("%s  %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
}

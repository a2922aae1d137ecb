// Command bench is what `npm run bench` runs: it measures Gatehouse and the floors of the load generator side by side on one Postgres,
// and prints a table of what an operation costs; see docs/performance.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"gatehouse/api/devdb"
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
	loadgen string
	only    []string
	quick   bool
	check   bool
	record  bool
	profile bool
	growth  bool
}

// A part of the run is one line: its names, which --only can pick, what it measures, and whether that is for --growth alone.
type part struct {
	names  []string
	run    func(*bench, context.Context) ([]row, error)
	growth bool
}

// parts run in this order, which is that of the table.
var parts = []part{
	{workloads(), (*bench).rounds, false},
	{[]string{"caching"}, (*bench).caching, false},
	{[]string{"storm"}, (*bench).storm, false},
	{[]string{"cold"}, (*bench).cold, false},
	{[]string{"statements"}, (*bench).statements, false},
	{[]string{"ui"}, (*bench).ui, false},
	{[]string{"growth"}, (*bench).growth, true},
}

func parse(args []string) (o options, err error) {
	root, err := devdb.Root()
	if err != nil {
		return o, err
	}
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.StringVar(&o.loadgen, "loadgen", filepath.Join(root, "../shared/loadgen"), "folder of the load generator")
	flags.BoolVar(&o.quick, "quick", false, "short windows, for development: figures are rough")
	flags.BoolVar(&o.check, "check", false, "exit with 1 where a goal is missed, and name it in the last line")
	flags.BoolVar(&o.record, "record", false, "write the table, or the pictures of --profile, to docs/performance.md")
	flags.BoolVar(&o.profile, "profile", false, "CPU and allocation profiles of SSO and refresh, in .cache/bench, instead of the table")
	flags.BoolVar(&o.growth, "growth", false, "what Postgres does for SSO and refresh among a million users and ten million logins, instead of the table; see docs/performance.md")
	only := flags.String("only", "", "measure these alone, separated by commas, such as sso,refresh,storm")
	_ = flags.Parse(args)
	var known []string
	for _, p := range parts {
		if p.growth == o.growth {
			known = append(known, p.names...)
		}
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	for _, name := range o.only {
		if !slices.Contains(known, name) {
			return o, fmt.Errorf("--only %s is none of %s", name, strings.Join(known, ", "))
		}
	}
	if _, err := os.Stat(filepath.Join(o.loadgen, "cmd/floorop/main.go")); err != nil {
		return o, fmt.Errorf("there is no load generator in %s: name its folder with --loadgen", o.loadgen)
	}
	return o, nil
}

// wants says whether one of names is to be measured.
func (o options) wants(names ...string) bool {
	return o.only == nil || slices.ContainsFunc(names, func(name string) bool { return slices.Contains(o.only, name) })
}

// run gives the line that names the goals that were missed, if that is asked for.
func run(ctx context.Context, args []string) (missed string, err error) {
	o, err := parse(args)
	if err != nil {
		return "", err
	}
	b, err := setUp(ctx, o)
	if err != nil {
		return "", err
	}
	defer b.tearDown()
	if o.profile {
		return "", b.profile(ctx)
	}
	var rows []row
	for _, p := range parts {
		if p.growth != o.growth || !o.wants(p.names...) {
			continue
		}
		more, err := p.run(b, ctx)
		if err != nil {
			return "", errors.Join(fmt.Errorf("%s: %w", strings.Join(p.names, ", "), err), ctx.Err())
		}
		rows = append(rows, more...)
	}
	return o.conclude(rows), b.keep(rows)
}

// say is a line of progress.
func say(format string, args ...any) {
	fmt.Printf("%s  %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
}

// Command faults is what `npm run test:faults` runs: it breaks what Gatehouse stands on while people sign in, and counts what was
// acknowledged to them, what of it was lost, and what happened twice. It prints a table; see docs/operations.md.
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
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	chosen, quick, err := parse(os.Args[1:])
	if err == nil {
		err = run(ctx, chosen, quick)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

// parse returns the faults that are asked for, every one unless some are named, and whether in a hurry.
func parse(args []string) (chosen []fault, quick bool, err error) {
	flags := flag.NewFlagSet("test:faults", flag.ContinueOnError)
	flags.BoolVar(&quick, "quick", false, "seconds instead of minutes, and, unless some are named, those of `npm test`")
	only := flags.String("only", "", "these alone, separated by commas: "+strings.Join(names(faults), ", "))
	if err := flags.Parse(args); err != nil {
		return nil, false, err
	}
	if flags.NArg() > 0 {
		return nil, false, fmt.Errorf("%s: one is chosen by --only NAME", flags.Arg(0))
	}
	if *only == "" && quick {
		return slices.DeleteFunc(slices.Clone(faults), func(f fault) bool { return f.when != always }), true, nil
	}
	if *only == "" {
		return faults, false, nil
	}
	for name := range strings.SplitSeq(*only, ",") {
		i := slices.IndexFunc(faults, func(f fault) bool { return f.name == name })
		if i < 0 {
			return nil, false, fmt.Errorf("there is no fault %q; there are %s", name, strings.Join(names(faults), ", "))
		}
		chosen = append(chosen, faults[i])
	}
	return chosen, quick, nil
}

// run has each fault happen, one after the other, and prints the table. It returns an error where one did not go as promised.
func run(ctx context.Context, chosen []fault, quick bool) error {
	gatehouse, err := build(ctx)
	if err != nil {
		return err
	}
	var rows []row
	var failed error
	for _, f := range chosen {
		say("\n%s: %s", f.name, f.what)
		r := f.happen(ctx, gatehouse, quick)
		if r.err != nil {
			say("%s: %v", f.name, r.err)
			failed = errors.New("not every fault went as promised")
		}
		rows = append(rows, r)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	printTable(os.Stdout, rows)
	return failed
}

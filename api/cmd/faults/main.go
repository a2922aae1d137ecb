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
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	chosen []fault
	quick  bool
	record bool
}

// parse returns the faults that are asked for, every one unless some are named, and what else the flags say.
func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("test:faults", flag.ContinueOnError)
	flags.BoolVar(&o.quick, "quick", false, "seconds instead of minutes, and, unless some are named, those of `npm test`")
	flags.BoolVar(&o.record, "record", false, "write the table to docs/operations.md, if all went as promised")
	only := flags.String("only", "", "these alone, by names or what those begin with, separated by commas: "+
		strings.Join(names(faults), ", "))
	switch err := flags.Parse(args); {
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("%s: one is chosen by --only NAME", flags.Arg(0))
	case o.record && (o.quick || *only != ""):
		return o, errors.New("--record is for all of them, at length")
	case *only == "":
		o.chosen = slices.DeleteFunc(slices.Clone(faults), func(f fault) bool { return o.quick && f.when != always })
		return o, nil
	}
	for name := range strings.SplitSeq(*only, ",") {
		before := len(o.chosen)
		for _, f := range faults {
			if f.name == name || strings.HasPrefix(f.name, name+"-") {
				o.chosen = append(o.chosen, f)
			}
		}
		if len(o.chosen) == before {
			return o, fmt.Errorf("there is no fault %q; there are %s", name, strings.Join(names(faults), ", "))
		}
	}
	return o, nil
}

// run has each fault happen, one after the other, and prints the table. It returns an error where one did not go as promised.
func run(ctx context.Context, o options) error {
	gatehouse, err := build(ctx)
	if err != nil {
		return err
	}
	var rows []row
	var failed error
	for _, f := range o.chosen {
		say("\n%s: %s", f.name, f.what)
		r := f.happen(ctx, gatehouse, o.quick)
		if r.err != nil {
			say("%s: %v", f.name, r.err)
			failed = errors.New("not every fault went as promised")
		}
		rows = append(rows, r)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	table := tableOf(rows)
	fmt.Print("\n" + table)
	if failed == nil && o.record {
		return record(table)
	}
	return failed
}

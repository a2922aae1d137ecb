package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"gatehouse/api/devdb"
)

// fault is one thing that breaks.
type fault struct {
	name, what string
	run        func(context.Context, *lab) (outcome, error)
	when       // it happens
}

type when string

const (
	always    when = "npm test"            // and then for seconds
	sometimes when = "npm run test:faults" // it needs minutes, or packages of its own
)

// faults happen in this order, which is that of the table.
var faults = []fault{
	{"postgres-away", "Postgres crashes under load, and is back after a while", postgresAway, always},
	{"start-without-postgres", "the API starts before Postgres does, which then refuses its role for a while", startWithoutPostgres, always},
	{"pool", "others hold every connection of Postgres; somebody locks tables of sign-ins and of workers; connections go silent, " +
		"and backends stop", poolExhausted, sometimes},
	{"disk-full", "the disk of Postgres is full for a while", diskFull, sometimes},
	{"disk-full-data", "the disk of the tables is full for a while, and that of the log is not", dataFull, sometimes},
	{"clocks", "the clock of Postgres, which crashes, of one of two replicas, and of a client is five minutes off", clocks, sometimes},
	{"storm", "200 people send passwords at once, far more than can be hashed", storm, sometimes},
	{"slow-client", "strangers send a byte a second to each endpoint, or half a body, and read a byte a second", slowClients, sometimes},
	{"half-made", "10,000 each of sign-ins, pushed requests, device codes, mails to set a password, sign-ups, registrations and invitations " +
		"are begun, and not ended", halfMade, sometimes},
	{"dead-targets", "SMTP, upstreams, whole or in part, and addresses of logout, keys, requests and documents refuse, are silent, dribble, " +
		"flood, and are back", deadTargets, sometimes},
	{"dead-logouts", "48 applications that are to hear of logouts refuse, are silent, dribble or flood, and are back", deadLogouts, sometimes},
	{"rolling-restart", "each of two replicas is replaced, one after the other, under load", rollingRestart, always},
	{"replica-killed", "one of two replicas is killed (-9) under load, again and again", replicaKilled, always},
	{"killed-between", "the only replica is killed (-9) before, amid and after each step, and Postgres after it: sign-ins by code and " +
		"passkey, consent, pushed requests, devices, invitations, forgotten passwords, what keys sign", killedBetween, always},
	{"upgrade", "the release before and the next on one database, under load: migrated, upgraded, and taken back", upgrade, sometimes},
	{"keys", "the encryption key and the signing keys are replaced under load, replicas restarted at each step", rotatedKeys, sometimes},
	{"months", "three months of traffic within minutes: no table and no index goes on growing", months, sometimes},
	{"failover-sync", "the primary's machine dies under load (Patroni, etcd), another is promoted, the old one comes back and leads again; " +
		"synchronous", failoverSync, sometimes},
	{"failover-async", "the same, asynchronous, a second after the standby heard from it for the last time", failoverAsync, sometimes},
	{"pgbouncer", "the first again, with a PgBouncer in transaction mode before each node", pgbouncers, sometimes},
	{"two-replicas", "every test of the protocol and every attack, each request at another of two replicas", twoReplicas, sometimes},
}

func names(of []fault) (list []string) {
	for _, f := range of {
		list = append(list, f.name)
	}
	return list
}

// outcome counts what people were told: that they are signed in or out, that here is their code, or their tokens.
type outcome struct {
	acknowledged int
	lost         int           // acknowledged, and not there afterwards
	doubled      int           // used once, and used again
	mayLose      bool          // what is promised does not rule it out, as with asynchronous replication
	silent       time.Duration // the longest time in which nobody had an answer that they wanted
	saw          string        // what people saw meanwhile
}

// whole returns an error where something that must not be lost was lost, or something was done twice.
func (o outcome) whole() error {
	if o.doubled > 0 || o.lost > 0 && !o.mayLose {
		return fmt.Errorf("%d lost, %d doubled", o.lost, o.doubled)
	}
	return nil
}

// row is a fault that has happened.
type row struct {
	fault
	outcome
	took time.Duration
	err  error
}

// happen runs the fault in a lab of its own.
func (f fault) happen(ctx context.Context, gatehouse string, quick bool) row {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute)
	defer cancel()
	began := time.Now()
	r := row{fault: f}
	var l *lab
	if l, r.err = newLab(f.name, gatehouse, quick); r.err == nil {
		r.outcome, r.err = f.run(ctx, l)
		l.tearDown()
	}
	r.err = cmp.Or(r.err, r.whole())
	r.took = time.Since(began)
	return r
}

// tableOf returns a table in Markdown, and below it the sum of its numbers.
func tableOf(rows []row) string {
	var w strings.Builder
	fmt.Fprintln(&w, "| fault | what happens | acknowledged | lost | doubled | longest silence | people saw | took |")
	fmt.Fprintln(&w, "|---|---|---|---|---|---|---|---|")
	var all outcome
	for _, r := range rows {
		silent, saw := "", r.saw
		if r.silent > 0 {
			silent = fmt.Sprintf("%.1f s", r.silent.Seconds())
		}
		if r.err != nil {
			saw = "FAILED: " + r.err.Error()
		}
		fmt.Fprintf(&w, "| `%s` | %s | %d | %d | %d | %s | %s | %.0f s |\n", r.name, r.what, r.acknowledged, r.lost, r.doubled, silent, saw,
			r.took.Seconds())
		all.acknowledged += r.acknowledged
		all.lost += r.lost
		all.doubled += r.doubled
	}
	fmt.Fprintf(&w, "\n%d faults, %d acknowledged, %d lost, %d doubled\n", len(rows), all.acknowledged, all.lost, all.doubled)
	return w.String()
}

const (
	from = "<!-- npm run test:faults -- --record writes from here -->\n"
	to   = "<!-- to here -->\n"
)

// record writes the table to docs/operations.md, with the date.
func record(table string) error {
	root, err := devdb.Root()
	if err != nil {
		return err
	}
	path := filepath.Join(root, "docs/operations.md")
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(page), from)
	_, after, ends := strings.Cut(rest, to)
	if !begins || !ends {
		return fmt.Errorf("%s has no place for the table", path)
	}
	when := fmt.Sprintf("On %s, with %d cores:\n\n", time.Now().Format(time.DateOnly), runtime.NumCPU())
	return os.WriteFile(path, []byte(before+from+when+table+to+after), 0o644)
}

// say prints a line of progress.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/cmd/bench/floor"
	"gatehouse/api/cmd/bench/load"
)

// caching tests that discovery and the JWKS need not be sent to those who have them (RFC 9110 §13.1.2).
func (b *bench) caching(ctx context.Context) ([]row, error) {
	var without []string
	for _, path := range []string{"/.well-known/openid-configuration", "/jwks"} {
		first, err := get(ctx, issuer+path, "")
		if err != nil {
			return nil, err
		}
		tag := first.Header.Get("ETag")
		again, err := get(ctx, issuer+path, tag)
		if err != nil {
			return nil, err
		}
		if tag == "" || again.StatusCode != http.StatusNotModified {
			without = append(without, path)
		}
	}
	r := row{what: "discovery, JWKS: ETag and 304", ours: "both", goal: "both", met: without == nil}
	if !r.met {
		r.ours = "not " + strings.Join(without, ", ")
	}
	return []row{r}, nil
}

func get(ctx context.Context, url, tag string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if tag != "" {
		req.Header.Set("If-None-Match", tag)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return answer, errors.Join(err, answer.Body.Close())
}

// cold starts Gatehouse anew a few times, on a database that has its keys.
func (b *bench) cold(ctx context.Context) ([]row, error) {
	took := row{what: "cold start", goal: "≤ 150 ms"}
	memory := row{what: "idle memory", goal: "≤ 25 MiB"}
	for _, g := range b.gatehouses() {
		progress("Starting %s a few times", g.name)
		var starts, idle []float64
		for range 5 {
			g.stop()
			began := time.Now()
			if err := g.start(ctx); err != nil {
				return nil, err
			}
			starts = append(starts, time.Since(began).Seconds()*1000)
			time.Sleep(3 * time.Second)
			idle = append(idle, load.Resident(g.cmd.Process.Pid))
		}
		if g == b.before {
			took.floor = fmt.Sprintf("%.0f ms (%s)", median(starts), b.against)
			memory.floor = fmt.Sprintf("%.0f MiB (%s)", median(idle), b.against)
			continue
		}
		took.ours, took.met = fmt.Sprintf("%.0f ms", median(starts)), median(starts) <= 150
		memory.ours, memory.met = fmt.Sprintf("%.0f MiB", median(idle)), median(idle) <= 25
	}
	return []row{took, memory}, nil
}

// scrape measures what it costs to be asked for the metrics every 15 seconds, as Prometheus does in our example, beside a core of the
// machine; and whatever else an idle process does meanwhile.
func (b *bench) scrape(ctx context.Context) ([]row, error) {
	if !b.metrics {
		return nil, nil
	}
	const times, every, most = 4, 15 * time.Second, 0.005
	progress("Asking for the metrics for a minute")
	used := func() time.Duration { return load.CPU(b.ours.cmd.Process.Pid) + load.CPU(b.postmaster()) }
	before := used()
	for range times {
		if _, err := get(ctx, "http://"+scraped+"/metrics", ""); err != nil {
			return nil, err
		}
		time.Sleep(every)
	}
	each := (used() - before) / times
	share := each.Seconds() / every.Seconds()
	return []row{{what: "a scrape, and 15 s without work", ours: ms(each.Seconds() * 1000), floor: "a core for 15 s",
		ratio: fmt.Sprintf("%.2f %%", 100*share), goal: fmt.Sprintf("≤ %.1f %%", 100*most), met: share <= most}}, nil
}

// statements counts what operations ask Postgres. That SSO costs one durable commit is held by a test
// (api/provider/statements_test.go).
func (b *bench) statements(ctx context.Context) ([]row, error) {
	if err := b.countStatements(ctx, true); err != nil {
		return nil, err
	}
	var rows []row
	for _, goal := range []struct {
		workload string
		most     float64
	}{{"sso", 3}, {"refresh", 1}, {"userinfo", 1}} {
		count, err := b.asked(ctx, ours, goal.workload)
		if err != nil {
			return nil, err
		}
		r := row{what: "statements, " + goal.workload, ours: fmt.Sprintf("%.2f", count), goal: fmt.Sprintf("≤ %.0f", goal.most),
			met: count < goal.most+0.1} // what runs each minute may fall into the window
		if b.before != nil {
			if count, err = b.asked(ctx, before, goal.workload); err != nil {
				return nil, err
			}
			r.floor = fmt.Sprintf("%.2f (%s)", count, b.against)
		}
		rows = append(rows, r)
	}
	return rows, b.countStatements(ctx, false)
}

// asked returns the statements for an operation, on average.
func (b *bench) asked(ctx context.Context, name, workload string) (average float64, err error) {
	const times = 40
	t := b.target(name)
	reset := func() error { return b.sql(ctx, "postgres", "SELECT pg_stat_statements_reset()") }
	if err := load.Repeat(&t.Target, workload, times, reset); err != nil {
		return 0, err
	}
	return average, b.connected(ctx, "postgres", func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `
			SELECT coalesce(sum(s.calls)::float / $1, 0) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
			WHERE d.datname = $2 AND s.toplevel`, times, t.server.database).Scan(&average)
	})
}

// ui loads the login page in Chromium, as a phone would: api/cmd/bench/ui.mjs.
func (b *bench) ui(ctx context.Context) ([]row, error) {
	progress("Loading the login page")
	page := issuer + "/authorize?response_type=code&client_id=web&scope=openid&redirect_uri=" + floor.RedirectURI +
		"&code_challenge=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&code_challenge_method=S256"
	cmd := exec.CommandContext(ctx, "node", filepath.Join(b.root, "api/cmd/bench/ui.mjs"), page)
	cmd.Dir, cmd.Env, cmd.Stderr = b.root, ownEnvironment(), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var found struct {
		Bytes, Trips, Complaints                int
		Interactive, Blocked, Shifted, Contents float64
	}
	if err := json.Unmarshal(out, &found); err != nil {
		return nil, err
	}
	line := func(what, ours, goal string, met bool) row {
		return row{what: "login page: " + what, ours: ours, goal: goal, met: met}
	}
	milliseconds := func(x float64) string { return fmt.Sprintf("%.0f ms", x) }
	return []row{
		line("first load, compressed", fmt.Sprintf("%.1f kB", float64(found.Bytes)/1000), "≤ 40 kB", found.Bytes <= 40_000),
		line("round trips after the HTML", fmt.Sprint(found.Trips), "≤ 1", found.Trips <= 1),
		line("the form is there, on a slow phone", milliseconds(found.Interactive), "≤ 1000 ms", found.Interactive <= 1000),
		line("largest contentful paint", milliseconds(found.Contents), "≤ 1200 ms", found.Contents <= 1200),
		line("blocked by scripts", milliseconds(found.Blocked), "≤ 50 ms", found.Blocked <= 50),
		line("layout shift", fmt.Sprintf("%.3f", found.Shifted), "0", found.Shifted < 0.001),
		line("findings of axe", fmt.Sprint(found.Complaints), "0", found.Complaints == 0),
	}, nil
}

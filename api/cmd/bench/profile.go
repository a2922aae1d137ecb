package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/cmd/bench/load"
)

// overlay makes the go command compile testdata/profile.go into Gatehouse's binary, as if it were there.
func (b *bench) overlay() (string, error) {
	file := filepath.Join(b.dir, "overlay.json")
	return file, writeJSON(file, map[string]any{"Replace": map[string]string{
		filepath.Join(b.root, "api/cmd/gatehouse/profile.go"): filepath.Join(b.root, "api/cmd/bench/testdata/profile.go"),
	}})
}

// profile leaves CPU and allocation profiles of SSO and refresh, or of what --only names, in .cache/bench, and prints what costs
// most in Gatehouse and in Postgres. With --record it draws them, too.
func (b *bench) profile(ctx context.Context) ([]row, error) {
	wanted := b.only
	if wanted == nil {
		wanted = []string{"sso", "refresh"}
	}
	if err := b.countStatements(ctx, true); err != nil {
		return nil, err
	}
	for _, workload := range wanted {
		for _, t := range b.targets {
			if t.server != b.ours.server || !b.measures(t, workload) {
				continue
			}
			progress("Profiling %s of %s", workload, t.Name)
			if err := b.profileOne(ctx, t, workload); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

func (b *bench) profileOne(ctx context.Context, t *target, workload string) error {
	server := b.ours.process
	done := make(chan error, 1)
	go func() {
		_, err := b.measure(ctx, t, workload, load.Plan{Workers: 8, Warm: 2 * time.Second, Length: 12 * time.Second, Tries: 1})
		done <- err
	}()
	time.Sleep(3 * time.Second) // until the load is there
	if err := b.sql(ctx, "postgres", "SELECT pg_stat_statements_reset()"); err != nil {
		return err
	}
	_ = server.cmd.Process.Signal(syscall.SIGUSR1)
	time.Sleep(9 * time.Second)
	_ = server.cmd.Process.Signal(syscall.SIGUSR2)
	asked, err := b.askedOfPostgres(ctx)
	if err != nil {
		return err
	}
	if err := <-done; err != nil {
		return err
	}
	fmt.Printf("\n%s of %s, in Postgres:\n%s", workload, t.Name, asked)
	if err := b.keepProfiles(ctx, server.dir, t.Name+"-"+workload); err != nil || !b.record || t.Name != pictured {
		return err
	}
	return b.drawProfiles(ctx, t.Name, workload)
}

// pictured is the target of the pictures: in that of the other one there is little to see beside RSA.
const pictured = oursES256

// drawProfiles makes the pictures of docs/performance.md.
func (b *bench) drawProfiles(ctx context.Context, target, workload string) error {
	for _, kind := range []struct{ name, what, index, unit string }{
		{"cpu", "CPU of Gatehouse", "cpu", "ms"}, {"allocs", "Memory that Gatehouse allocates", "alloc_space", "kB"},
	} {
		title := fmt.Sprintf("%s: %s, ID token ES256, commit %s", kind.what, workload, b.commit())
		profile := filepath.Join(b.dir, target+"-"+workload+"-"+kind.name+".pprof")
		picture, err := flameGraph(ctx, title, profile, kind.index, kind.unit)
		if err != nil {
			return err
		}
		file := filepath.Join(b.root, "docs/performance", workload+"-"+kind.name+".svg")
		if err := os.WriteFile(file, []byte(picture), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// countStatements turns pg_stat_statements on, or off again: it costs Postgres a little, so it is off while costs are compared.
func (b *bench) countStatements(ctx context.Context, on bool) error {
	track := map[bool]string{true: "top", false: "none"}[on]
	return b.sql(ctx, "postgres", "ALTER SYSTEM SET pg_stat_statements.track = '"+track+"'",
		"ALTER SYSTEM SET pg_stat_statements.track_planning = on", "SELECT pg_reload_conf()")
}

// askedOfPostgres lists the statements that took most, since the counters were reset.
func (b *bench) askedOfPostgres(ctx context.Context) (string, error) {
	var text strings.Builder
	err := b.connected(ctx, "postgres", func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `
			SELECT format('%s ms each, %s ms more to plan, %s times, %s bytes of WAL each: %s', round(mean_exec_time::numeric, 3),
				round((total_plan_time / calls)::numeric, 3), calls, round(wal_bytes / calls),
				left(trim(regexp_replace(query, '\s+', ' ', 'g')), 1000))
			FROM pg_stat_statements WHERE coalesce(query, '') NOT LIKE '%pg_stat_statements%' ORDER BY total_exec_time DESC LIMIT 5`)
		if err != nil {
			return err
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		fmt.Fprintln(&text, strings.Join(lines, "\n"))
		return err
	})
	return text.String(), err
}

// keepProfiles takes the profiles of a server from dir and prints their heads.
func (b *bench) keepProfiles(ctx context.Context, dir, name string) error {
	cpu, allocs := filepath.Join(b.dir, name+"-cpu.pprof"), filepath.Join(b.dir, name+"-allocs.pprof")
	if err := os.Rename(filepath.Join(dir, "cpu.pprof"), cpu); err != nil {
		return err
	}
	// The difference is a profile of its own, for any viewer.
	diff := exec.CommandContext(ctx, "go", "tool", "pprof", "-proto", "-sample_index=alloc_space", "-output", allocs,
		"-diff_base", filepath.Join(dir, "allocs-before.pprof"), filepath.Join(dir, "allocs.pprof"))
	if out, err := diff.CombinedOutput(); err != nil {
		return fmt.Errorf("go tool pprof: %w\n%s", err, out)
	}
	for _, file := range []string{cpu, allocs} {
		top, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", "-cum", "-nodecount=70", file).Output()
		if err != nil {
			return err
		}
		fmt.Printf("\n%s\n%s\n", file, strings.TrimSpace(string(top)))
	}
	return nil
}

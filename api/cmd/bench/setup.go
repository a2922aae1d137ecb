package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/devdb"
)

const (
	cache  = ".cache/bench"
	issuer = "http://127.0.0.1:7970"
	ui     = "http://127.0.0.1:7971"
	past   = "http://127.0.0.1:7972" // of --against

	scraped   = "127.0.0.1:7973" // of --metrics
	noMetrics = "itself without metrics"

	password = "perf-Pass-1!"
	people   = 64
)

// databaseSettings are those of production, but for what lets statements be counted; counting is switched on where it is wanted.
var databaseSettings = []string{"shared_preload_libraries=pg_stat_statements", "max_connections=200"}

// largeDatabase is what docs/operations.md advises where there are many logins: the default is for small machines.
func largeDatabase() string {
	var machine syscall.Sysinfo_t
	if err := syscall.Sysinfo(&machine); err != nil {
		return "shared_buffers=1GB"
	}
	return fmt.Sprintf("shared_buffers=%dMB", machine.Totalram*uint64(machine.Unit)/4>>20)
}

// bench is what a run has: programs, one Postgres, and the targets on it.
type bench struct {
	options
	root    string
	dir     string // of everything below .cache
	self    string // this program, which has the floors
	db      *devdb.Fresh
	ours    *gatehouse
	before  *gatehouse // nil without --against
	servers []*server
	targets []*target
	pages   *process // `gatehouse ui`
	refresh refreshTokens
}

// setUp builds and starts everything that the mode needs.
func setUp(ctx context.Context, o options) (*bench, error) {
	root, err := devdb.Root()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, root: root, dir: filepath.Join(root, cache), self: self}
	if err := os.MkdirAll(filepath.Join(b.dir, "bin"), 0o755); err != nil {
		return nil, err
	}
	settings := databaseSettings
	if o.mode == growth || o.mode == crowd {
		settings = append(settings, largeDatabase())
	}
	log := func(line string) { progress("%s", line) }
	if b.db, err = devdb.StartFresh(ctx, filepath.Join(b.dir, "postgres"), log, settings...); err != nil {
		return nil, err
	}
	if o.mode != floors && o.mode != crowd {
		err = b.start(ctx)
	}
	if err != nil {
		b.tearDown()
	}
	return b, err
}

func (b *bench) start(ctx context.Context) error {
	if err := b.build(ctx); err != nil {
		return err
	}
	b.addTargets()
	if err := b.prepareDatabases(ctx); err != nil {
		return err
	}
	for _, s := range b.servers {
		if err := s.start(ctx); err != nil {
			return err
		}
	}
	var err error
	if b.pages, err = start(filepath.Join(b.dir, "ui"), b.ours.command("ui")...); err != nil {
		return err
	}
	return b.pages.await(ctx, ui+"/config.json")
}

func (b *bench) tearDown() {
	for _, s := range b.servers {
		s.stop()
	}
	if b.pages != nil {
		b.pages.stop()
	}
	b.db.Stop()
}

// prepareDatabases makes a database for each server that wants one, and Gatehouse's rows.
func (b *bench) prepareDatabases(ctx context.Context) error {
	var key [32]byte
	_, _ = rand.Read(key[:]) // it never fails (crypto/rand)
	text := base64.StdEncoding.EncodeToString(key[:])
	if err := os.WriteFile(filepath.Join(b.dir, "encryption_key"), []byte(text), 0o600); err != nil {
		return err
	}
	if err := b.sql(ctx, "postgres", "CREATE EXTENSION pg_stat_statements", "ALTER SYSTEM SET pg_stat_statements.track = 'none'",
		"SELECT pg_reload_conf()"); err != nil {
		return err
	}
	for _, s := range b.servers {
		if s.database == "" {
			continue
		}
		if err := b.sql(ctx, "postgres", "CREATE DATABASE "+s.database); err != nil {
			return err
		}
	}
	for _, g := range b.gatehouses() {
		if err := b.seed(ctx, g); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	return nil
}

// seed makes Gatehouse's rows, by the seed.sql of its own commit. The password is hashed once, by Gatehouse.
func (b *bench) seed(ctx context.Context, g *gatehouse) error {
	for _, args := range [][]string{{"migrate"},
		{"user", "add", "user0000", "--name", "A Person", "--email", "user0000@example.com", "--email-verified"}} {
		command := g.command(args...)
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Stdin, cmd.Env = strings.NewReader(password+"\n"), ownEnvironment()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("gatehouse %s: %w\n%s", args[0], err, out)
		}
	}
	seed, err := os.ReadFile(filepath.Join(g.root, "api/cmd/bench/seed.sql"))
	if err != nil {
		return err
	}
	// Tables with nothing in them yet are left out: their plans would read them whole for as long as they are not analyzed again.
	return b.sql(ctx, g.database, string(seed), "ANALYZE users, groups, group_members, clients, consents, sessions")
}

// sql runs statements, each of which may be several, on a connection of its own.
func (b *bench) sql(ctx context.Context, database string, statements ...string) error {
	return b.connected(ctx, database, func(conn *pgx.Conn) error {
		for _, statement := range statements {
			if _, err := conn.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *bench) connected(ctx context.Context, database string, do func(*pgx.Conn) error) (err error) {
	conn, err := pgx.Connect(ctx, b.db.URL(database))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return do(conn)
}

// postmaster returns the process id of Postgres.
func (b *bench) postmaster() int {
	text, _ := os.ReadFile(b.db.PIDFile)
	line, _, _ := strings.Cut(string(text), "\n")
	pid, _ := strconv.Atoi(line)
	return pid
}

func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

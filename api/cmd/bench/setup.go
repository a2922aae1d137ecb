package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/devdb"
)

const (
	cache  = ".cache/bench"
	issuer = "http://127.0.0.1:7970"
	ui     = "http://127.0.0.1:7971"
	hello  = "http://127.0.0.1:7990" // it knows no other

	callback = "http://127.0.0.1:9/cb" // nobody is asked there
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
	return fmt.Sprintf("shared_buffers=%dMB", uint64(machine.Totalram)*uint64(machine.Unit)/4>>20)
}

// bench is what a run has: programs, one Postgres and the targets on it.
type bench struct {
	options
	root    string
	dir     string // of everything below .cache
	db      *devdb.Fresh
	targets []*target
	pages   *process // `gatehouse ui`
	refresh refreshTokens
}

// setUp builds and starts everything.
func setUp(ctx context.Context, o options) (*bench, error) {
	root, err := devdb.Root()
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, root: root, dir: filepath.Join(root, cache)}
	if err := os.MkdirAll(filepath.Join(b.dir, "bin"), 0o755); err != nil {
		return nil, err
	}
	say("Building Gatehouse and the load generator")
	if err := b.build(ctx); err != nil {
		return nil, err
	}
	settings := databaseSettings
	if o.growth {
		settings = append(settings, largeDatabase())
	}
	if b.db, err = devdb.StartFresh(ctx, filepath.Join(b.dir, "postgres"), func(line string) { say("%s", line) }, settings...); err != nil {
		return nil, err
	}
	if err := b.start(ctx); err != nil {
		b.tearDown()
		return nil, err
	}
	return b, nil
}

func (b *bench) build(ctx context.Context) error {
	bin := filepath.Join(b.dir, "bin") + "/"
	overlay := ""
	if b.options.profile {
		var err error
		if overlay, err = b.overlay(); err != nil {
			return err
		}
	}
	for _, args := range [][]string{
		{"build", "-C", b.root, "-buildvcs=false", "-overlay", overlay, "-o", bin, "./api/cmd/gatehouse"},
		{"build", "-C", b.loadgen, "-buildvcs=false", "-o", bin, ".", "./cmd/floorop", "./cmd/hello"},
	} {
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

func (b *bench) start(ctx context.Context) error {
	if err := b.prepareDatabase(ctx); err != nil {
		return err
	}
	b.targets = b.allTargets()
	for _, t := range b.targets {
		if err := b.writeProfile(t); err != nil {
			return err
		}
		if err := t.start(ctx); err != nil {
			return err
		}
	}
	var err error
	if b.pages, err = start(filepath.Join(b.dir, "ui"), append(b.environment(), b.bin("gatehouse"), "ui")...); err != nil {
		return err
	}
	return b.pages.await(ctx, ui+"/config.json")
}

func (b *bench) tearDown() {
	for _, t := range b.targets {
		t.stop()
	}
	if b.pages != nil {
		b.pages.stop()
	}
	b.db.Stop()
}

func (b *bench) bin(name string) string { return filepath.Join(b.dir, "bin", name) }

// environment is the command env with Gatehouse's settings: env gives way to the program, so that the process id is the program's.
func (b *bench) environment() []string {
	return []string{"env", "DATABASE_URL=" + b.db.URL("gatehouse"), "GATEHOUSE_ISSUER=" + issuer, "GATEHOUSE_UI_ORIGIN=" + ui,
		"GATEHOUSE_LISTEN=" + issuer[len("http://"):], "GATEHOUSE_UI_LISTEN=" + ui[len("http://"):],
		"GATEHOUSE_UI_ROOT=" + filepath.Join(b.root, "ui/dist"), "GATEHOUSE_TRUSTED_PROXIES=127.0.0.1",
		"GATEHOUSE_ENCRYPTION_KEY_FILE=" + filepath.Join(b.dir, "encryption_key")}
}

//go:embed seed.sql
var seed string

// prepareDatabase makes the databases and Gatehouse's rows. The password is hashed once, by Gatehouse.
func (b *bench) prepareDatabase(ctx context.Context) error {
	var key [32]byte
	_, _ = rand.Read(key[:])
	if err := os.WriteFile(filepath.Join(b.dir, "encryption_key"), []byte(base64.StdEncoding.EncodeToString(key[:])), 0o600); err != nil {
		return err
	}
	if err := b.sql(ctx, "postgres", "CREATE EXTENSION pg_stat_statements", "ALTER SYSTEM SET pg_stat_statements.track = 'none'",
		"SELECT pg_reload_conf()"); err != nil {
		return err
	}
	for _, name := range []string{"gatehouse", "floor_rs256", "floor_es256"} {
		if err := b.sql(ctx, "postgres", "CREATE DATABASE "+name); err != nil {
			return err
		}
	}
	for _, args := range [][]string{{"migrate"}, {"user", "add", "user0000", "--name", "A Person", "--email", "user0000@example.com", "--email-verified"}} {
		command := append(append(b.environment(), b.bin("gatehouse")), args...)
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Stdin, cmd.Env = strings.NewReader(password+"\n"), ownEnvironment()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("gatehouse %s: %w\n%s", args[0], err, out)
		}
	}
	// Tables with nothing in them yet are left out: to plan for them as they are would be to read them whole when they are not empty any more.
	return b.sql(ctx, "gatehouse", seed, "ANALYZE users, groups, group_members, clients, consents, sessions")
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

func (b *bench) connected(ctx context.Context, database string, do func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, b.db.URL(database))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return do(conn)
}

// ownEnvironment leaves out what points to somebody's own server.
func ownEnvironment() []string {
	var env []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "GATEHOUSE_") && !strings.HasPrefix(pair, "DATABASE_") && !strings.HasPrefix(pair, "PG") {
			env = append(env, pair)
		}
	}
	return env
}

// process is a server that this one started; it ends with it.
type process struct {
	cmd    *exec.Cmd
	dir    string
	exited <-chan struct{}
}

// start runs a command in dir, with its output in dir/log and its id in dir/pid, where the load generator looks for it.
func start(dir string, command ...string) (*process, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{cmd: exec.Command(command[0], command[1:]...), dir: dir}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = dir, ownEnvironment(), log, log
	if p.exited, err = devdb.Start(p.cmd, syscall.SIGTERM); err != nil {
		return nil, err
	}
	return p, os.WriteFile(filepath.Join(dir, "pid"), fmt.Appendf(nil, "%d", p.cmd.Process.Pid), 0o644)
}

// await waits until url is answered, for at most half a minute.
func (p *process) await(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		if answer, err := http.Get(url); err == nil {
			answer.Body.Close()
			return nil
		}
		select {
		case <-p.exited:
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
			continue
		}
		return fmt.Errorf("%s does not answer:\n%s", url, devdb.Tail(filepath.Join(p.dir, "log"), 8))
	}
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
	_ = os.Remove(filepath.Join(p.dir, "pid"))
}

// free says which of the addresses that a run needs is in use.
func free(origins ...string) error {
	for _, origin := range origins {
		listener, err := net.Listen("tcp", origin[len("http://"):])
		if err != nil {
			return fmt.Errorf("another process listens at %s: stop it first", origin)
		}
		listener.Close()
	}
	return nil
}

func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/jackc/pgx/v5"

	"gatehouse/api/devdb"
)

// shell runs commands as an operator does, in this process, against a database of the test's own.
type shell struct {
	t   *testing.T
	url string
	env []string
}

func newShell(t *testing.T, env ...string) *shell {
	url := devdb.Test(t)
	return &shell{t, url, append([]string{"DATABASE_URL=" + url}, env...)}
}

func (s *shell) run(stdin string, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(s.t.Context(), args, &app{environ: s.env, stdin: strings.NewReader(stdin), stdout: &out, stderr: &err})
	return code, out.String(), err.String()
}

// good runs what has to work and returns its output.
func (s *shell) good(stdin string, args ...string) string {
	s.t.Helper()
	code, stdout, stderr := s.run(stdin, args...)
	if code != 0 {
		s.t.Fatalf("gatehouse %q: exit code %d\n%s", args, code, stderr)
	}
	return stdout + stderr
}

// bad runs what has to fail, with the one line that says why.
func (s *shell) bad(want string, stdin string, args ...string) {
	s.t.Helper()
	code, _, stderr := s.run(stdin, args...)
	if code == 0 || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "gatehouse: ") {
		s.t.Errorf("gatehouse %q: exit code %d\n%swant one line with: %s", args, code, stderr, want)
	}
}

func TestMigrateRunsTheOperatorsFolderAfterOurs(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	dir := t.TempDir()
	sql := "-- +goose Up\nINSERT INTO groups (name) VALUES ('staff');\n-- +goose Down\nDELETE FROM groups WHERE name = 'staff';\n"
	if err := os.WriteFile(filepath.Join(dir, "00001_groups.sql"), []byte(sql), 0o600); err != nil {
		t.Fatal(err)
	}
	out := s.good("", "migrate", "--dir", dir)
	if !strings.HasPrefix(out, "schema: up to date\n"+dir+": applied 00001_groups.sql (") {
		t.Errorf("migrate: %s", out)
	}
	if again := s.good("", "migrate", "--dir", dir); again != "schema: up to date\n"+dir+": up to date\n" {
		t.Errorf("again: %s", again)
	}
	s.bad("no such file or directory", "", "migrate", "--dir", "/nowhere")
}

func TestCommandsAskForASchema(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.env = []string{"DATABASE_URL=" + regexp.MustCompile(`/test_[a-z0-9]+`).ReplaceAllString(s.url, "/postgres")}
	s.bad("run `gatehouse migrate`", "", "user", "list")
	s.env = []string{"DATABASE_URL=postgres://gatehouse:hunter2@127.0.0.1:1/x"}
	s.bad("is DATABASE_URL right, and does Postgres run?", "", "user", "list")
	s.env = nil
	s.bad("DATABASE_URL is not set", "", "user", "list")
}

func TestACommandThatWaitsTooLongForOthersSaysSo(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), "BEGIN; LOCK TABLE users"); err != nil {
		t.Fatal(err)
	}
	s.sql("ALTER DATABASE " + conn.Config().Database + " SET lock_timeout = '50ms'")
	for _, args := range [][]string{{"user", "show", "alice"}, {"user", "enable", "alice"}} {
		s.bad("canceling statement due to lock timeout (SQLSTATE 55P03)", "", args...)
		if _, _, stderr := s.run("", args...); strings.Contains(stderr, "DATABASE_URL") {
			t.Errorf("it is not the address that is wrong: %s", stderr)
		}
	}
}

func TestConfigPrintsEvenWhatIsRefused(t *testing.T) {
	t.Parallel()
	s := &shell{t: t, env: []string{"GATEHOUSE_ISSUER=https://api.example.org/", "DATABASE_URL=postgres://u:hunter2@db/x"}}
	code, stdout, stderr := s.run("", "config")
	if code != 1 || !strings.HasPrefix(stderr, "gatehouse: GATEHOUSE_ISSUER must be an origin") {
		t.Errorf("%d, %s", code, stderr)
	}
	words := regexp.MustCompile(` +`).ReplaceAllString(stdout, " ")
	for _, want := range []string{"GATEHOUSE_ISSUER https://api.example.org/ environment", "DATABASE_URL set (hidden)", "not set"} {
		if !strings.Contains(words, want) || strings.Contains(stdout, "hunter2") {
			t.Errorf("config has no %q:\n%s", want, stdout)
		}
	}
}

func TestHelpAndMistakes(t *testing.T) {
	t.Parallel()
	s := &shell{t: t}
	for _, args := range [][]string{{}, {"--help"}, {"client", "add", "--help"}} {
		if code, stdout, _ := s.run("", args...); code != 0 || !strings.HasPrefix(stdout, "Usage: gatehouse") {
			t.Errorf("%q: %d %s", args, code, stdout)
		}
	}
	for args, want := range map[string]string{
		"user frobnicate":                "; gatehouse user --help says more",
		"frobnicate":                     "; gatehouse --help says more",
		"frobnicate add":                 "; gatehouse --help says more",
		"client add x --template wiki":   `must be one of jupyterhub, z2jh, tljh and admin, not "wiki"; gatehouse client add --help says more`,
		"client token frobnicate --json": "; gatehouse client token --help says more",
	} {
		if code, _, stderr := s.run("", strings.Fields(args)...); code != 2 || !strings.HasSuffix(stderr, want+"\n") {
			t.Errorf("%s: %d %s", args, code, stderr)
		}
	}
}

func TestACommandThatIsInterruptedSaysSoWithItsExitCodeAlone(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	var out, err bytes.Buffer
	if code := run(ctx, []string{"user", "list"}, &app{environ: s.env, stdout: &out, stderr: &err}); code != 130 || out.Len()+err.Len() > 0 {
		t.Errorf("%d %s%s", code, &out, &err)
	}
}

func TestAWaitIsSaidInHours(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{24 * time.Hour: "24 hours", time.Hour: "an hour", 90 * time.Minute: "1h30m0s"} {
		if got := inWords(d); got != want {
			t.Errorf("%s: %s", d, got)
		}
	}
}

func TestUIServesUntilItIsStopped(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "index.html"), []byte("<!doctype html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	listener.Close()
	ctx, stop := context.WithCancel(t.Context())
	var out, log bytes.Buffer
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"ui"}, &app{environ: []string{"GATEHOUSE_ISSUER=https://api.example.org", "GATEHOUSE_UI_LISTEN=" + addr,
			"GATEHOUSE_UI_ROOT=" + root}, stdout: &out, stderr: &log})
	}()
	for range 100 {
		if res, err := http.Get("http://" + addr + "/login"); err == nil {
			res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Errorf("/login: %s", res.Status)
			}
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	if code := <-ended; code != 0 || !strings.Contains(log.String(), `"msg":"listening","address":"`+addr) {
		t.Errorf("exit code %d, %s", code, log.String())
	}
	unbuilt := &shell{t: t, env: []string{"GATEHOUSE_ISSUER=https://api.example.org", "GATEHOUSE_UI_ROOT=/nowhere"}}
	unbuilt.bad("run `npm run build`", "", "ui")
}

// TestThePageHasEveryCommand holds docs/cli.md to the command line.
func TestThePageHasEveryCommand(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range kong.Must(newCommands(), kong.Name("gatehouse")).Model.Leaves(true) {
		command := regexp.MustCompile(` <.*`).ReplaceAllString(leaf.FullPath(), "")
		if !strings.Contains(string(page), "`"+command) {
			t.Errorf("docs/cli.md lacks `%s`", command)
		}
		for _, flag := range leaf.Flags {
			if flag.Name != "help" && !strings.Contains(string(page), "--"+flag.Name) {
				t.Errorf("docs/cli.md lacks --%s of `%s`", flag.Name, command)
			}
		}
	}
}

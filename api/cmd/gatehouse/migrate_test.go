package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	. "gatehouse/api/apitest"
)

// newEmptyShell has a database in which nothing was ever migrated, and a connection to it.
func newEmptyShell(t *testing.T) (*shell, *pgx.Conn) {
	t.Helper()
	s := newShell(t)
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	exec := func(sql string) {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	exec("DROP SCHEMA public CASCADE")
	exec("CREATE SCHEMA public")
	return s, conn
}

func TestMigrateStatusSaysHowFarTheDatabaseIsAndChangesNothing(t *testing.T) {
	t.Parallel()
	s, conn := newEmptyShell(t)
	dir := t.TempDir()
	for _, file := range []string{"00001_one.sql", "00002_two.sql"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte("-- +goose Up\nSELECT 1;\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said := func(wantCode int, want string, args ...string) {
		t.Helper()
		code, stdout, stderr := s.run("", append([]string{"migrate", "status"}, args...)...)
		if code != wantCode || stdout != want || stderr != "" {
			t.Errorf("%q: %d\n%swant %d\n%s%s", args, code, stdout, wantCode, want, stderr)
		}
	}
	said(2, "schema: at version 0, pending: 00001_init.sql\n")
	said(2, "schema: at version 0, pending: 00001_init.sql\n"+dir+": at version 0, pending: 00001_one.sql, 00002_two.sql\n", "--dir", dir)
	var tables int
	const made = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
	if err := conn.QueryRow(t.Context(), made).Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if tables > 0 {
		t.Errorf("it made %d tables", tables)
	}
	s.good("", "migrate", "--dir", dir)
	said(0, "schema: up to date, at version 1\n"+dir+": up to date, at version 2\n", "--dir", dir)
	if _, err := conn.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (7, true)"); err != nil {
		t.Fatal(err)
	}
	said(0, "schema: at version 7, newer than the 1 of this gatehouse, which works with it\n")
	var list []map[string]any
	if err := json.Unmarshal([]byte(s.good("", "migrate", "status", "--json")), &list); err != nil || len(list) != 1 ||
		list[0]["set"] != "schema" || list[0]["at"] != 7.0 || list[0]["needs"] != 1.0 || list[0]["pending"] == nil {
		t.Error(list, err)
	}
	s.bad("no such file or directory", "", "migrate", "status", "--dir", "/nowhere")
}

// serve runs `gatehouse serve` until the test ends, and returns what asks it and its log.
func (s *shell) serve() (get func(method, path string) (*http.Response, string), log *LockedBuffer) {
	s.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	env := append(slices.Clone(s.env), "GATEHOUSE_ISSUER=http://"+address, "GATEHOUSE_UI_ORIGIN=http://"+address,
		"GATEHOUSE_LISTEN="+address, "GATEHOUSE_ENCRYPTION_KEY="+strings.Repeat("k", 42)+"A=")
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	log = &LockedBuffer{}
	go func() { ended <- run(ctx, []string{"serve"}, &app{environ: env, stdout: io.Discard, stderr: log}) }()
	s.t.Cleanup(func() { stop(); <-ended })
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get = func(method, path string) (*http.Response, string) {
		s.t.Helper()
		for tries := 0; ; tries++ {
			req, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+address+path, nil)
			if err != nil {
				s.t.Fatal(err)
			}
			res, err := stay.Do(req)
			if err != nil && tries < 500 { // it does not listen yet
				time.Sleep(20 * time.Millisecond)
				continue
			} else if err != nil {
				s.t.Fatalf("%v: %s", err, log.String())
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				s.t.Fatal(err)
			}
			return res, string(body)
		}
	}
	return get, log
}

func TestAProgramWaitsForTheSchemaThatItNeeds(t *testing.T) {
	t.Parallel()
	s, conn := newEmptyShell(t)
	get, log := s.serve()
	const why = "at version 0, this gatehouse needs 1: run `gatehouse migrate`"
	if res, body := get("GET", "/readyz"); res.StatusCode != 503 || !strings.Contains(body, why) {
		t.Errorf("readyz: %d %s", res.StatusCode, body)
	}
	if res, _ := get("GET", "/healthz"); res.StatusCode != 200 {
		t.Errorf("healthz: %d", res.StatusCode)
	}
	for _, asked := range [][3]string{{"GET", "/authorize?client_id=web", "text/html"}, {"POST", "/login", "text/html"},
		{"POST", "/token", "application/json"}, {"GET", "/userinfo", "application/json"}, {"GET", "/jwks", "application/json"}} {
		res, body := get(asked[0], asked[1])
		if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || !strings.HasPrefix(res.Header.Get("Content-Type"), asked[2]) {
			t.Errorf("%s: %d %v %s", asked[1], res.StatusCode, res.Header, body)
		}
	}
	s.good("", "migrate")
	ready := func(get func(method, path string) (*http.Response, string)) {
		t.Helper()
		for range 500 {
			if res, _ := get("GET", "/readyz"); res.StatusCode == 200 {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatal("it is not ready, although it was migrated")
	}
	ready(get)
	if res, body := get("GET", "/authorize?client_id=web"); res.StatusCode != 400 {
		t.Errorf("a client that is not there: %d %s", res.StatusCode, body)
	}
	if said := strings.Count(log.String(), `"event":"not_started"`); said != 1 || !strings.Contains(log.String(), why) {
		t.Errorf("the log says it %d times: %s", said, log.String())
	}
	// The schema of a release to come is good for this program, also when it starts.
	if _, err := conn.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (2, true)"); err != nil {
		t.Fatal(err)
	}
	ready(get)
	another, _ := s.serve()
	ready(another)
	// A dump of before was restored below it.
	if _, err := conn.Exec(t.Context(), "UPDATE goose_db_version SET is_applied = false WHERE version_id > 0"); err != nil {
		t.Fatal(err)
	}
	if res, body := get("GET", "/readyz"); res.StatusCode != 503 || !strings.Contains(body, why) {
		t.Errorf("readyz: %d %s", res.StatusCode, body)
	}
}

// One of them is killed in the middle, and Postgres takes back what it did: the others go on, and each migration is applied once.
func TestProcessesThatMigrateAtOnceApplyEachOnce(t *testing.T) {
	t.Parallel()
	s, conn := newEmptyShell(t)
	dir, program := t.TempDir(), filepath.Join(t.TempDir(), "gatehouse")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for file, sql := range map[string]string{
		"00001_first.sql":  "CREATE TABLE first (n int); INSERT INTO first VALUES (1);",
		"00002_waits.sql":  "CREATE TABLE second (n int); SELECT pg_advisory_xact_lock(4711); INSERT INTO second VALUES (1);",
		"00003_follow.sql": "CREATE TABLE third (n int); INSERT INTO third VALUES (1);",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte("-- +goose Up\n"+sql+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	one := func(sql string) (n int) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return n
	}
	migrate := func() *exec.Cmd {
		c := exec.CommandContext(t.Context(), program, "migrate", "--dir", dir)
		c.Env = []string{"DATABASE_URL=" + s.url, "PATH=" + os.Getenv("PATH")}
		return c
	}
	one("SELECT count(*) FROM pg_advisory_lock(4711)") // so that one stands still in the middle
	killed := migrate()
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	const waiting = `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	for tries := 0; one(waiting) == 0; tries++ {
		if tries == 1000 {
			t.Fatal("nobody migrates")
		}
		time.Sleep(20 * time.Millisecond)
	}
	var others sync.WaitGroup
	for range 8 {
		others.Go(func() {
			if out, err := migrate().CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait()
	one("SELECT count(*) FROM pg_advisory_unlock(4711)")
	others.Wait()
	const versions = `SELECT count(*) FROM goose_db_version_local WHERE version_id > 0`
	const rows = `SELECT (SELECT count(*) FROM first) * 100 + (SELECT count(*) FROM second) * 10 + (SELECT count(*) FROM third)`
	if v, r := one(versions), one(rows); v != 3 || r != 111 {
		t.Errorf("%d migrations are noted, and they left %d", v, r)
	}
	const locks = `SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
		WHERE locktype = 'advisory' AND datname = current_database()`
	if n := one(locks); n > 0 {
		t.Errorf("%d advisory locks stay", n)
	}
}

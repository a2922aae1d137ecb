package devdb

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PgBouncer is one in transaction mode, in front of a test's database.
type PgBouncer struct {
	URL                string // of the database, through it
	PreparedStatements bool   // it follows prepared statements, as from 1.21 on
}

// serverConnections is how many connections to Postgres it shares among all that come to it.
const serverConnections = 2

// StartPgBouncer starts one for the database of a Test, until the end of the test. Where the program is not installed, root
// installs Debian's package; where that can't be, the test is skipped, but fails if CI is set.
func StartPgBouncer(t testing.TB, database string) PgBouncer {
	t.Helper()
	program, err := pgbouncer()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	p, err := launchPgBouncer(t, program, database)
	if err != nil {
		t.Fatal("devdb: ", err)
	}
	return p
}

// pgbouncer returns the path of the program.
var pgbouncer = sync.OnceValues(func() (string, error) {
	const debians = "/usr/sbin/pgbouncer" // not on everybody's PATH
	for _, name := range []string{"pgbouncer", debians} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	if out, err := exec.Command("apt-get", "install", "-y", "--no-install-recommends", "pgbouncer").CombinedOutput(); err != nil {
		return "", fmt.Errorf("the package pgbouncer is not installed, and cannot be (%w): apt-get install pgbouncer\n%s", err, out)
	}
	return exec.LookPath(debians)
})

func launchPgBouncer(t testing.TB, program, database string) (p PgBouncer, err error) {
	at, err := pgx.ParseConfig(database)
	if err != nil {
		return p, err
	}
	version, err := exec.Command(program, "--version").Output()
	if err != nil {
		return p, err
	}
	var minor int
	_, err = fmt.Sscanf(string(version), "PgBouncer 1.%d", &minor)
	p.PreparedStatements = err == nil && minor >= 21
	root, err := Root()
	if err != nil {
		return p, err
	}
	who, _, err := settle(root, filepath.Join(root, ".cache"))
	if err != nil {
		return p, err
	}
	dir, err := os.MkdirTemp("/tmp", "gatehouse-") // short enough for a socket
	if err != nil {
		return p, err
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	config := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(config, pgbouncerConfig(dir, at, p.PreparedStatements), 0o600); err != nil {
		return p, err
	}
	for _, path := range []string{config, dir} {
		if err := who.own(path); err != nil {
			return p, err
		}
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return p, err
	}
	defer log.Close()
	cmd := exec.Command(program, config)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who.credential}
	exited, err := Start(cmd, syscall.SIGTERM)
	if err != nil {
		return p, err
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); <-exited })
	p.URL = fmt.Sprintf("postgres://%s@/%s?host=%s&port=6432", at.User, at.Database, dir)
	return p, p.waitUntilReady(exited, log.Name())
}

// pgbouncerConfig lets in who can open the socket, as the tests' Postgres does.
func pgbouncerConfig(dir string, at *pgx.ConnConfig, preparedStatements bool) []byte {
	quoted := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	settings := fmt.Sprintf("[databases]\n%s = host=%s port=%d user=%s", at.Database, quoted(at.Host), at.Port, quoted(at.User))
	if at.Password != "" {
		settings += " password=" + quoted(at.Password)
	}
	settings += fmt.Sprintf("\n[pgbouncer]\npool_mode = transaction\ndefault_pool_size = %d\nauth_type = any\n", serverConnections)
	settings += fmt.Sprintf("listen_port = 6432\nunix_socket_dir = %s\n", dir)
	if preparedStatements {
		settings += "max_prepared_statements = 100\n"
	}
	return []byte(settings)
}

func (p PgBouncer) waitUntilReady(exited <-chan struct{}, log string) error {
	for end := time.Now().Add(30 * time.Second); ; {
		err := execute(context.Background(), p.URL+"&default_query_exec_mode=simple_protocol", "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-exited:
		case <-time.After(20 * time.Millisecond):
			if time.Now().Before(end) {
				continue
			}
		}
		return fmt.Errorf("PgBouncer does not answer (%w); its last lines:\n%s", err, Tail(log, 8))
	}
}

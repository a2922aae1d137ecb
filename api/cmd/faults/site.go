package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/keys"
)

const (
	password    = "perf-Pass-1!"
	population  = 200
	redirectURI = "https://rp.example.org/cb"
	bye         = "https://rp.example.org/bye"
	secret      = "web-secret-web-secret"
	uiOrigin    = "http://localhost:7999" // nobody listens there: people of the crowd do what its script does
)

//go:embed people.sql
var peopleSQL string

// siteOptions are what differs from fault to fault.
type siteOptions struct {
	database string   // DATABASE_URL
	direct   string   // of the same database, for the lab itself, where database leads through a pooler; else ""
	replicas int      // 1 if it is 0
	env      []string // more settings of Gatehouse
}

// site is Gatehouse with people and clients: replicas behind nginx.
type site struct {
	*lab
	issuer   string // of nginx
	database string
	env      []string
	replicas []*process
	at       []string // the origins of the replicas
	nginx    *process
	sealer   *keys.Sealer  // of the key that it begins with
	visits   *atomic.Int64 // of all crowds
	clock    *clock        // nil: that of the machine
}

// site starts it, and stops it when the fault is over.
func (l *lab) site(ctx context.Context, o siteOptions) (*site, error) {
	front, err := freeAddress()
	if err != nil {
		return nil, err
	}
	var key [32]byte
	_, _ = rand.Read(key[:]) // it never fails (crypto/rand)
	keyFile := filepath.Join(l.dir, "encryption_key")
	if err := os.WriteFile(keyFile, []byte(base64.StdEncoding.EncodeToString(key[:])), 0o600); err != nil {
		return nil, err
	}
	// Passkeys are of a name, and no address.
	s := &site{lab: l, issuer: "http://" + strings.Replace(front, "127.0.0.1", "localhost", 1), database: o.database,
		visits: new(atomic.Int64)}
	if o.direct != "" {
		s.database = o.direct
	}
	s.env = append([]string{"GATEHOUSE_ISSUER=" + s.issuer, "GATEHOUSE_UI_ORIGIN=" + uiOrigin, "GATEHOUSE_TRUSTED_PROXIES=127.0.0.1",
		"GATEHOUSE_ENCRYPTION_KEY_FILE=" + keyFile, "DATABASE_URL=" + o.database}, o.env...)
	if s.sealer, err = keys.NewSealer([][32]byte{key}); err != nil {
		return nil, err
	}
	if err := s.populate(ctx); err != nil {
		return nil, err
	}
	for i := range max(o.replicas, 1) {
		address, err := freeAddress()
		if err != nil {
			return nil, err
		}
		replica := &process{command: []string{l.gatehouse, "serve"}, dir: l.dir, env: append(slices.Clone(s.env), "GATEHOUSE_LISTEN="+address),
			log: filepath.Join(l.dir, fmt.Sprintf("replica-%d.log", i))}
		s.replicas, s.at = append(s.replicas, replica), append(s.at, "http://"+address)
		if err := s.start(ctx, i); err != nil {
			return nil, err
		}
		l.atEnd(func() { replica.stop() })
	}
	return s, s.startNginx(ctx, front)
}

// start starts a replica, and waits until it is ready.
func (s *site) start(ctx context.Context, replica int) error {
	if err := s.replicas[replica].start(); err != nil {
		return err
	}
	return s.ready(ctx, replica)
}

// ready waits until a replica is.
func (s *site) ready(ctx context.Context, replica int) error {
	return until(ctx, 30*time.Second, s.replicas[replica].log+": /readyz", func() bool { return answers(s.at[replica] + "/readyz") })
}

func answers(url string) bool {
	answer, err := http.Get(url)
	return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

// command runs a command of Gatehouse's, and returns what it prints.
func (s *site) command(ctx context.Context, input string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.gatehouse, args...)
	cmd.Env, cmd.Stdin = append(ownEnvironment(), s.env...), strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("gatehouse %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// populate migrates, and makes people, some of whom have one-time codes, and two applications. The password is hashed once, by Gatehouse.
func (s *site) populate(ctx context.Context) error {
	if _, err := s.command(ctx, "", "migrate"); err != nil {
		return err
	}
	if _, err := s.command(ctx, password+"\n", "user", "add", "person0000"); err != nil {
		return err
	}
	if err := execute(ctx, s.database, peopleSQL); err != nil {
		return err
	}
	return connected(ctx, s.database, s.setUpCodes)
}

// startNginx has the server of deploy/nginx before the replicas.
func (s *site) startNginx(ctx context.Context, front string) error {
	program, err := exec.LookPath("nginx")
	if err != nil {
		return fmt.Errorf("nginx is needed (as root: apt-get install nginx-light): %w", err)
	}
	dir := filepath.Join(s.dir, "nginx")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "gatehouse"), 0o755); err != nil {
		return err
	}
	for _, name := range []string{"http.conf", "api.conf", "errors.conf", "unavailable.html", "refused.html"} {
		text, err := os.ReadFile(filepath.Join(s.root, "deploy/nginx/gatehouse", name))
		if err != nil {
			return err
		}
		ours := strings.NewReplacer("http://127.0.0.1:4000", "http://gatehouse", "/var/log/nginx", dir, "/etc/nginx", dir).Replace(string(text))
		if err := os.WriteFile(filepath.Join(dir, "gatehouse", name), []byte(ours), 0o644); err != nil {
			return err
		}
	}
	var servers strings.Builder
	for _, at := range s.at {
		fmt.Fprintf(&servers, "server %s max_fails=1 fail_timeout=1s; ", strings.TrimPrefix(at, "http://"))
	}
	var temporary strings.Builder
	for _, what := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temporary, "%s_temp_path %s/t; ", what, dir)
	}
	conf := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 8192; }
http { access_log off; default_type text/plain; include gatehouse/http.conf; %[2]s
  upstream gatehouse { %[3]s}
  server { listen %[4]s; set $gatehouse_api %[5]s; include gatehouse/api.conf; } }
`, dir, temporary.String(), servers.String(), front, s.issuer)
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(conf), 0o644); err != nil {
		return err
	}
	s.nginx = &process{command: []string{program, "-p", dir, "-e", filepath.Join(dir, "error.log"), "-c", filepath.Join(dir, "nginx.conf")},
		dir: dir, log: filepath.Join(dir, "log")}
	if err := s.nginx.start(); err != nil {
		return err
	}
	s.atEnd(func() { s.nginx.stop() })
	return until(ctx, 10*time.Second, "nginx: "+s.nginx.log, func() bool { return answers(s.issuer + "/readyz") })
}

// execute runs a statement, which may be several, on a connection of its own.
func execute(ctx context.Context, database, statements string) error {
	return connected(ctx, database, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, statements)
		return err
	})
}

// count returns the number that a query asks for.
func (s *site) count(ctx context.Context, query string) (n int, err error) {
	err = connected(ctx, s.database, func(conn *pgx.Conn) error { return conn.QueryRow(ctx, query).Scan(&n) })
	return n, err
}

// query reads one value.
func (s *site) query(ctx context.Context, to any, query string, args ...any) error {
	return connected(ctx, s.database, func(conn *pgx.Conn) error { return conn.QueryRow(ctx, query, args...).Scan(to) })
}

func connected(ctx context.Context, database string, do func(*pgx.Conn) error) (err error) {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return do(conn)
}

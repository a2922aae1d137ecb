package store

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/devdb"
	"gatehouse/api/oidc"
	"gatehouse/migrations"
)

// severalHosts is a URL of the database gatehouse at all of them, in this order.
func severalHosts(t *testing.T, urls ...string) string {
	t.Helper()
	var hosts, ports []string
	for _, u := range urls {
		config, err := pgx.ParseConfig(u)
		if err != nil {
			t.Fatal(err)
		}
		hosts, ports = append(hosts, config.Host), append(ports, "5432")
		if config.Port != 5432 {
			t.Skip("the server of the tests has another port")
		}
	}
	first, _ := pgx.ParseConfig(urls[0])
	return "postgres:///" + first.Database + "?user=" + url.QueryEscape(first.User) + "&password=" + url.QueryEscape(first.Password) +
		"&host=" + url.QueryEscape(strings.Join(hosts, ",")) + "&port=" + strings.Join(ports, ",")
}

const write = `INSERT INTO groups (name) VALUES ($1)`

func (s *Store) writes(ctx context.Context, name string) error {
	_, err := s.pool.Exec(ctx, write, name)
	return failure(err)
}

// A connection to what is the primary no more would answer errors until its end, an hour later.
func TestAConnectionThatTakesNoWritesIsLookedForAnew(t *testing.T) {
	t.Parallel()
	s := open(t, withPool(devdb.Test(t)))
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			_, err := s.pool.Exec(t.Context(), "SELECT pg_sleep(0.2), set_config('default_transaction_read_only', 'on', false)")
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if err := s.writes(t.Context(), "staff"); !errors.As(err, new(Unavailable)) {
		t.Errorf("a write that is refused is no 503: %v", err)
	}
	if err := s.writes(t.Context(), "staff"); err != nil {
		t.Errorf("the next one is refused, too: %v", err)
	}
}

// A host that has died says nothing. Connections find the next one, and not each after the same wait.
func TestADeadHostIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	there := devdb.Test(t)
	dead, hang := relay(t, there)
	hang.Store(true)
	s := open(t, severalHosts(t, dead, there)+"&pool_max_conns=4")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // of a request
	defer cancel()
	if err := s.conns.Ping(ctx); err != nil {
		t.Fatalf("the second host is not found: %v", err)
	}
	for range 3 {
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if _, err := s.pool.Exec(ctx, "SELECT pg_sleep(0.05)"); err != nil {
					t.Errorf("the dead host is tried again: %v", err)
				}
			})
		}
		all.Wait()
		s.conns.Reset()
	}

	listens, leave := context.WithCancel(t.Context())
	heard := make(chan struct{}, 100)
	var ended sync.WaitGroup
	ended.Go(func() { s.Watch(listens, s.conns.Config().ConnString(), func() { heard <- struct{}{} }) })
	cached := func() bool {
		s.clients.mu.Lock()
		defer s.clients.mu.Unlock()
		return s.clients.listening
	}
	for end := time.Now().Add(30 * time.Second); !cached(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nothing is ever cached while the first host is dead")
		}
	}
	leave()
	ended.Wait()
}

// The primary stops and its standby is promoted: everything goes on there, without a hand.
func TestEverythingGoesOnAtTheStandbyThatIsPromoted(t *testing.T) {
	t.Parallel()
	root, err := devdb.Root()
	if err != nil {
		t.Fatal(err)
	}
	settings := []string{"fsync=off", "shared_buffers=16MB", "max_connections=30"}
	ours, err := devdb.StartFresh(t.Context(), filepath.Join(root, ".cache/failover-test"), func(string) {}, settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = devdb.Remove(filepath.Join(root, ".cache/failover-test")) })
	execute(t, ours.URL("postgres"), "CREATE DATABASE gatehouse")
	if err := Migrate(t.Context(), ours.URL("gatehouse"), migrations.FS, VersionTable, func(string) {}); err != nil {
		t.Fatal(err)
	}
	ours.Stop()
	standby, err := devdb.StartStandby(t.Context(), ours, settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Stop)

	s := open(t, severalHosts(t, ours.URL("gatehouse"), standby.URL("gatehouse")))
	if err := s.writes(t.Context(), "before"); !errors.As(err, new(Unavailable)) {
		t.Errorf("at a standby a write is no 503: %v", err)
	}
	if err := open(t, standby.URL("gatehouse")).UseOnce(t.Context(), JTI{}); !errors.As(err, new(Unavailable)) {
		t.Errorf("where an unlogged table is written it is no 503: %v", err)
	}
	if _, err := open(t, standby.URL("gatehouse")).LoadPasskey(t.Context(), []byte("x"), Digest{}, &oidc.Client{}, time.Now()); !errors.As(
		err, new(Unavailable)) {
		t.Errorf("where one is read it is no 503: %v", err)
	}
	ctx, leave := context.WithCancel(t.Context())
	heard := make(chan struct{}, 1000)
	var ended sync.WaitGroup
	ended.Go(func() { s.Watch(ctx, s.conns.Config().ConnString(), func() { heard <- struct{}{} }) })
	defer ended.Wait()
	defer leave()
	execute(t, standby.URL("gatehouse"), "SELECT pg_promote()")
	if err := s.writes(t.Context(), "after"); err != nil {
		t.Errorf("at the standby that was promoted: %v", err)
	}
	execute(t, standby.URL("gatehouse"), `INSERT INTO clients (client_id, client_name, token_endpoint_auth_method)
		VALUES ('spa', 'before', 'none')`)
	for range 2 {
		if c, err := s.Client(t.Context(), "spa"); err != nil || c.ClientName != "before" {
			t.Fatalf("%v, %v", c, err)
		}
	}
	execute(t, standby.URL("gatehouse"), `UPDATE clients SET client_name = 'after'`)
	for end := time.Now().Add(10 * time.Second); s.heardOf(t.Context()) != "after"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("a change is not heard of")
		}
	}
}

// A crash empties unlogged tables, so that what was used could be used again.
func TestWhatWasUsedBeforeACrashIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	root, err := devdb.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, ".cache/crash-test")
	db, err := devdb.StartFresh(t.Context(), dir, func(string) {}, "shared_buffers=16MB", "max_connections=30")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Stop(); _ = devdb.Remove(dir) })
	execute(t, db.URL("postgres"), "CREATE DATABASE gatehouse")
	if err := Migrate(t.Context(), db.URL("gatehouse"), migrations.FS, VersionTable, func(string) {}); err != nil {
		t.Fatal(err)
	}
	s := open(t, db.URL("gatehouse"))
	made := func(what byte) JTI {
		return JTI{SHA256: Digest{what}, MadeAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
	}
	used, unused := made(1), made(2)
	if err := s.UseOnce(t.Context(), used); err != nil {
		t.Fatal(err)
	}
	if err := s.UseOnce(t.Context(), used); !errors.Is(err, ErrUsed) {
		t.Errorf("used again: %v", err)
	}
	db.Crash()
	if err := db.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s = open(t, db.URL("gatehouse"))
	for range 2 {
		if err := s.UseOnce(t.Context(), used); !errors.Is(err, ErrUsed) {
			t.Errorf("used again after a crash: %v", err)
		}
	}
	if err := s.UseOnce(t.Context(), unused); !errors.Is(err, ErrUsed) {
		t.Errorf("it is not known whether it was used: %v", err)
	}
	if err := s.UseOnce(t.Context(), made(3)); err != nil {
		t.Errorf("made after the crash: %v", err)
	}
	if err := s.UseOnce(t.Context(), JTI{SHA256: Digest{4}, ExpiresAt: time.Now().Add(time.Hour)}); err != nil {
		t.Errorf("it does not say when it was made: %v", err)
	}
}

func execute(t *testing.T, url, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

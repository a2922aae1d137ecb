package store

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/devdb"
)

// relay passes connections on to the Postgres of url until it hangs: then it keeps them open and passes nothing on any more, as a
// firewall does that forgot them. The result is a URL that leads through it.
func relay(t *testing.T, url string) (through string, hang *atomic.Bool) {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	network, address := "tcp", net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	if strings.HasPrefix(config.Host, "/") {
		network, address = "unix", filepath.Join(config.Host, ".s.PGSQL."+strconv.Itoa(int(config.Port)))
	}
	dir := t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	hang = new(atomic.Bool)
	var all sync.Map
	t.Cleanup(func() {
		listener.Close()
		for conn := range all.Range {
			conn.(net.Conn).Close()
		}
	})
	pass := func(to, from net.Conn) {
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			if hang.Load() {
				_, _ = io.Copy(io.Discard, from)
				return
			}
			if _, failed := to.Write(buffer[:n]); err != nil || failed != nil {
				to.Close()
				return
			}
		}
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, address)
			if err != nil {
				client.Close()
				continue
			}
			all.Store(client, nil)
			all.Store(server, nil)
			go pass(server, client)
			go pass(client, server)
		}
	}()
	return "host=" + dir + " port=5432 user=" + config.User + " password='" + config.Password + "' dbname=" + config.Database +
		" sslmode=disable", hang
}

// A connection that hangs says nothing: what is cached would count until TCP gives up.
func TestChangesCountAlthoughTheConnectionThatHearsOfThemHangs(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"notify", Poll} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			url := devdb.Test(t)
			through, hang := relay(t, url)
			s, listenURL := open(t, url), through
			if how == Poll { // that asks by the URL of the pool
				s, listenURL = open(t, through), Poll
			}
			direct := open(t, url)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			listening := make(chan struct{}, 100)
			var ended sync.WaitGroup
			ended.Go(func() { s.Watch(ctx, listenURL, func() { listening <- struct{}{} }) })
			<-listening
			exec := func(sql string) {
				t.Helper()
				if _, err := direct.pool.Exec(ctx, sql); err != nil {
					t.Fatal(err)
				}
			}
			exec(`INSERT INTO clients (client_id, client_name, token_endpoint_auth_method) VALUES ('spa', 'before', 'none')`)
			<-listening
			cached := func() bool {
				s.clients.mu.Lock()
				defer s.clients.mu.Unlock()
				return s.clients.listening
			}
			if c, err := s.Client(ctx, "spa"); err != nil || c.ClientName != "before" || !cached() {
				t.Fatalf("%v, %v", c, err)
			}
			hang.Store(true)
			exec(`UPDATE clients SET client_name = 'after'`)
			for end := time.Now().Add(15 * time.Second); cached(); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("what was cached still counts")
				}
			}
			<-listening // what the caller keeps may have changed, too
			if how == "notify" {
				if c, err := s.Client(ctx, "spa"); err != nil || c.ClientName != "after" {
					t.Errorf("%v, %v", c, err)
				}
			}
			hang.Store(false)
			for !cached() { // it has connected again
				time.Sleep(10 * time.Millisecond)
			}
			exec(`UPDATE clients SET client_name = 'at last'`)
			for s.heardOf(ctx) != "at last" {
				time.Sleep(10 * time.Millisecond)
			}
			cancel()
			ended.Wait()
		})
	}
}

func (s *Store) heardOf(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	c, err := s.Client(ctx, "spa")
	if err != nil {
		return err.Error() // of a connection of the pool that hung
	}
	return c.ClientName
}

// Changes are heard of while what they cause takes long.
func TestChangesAreHeardOfWhileOneIsAnswered(t *testing.T) {
	t.Parallel()
	s := open(t, devdb.Test(t))
	ctx, cancel := context.WithCancel(t.Context())
	called, goOn := make(chan struct{}), make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		s.Watch(ctx, s.conns.Config().ConnString(), func() { called <- struct{}{}; <-goOn })
	})
	<-called // at the start
	name := ""
	for _, want := range []string{"first", "second"} {
		if _, err := s.pool.Exec(ctx, `INSERT INTO clients (client_id, client_name, token_endpoint_auth_method) VALUES ('spa', $1, 'none')
			ON CONFLICT (client_id) DO UPDATE SET client_name = $1`, want); err != nil {
			t.Fatal(err)
		}
		for name != want {
			c, err := s.Client(ctx, "spa")
			if err != nil {
				t.Fatal(err)
			}
			name = c.ClientName
			time.Sleep(time.Millisecond)
		}
	}
	goOn <- struct{}{}
	<-called // once for all of them
	goOn <- struct{}{}
	cancel()
	ended.Wait()
}

// Whoever gives up many requests must not have as many connections made anew.
func TestARequestThatIsGivenUpClosesNoConnection(t *testing.T) {
	t.Parallel()
	s := open(t, withPool(devdb.Test(t)))
	if err := s.conns.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	made := s.conns.Stat().NewConnsCount()
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, cancel)
		if _, err := s.pool.Exec(ctx, "SELECT pg_sleep(0.05)"); err != nil || ctx.Err() == nil {
			t.Errorf("%v, %v", err, ctx.Err())
		}
	}
	if now := s.conns.Stat().NewConnsCount(); now != made {
		t.Errorf("%d connections were made anew", now-made)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.conns.Ping(ctx); err == nil {
		t.Error("a request that has ended is answered")
	}
}

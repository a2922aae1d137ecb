package store

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// Poll as the listen URL makes Watch ask for the version row each second, where no connection can LISTEN
// (a transaction pooler without a direct URL).
const Poll = "poll"

// A change counts within two heartbeats, or nothing is cached: one passes until the connection is asked whether it is still there,
// and it has another to answer. A connection that hangs, as behind a firewall that forgot it, says nothing by itself.
const (
	heartbeat      = time.Second
	listenPatience = 3 * time.Second // for the first answer of a connection that was made
)

// Watch hears of changes to cached rows until ctx ends: it drops the caches and has changed called, at once and after changes. It
// goes on listening while changed runs, and calls it once for what changed meanwhile. It reconnects by itself; until then nothing is
// cached, and changed is called at each attempt.
func (s *Store) Watch(ctx context.Context, listenURL string, changed func()) {
	news := make(chan struct{}, 1)
	var calling sync.WaitGroup
	calling.Go(func() {
		for range news {
			changed()
		}
	})
	defer calling.Wait()
	defer close(news)
	for ctx.Err() == nil {
		var err error
		if listenURL == Poll {
			err = s.pollVersion(ctx, news)
		} else {
			err = s.listen(ctx, listenURL, news)
		}
		if ctx.Err() == nil {
			call(news) // it may have missed a change, and what changed reads is not read at each request
			slog.Warn("does not hear of changed clients and keys; reading them at each request until it does", "error", withoutPassword(err))
			sleep(ctx, time.Second)
		}
	}
}

// heard drops the caches and has changed called.
func (s *Store) heard(news chan<- struct{}) {
	s.dropCaches(true)
	call(news)
}

// call has changed called, unless it will be anyway.
func call(news chan<- struct{}) {
	select {
	case news <- struct{}{}:
	default:
	}
}

func (s *Store) listen(ctx context.Context, url string, news chan<- struct{}) error {
	cfg, err := parse(url)
	if err != nil {
		return err
	}
	conn, err := s.connection(ctx, cfg.ConnConfig, "LISTEN gatehouse_cached_rows_changed")
	if err != nil {
		return err
	}
	defer s.stopHearing(ctx, conn)
	for range 2 { // the second one tells
		if err := s.clock.compare(ctx, conn); err != nil {
			return err
		}
	}
	for {
		s.heard(news)
		if err := s.awaitChange(ctx, conn); err != nil {
			return err
		}
	}
}

// connection returns a connection of its own on which a statement was run. Each answer has to come before its context ends. Each host
// has the time of connectPatience to answer, so that a dead one does not take it all.
func (s *Store) connection(ctx context.Context, cfg *pgx.ConnConfig, first string) (*pgx.Conn, error) {
	s.listensAt.follow(&cfg.Config)
	cfg.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.DeadlineContextWatcherHandler{Conn: conn.Conn()}
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, listenPatience)
	defer cancel()
	if _, err := conn.Exec(wait, first); err != nil {
		return nil, errors.Join(err, conn.Close(wait))
	}
	s.listensAt.answered(conn)
	return conn, s.clock.rememberSince(wait, conn) // those of the pool may be to a pooler, which outlives Postgres
}

// stopHearing drops the caches before it closes the connection, which may hang.
func (s *Store) stopHearing(ctx context.Context, conn *pgx.Conn) {
	s.dropCaches(false)
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), heartbeat)
	defer cancel()
	conn.Close(bounded)
}

// awaitChange returns at the next NOTIFY, or when the connection does not answer. What it is asked is the time.
func (s *Store) awaitChange(ctx context.Context, conn *pgx.Conn) error {
	for {
		wait, cancel := context.WithTimeout(ctx, heartbeat)
		_, err := conn.WaitForNotification(wait)
		quiet := wait.Err() != nil && ctx.Err() == nil
		cancel()
		if err == nil || !quiet {
			return err
		}
		if err := s.clock.compare(ctx, conn); err != nil {
			return err
		}
	}
}

// pollVersion asks on a connection of its own: one of the pool may be long in coming.
func (s *Store) pollVersion(ctx context.Context, news chan<- struct{}) error {
	conn, err := s.connection(ctx, s.conns.Config().ConnConfig, "SELECT 1")
	if err != nil {
		return err
	}
	defer s.stopHearing(ctx, conn)
	last := int64(-1)
	for {
		version, err := cacheVersion(ctx, conn)
		if err != nil {
			return err
		}
		if version != last {
			last = version
			s.heard(news)
		}
		if !sleep(ctx, heartbeat) {
			return ctx.Err()
		}
	}
}

func cacheVersion(ctx context.Context, conn *pgx.Conn) (version int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	err = conn.QueryRow(ctx, "SELECT version FROM cache_version").Scan(&version)
	return version, err
}

func (s *Store) dropCaches(listening bool) {
	s.clients.drop(listening)
	s.origins.drop(listening)
	s.openScopes.drop(listening)
	s.upstreams.drop(listening)
	s.signUp.drop(listening)
	s.policy.drop(listening)
}

// sleep waits for d; false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

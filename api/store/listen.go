package store

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// Poll as the listen URL makes Watch ask for the version row each second, where no connection can LISTEN
// (a transaction pooler without a direct URL).
const Poll = "poll"

// listenQuiet is how long nothing is heard before the connection is asked whether it is still there.
const listenQuiet = 30 * time.Second

// Watch hears of changes to cached rows until ctx ends: it drops the caches and calls changed, at once and then after every change.
// It reconnects by itself; until then nothing is cached.
func (s *Store) Watch(ctx context.Context, listenURL string, changed func()) {
	for ctx.Err() == nil {
		var err error
		if listenURL == Poll {
			err = s.pollVersion(ctx, changed)
		} else {
			err = s.listen(ctx, listenURL, changed)
		}
		s.dropCaches(false)
		if ctx.Err() == nil {
			slog.Warn("does not hear of changed clients and keys; reading them at each request until it does", "error", withoutPassword(err))
			sleep(ctx, time.Second)
		}
	}
}

func (s *Store) listen(ctx context.Context, url string, changed func()) error {
	cfg, err := parse(url)
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, cfg.ConnConfig)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN gatehouse_cached_rows_changed"); err != nil {
		return err
	}
	for {
		s.dropCaches(true)
		changed()
		if err := awaitChange(ctx, conn); err != nil {
			return err
		}
	}
}

// awaitChange returns at the next NOTIFY. A connection that died without a word is noticed by asking now and then.
func awaitChange(ctx context.Context, conn *pgx.Conn) error {
	for {
		wait, cancel := context.WithTimeout(ctx, listenQuiet)
		_, err := conn.WaitForNotification(wait)
		quiet := wait.Err() != nil && ctx.Err() == nil
		cancel()
		if err == nil || !quiet {
			return err
		}
		ask, cancel := context.WithTimeout(ctx, 5*time.Second)
		err = conn.Ping(ask)
		cancel()
		if err != nil {
			return err
		}
	}
}

func (s *Store) pollVersion(ctx context.Context, changed func()) error {
	last := int64(-1)
	for {
		var version int64
		if err := s.pool.QueryRow(ctx, "SELECT version FROM cache_version").Scan(&version); err != nil {
			return err
		}
		if version != last {
			last = version
			s.dropCaches(true)
			changed()
		}
		if !sleep(ctx, time.Second) {
			return ctx.Err()
		}
	}
}

func (s *Store) dropCaches(listening bool) {
	s.clients.drop(listening)
	s.origins.drop(listening)
	s.upstreams.drop(listening)
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

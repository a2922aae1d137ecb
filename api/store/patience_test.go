package store

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/devdb"
)

// What runs in the background has no request whose time is over: whatever it waits for, it goes on.
func TestEachStatementInTheBackgroundEnds(t *testing.T) {
	t.Parallel()
	url := strings.Replace(withPool(devdb.Test(t)), "max_conns=3", "max_conns=1", 1)
	s := open(t, url)
	ctx := EachWithin(t.Context(), 200*time.Millisecond)
	const forever = "SELECT pg_sleep(60)"
	for name, waits := range map[string]func(context.Context) error{
		"a statement":   func(ctx context.Context) error { _, err := s.pool.Exec(ctx, forever); return err },
		"one with rows": func(ctx context.Context) error { return s.pool.QueryRow(ctx, forever).Scan(nil) },
		"a batch": func(ctx context.Context) error {
			b := &pgx.Batch{}
			b.Queue(forever)
			return s.pool.SendBatch(ctx, b).Close()
		},
		"a transaction's": func(ctx context.Context) error {
			return s.Transaction(ctx, func(tx *Store) error { _, err := tx.pool.Exec(ctx, forever); return err })
		},
	} {
		began := time.Now()
		err := failure(waits(ctx))
		if took := time.Since(began); !errors.As(err, new(Unavailable)) || took > 10*time.Second {
			t.Errorf("%s: %v after %s", name, err, took)
		}
	}
	only, err := s.conns.Acquire(t.Context())
	try(t, err)
	if err := failure(s.conns.Ping(ctx)); !errors.As(err, new(Unavailable)) {
		t.Errorf("a connection that others have: %v", err)
	}
	only.Release()
	for range 3 { // together longer than one may take
		if _, err := s.pool.Exec(ctx, "SELECT pg_sleep(0.1)"); err != nil {
			t.Error(err)
		}
	}
}

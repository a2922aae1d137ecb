package floor

import (
	"cmp"
	"context"
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed postgres.sql
var roundTripTables string

// A RoundTrip is something that a code flow could ask Postgres, by a connection; n is another one each time.
type RoundTrip struct {
	What string
	Do   func(ctx context.Context, conn *pgxpool.Conn, n int) error
}

// RoundTrips are from an empty question to a single sign-on.
var RoundTrips = []RoundTrip{
	{"SELECT 1", func(ctx context.Context, conn *pgxpool.Conn, _ int) error {
		return conn.QueryRow(ctx, "SELECT 1").Scan(nil)
	}},
	{"a session by its key", func(ctx context.Context, conn *pgxpool.Conn, n int) error {
		return conn.QueryRow(ctx, "SELECT sub FROM sessions WHERE id = $1", session(n)).Scan(nil)
	}},
	{"an INSERT", func(ctx context.Context, conn *pgxpool.Conn, _ int) error {
		_, token := secret()
		_, err := conn.Exec(ctx, "INSERT INTO tokens VALUES ($1, NULL, $2, now())", token, data)
		return err
	}},
	{"an INSERT that waits for no disk", insertCode},
	{"a rotation", func(ctx context.Context, conn *pgxpool.Conn, _ int) error {
		_, old := secret()
		_, token := secret()
		_, err := conn.Exec(ctx, `
			WITH spent AS (DELETE FROM tokens WHERE id = $1 RETURNING 1)
			INSERT INTO tokens VALUES ($2, NULL, $3, now())`, old, token, data)
		return err
	}},
	{"a code, which waits for no disk, and its redemption", func(ctx context.Context, conn *pgxpool.Conn, n int) error {
		if err := insertCode(ctx, conn, n); err != nil {
			return err
		}
		return redeem(ctx, conn, n)
	}},
	{"a code and its redemption", func(ctx context.Context, conn *pgxpool.Conn, n int) error {
		if _, err := conn.Exec(ctx, codeSQL, session(n), code(n), data); err != nil {
			return err
		}
		return redeem(ctx, conn, n)
	}},
}

const codeSQL = `
	WITH session AS (SELECT id FROM sessions WHERE id = $1 AND expires_at > now())
	INSERT INTO codes SELECT $2, id, $3, now() + interval '1 minute' FROM session`

var data = strings.Repeat("x", 300)

// session is the key of one of those in postgres.sql.
func session(n int) []byte { return digest(strconv.Itoa(n % 10000)) }

func code(n int) []byte { return digest("code" + strconv.Itoa(n)) }

func insertCode(ctx context.Context, conn *pgxpool.Conn, n int) error {
	batch := &pgx.Batch{}
	batch.Queue("SET LOCAL synchronous_commit = off")
	batch.Queue(codeSQL, session(n), code(n), data)
	return conn.SendBatch(ctx, batch).Close()
}

func redeem(ctx context.Context, conn *pgxpool.Conn, n int) error {
	_, token := secret()
	return conn.QueryRow(ctx, `
		WITH spent AS (DELETE FROM codes WHERE id = $1 AND expires_at > now() RETURNING session_id, data)
		INSERT INTO tokens SELECT $2, session_id, data, now() FROM spent RETURNING id`, code(n), token).Scan(nil)
}

// Take does the round trip on so many connections at once for so long, and returns how many milliseconds each one took.
func (r RoundTrip) Take(ctx context.Context, database string, connections int, length time.Duration) (ms []float64, err error) {
	config, err := pgxpool.ParseConfig(database)
	if err != nil {
		return nil, err
	}
	config.MaxConns = int32(connections)
	db, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if _, err := db.Exec(ctx, roundTripTables); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	end := time.Now().Add(length)
	for i := range connections {
		all.Go(func() {
			took, failed := r.repeat(ctx, db, i, connections, end)
			mu.Lock()
			defer mu.Unlock()
			ms, err = append(ms, took...), cmp.Or(err, failed)
		})
	}
	all.Wait()
	slices.Sort(ms)
	return ms, err
}

func (r RoundTrip) repeat(ctx context.Context, db *pgxpool.Pool, first, step int, end time.Time) (ms []float64, err error) {
	conn, err := db.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	for n := first; ; n += step {
		began := time.Now()
		if err := r.Do(ctx, conn, n); err != nil || began.After(end) {
			return ms, err
		}
		ms = append(ms, time.Since(began).Seconds()*1000)
	}
}

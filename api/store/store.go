// Package store is the SQL: one file per table, one function per step of the protocol. It alone imports pgx.
package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"gatehouse/api/oidc"
)

// ErrNotFound means that no row fits.
var ErrNotFound = errors.New("no such row")

// Unavailable wraps an error of a Postgres that cannot be reached, is not ready or has trouble: worth another try, 503 until then.
type Unavailable struct{ Err error }

func (e Unavailable) Error() string {
	if e.Answered() {
		return "Postgres cannot do it now: " + e.Err.Error()
	}
	return "Postgres is not available: " + e.Err.Error()
}

func (e Unavailable) Unwrap() error { return e.Err }

// Answered reports whether it is Postgres that says so, to a connection that it took.
func (e Unavailable) Answered() bool {
	return errors.As(e.Err, new(*pgconn.PgError)) && !errors.As(e.Err, new(*pgconn.ConnectError))
}

// Store is a pool of connections to Postgres.
type Store struct {
	pool  database      // what statements go to
	conns *pgxpool.Pool // below it
	*kept
}

// kept is what a store has in memory.
type kept struct {
	batches    batches
	clients    cache[*oidc.Client]
	origins    cache[map[string]bool]
	openScopes cache[[]string]
	upstreams  cache[[]oidc.Upstream]
	signUp     cache[SignUp]
	policy     cache[oidc.Policy]
	listensAt  primary
	clock      *clock
}

// Open parses url and makes the pool; it connects lazily, so a Postgres that is away is no error here.
// Behind a pooler in transaction mode that does not follow prepared statements (PgBouncer before 1.21), the URL says so
// with default_query_exec_mode=cache_describe.
// With a tracer it tells of the statements of requests.
func Open(ctx context.Context, url string, tracers ...oidc.Tracer) (*Store, error) {
	cfg, err := parse(url)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	nameConnections(cfg)
	var at primary
	goesBy := &clock{machine: time.Now}
	cfg.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error { at.follow(&c.Config); return nil }
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		at.answered(conn)
		ctx, cancel := context.WithTimeout(ctx, connectPatience) // nobody who waits for the connection ends it
		defer cancel()
		return goesBy.rememberSince(ctx, conn)
	}
	cfg.PingTimeout = pingPatience
	cfg.ConnConfig.Tracer = tracer{}
	for _, t := range tracers {
		cfg.ConnConfig.Tracer = tracer{t}
	}
	cfg.MaxConnLifetime = time.Hour
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.ConnConfig.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.DeadlineContextWatcherHandler{Conn: conn.Conn(), DeadlineDelay: lastWords}
	}
	var opened atomic.Pointer[pgxpool.Pool] // one with pool_min_conns connects before it is returned
	stays := cfg.ConnConfig.OnPgError
	cfg.ConnConfig.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		if pool := opened.Load(); pool != nil && takesNoWrites(err) {
			pool.Reset() // the others lead there, too, and what they read may be of before
		}
		return stays(conn, err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	opened.Store(pool)
	return &Store{pool, pool, &kept{batches: batches{wait: batchWait}, clock: goesBy}}, nil
}

const (
	connectPatience = 3 * time.Second // for one host to answer, of those in the URL
	pingPatience    = time.Second     // for a connection that was idle: that of a machine that died says nothing
)

// lastWords is how long an answer of Postgres may take that nobody waits for any more. Without it pgx closes a connection whose
// request was given up in the middle of a statement, and whoever gives up many has as many made anew. Statements take less.
const lastWords = time.Second

// Close waits for the connections in use and closes all.
func (s *Store) Close() { s.conns.Close() }

// parse reads a connection string, with what it says of the pool (pool_max_conns) where no pool is made of it, too.
func parse(url string) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, withoutPassword(err)
	}
	cfg.ConnConfig.ConnectTimeout = connectPatience
	writable(&cfg.ConnConfig.Config)
	return cfg, nil
}

// applicationName is how Postgres knows Gatehouse's connections: what they change without an Actor is a change of Gatehouse itself.
const applicationName = "gatehouse"

// nameConnections puts the name first, and what the URL calls them behind it.
func nameConnections(cfg *pgxpool.Config) {
	params := cfg.ConnConfig.RuntimeParams
	if name := params["application_name"]; name == "" {
		params["application_name"] = applicationName
	} else if name != applicationName && !strings.HasPrefix(name, applicationName+" ") {
		params["application_name"] = applicationName + " " + name
	}
}

// withoutPassword drops the connection string, which pgx repeats, from a parse error.
func withoutPassword(err error) error {
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) {
		if inner := parse.Unwrap(); inner != nil {
			return inner
		}
		return errors.New("is not a Postgres connection string, such as postgres://user:password@host:5432/gatehouse")
	}
	return err
}

// failure sorts the errors of pgx: ErrNotFound, a refusal of the database (*pgconn.PgError, as it is), or Unavailable.
func failure(err error) error {
	var refused *pgconn.PgError
	var connecting *pgconn.ConnectError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotFound
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &connecting):
		return Unavailable{err}
	case errors.As(err, &refused) && !isTransient(refused.Code) && !takesNoWrites(refused):
		return err
	}
	return Unavailable{err}
}

// Codes of Postgres for what it gave up although nothing was wrong with it (PostgreSQL's documentation, Appendix A).
const (
	serializationFailure     = "40001" // on a standby that has to go on, too
	deadlock                 = "40P01" // so that another, which waited for it, could go on, such as a migration
	lockNotAvailable         = "55P03" // lock_timeout
	idleInTransactionTimeout = "25P03"
	transactionTimeout       = "25P04"
)

// isTransient reports whether an error is trouble of Postgres, and not what the statement did: connections (08), resources (53), what
// operators and their limits end (57, with statement_timeout), what is below it, such as a disk (58), or one of the codes above. What it
// finds broken (XX) stays so.
func isTransient(code string) bool {
	switch code[:2] {
	case "08", "53", "57", "58":
		return true
	}
	switch code {
	case serializationFailure, deadlock, lockNotAvailable, idleInTransactionTimeout, transactionTimeout:
		return true
	}
	return false
}

package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Actor is who changes rows, and by which door, for those who look at them later. What nobody says is a change of Gatehouse itself, or
// one by bare SQL.
type Actor struct {
	Name      string // of a user, a client, or an account of the machine
	Door      string // "command line", "api" or "page"
	Operation string // such as "user disable"
	RequestID string // of the log
	Addr      string

	DeclaredAnyway bool // changes rows although a file declares them
}

var setActor = compile(`SELECT set_config('gatehouse.actor', @actor, true), set_config('gatehouse.door', @door, true),
	set_config('gatehouse.operation', @operation, true), set_config('gatehouse.request_id', @request_id, true),
	set_config('gatehouse.addr', @addr, true),
	set_config('gatehouse.declared_anyway', CASE WHEN @declared_anyway::boolean THEN 'on' ELSE '' END, true)`)

func (a Actor) args() args {
	return args{"actor": a.Name, "door": a.Door, "operation": a.Operation, "request_id": a.RequestID, "addr": a.Addr,
		"declared_anyway": a.DeclaredAnyway}
}

// As returns the store whose statements and transactions say that a is at them: in the same transaction, and a statement in the same
// round trip.
func (s *Store) As(a Actor) *Store {
	return &Store{attributed{s.pool, a}, s.conns, s.kept}
}

// Transaction runs do on a store all of whose changes are made, or none: if do returns an error. It reads nothing from caches.
func (s *Store) Transaction(ctx context.Context, do func(*Store) error) error {
	var failed error
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		failed = do(&Store{tx, s.conns, new(kept)})
		return failed
	})
	if failed != nil {
		return failed
	}
	return inWords(err, nil) // of BEGIN or COMMIT
}

// attributed is a database that is told before each statement who is at it.
type attributed struct {
	database
	actor Actor
}

func (d attributed) Begin(ctx context.Context) (pgx.Tx, error) {
	tx, err := d.database.Begin(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := setActor.run(ctx, tx, d.actor.args()); err != nil {
		return nil, errors.Join(err, tx.Rollback(ctx))
	}
	return tx, nil
}

// SendBatch sends a batch in whose transaction the actor is known.
func (d attributed) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	var all pgx.Batch
	setActor.queue(&all, d.actor.args())
	all.QueuedQueries = append(all.QueuedQueries, b.QueuedQueries...)
	results := d.database.SendBatch(ctx, &all)
	_, _ = results.Exec() // if it fails, so do those after it
	return results
}

func (d attributed) send(ctx context.Context, sql string, args []any) pgx.BatchResults {
	var b pgx.Batch
	b.Queue(sql, args...)
	return d.SendBatch(ctx, &b)
}

func (d attributed) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	results := d.send(ctx, sql, args)
	tag, err := results.Exec()
	return tag, ended(results, err)
}

func (d attributed) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return attributedRow{d.send(ctx, sql, args)}
}

func (d attributed) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	results := d.send(ctx, sql, args)
	rows, err := results.Query()
	if err != nil {
		return nil, ended(results, err)
	}
	return &attributedRows{Rows: rows, results: results}, nil
}

// ended closes results, which is when their transaction ends and what is checked then can fail; err came before.
func ended(results pgx.BatchResults, err error) error {
	if closing := results.Close(); err == nil {
		return closing
	}
	return err
}

type attributedRow struct{ results pgx.BatchResults }

func (r attributedRow) Scan(dest ...any) error {
	return ended(r.results, r.results.QueryRow().Scan(dest...))
}

type attributedRows struct {
	pgx.Rows
	results pgx.BatchResults
	err     error
}

// Next ends the transaction behind the last row, so that Err has its error.
func (r *attributedRows) Next() bool {
	more := r.Rows.Next()
	if !more {
		r.Close()
	}
	return more
}

func (r *attributedRows) Close() {
	r.Rows.Close()
	if r.results != nil {
		r.err = ended(r.results, r.Rows.Err())
		r.results = nil
	}
}

func (r *attributedRows) Err() error {
	if r.err != nil {
		return r.err
	}
	return r.Rows.Err()
}

package store

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	batchSize     = 64                    // rows that are read in one batch at most
	batchWait     = 50 * time.Millisecond // after which a request reads a row by itself that no batch has taken
	batchPatience = 3 * time.Second       // for a batch that was sent
)

// batches reads rows for several requests in one round trip to Postgres, which is half of what a short statement costs. A row
// that is wanted while no other is being read is read at once. Those that are wanted meanwhile wait, and are then read in one
// batch.
type batches struct {
	wait time.Duration // batchWait, but in tests

	mu      sync.Mutex
	reading bool
	waiting []*batchedRow
}

// batchedRow is a statement that reads one row. Whoever takes it runs it, and nobody else does: a batch, or the request that
// wants it, which takes it back after a while.
type batchedRow struct {
	sql   string
	args  []any
	scan  func(pgx.Row) error
	taken atomic.Bool
	done  chan error // of the batch that took it, once it has called scan; it has room for the one value
}

func (r *batchedRow) take() bool { return r.taken.CompareAndSwap(false, true) }

// errBatch is the error of a row that its batch could not read, perhaps because of another row.
var errBatch = errors.New("the batch failed")

// batched returns what scan makes of the row that q reads: in a batch, or by itself, under ctx. The row is as of a moment after the call.
func batched[T any](ctx context.Context, s *Store, scan func(pgx.Row) (T, error), q *query, a args) (T, error) {
	var value, none T
	values := q.values(a)
	alone := func() (T, error) { return scan(s.pool.QueryRow(ctx, q.sql, values...)) }
	r := &batchedRow{sql: q.sql, args: values, done: make(chan error, 1), scan: func(row pgx.Row) (err error) {
		value, err = scan(row)
		return err
	}}
	if !s.batches.mustWait(r) {
		defer s.readBatches() //nolint:contextcheck // what others wait for does not end with this request
		return alone()
	}
	enough := time.NewTimer(s.batches.wait)
	defer enough.Stop()
	for {
		select {
		case err := <-r.done: // from now on value is ours
			if errors.Is(err, errBatch) {
				return alone()
			}
			return value, err
		case <-enough.C:
			if r.take() {
				return alone()
			}
		case <-ctx.Done():
			r.take()
			return none, failure(ctx.Err())
		}
	}
}

// mustWait reports whether other rows are being read; then r is in line.
func (b *batches) mustWait(r *batchedRow) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.reading {
		b.reading = true
		return false
	}
	b.waiting = append(b.waiting, r)
	return true
}

// next takes rows that wait; if there are none, no row is being read any more.
func (b *batches) next() (batch []*batchedRow) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.waiting) > 0 && len(batch) < batchSize {
		if b.waiting[0].take() {
			batch = append(batch, b.waiting[0])
		}
		b.waiting = b.waiting[1:]
	}
	if len(b.waiting) == 0 {
		b.waiting = nil
	}
	b.reading = len(batch) > 0
	return batch
}

// readBatches reads the rows that wait, and those that come meanwhile. It does not keep its caller waiting.
func (s *Store) readBatches() {
	batch := s.batches.next()
	if len(batch) == 0 {
		return
	}
	go func() {
		for ; len(batch) > 0; batch = s.batches.next() {
			s.readBatch(batch)
		}
	}()
}

// readBatch is not under the context of a request, as it must not fail because one of many has gone. A statement that fails takes those
// after it along.
func (s *Store) readBatch(batch []*batchedRow) {
	ctx, cancel := context.WithTimeout(context.Background(), batchPatience)
	defer cancel()
	var statements pgx.Batch
	for _, r := range batch {
		statements.Queue(r.sql, r.args...)
	}
	results := s.pool.SendBatch(ctx, &statements)
	defer results.Close()
	for _, r := range batch {
		err := r.scan(results.QueryRow())
		if err != nil && !errors.Is(err, ErrNotFound) {
			err = errBatch
		}
		r.done <- err
	}
}

package store

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// What bounds a batch of questions, and how long one waits for it: behind a connection that hangs, for one, it is asked alone.
const (
	togetherAtMost   = 64
	togetherPatience = 10 * time.Second
	togetherInLine   = 50 * time.Millisecond
)

// together asks Postgres in one go what requests want to know at the same time: a question that comes while another is asked waits for it,
// and is asked with all that have come meanwhile. Half of what a short statement costs is its way there and back.
type together struct {
	inLine time.Duration

	mu      sync.Mutex
	asking  bool
	waiting []*question
}

// question is a statement that reads one row. Each sees what was committed before it was asked.
type question struct {
	ctx  context.Context
	sql  string
	args []any
	read func(pgx.Row) error
	done chan error
	left atomic.Bool // nobody waits for the answer any more
}

// ask gives what read makes of the row, or the error of read or of Postgres.
func ask[T any](ctx context.Context, s *Store, read func(pgx.Row) (T, error), sql string, args ...any) (T, error) {
	var answer, none T
	q := &question{ctx: ctx, sql: sql, args: args, read: func(row pgx.Row) (err error) {
		answer, err = read(row)
		return err
	}}
	if s.together.mustWait(q) {
		enough := time.NewTimer(s.together.inLine)
		defer enough.Stop()
		defer q.left.Store(true)
		select {
		case err := <-q.done:
			return answer, err
		case <-ctx.Done():
			return none, failure(ctx.Err()) // answer is not ours before q is done
		case <-enough.C:
			return read(s.pool.QueryRow(ctx, sql, args...))
		}
	}
	defer func() {
		if next := s.together.next(); len(next) > 0 {
			go s.askTogether(next)
		}
	}()
	return read(s.pool.QueryRow(ctx, sql, args...))
}

// mustWait says whether others are asked just now; then q is asked after them.
func (t *together) mustWait(q *question) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.asking {
		t.asking = true
		return false
	}
	q.done = make(chan error, 1)
	t.waiting = append(t.waiting, q)
	return true
}

// next takes the questions that wait; where there are none, nobody is asking any more.
func (t *together) next() []*question {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = slices.DeleteFunc(t.waiting, func(q *question) bool { return q.left.Load() })
	n := min(len(t.waiting), togetherAtMost)
	list := t.waiting[:n:n]
	t.waiting = t.waiting[n:]
	t.asking = n > 0
	return list
}

// askTogether goes on until no question waits.
func (s *Store) askTogether(list []*question) {
	for ; len(list) > 0; list = s.together.next() {
		var alone []*question
		if len(list) == 1 {
			alone = list
		} else {
			alone = s.askBatch(list)
		}
		for _, q := range alone {
			q.done <- q.askAlone(s)
		}
	}
}

// askBatch gives those that got no answer: what goes wrong with one takes those after it along.
func (s *Store) askBatch(list []*question) (failed []*question) {
	ctx, cancel := context.WithTimeout(context.Background(), togetherPatience)
	defer cancel()
	var batch pgx.Batch
	for _, q := range list {
		batch.Queue(q.sql, q.args...)
	}
	results := s.pool.SendBatch(ctx, &batch)
	defer results.Close()
	for _, q := range list {
		if err := q.read(results.QueryRow()); err == nil || err == ErrNotFound {
			q.done <- err
		} else {
			failed = append(failed, q)
		}
	}
	return failed
}

func (q *question) askAlone(s *Store) error { return q.read(s.pool.QueryRow(q.ctx, q.sql, q.args...)) }

package store

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func readText(ctx context.Context, s *Store, sql string, a args) (string, error) {
	q := compile(sql)
	return batched(ctx, s, scanText, &q, a)
}

func scanText(row pgx.Row) (text string, err error) { return text, failure(row.Scan(&text)) }

// behindASlowOne reads rows that have to wait for another, and returns what each got. They are in line in this order.
func behindASlowOne(t *testing.T, s *Store, reads ...func() (string, error)) (answers []string, errs []error) {
	t.Helper()
	slow := make(chan error, 1)
	go func() {
		_, err := readText(t.Context(), s, `SELECT pg_sleep(0.5)::text`, nil)
		slow <- err
	}()
	inLine := func(n int) func() bool {
		return func() bool {
			s.batches.mu.Lock()
			defer s.batches.mu.Unlock()
			return s.batches.reading && len(s.batches.waiting) == n
		}
	}
	await(t, inLine(0))
	answers, errs = make([]string, len(reads)), make([]error, len(reads))
	done := make(chan bool)
	for i, read := range reads {
		go func() {
			answers[i], errs[i] = read()
			done <- true
		}()
		await(t, inLine(i+1))
	}
	for range reads {
		<-done
	}
	try(t, <-slow)
	return answers, errs
}

func await(t *testing.T, what func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !what(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
}

// now() is that of the transaction.
func TestRowsThatAreWantedMeanwhileAreReadInOneBatch(t *testing.T) {
	t.Parallel()
	s := managed(t)
	s.batches.wait = time.Hour
	var reads []func() (string, error)
	for i := range 100 {
		reads = append(reads, func() (string, error) {
			return readText(t.Context(), s, `SELECT @i || ' ' || now()::text`, args{"i": fmt.Sprint(i)})
		})
	}
	answers, errs := behindASlowOne(t, s, reads...)
	times := map[string]int{}
	for i, answer := range answers {
		var n int
		var at string
		if _, err := fmt.Sscanf(answer, "%d %s", &n, &at); err != nil || n != i || errs[i] != nil {
			t.Errorf("row %d: %q, %v", i, answer, errs[i])
		}
		times[answer[len(fmt.Sprint(n)):]]++
	}
	if len(times) != 2 {
		t.Errorf("100 rows were read in %d batches, want 2", len(times))
	}
	if answer, err := readText(t.Context(), s, `SELECT 'quiet'`, nil); answer != "quiet" || err != nil {
		t.Errorf("afterwards: %q, %v", answer, err)
	}
}

func TestARowHasNoPartInWhatHappensToOthers(t *testing.T) {
	t.Parallel()
	s := managed(t)
	s.batches.wait = time.Hour
	gone, leave := context.WithCancel(t.Context())
	one := func() (string, error) { return readText(t.Context(), s, `SELECT 'one'`, nil) }
	answers, errs := behindASlowOne(t, s, one,
		func() (string, error) {
			return readText(t.Context(), s, `SELECT (1 / @zero::integer)::text`, args{"zero": 0})
		},
		func() (string, error) { return readText(t.Context(), s, `SELECT 'x' WHERE false`, nil) },
		func() (string, error) {
			return readText(t.Context(), s, `SELECT @id::uuid::text`, args{"id": "no uuid"})
		},
		func() (string, error) { leave(); return readText(gone, s, `SELECT 'too late'`, nil) },
		one)
	for i, want := range []string{"one", "", "", "", "", "one"} {
		if answers[i] != want || (errs[i] == nil) != (want != "") {
			t.Errorf("row %d: %q, %v", i, answers[i], errs[i])
		}
	}
	if !errors.Is(errs[2], ErrNotFound) || !errors.Is(errs[4], context.Canceled) {
		t.Errorf("%v, %v", errs[2], errs[4])
	}
}

func TestARowIsReadByItselfWhereTheOneBeforeItHangs(t *testing.T) {
	t.Parallel()
	s := managed(t)
	lock, err := s.pool.Begin(t.Context())
	try(t, err)
	_, err = lock.Exec(t.Context(), `SELECT pg_advisory_xact_lock(1)`)
	try(t, err)
	hangs := make(chan error, 1)
	go func() {
		_, err := readText(t.Context(), s, `SELECT pg_advisory_xact_lock(1)::text`, nil)
		hangs <- err
	}()
	await(t, func() bool {
		s.batches.mu.Lock()
		defer s.batches.mu.Unlock()
		return s.batches.reading
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for range 2 {
		if got, err := readText(ctx, s, `SELECT 'by itself'`, nil); got != "by itself" || err != nil {
			t.Errorf("behind a row that hangs: %q, %v", got, err)
		}
	}
	select {
	case err := <-hangs:
		t.Errorf("the row before them did not hang: %v", err)
	default:
	}
	try(t, lock.Rollback(t.Context()))
	try(t, <-hangs)
}

// A batch that has taken a row is the only one to read it, however long that takes: it is not read a second time when Postgres is slow.
func TestARowIsReadOnce(t *testing.T) {
	s := managed(t)
	_, err := s.pool.Exec(t.Context(), `CREATE SEQUENCE reads`)
	try(t, err)
	s.batches.wait = 600 * time.Millisecond // after the slow one, and while the batch is being read
	read := func() (string, error) {
		return readText(t.Context(), s, `SELECT nextval('reads')::text FROM pg_sleep(0.3)`, nil)
	}
	_, errs := behindASlowOne(t, s, read, read, read)
	for _, err := range errs {
		try(t, err)
	}
	next, err := readText(t.Context(), s, `SELECT nextval('reads')::text`, nil)
	if next != "4" || err != nil {
		t.Errorf("three rows were read %s times less one, %v", next, err)
	}
}

// A request that has gone does not wait for its batch, and does not take the others along.
func TestARequestThatGoesLeavesItsBatch(t *testing.T) {
	s := managed(t)
	s.batches.wait = time.Hour
	gone, leave := context.WithCancel(t.Context())
	start := time.Now()
	slow := func() (string, error) { return readText(gone, s, `SELECT pg_sleep(0.5)::text`, nil) }
	other := func() (string, error) {
		go func() { time.Sleep(700 * time.Millisecond); leave() }() // the batch began after 500 ms
		return readText(t.Context(), s, `SELECT 'other'`, nil)
	}
	answers, errs := behindASlowOne(t, s, slow, other)
	if !errors.Is(errs[0], context.Canceled) || answers[1] != "other" || errs[1] != nil || time.Since(start) > 3*time.Second {
		t.Errorf("%q, %v", answers, errs)
	}
}

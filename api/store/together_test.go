package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func scanText(row pgx.Row) (text string, err error) { return text, failure(row.Scan(&text)) }

// behindASlowOne asks questions that have to wait for another, and gives what each got. They are in line in this order.
func behindASlowOne(t *testing.T, s *Store, questions ...func() (string, error)) (answers []string, errs []error) {
	t.Helper()
	slow := make(chan error, 1)
	go func() {
		_, err := ask(t.Context(), s, scanText, `SELECT pg_sleep(0.5)::text`)
		slow <- err
	}()
	inLine := func(n int) func() bool {
		return func() bool {
			s.together.mu.Lock()
			defer s.together.mu.Unlock()
			return s.together.asking && len(s.together.waiting) == n
		}
	}
	await(t, inLine(0))
	answers, errs = make([]string, len(questions)), make([]error, len(questions))
	done := make(chan bool)
	for i, question := range questions {
		go func() {
			answers[i], errs[i] = question()
			done <- true
		}()
		await(t, inLine(i+1))
	}
	for range questions {
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
func TestQuestionsThatWaitAreAskedTogether(t *testing.T) {
	t.Parallel()
	s := managed(t)
	s.together.inLine = time.Hour
	var questions []func() (string, error)
	for i := range 100 {
		questions = append(questions, func() (string, error) {
			return ask(t.Context(), s, scanText, `SELECT $1 || ' ' || now()::text`, fmt.Sprint(i))
		})
	}
	answers, errs := behindASlowOne(t, s, questions...)
	times := map[string]int{}
	for i, answer := range answers {
		var n int
		var at string
		if _, err := fmt.Sscanf(answer, "%d %s", &n, &at); err != nil || n != i || errs[i] != nil {
			t.Errorf("question %d: %q, %v", i, answer, errs[i])
		}
		times[answer[len(fmt.Sprint(n)):]]++
	}
	if len(times) != 2 {
		t.Errorf("100 questions were asked in %d batches, want 2", len(times))
	}
	if answer, err := ask(t.Context(), s, scanText, `SELECT 'quiet'`); answer != "quiet" || err != nil {
		t.Errorf("afterwards: %q, %v", answer, err)
	}
}

func TestAQuestionHasNoPartInWhatHappensToOthers(t *testing.T) {
	t.Parallel()
	s := managed(t)
	s.together.inLine = time.Hour
	gone, leave := context.WithCancel(t.Context())
	one := func() (string, error) { return ask(t.Context(), s, scanText, `SELECT 'one'`) }
	answers, errs := behindASlowOne(t, s, one,
		func() (string, error) { return ask(t.Context(), s, scanText, `SELECT (1 / $1::integer)::text`, 0) },
		func() (string, error) { return ask(t.Context(), s, scanText, `SELECT 'x' WHERE false`) },
		func() (string, error) { return ask(t.Context(), s, scanText, `SELECT $1::uuid::text`, "no uuid") },
		func() (string, error) { leave(); return ask(gone, s, scanText, `SELECT 'too late'`) },
		one)
	for i, want := range []string{"one", "", "", "", "", "one"} {
		if answers[i] != want || (errs[i] == nil) != (want != "") {
			t.Errorf("question %d: %q, %v", i, answers[i], errs[i])
		}
	}
	if errs[2] != ErrNotFound || !errors.Is(errs[4], context.Canceled) {
		t.Errorf("%v, %v", errs[2], errs[4])
	}
}

func TestAQuestionIsAskedAloneWhereTheOneBeforeItHangs(t *testing.T) {
	t.Parallel()
	s := managed(t)
	now := func() (string, error) {
		return ask(t.Context(), s, scanText, `SELECT extract(epoch FROM clock_timestamp())::text`)
	}
	before, err := now()
	try(t, err)
	answers, errs := behindASlowOne(t, s, now, now)
	for i := range answers {
		if took := parse64(t, answers[i]) - parse64(t, before); errs[i] != nil || took > 0.4 {
			t.Errorf("asked after %.3f s, behind one of 0.5 s: %v", took, errs[i])
		}
	}
}

func parse64(t *testing.T, text string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(text, 64)
	try(t, err)
	return n
}

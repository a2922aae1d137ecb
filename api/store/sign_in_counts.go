package store

import (
	"context"
	"time"
)

// What becomes of the form of a sign-in.
const (
	SignInAnswered  = "answered"  // somebody looked whether it is right
	SignInThrottled = "throttled" // nobody did, after too many wrong ones
)

// SignInTime is how many forms of a sign-in had an outcome in an hour, and an answer within some milliseconds.
type SignInTime struct {
	Hour     time.Time
	Outcome  string
	WithinMS int
}

var addSignInTimes = compile(`
	INSERT INTO sign_in_counts (hour, outcome, within_ms, n)
	SELECT * FROM unnest(@hours::timestamptz[], @outcomes::text[], @within::integer[], @n::bigint[]) ORDER BY 1, 2, 3
	ON CONFLICT (hour, outcome, within_ms) DO UPDATE SET n = sign_in_counts.n + excluded.n`)

// AddSignInTimes adds to what all replicas counted. Rows are locked in one order.
func (s *Store) AddSignInTimes(ctx context.Context, counts map[SignInTime]int64) error {
	var hours []time.Time
	var outcomes []string
	var within []int
	var ns []int64
	for of, n := range counts {
		hours, outcomes, within, ns = append(hours, of.Hour), append(outcomes, of.Outcome), append(within, of.WithinMS), append(ns, n)
	}
	_, err := addSignInTimes.run(ctx, s.pool, args{"hours": hours, "outcomes": outcomes, "within": within, "n": ns})
	return failure(err)
}

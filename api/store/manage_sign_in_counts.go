package store

import (
	"context"
	"time"
)

// SignInCount is how many sign-ins there were in an hour, how many failed, and how long login forms waited for an answer.
type SignInCount struct {
	At        time.Time `json:"at" db:"at"` // when the hour begins
	SignedIn  int       `json:"signed_in" db:"signed_in"`
	Failed    int       `json:"failed" db:"failed"`
	Throttled int       `json:"throttled" db:"throttled" help:"Login forms that nobody looked at, after too many wrong ones."`
	MedianMS  *int      `json:"median_ms,omitempty" db:"median_ms" help:"Half of the login forms were answered within."`
	P99MS     *int      `json:"p99_ms,omitempty" db:"p99_ms" help:"Of a hundred, 99 were answered within."`
}

var countSignIns = compile(`
	WITH forms AS (
		SELECT hour, outcome, within_ms, n, sum(n) OVER (PARTITION BY hour, outcome ORDER BY within_ms) AS so_far,
			sum(n) OVER (PARTITION BY hour, outcome) AS all_of_them
		FROM sign_in_counts WHERE hour >= date_trunc('hour', now()) - @hours::int * interval '1 hour'
	), answers AS (
		SELECT hour, coalesce(sum(n) FILTER (WHERE outcome = 'throttled'), 0)::int AS throttled,
			min(within_ms) FILTER (WHERE outcome = 'answered' AND so_far >= 0.5 * all_of_them) AS median_ms,
			min(within_ms) FILTER (WHERE outcome = 'answered' AND so_far >= 0.99 * all_of_them) AS p99_ms
		FROM forms GROUP BY hour
	)
	SELECT h AS at, count(s.at) FILTER (WHERE outcome = 'signed_in')::int AS signed_in,
		count(s.at) FILTER (WHERE outcome = 'failed')::int AS failed,
		coalesce(min(a.throttled), 0) AS throttled, min(a.median_ms) AS median_ms, min(a.p99_ms) AS p99_ms
	FROM generate_series(date_trunc('hour', now()) - (@hours::int - 1) * interval '1 hour', date_trunc('hour', now()), interval '1 hour') AS h
	LEFT JOIN sign_ins s ON s.at >= h AND s.at < h + interval '1 hour' AND s.at >= now() - @hours::int * interval '1 hour'
	LEFT JOIN answers a ON a.hour = h
	GROUP BY h ORDER BY h`)

// CountSignIns returns the last hours, the latest last, those without sign-ins included.
func (s *Store) CountSignIns(ctx context.Context, hours int) ([]SignInCount, error) {
	return listed[SignInCount](ctx, s, countSignIns, args{"hours": hours})
}

package store

import (
	"context"
	"time"
)

// SignInCount is how many sign-ins there were in an hour, and how many failed.
type SignInCount struct {
	At       time.Time `json:"at" db:"at"` // when the hour begins
	SignedIn int       `json:"signed_in" db:"signed_in"`
	Failed   int       `json:"failed" db:"failed"`
}

var countSignIns = compile(`
	SELECT h AS at, count(s.at) FILTER (WHERE outcome = 'signed_in')::int AS signed_in,
		count(s.at) FILTER (WHERE outcome = 'failed')::int AS failed
	FROM generate_series(date_trunc('hour', now()) - (@hours::int - 1) * interval '1 hour', date_trunc('hour', now()), interval '1 hour') AS h
	LEFT JOIN sign_ins s ON s.at >= h AND s.at < h + interval '1 hour' AND s.at >= now() - @hours::int * interval '1 hour'
	GROUP BY h ORDER BY h`)

// CountSignIns returns the last hours, the latest last, those without sign-ins included.
func (s *Store) CountSignIns(ctx context.Context, hours int) ([]SignInCount, error) {
	return listed[SignInCount](ctx, s, countSignIns, args{"hours": hours})
}

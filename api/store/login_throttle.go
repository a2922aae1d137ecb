package store

import (
	"context"
	"time"
)

var recordFailure = compile(`
	WITH attempt AS (
		SELECT * FROM unnest(@buckets::integer[], @leaks::real[], @capacities::real[]) AS attempt (bucket, leak, capacity)
	)
	INSERT INTO login_throttle AS t (bucket, failures, updated_at)
	SELECT bucket, 1, @now FROM attempt
	ON CONFLICT (bucket) DO UPDATE SET
		failures = (SELECT LEAST(capacity, GREATEST(0, t.failures
			- leak * GREATEST(0, extract(epoch FROM EXCLUDED.updated_at - t.updated_at))) + 1)
			FROM attempt WHERE attempt.bucket = t.bucket),
		updated_at = GREATEST(t.updated_at, EXCLUDED.updated_at)`)

// RecordFailure counts a wrong password in its buckets, in one statement; the number of buckets bounds the rows. leaks and capacities are
// those of buckets, one each: the failures that are forgotten per second, and those that are counted at most.
func (s *Store) RecordFailure(ctx context.Context, buckets []int32, leaks, capacities []float32, now time.Time) error {
	_, err := recordFailure.run(ctx, s.pool, args{"buckets": buckets, "leaks": leaks, "capacities": capacities, "now": now})
	return failure(err)
}

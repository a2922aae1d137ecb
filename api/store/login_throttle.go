package store

import (
	"context"
	"time"
)

// RecordFailure counts a wrong password in its buckets: one statement, and never more rows than there are buckets.
// leaks (failures forgotten per second) and mosts (what a bucket holds at most) go by the kind of bucket, its upper bits.
func (s *Store) RecordFailure(ctx context.Context, buckets []int32, leaks, mosts []float32, now time.Time) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO login_throttle AS t (bucket, failures, updated_at)
		SELECT bucket, 1, $2 FROM unnest($1::integer[]) AS bucket
		ON CONFLICT (bucket) DO UPDATE SET
			failures = LEAST(($4::real[])[1 + (t.bucket >> 14)], GREATEST(0, t.failures
				- ($3::real[])[1 + (t.bucket >> 14)] * GREATEST(0, extract(epoch FROM EXCLUDED.updated_at - t.updated_at))) + 1),
			updated_at = GREATEST(t.updated_at, EXCLUDED.updated_at)`, buckets, now, leaks, mosts)
	return failure(err)
}

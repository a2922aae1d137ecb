package store

import (
	"context"
	"time"
)

// soon is true, and says of the statement that it is in that it does not wait until it is on the disk: a wrong password would take longer
// for somebody who exists.
const soon = `set_config('synchronous_commit', 'off', true) = 'off'`

var recordFailure = compile(`
	WITH attempt AS (
		SELECT * FROM unnest(@buckets::integer[], @leaks::real[], @capacities::real[]) AS attempt (bucket, leak, capacity)
	), noted AS (
		INSERT INTO sign_ins (at, user_id, client_id, outcome, why, addr, user_agent, request_id)
		SELECT @now, nullif(@user::text, '')::uuid, nullif(@client, ''), 'failed', @why, nullif(@addr, ''), nullif(@user_agent, ''),
			nullif(@request_id, '')
		WHERE @user::text <> '' AND ` + soon + `
	)
	INSERT INTO login_throttle AS t (bucket, failures, updated_at)
	SELECT bucket, 1, @now FROM attempt
	ON CONFLICT (bucket) DO UPDATE SET
		failures = (SELECT LEAST(capacity, GREATEST(0, t.failures
			- leak * GREATEST(0, extract(epoch FROM EXCLUDED.updated_at - t.updated_at))) + 1)
			FROM attempt WHERE attempt.bucket = t.bucket),
		updated_at = GREATEST(t.updated_at, EXCLUDED.updated_at)`)

// RecordFailure counts a wrong password, or whatever else was to prove who somebody is, in its buckets, and notes it among the sign-ins of
// the user, all in one statement; the number of buckets bounds the rows. leaks and capacities are those of buckets, one each: the failures
// that are forgotten per second, and those that are counted at most.
func (s *Store) RecordFailure(ctx context.Context, buckets []int32, leaks, capacities []float32, f FailedSignIn, now time.Time) error {
	_, err := recordFailure.run(ctx, s.pool, args{"buckets": buckets, "leaks": leaks, "capacities": capacities, "now": now,
		"user": f.UserID, "client": f.ClientID, "why": f.Why, "addr": f.Addr, "user_agent": f.UserAgent, "request_id": f.RequestID})
	return failure(err)
}

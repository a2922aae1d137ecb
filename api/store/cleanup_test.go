package store

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func TestCleanUpDeletesWhatHasExpiredAndNothingElse(t *testing.T) {
	t.Parallel()
	ctx, s := context.Background(), managed(t)
	now := time.Now().Truncate(time.Second)
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := s.pool.Exec(ctx, sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO users (username) VALUES ('alice')`)
	exec(`INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ('spa', 'none')`)
	// More than one batch of what has expired, and one row of each kind that has not.
	for _, c := range []struct {
		rows int
		ends time.Time
	}{{cleanupBatch + 1, now.Add(-time.Second)}, {1, now.Add(time.Minute)}} {
		exec(`INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
			SELECT gen_random_uuid(), gen_random_bytes(32), u.id, $2, '{pwd}', $2, $2, $2 FROM users u, generate_series(1, $1)`, c.rows, c.ends)
		exec(`INSERT INTO used_jtis (jti_sha256, expires_at) SELECT gen_random_bytes(32), $2 FROM generate_series(1, $1)`, c.rows, c.ends)
		exec(`INSERT INTO revoked_tokens (jti, expires_at) SELECT gen_random_uuid(), $2 FROM generate_series(1, $1)`, c.rows, c.ends)
		exec(`INSERT INTO device_codes (device_code_sha256, user_code_hmac, network_hmac, grant_id, client_id, offline, scope,
			poll_interval, expires_at)
			SELECT gen_random_bytes(32), gen_random_bytes(32), '', gen_random_uuid(), 'spa', true, '', '5 s', $2::timestamptz - interval '10 minutes'
			FROM generate_series(1, $1)`, c.rows, c.ends)
		exec(`INSERT INTO grants (id, user_id, client_id, offline, scope, auth_time, amr, created_at, expires_at)
			SELECT gen_random_uuid(), u.id, 'spa', true, '', $2, '{pwd}', $2, $2 FROM users u, generate_series(1, $1)`, c.rows, c.ends)
		exec(`INSERT INTO personal_access_tokens (token_sha256, username, name, created_at, expires_at)
			SELECT gen_random_bytes(32), 'alice', 'x', $2::timestamptz - interval '1 day', $2 FROM generate_series(1, $1)`, c.rows, c.ends)
		exec(`INSERT INTO login_throttle (bucket, failures, updated_at)
			SELECT $1 + i, 1, $2::timestamptz - interval '4 hours' FROM generate_series(1, $1) AS i`, c.rows, c.ends)
		exec(`INSERT INTO signing_keys (kid, alg, private_key, created_at, activates_at, retires_at)
			SELECT gen_random_uuid(), 'ES256', '', $2::timestamptz - interval '1 day', $2, $2 FROM generate_series(1, $1)`, c.rows, c.ends)
		exec(`INSERT INTO backchannel_logouts (client_id, sub, created_at)
			SELECT 'spa', 'x', $2::timestamptz - interval '7 days' FROM generate_series(1, $1)`, c.rows, c.ends)
	}
	deleted, err := s.CleanUp(ctx, Kept{90 * 24 * time.Hour, 400 * 24 * time.Hour}, now)
	if err != nil || deleted < 9*(cleanupBatch+1) {
		t.Fatalf("%d rows deleted, %v", deleted, err)
	}
	for _, table := range []string{"sessions", "used_jtis", "revoked_tokens", "device_codes", "grants", "personal_access_tokens",
		"login_throttle",
		"backchannel_logouts", "signing_keys"} {
		var left int
		if err := s.pool.QueryRow(ctx, fmt.Sprintf("SELECT count(*) FROM %s", table)).Scan(&left); err != nil || left != 1 {
			t.Errorf("%s: %d rows left, want 1 (%v)", table, left, err)
		}
	}
}

package store

import (
	"context"
	"errors"
	"testing"
	"time"
)

// The statement is the check: a session that ended after it was loaded gets nothing.
func TestNothingIsIssuedForASessionThatHasEnded(t *testing.T) {
	ctx, s := context.Background(), managed(t)
	now := time.Now().Truncate(time.Second)
	const alive, ended = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"
	for _, sql := range []string{
		`INSERT INTO users (username) VALUES ('alice')`,
		`INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ('spa', 'none')`,
		`INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at, ended_at)
			SELECT sid::uuid, gen_random_bytes(32), id, now(), '{pwd}', now(), now() + interval '1 minute', now() + interval '1 minute', ended
			FROM users, (VALUES ('` + alive + `', NULL), ('` + ended + `', now())) AS s (sid, ended)`,
	} {
		if _, err := s.pool.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	issue := Issue{ClientID: "spa",
		Code:  &Code{Digest: Digest{1}, GrantID: "00000000-0000-7000-8000-000000000003", ExpiresAt: now.Add(time.Minute)},
		Grant: &FrontGrant{ID: "00000000-0000-7000-8000-000000000004", Scope: "openid", ExpiresAt: now.Add(time.Hour)}}
	rows := func() (codes, grants, consents, past int) {
		t.Helper()
		if err := s.pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM auth_codes), (SELECT count(*) FROM grants WHERE NOT offline),
			(SELECT count(*) FROM consents), (SELECT count(*) FROM grants g JOIN sessions s USING (sid) WHERE g.expires_at > s.ends_at)`).
			Scan(&codes, &grants, &consents, &past); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := s.SaveIssue(ctx, ended, issue, []string{"openid"}, time.Time{}, now); !errors.Is(err, ErrNotFound) {
		t.Errorf("an ended session: %v", err)
	}
	if codes, grants, consents, _ := rows(); codes+grants+consents != 0 {
		t.Errorf("an ended session got %d codes, %d grants, %d consents", codes, grants, consents)
	}
	if err := s.SaveIssue(ctx, alive, issue, []string{"openid"}, time.Time{}, now); err != nil {
		t.Fatal(err)
	}
	if codes, grants, consents, past := rows(); codes != 1 || grants != 1 || consents != 1 || past != 0 {
		t.Errorf("%d codes, %d grants, %d consents, %d past the session's end", codes, grants, consents, past)
	}
	if err := s.SaveIssue(ctx, alive, Issue{ClientID: "spa"}, nil, time.Time{}, now); err != nil { // an ID token alone
		t.Error(err)
	}
	if codes, grants, _, _ := rows(); codes != 1 || grants != 1 {
		t.Errorf("an ID token alone left a code or a grant: %d, %d", codes, grants)
	}
}

package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"gatehouse/api/oidc"
)

// The statement is the check: a session that ended after it was loaded gets nothing.
func TestNothingIsIssuedForASessionThatHasEnded(t *testing.T) {
	t.Parallel()
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
	issue := Issue{ClientID: "spa", Grant: &FrontGrant{ID: "00000000-0000-7000-8000-000000000004", Scope: "openid",
		ExpiresAt: now.Add(time.Hour)}}
	rows := func() (grants, consents, past int) {
		t.Helper()
		if err := s.pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM grants WHERE NOT offline),
			(SELECT count(*) FROM consents), (SELECT count(*) FROM grants g JOIN sessions s USING (sid) WHERE g.expires_at > s.ends_at)`).
			Scan(&grants, &consents, &past); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := s.SaveIssue(ctx, ended, issue, &oidc.Consent{Scopes: []string{"openid"}}, time.Time{}, now); !errors.Is(err, ErrNotFound) {
		t.Errorf("an ended session: %v", err)
	}
	if grants, consents, _ := rows(); grants+consents != 0 {
		t.Errorf("an ended session got %d grants, %d consents", grants, consents)
	}
	if err := s.SaveIssue(ctx, alive, issue, &oidc.Consent{Scopes: []string{"openid"}}, time.Time{}, now); err != nil {
		t.Fatal(err)
	}
	if grants, consents, past := rows(); grants != 1 || consents != 1 || past != 0 {
		t.Errorf("%d grants, %d consents, %d past the session's end", grants, consents, past)
	}
	pushed := Issue{ClientID: "spa", JTI: &JTI{SHA256: Digest{1}, ExpiresAt: now.Add(time.Hour)}}
	if err := s.SaveIssue(ctx, alive, pushed, nil, time.Time{}, now); err != nil {
		t.Error(err)
	}
	pushed.Grant = &FrontGrant{ID: "00000000-0000-7000-8000-000000000005", Scope: "openid", ExpiresAt: now.Add(time.Hour)}
	if err := s.SaveIssue(ctx, alive, pushed, nil, time.Time{}, now); !errors.Is(err, ErrUsed) {
		t.Errorf("a pushed request got a second answer: %v", err)
	}
	if grants, _, _ := rows(); grants != 1 {
		t.Errorf("%d grants after a second answer", grants)
	}
}

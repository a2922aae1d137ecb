package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// A redemption that meets a logout, or somebody who is being disabled, waits and then looks again; and while it waits for the
// user's row it has not locked the session's, which StartSession locks after that.
func TestARedemptionWaitsForWhatEndsItsSessionAndThenFindsNone(t *testing.T) {
	t.Parallel()
	s := managed(t)
	now := time.Now()
	for _, sql := range []string{
		`INSERT INTO users (username) VALUES ('alice')`,
		`INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ('spa', 'none')`,
		`INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
			SELECT gen_random_uuid(), 'x', id, now(), '{pwd}', now(), now() + interval '1 h', now() + interval '1 d' FROM users`,
	} {
		_, err := s.pool.Exec(t.Context(), sql)
		try(t, err)
	}
	client := &oidc.Client{ClientMetadata: oidc.ClientMetadata{ClientID: "spa"}}
	redeem := func(id string) error {
		code := &oidc.Code{GrantID: id, ClientID: "spa", Session: []byte("x")}
		_, _, err := s.RedeemCode(t.Context(), code, NewGrant{Client: client, RefreshEnds: now, OfflineEnds: now}, now)
		return err
	}
	for i, test := range []struct {
		change, undo string
		found        bool
	}{
		{`UPDATE sessions SET ended_at = now()`, `UPDATE sessions SET ended_at = NULL`, false},
		{`UPDATE sessions SET expires_at = now() - interval '1 s'`, `UPDATE sessions SET expires_at = ends_at`, false},
		{`UPDATE sessions SET seen_at = now()`, `SELECT`, true},
		{`UPDATE users SET disabled_at = now()`, `UPDATE users SET disabled_at = NULL WHERE ` + keepSessions, false},
		{`UPDATE users SET name = 'Alice'`, `SELECT`, true},
	} {
		tx, err := s.pool.Begin(t.Context())
		try(t, err)
		_, err = tx.Exec(t.Context(), test.change)
		try(t, err)
		done := make(chan error, 1)
		go func() { done <- redeem(fmt.Sprintf("00000000-0000-7000-8000-00000000001%d", i)) }()
		waiting := false
		for range 200 {
			try(t, s.pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database OR l.database IS NULL
				WHERE d.datname = current_database() AND NOT l.granted)`).Scan(&waiting))
			if waiting {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if !waiting {
			t.Errorf("%s: the redemption does not wait", test.change)
		}
		_, err = tx.Exec(t.Context(), `SELECT FROM sessions FOR UPDATE NOWAIT`)
		if err != nil {
			t.Errorf("%s: the session is locked before the user: %v", test.change, err)
		}
		try(t, tx.Commit(t.Context()))
		err = <-done
		if test.found && err != nil || !test.found && !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", test.change, err)
		}
		_, err = s.pool.Exec(t.Context(), test.undo)
		try(t, err)
	}
	try(t, redeem("00000000-0000-7000-8000-000000000002"))
	if err := redeem("00000000-0000-7000-8000-000000000002"); !errors.Is(err, ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
}

// Nobody can have rows without end by signing in again and again: the oldest grants at that client go, and no others.
func TestTheOldestOfManyLastingGrantsGo(t *testing.T) {
	t.Parallel()
	s := managed(t)
	now := time.Now()
	_, err := s.pool.Exec(t.Context(), `
		INSERT INTO users (username) VALUES ('alice'), ('bob');
		INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ('spa', 'none'), ('hub', 'none');
		INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
		SELECT gen_random_uuid(), username::bytea, id, now(), '{pwd}', now(), now() + interval '1 h', now() + interval '1 d' FROM users`,
		pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	redeem := func(n int, who, client, scope string) {
		t.Helper()
		code := &oidc.Code{GrantID: fmt.Sprintf("00000000-0000-7000-8000-%012x", n), ClientID: client, Session: []byte(who), Scope: scope}
		_, _, err := s.RedeemCode(t.Context(), code, NewGrant{Client: &oidc.Client{ClientMetadata: oidc.ClientMetadata{ClientID: client}},
			RefreshEnds: now.Add(time.Hour), OfflineEnds: now.Add(time.Hour)}, now)
		try(t, err)
	}
	redeem(0x10000, "bob", "spa", "openid offline_access")
	redeem(0x10001, "alice", "hub", "openid offline_access")
	redeem(0x10002, "alice", "spa", "openid")
	for n := range 300 {
		redeem(n, "alice", "spa", "openid offline_access")
	}
	for sql, want := range map[string]int{
		`SELECT count(*) FROM grants WHERE id >= '00000000-0000-7000-8000-000000010000' AND revoked_at IS NULL`: 3,
		// 100, the one that came last of those at which it was looked, and what has come since.
		`SELECT count(*) FROM grants WHERE id < '00000000-0000-7000-8000-000000010000' AND revoked_at IS NULL`: 100 + 300 - 288,
		`SELECT count(*) FROM grants WHERE id < '00000000-0000-7000-8000-0000000000bc' AND revoked_at IS NOT NULL
			AND expires_at < now() + interval '11 minutes'`: 188,
	} {
		var n int
		if try(t, s.pool.QueryRow(t.Context(), sql).Scan(&n)); n != want {
			t.Errorf("%d, want %d: %s", n, want, sql)
		}
	}
}

package store

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// whoIsSignedIn makes alice and bob, each with a session, what applications hold of it and beside it, a consent and an account
// at an upstream.
const whoIsSignedIn = `
	INSERT INTO users (username, password) VALUES ('alice', '` + argon + `'), ('bob', '` + argon + `');
	INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ('hub', 'none'), ('wiki', 'none');
	INSERT INTO consents (user_id, client_id, scopes, granted_at)
	SELECT id, client_id, '{openid,email,offline_access}', now() FROM users, clients;
	INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
	SELECT id, sha256(username::bytea), id, now(), '{pwd}', now(), now() + interval '1 h', now() + interval '1 h' FROM users;
	INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at)
	SELECT gen_random_uuid(), user_id, client_id, CASE WHEN client_id = 'hub' THEN user_id END, client_id = 'wiki',
		'openid email', now(), '{pwd}', now(), now() + interval '1 h' FROM consents;
	INSERT INTO personal_access_tokens (token_sha256, username, name, expires_at)
	SELECT sha256(username::bytea), username, 'laptop', now() + interval '1 d' FROM users;
	INSERT INTO upstreams (name, issuer, client_id) VALUES ('old', 'https://old.example.org', 'us'), ('new', 'https://new.example.org', 'us');
	INSERT INTO upstream_accounts (upstream, issuer, sub, username, linked_at)
	SELECT u.name, issuer, username, username, CASE u.name WHEN 'old' THEN now() - interval '1 day' ELSE now() END FROM upstreams u, users;`

// left counts what alice still has, and fails unless bob has everything.
func left(t *testing.T, conn interface {
	QueryRow(context.Context, string, ...any) pgx.Row
}) string {
	t.Helper()
	var s string
	try(t, conn.QueryRow(t.Context(), `
		WITH left_over AS (
			SELECT username,
				(SELECT count(*) FROM sessions s WHERE s.user_id = u.id AND ended_at IS NULL) AS sessions,
				coalesce((SELECT string_agg(client_id, ' ' ORDER BY client_id) FROM grants g
					WHERE g.user_id = u.id AND revoked_at IS NULL), '') AS grants,
				(SELECT count(*) FROM personal_access_tokens p WHERE p.username = u.username AND revoked_at IS NULL) AS tokens,
				(SELECT string_agg(upstream, ' ' ORDER BY upstream) FROM upstream_accounts a WHERE a.username = u.username) AS links
			FROM users u
		)
		SELECT string_agg(concat_ws(', ', sessions, grants, tokens, links), '; ' ORDER BY username) FROM left_over`).Scan(&s))
	mine, bobs, _ := strings.Cut(s, "; ")
	if bobs != everything {
		t.Errorf("bob has %s", bobs)
	}
	return mine
}

const everything = "1, hub wiki, 1, new old"

// Whichever door it is: a changed password, somebody who is let in again and a consent that is withdrawn leave nothing alive of
// what was before, unless that is wanted.
func TestWhatEndsWithAChange(t *testing.T) {
	t.Parallel()
	for change, want := range map[string]string{
		"UPDATE users SET password = '" + otherArgon + "' WHERE username = 'alice'": "0, , 1, new old",
		"UPDATE users SET password = NULL WHERE username = 'alice'":                 "0, , 1, new old",
		"UPDATE users SET password = password, name = 'A' WHERE username = 'alice'": everything,
		"UPDATE users SET disabled_at = now() WHERE username = 'alice'":             everything, // refused while it lasts
		`UPDATE users SET disabled_at = now() WHERE username = 'alice';
			UPDATE users SET disabled_at = NULL WHERE username = 'alice'`: "0, , 1, new old",
		`UPDATE users SET disabled_at = now() WHERE username = 'alice'; SET LOCAL gatehouse.keep_sessions = on;
			UPDATE users SET disabled_at = NULL WHERE username = 'alice'`: everything,
		"SET LOCAL gatehouse.keep_sessions = on; UPDATE users SET password = '" + otherArgon + "' WHERE username = 'alice'": everything,

		"DELETE FROM consents WHERE client_id = 'wiki' AND user_id = (SELECT id FROM users WHERE username = 'alice')": "1, hub, 1, new old",
		`UPDATE consents SET scopes = '{openid}' WHERE client_id = 'hub'
			AND user_id = (SELECT id FROM users WHERE username = 'alice')`: "1, wiki, 1, new old",
		`UPDATE consents SET scopes = '{openid,email}' WHERE client_id = 'hub'
			AND user_id = (SELECT id FROM users WHERE username = 'alice')`: everything, // the grant has no more than these
	} {
		conn := connect(t)
		_, err := conn.Exec(t.Context(), whoIsSignedIn, pgx.QueryExecModeSimpleProtocol)
		try(t, err)
		_, err = conn.Exec(t.Context(), change, pgx.QueryExecModeSimpleProtocol) // of several, each in the same transaction
		try(t, err)
		if got := left(t, conn); got != want {
			t.Errorf("after %s:\n%s, want %s", change, got, want)
		}
	}
}

func TestASignInThatReplacesAHashEndsNothing(t *testing.T) {
	t.Parallel()
	s := managed(t)
	_, err := s.pool.Exec(t.Context(), whoIsSignedIn, pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	var changed, again string
	at := func(text *string) {
		try(t, s.pool.QueryRow(t.Context(), `SELECT password_changed_at::text FROM users WHERE username = 'alice'`).Scan(text))
	}
	at(&changed)
	now := time.Now()
	n := NewSession{Session: oidc.Session{SID: "00000000-0000-7000-8000-000000000001", Cookie: oidc.Digest("new"), AMR: []string{"pwd"},
		AuthTime: now},
		StartedAt: now, ExpiresAt: now.Add(time.Hour), EndsAt: now.Add(time.Hour), Verified: argon, Upgraded: otherArgon}
	try(t, s.pool.QueryRow(t.Context(), `SELECT id FROM users WHERE username = 'alice'`).Scan(&n.UserID))
	try(t, s.StartSession(t.Context(), n))
	if got := left(t, s.pool); got != "2, hub wiki, 1, new old" {
		t.Errorf("after a sign-in: %s", got)
	}
	at(&again)
	var hash string
	try(t, s.pool.QueryRow(t.Context(), `SELECT password FROM users WHERE username = 'alice'`).Scan(&hash))
	if hash != otherArgon || again != changed {
		t.Errorf("%s at %s, and %s", hash, changed, again)
	}
}

// Whoever knew a leaked password may have linked an account of their own, and signs in with that whatever the password is.
func TestSigningOutUnlinksWhatWasLinkedWithTheFormerPassword(t *testing.T) {
	t.Parallel()
	s := managed(t)
	_, err := s.pool.Exec(t.Context(), whoIsSignedIn, pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	unlinked, err := s.SetPassword(t.Context(), NewPassword{Username: "alice", Hash: otherArgon, SignOut: true})
	if got := left(t, s.pool); err != nil || fmt.Sprint(unlinked) != "[new]" || got != "0, , 0, old" {
		t.Errorf("%v, %v, %s", unlinked, err, got)
	}
	links, err := s.ListLinkedAccounts(t.Context(), "alice")
	if err != nil || len(links) != 1 || links[0].Upstream != "old" || links[0].Sub != "alice" {
		t.Errorf("%+v, %v", links, err)
	}
}

package store

import (
	"errors"
	"slices"
	"testing"
	"time"

	"gatehouse/api/oidc"
)

// The predicate is one, whether the client is in memory or is joined.
func TestWhatAGrantLivesBy(t *testing.T) {
	t.Parallel()
	const id = "00000000-0000-7000-8000-000000000001"
	for _, test := range []struct {
		what, change    string
		offline, online string // the reason for a grant that is offline, and for one that ends with its session
	}{
		{"nothing against it", `SELECT`, "", ""},
		{"revoked", `UPDATE grants SET revoked_at = now()`, "grant_revoked", "grant_revoked"},
		{"past its end", `UPDATE grants SET expires_at = now() - interval '1 s'`, "grant_expired", "grant_expired"},
		{"a user who is disabled", `UPDATE users SET disabled_at = now()`, "user_disabled", "user_disabled"},
		{"a user who is deleted", `DELETE FROM users`, "unknown grant", "unknown grant"},
		{"a session that was ended", `UPDATE sessions SET ended_at = now()`, "", "session_ended"},
		{"a session that is idle", `UPDATE sessions SET expires_at = now() - interval '1 s'`, "", "grant_expired"},
		{"a session that is gone", `DELETE FROM sessions`, "", "session_ended"},
		{"a client for a group", `UPDATE clients SET allowed_groups = '{staff,guests}'`, "not_in_allowed_groups", "not_in_allowed_groups"},
		{"a member of it", `WITH member AS (INSERT INTO group_members VALUES ('guests', 'alice')) UPDATE clients
			SET allowed_groups = '{staff,guests}'`, "", ""},
		{"a client that is disabled", `UPDATE clients SET disabled_at = now()`, "client_disabled", "client_disabled"},
	} {
		s := managed(t)
		exec := func(sql string, args ...any) {
			t.Helper()
			_, err := s.pool.Exec(t.Context(), sql, args...)
			try(t, err)
		}
		exec(`INSERT INTO users (username) VALUES ('alice')`)
		exec(`INSERT INTO groups (name) VALUES ('staff'), ('guests')`)
		exec(`INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ('spa', 'none')`)
		exec(`INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
			SELECT gen_random_uuid(), 'x', id, now(), '{pwd}', now(), now() + interval '1 h', now() + interval '1 d' FROM users`)
		exec(`INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at)
			SELECT $1, user_id, 'spa', sid, true, 'openid', now(), '{pwd}', now(), now() + interval '1 d' FROM sessions`, id)
		exec(test.change)
		for _, offline := range []bool{true, false} {
			exec(`UPDATE grants SET offline = $1`, offline)
			want := test.online
			if offline {
				want = test.offline
			}
			client, err := s.Client(t.Context(), "spa")
			try(t, err)
			for name, known := range map[string]*oidc.Client{"in memory": client, "joined": nil} {
				if known != nil && known.Disabled() {
					continue // of which nobody asks: a client that is in memory has been looked at
				}
				u, reason, err := s.LoadGrantUser(t.Context(), TokenUse{GrantID: id, Client: known}, time.Now())
				if reason != want || (err == nil) != (want == "") || err == nil && u.Username != "alice" {
					t.Errorf("%s, offline %v, client %s: %q, %v; want %q", test.what, offline, name, reason, err, want)
				}
			}
		}
		another := &oidc.Client{ClientMetadata: oidc.ClientMetadata{ClientID: "another"}}
		_, reason, err := s.LoadGrantUser(t.Context(), TokenUse{GrantID: id, Client: another}, time.Now())
		if !errors.Is(err, ErrNotFound) || reason != "issued to another client" && reason != "unknown grant" {
			t.Errorf("%s, another client: %q, %v", test.what, reason, err)
		}
	}
}

// There is no foreign key: it would have every sign-on lock the row of its client (docs/decisions/0026).
func TestGrantsFollowTheirClient(t *testing.T) {
	t.Parallel()
	s := managed(t)
	exec := func(sql string) {
		t.Helper()
		_, err := s.pool.Exec(t.Context(), sql)
		try(t, err)
	}
	grants := func() (list []string) {
		t.Helper()
		try(t, s.pool.QueryRow(t.Context(), `SELECT coalesce(array_agg(client_id ORDER BY client_id), '{}') FROM grants`).Scan(&list))
		return list
	}
	exec(`INSERT INTO users (username) VALUES ('alice')`)
	exec(`INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ('wiki', 'none'), ('chat', 'none')`)
	exec(`INSERT INTO grants (id, user_id, client_id, offline, scope, auth_time, amr, created_at, expires_at)
		SELECT gen_random_uuid(), u.id, c.client_id, true, 'openid', now(), '{pwd}', now(), now() + interval '1 d' FROM users u, clients c`)
	exec(`UPDATE clients SET client_id = 'notes' WHERE client_id = 'wiki'`)
	if got := grants(); !slices.Equal(got, []string{"chat", "notes"}) {
		t.Errorf("after a change of client_id: %v", got)
	}
	exec(`UPDATE clients SET client_name = 'Chat' WHERE client_id = 'chat'`)
	exec(`DELETE FROM clients WHERE client_id = 'notes'`)
	if got := grants(); !slices.Equal(got, []string{"chat"}) {
		t.Errorf("after a client went: %v", got)
	}
}

package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/store"
)

func TestTokenCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good("", "user", "add", "alice", "--no-password")
	if list := s.good("", "user", "tokens", "alice", "--json"); strings.TrimSpace(list) != "[]" {
		t.Errorf("no tokens: %s", list)
	}
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), `INSERT INTO personal_access_tokens (token_sha256, username, name, expires_at)
		SELECT gen_random_bytes(32), 'alice', 'Laptop ' || i, now() + interval '1 day' FROM generate_series(1, 3) AS i`); err != nil {
		t.Fatal(err)
	}
	tokens := func() (list []store.PersonalAccessToken) {
		t.Helper()
		if err := json.Unmarshal([]byte(s.good("", "user", "tokens", "alice", "--json")), &list); err != nil || len(list) != 3 {
			t.Fatal(list, err)
		}
		return list
	}
	id := tokens()[1].ID
	if out := s.good("", "user", "revoke-token", id); out != "revoked token "+id+"\n" {
		t.Errorf("revoke-token: %s", out)
	}
	list := tokens()
	if list[0].RevokedAt != nil || list[1].RevokedAt == nil || list[2].RevokedAt != nil {
		t.Errorf("%+v", list)
	}
	if out := s.good("", "user", "revoke-token", "--all-of", "alice"); out != "revoked tokens of alice: 2\n" {
		t.Errorf("revoke-token --all-of: %s", out)
	}
	if out := s.good("", "user", "tokens", "alice"); !strings.Contains(out, "Laptop 2  openid") || !strings.HasPrefix(out, "ID") {
		t.Errorf("user tokens:\n%s", out)
	}

	s.bad(`there is no user "bob"`, "", "user", "tokens", "bob")
	s.bad(`there is no user "bob"`, "", "user", "revoke-token", "--all-of", "bob")
	s.bad(`there is no personal access token "x"`, "", "user", "revoke-token", "x")
	s.bad("either the id of a token", "", "user", "revoke-token")
	s.bad("either the id of a token", "", "user", "revoke-token", id, "--all-of", "alice")
}

// A password that was found out is no reason to trust the tokens.
func TestSigningAUserOutRevokesTheTokens(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good("", "user", "add", "alice", "--no-password")
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), `INSERT INTO personal_access_tokens (token_sha256, username, name, expires_at)
		VALUES (sha256('x'), 'alice', 'Laptop', now() + interval '1 day')`); err != nil {
		t.Fatal(err)
	}
	live := func() (n int) {
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM personal_access_tokens WHERE revoked_at IS NULL").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if s.good(passphrase, "user", "passwd", "alice"); live() != 1 {
		t.Error("a new password alone revoked the token")
	}
	if s.good(passphrase, "user", "passwd", "alice", "--sign-out"); live() != 0 {
		t.Error("signing out did not revoke the token")
	}
}

package main

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestDoctorAndServeSayWhatPasskeysAreGoodFor(t *testing.T) {
	t.Parallel()
	s := newShell(t, "GATEHOUSE_ISSUER=https://localhost:1", "GATEHOUSE_UI_ORIGIN=https://localhost:2",
		"GATEHOUSE_ENCRYPTION_KEY="+strings.Repeat("0f", 32))
	examine := func(want string) {
		t.Helper()
		if _, stdout, stderr := s.run("", "doctor"); !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s%s", want, stdout, stderr)
		}
	}
	examine("ok   passkeys are good for localhost\n")
	s.good("", "user", "add", "alice", "--no-password")
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), `INSERT INTO passkeys (user_id, credential_id, rp_id, name, public_key)
		SELECT id, 'x', 'login.example.com', 'x', 'x' FROM users`); err != nil {
		t.Fatal(err)
	}
	const mend = "there are 1 passkeys, which are good for login.example.com alone, and the settings are for localhost: " +
		"set GATEHOUSE_PASSKEY_RP_ID to login.example.com"
	examine("fail passkeys " + mend)
	if code, _, stderr := s.run("", "serve"); code == 0 || !strings.Contains(stderr, mend) {
		t.Errorf("serve: %d %s", code, stderr)
	}
	s.env = append(s.env, "GATEHOUSE_PASSKEY_RP_ID=login.example.com", "GATEHOUSE_UI_FORMER_ORIGIN=https://login.example.com")
	examine("fail passkeys https://login.example.com/.well-known/webauthn ")
}

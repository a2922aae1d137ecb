package provider_test

import (
	"testing"

	. "gatehouse/api/apitest"
)

// Who has the password of somebody disabled learns that, and nobody else: a wrong one has the answer that it has for anybody.
func TestOnlyTheRightPasswordSaysThatSomebodyIsDisabled(t *testing.T) {
	t.Parallel()
	r := start(t)
	b := r.browser()
	at := b.Authorize(AuthParams()).Location()
	r.Exec(`INSERT INTO users (username, email, email_verified, password, disabled_at)
		SELECT 'bob', 'bob@example.org', true, password, now() FROM users`)
	enabled, wrong := b.Login(at, "alice", "wrong"), b.Login(at, "bob", "wrong")
	if b.errorOf(enabled) != b.errorOf(wrong) || enabled.Status != wrong.Status || b.errorOf(wrong) != "invalid_credentials" {
		t.Errorf("a wrong password of somebody disabled: %d %s", wrong.Status, b.errorOf(wrong))
	}
	for _, name := range []string{"bob", "BOB ", "bob@example.org"} {
		if a := b.Login(at, name, Password); a.Status != 403 || b.errorOf(a) != "account_disabled" {
			t.Errorf("the right one of %q: %d %s", name, a.Status, b.errorOf(a))
		}
	}
	if n := b.Count("SELECT count(*) FROM sessions"); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

// The right password of somebody disabled counts as a wrong one: a guess at them is no cheaper than at anybody else, and who finds the
// password is slowed down as anybody.
func TestTheRightPasswordOfSomebodyDisabledCountsAsAFailure(t *testing.T) {
	t.Parallel()
	r := start(t)
	b := r.browser()
	r.Exec("UPDATE users SET disabled_at = now()")
	at := b.Authorize(AuthParams()).Location()
	for i := range 5 {
		if a := b.Login(at, "alice", Password); a.Status != 403 {
			t.Fatalf("attempt %d: %d", i+1, a.Status)
		}
	}
	if a := b.Login(at, "alice", Password); a.Status != 429 {
		t.Errorf("the sixth: %d", a.Status)
	}
	r.Exec("UPDATE users SET disabled_at = NULL")
	if a := b.Login(at, "alice", Password); a.Status != 429 {
		t.Errorf("enabled again: %d", a.Status)
	}
}

// It is verified against the hash of the row, whatever kind that is: neither cheaper nor dearer than of somebody enabled.
func TestAPasswordOfSomebodyDisabledIsVerifiedAsAnyOther(t *testing.T) {
	t.Parallel()
	r := start(t)
	b := r.browser()
	at := b.Authorize(AuthParams()).Location()
	r.Exec(`INSERT INTO users (username, password, disabled_at)
		VALUES ('bcrypt', crypt($1, gen_salt('bf', 4)), now()), ('none', NULL, now())`, Password)
	if a := b.Login(at, "bcrypt", Password); a.Status != 403 {
		t.Errorf("bcrypt: %d", a.Status)
	}
	if a := b.Login(at, "none", Password); a.Status != 303 {
		t.Errorf("somebody disabled without a password: %d", a.Status)
	}
	if n := r.Count("SELECT count(*) FROM users WHERE username = 'bcrypt' AND password LIKE '$2a$04$%'"); n != 1 {
		t.Error("the hash of somebody disabled was replaced")
	}
}

package provider_test

import (
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// A browser is known to a row of users, not to a name: whoever has the name next is not known there.
func TestABrowserIsKnownToAUserAndNotToTheirName(t *testing.T) {
	t.Parallel()
	r := start(t)
	b := r.from("192.0.2.1")
	if _, in := b.signIn("alice", Password); !in {
		t.Fatal("alice cannot sign in")
	}
	r.fill(flooded...)
	if a, in := b.signIn("alice", Password); !in {
		t.Errorf("her browser is not known: %d", a.Status)
	}
	r.Exec("UPDATE users SET username = 'alice.before' WHERE username = 'alice'")
	r.Exec("DELETE FROM retired_names")
	r.Exec("INSERT INTO users (username, password) SELECT 'alice', password FROM users WHERE username = 'alice.before'")
	if a, _ := b.signIn("alice", Password); a.Status != 429 {
		t.Errorf("the browser is known to the next alice: %d", a.Status)
	}
}

// What the login page shows of who is known: the name that is filled in, and whom it greets.
func (b *browser) greeted(changes ...string) (filled string, known any) {
	b.Helper()
	page := b.Interaction(b.Authorize(AuthParams(changes...)).Location().String())
	if page["page"] != "login" {
		b.Fatalf("not the login page: %v", page)
	}
	if user, ok := page["known"].(map[string]any); ok {
		known = user["name"]
	}
	return Str(page["username"]), known
}

func TestTheLoginPageGreetsWhoSignedInAtTheBrowserBefore(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`UPDATE users SET name = 'Alice Example', email = 'alice@example.org', email_verified = true`)
	r.Exec(`INSERT INTO users (sub, username, password) VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)))`, Password)
	b := r.browser()
	expect := func(what, username string, name any, changes ...string) {
		t.Helper()
		if filled, known := b.greeted(changes...); filled != username || known != name {
			t.Errorf("%s: %q is filled in, %v is greeted", what, filled, known)
		}
	}
	expect("a new browser", "", nil)
	b.Code(AuthParams())
	b.Later(time.Minute)
	expect("prompt=login", "alice", "Alice Example", "prompt", "login")
	expect("max_age", "alice", "Alice Example", "max_age", "30")
	expect("a login_hint of the same person", "alice", "Alice Example", "max_age", "30", "login_hint", "alice")
	expect("a login_hint of another", "bob", nil, "prompt", "login", "login_hint", "bob")
	r.Exec("UPDATE sessions SET ended_at = now()")
	expect("the session has ended", "alice", "Alice Example")
	expect("a login_hint", "bob", nil, "login_hint", "bob")

	at := b.Authorize(AuthParams()).Location()
	if page := b.Interaction(b.Login(at, "alice", "wrong").Location().String()); page["known"] == nil || page["username"] != "alice" {
		t.Errorf("after a wrong password: %v", page)
	}
	if page := b.Interaction(b.Login(at, "bob", "wrong").Location().String()); page["known"] != nil || page["username"] != "bob" {
		t.Errorf("after a wrong password of another: %v", page)
	}
	b.Login(at, " ALICE@example.org", Password)
	r.Exec("UPDATE sessions SET ended_at = now()")
	expect("an address was typed", "alice@example.org", "Alice Example")

	elsewhere := r.browser()
	if filled, known := elsewhere.greeted(); filled != "" || known != nil {
		t.Errorf("in another browser: %q, %v", filled, known)
	}
	b.Login(b.Authorize(AuthParams()).Location(), "bob", Password)
	expect("who has signed in since", "bob", "bob", "prompt", "login")
}

// On a computer that many people share, whoever it is not has it forget who it was.
func TestABrowserForgetsWhoItIsNot(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Code(AuthParams())
	b.Exec("UPDATE sessions SET ended_at = now()")
	at := b.Authorize(AuthParams("login_hint", "alice")).Location().String()
	other := b.pressOn(at, "/login", "account", "other")
	if page := b.Interaction(other.Location().String()); page["page"] != "login" || page["username"] != nil || page["known"] != nil {
		t.Errorf("%d %v", other.Status, page)
	}
	if b.Cookie("gatehouse-device") != "" {
		t.Error("the cookie is still there")
	}
	if filled, known := b.greeted(); filled != "" || known != nil {
		t.Errorf("the next visit: %q, %v", filled, known)
	}
	if a := b.Login(other.Location(), "alice", Password); a.Query("code") == "" || a.Query("state") != "st" {
		t.Errorf("the same request: %d %s", a.Status, a.Location())
	}
}

func TestNobodyIsGreetedByANameTooLongForACookie(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec("UPDATE users SET name = repeat('é', 101)")
	b.Code(AuthParams())
	b.Exec("UPDATE sessions SET ended_at = now()")
	if filled, known := b.greeted(); filled != "alice" || known != "alice" {
		t.Errorf("%q, %v", filled, known)
	}
}

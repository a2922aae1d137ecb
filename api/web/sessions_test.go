package web_test

import (
	"testing"
	"time"
)

func TestASessionEndsWhenItIsIdleAndAtItsAbsoluteEnd(t *testing.T) {
	b := start(t).browser()
	signedIn := func() bool {
		t.Helper()
		a := b.authorize(authParams("prompt", "none"))
		if a.query("code") == "" && a.query("error") != "login_required" {
			t.Fatalf("%d %s", a.status, a.location())
		}
		return a.query("code") != ""
	}
	b.code(authParams())
	for range 3 { // used every seven hours, idle end after eight
		b.later(7 * time.Hour)
		if !signedIn() {
			t.Fatal("a session in use ended before its absolute end")
		}
	}
	b.later(4 * time.Hour) // 25 hours since the sign-in
	if signedIn() {
		t.Error("a session in use outlived its absolute end")
	}
	b.code(authParams())
	b.later(8*time.Hour + time.Minute)
	if signedIn() {
		t.Error("an idle session did not end")
	}
}

// Most sign-ons cost no durable write: the idle end is moved at most ten times in its length.
func TestTheIdleEndIsMovedNowAndThenOnly(t *testing.T) {
	b := start(t).browser()
	b.code(authParams())
	seen := func() (at time.Time) {
		if err := b.db.QueryRow(t.Context(), "SELECT seen_at FROM sessions").Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	first := seen()
	b.later(10 * time.Minute)
	b.code(authParams())
	if !seen().Equal(first) {
		t.Error("moved after ten minutes of eight hours")
	}
	b.later(time.Hour)
	b.code(authParams())
	if !seen().After(first) {
		t.Error("not moved after an hour")
	}
}

func TestNobodySignsInWhoIsDisabledOrHasNoPassword(t *testing.T) {
	b := start(t).browser()
	at := b.authorize(authParams()).location()
	b.exec("UPDATE users SET disabled_at = now()")
	if a := b.login(at, "alice", password); a.location().Path != "/login" || b.count("SELECT count(*) FROM sessions") != 0 {
		t.Errorf("a disabled user signed in: %s", a.location())
	}
	b.exec("UPDATE users SET disabled_at = NULL, password = NULL")
	if a := b.login(at, "alice", password); a.location().Path != "/login" {
		t.Errorf("a user without a password signed in: %s", a.location())
	}
	if a := b.login(at, "alice", ""); a.location().Path != "/login" {
		t.Errorf("an empty password signed in: %s", a.location())
	}
}

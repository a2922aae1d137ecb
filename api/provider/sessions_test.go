package provider_test

import (
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

func TestASessionEndsWhenItIsIdleAndAtItsAbsoluteEnd(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	signedIn := func() bool {
		t.Helper()
		a := b.Authorize(AuthParams("prompt", "none"))
		if a.Query("code") == "" && a.Query("error") != "login_required" {
			t.Fatalf("%d %s", a.Status, a.Location())
		}
		return a.Query("code") != ""
	}
	b.Code(AuthParams())
	for range 3 { // used every seven hours, idle end after eight
		b.Later(7 * time.Hour)
		if !signedIn() {
			t.Fatal("a session in use ended before its absolute end")
		}
	}
	b.Later(4 * time.Hour) // 25 hours since the sign-in
	if signedIn() {
		t.Error("a session in use outlived its absolute end")
	}
	b.Code(AuthParams())
	b.Later(8*time.Hour + time.Minute)
	if signedIn() {
		t.Error("an idle session did not end")
	}
}

// Most sign-ons cost no durable write: the idle end is moved at most ten times in its length.
func TestTheIdleEndIsMovedNowAndThenOnly(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Code(AuthParams())
	seen := func() (at time.Time) {
		if err := b.DB.QueryRow(t.Context(), "SELECT seen_at FROM sessions").Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	first := seen()
	b.Later(10 * time.Minute)
	b.Code(AuthParams())
	if !seen().Equal(first) {
		t.Error("moved after ten minutes of eight hours")
	}
	b.Later(time.Hour)
	b.Code(AuthParams())
	if !seen().After(first) {
		t.Error("not moved after an hour")
	}
}

func TestNobodySignsInWhoIsDisabledOrHasNoPassword(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	at := b.Authorize(AuthParams()).Location()
	b.Exec("UPDATE users SET disabled_at = now()")
	if a := b.Login(at, "alice", Password); b.errorOf(a) != "account_disabled" || b.Count("SELECT count(*) FROM sessions") != 0 {
		t.Errorf("a disabled user signed in: %d %s", a.Status, a.Location())
	}
	b.Exec("UPDATE users SET disabled_at = NULL, password = NULL")
	if a := b.Login(at, "alice", Password); a.Location().Path != "/login" {
		t.Errorf("a user without a password signed in: %s", a.Location())
	}
	if a := b.Login(at, "alice", ""); a.Location().Path != "/login" {
		t.Errorf("an empty password signed in: %s", a.Location())
	}
}

package provider_test

import (
	"net/url"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

// endSession posts the form of the account page at location.
func (b *browser) endSession(location, which string) Answer {
	u, _ := url.Parse(location)
	return b.Do("POST", "/account/sessions/end", url.Values{"request": {u.Query().Get("request")}, "end_session": {which}}, "Origin", UIOrigin)
}

func (b *browser) sessionsOn(location string) (list []map[string]any) {
	sessions, _ := b.Interaction(location)["sessions"].([]any)
	for _, s := range sessions {
		m, _ := s.(map[string]any)
		list = append(list, m)
	}
	return list
}

// isSignedIn reports whether the browser opens the account page without a sign-in.
func (b *browser) isSignedIn() bool {
	return b.Do("GET", "/account", nil).Location().Path == "/account"
}

func TestPeopleSeeWhereTheyAreSignedInAndSignOutElsewhere(t *testing.T) {
	t.Parallel()
	r := start(t)
	phone, library, b := r.browser(), r.browser(), r.browser()
	const iPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 " +
		"Mobile/15E148 Safari/604.1"
	phone.Login(phone.Authorize(AuthParams()).Location(), "alice", Password, "User-Agent", iPhone)
	library.Login(library.Authorize(AuthParams()).Location(), "alice", Password, "User-Agent", strings.Repeat("\u202e<b>x", 500))
	page := b.openAccount()
	list := b.sessionsOn(page)
	if len(list) != 3 {
		t.Fatalf("%v", list)
	}
	var current, onPhone map[string]any
	for _, s := range list {
		if s["current"] == true {
			current = s
		}
		if s["system"] == "iOS" {
			onPhone = s
		}
		if s["addr"] != "127.0.0.1" {
			t.Errorf("%v", s)
		}
	}
	if current == nil || onPhone == nil || onPhone["browser"] != "Safari" {
		t.Fatalf("%v", list)
	}
	if n := r.Count(`SELECT max(length(user_agent)) FROM sessions`); n > 200 {
		t.Errorf("%d characters are kept of what a browser calls itself", n)
	}
	a := b.endSession(page, Str(onPhone["id"]))
	if b.Interaction(a.Header.Get("Location"))["done"] != "session_ended" || len(b.sessionsOn(a.Header.Get("Location"))) != 2 {
		t.Errorf("%d %s", a.Status, a.Location())
	}
	if phone.isSignedIn() || !library.isSignedIn() || !b.isSignedIn() {
		t.Error("another session ended, or this one did not")
	}
	a = b.endSession(page, "others")
	if library.isSignedIn() || !b.isSignedIn() || len(b.sessionsOn(a.Header.Get("Location"))) != 1 {
		t.Error("the others go on, or this one ended")
	}
	if a := b.endSession(page, Str(current["id"])); a.Status != 303 || !b.isSignedIn() {
		t.Errorf("the session of the page itself: %d", a.Status)
	}
}

func TestNobodyEndsTheSessionsOfAnother(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`INSERT INTO users (username, password) VALUES ('bob', crypt($1, gen_salt('bf', 4)))`, Password)
	alice, bob := r.browser(), r.browser()
	hers := alice.sessionsOn(alice.openAccount())
	page := bob.Login(bob.Do("GET", "/account", nil).Location(), "bob", Password).Header.Get("Location")
	if list := bob.sessionsOn(page); len(list) != 1 {
		t.Fatalf("%v", list)
	}
	for _, which := range []string{Str(hers[0]["id"]), "others", "no uuid", strings.Repeat("x", 5000)} {
		bob.endSession(page, which)
		if !alice.isSignedIn() {
			t.Fatalf("%.40q ended it", which)
		}
	}
	if a := bob.endSession(page, ""); a.Status != 400 {
		t.Errorf("none: %d", a.Status)
	}
	if a := r.browser().endSession(page, "others"); a.Status != 400 {
		t.Errorf("another browser: %d", a.Status)
	}
	r.Exec(`UPDATE sessions SET ended_at = now()`)
	if a := bob.endSession(page, "others"); a.Location().Path != "/login" {
		t.Errorf("an ended session: %s", a.Location())
	}
}

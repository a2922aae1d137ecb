package provider_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// linkUp presses Link on the account page at location, and comes back from the upstream.
func (n neighbours) linkUp(location, username string) Answer {
	n.Helper()
	return n.via(n.post("/account/linked", location, "link", "up"), username)
}

func TestPeopleLinkAnAccountAndSignInWithIt(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	page := n.openAccount()
	if got := n.listed(page, "more", "name"); !slices.Equal(got, []string{"up"}) || len(n.listed(page, "linked", "upstream")) != 0 {
		t.Fatalf("%v", n.Interaction(page))
	}
	there := n.post("/account/linked", page, "link", "up")
	if there.Query("prompt") != "select_account" || there.Query("max_age") != "" || there.Query("login_hint") != "" {
		t.Errorf("%s", there.Location())
	}
	back := n.linkUp(page, "bob")
	view := n.Interaction(led(back))
	linked, _ := view["linked"].([]any)
	if view["done"] != "account_linked" || len(linked) != 1 || len(view["more"].([]any)) != 0 {
		t.Fatalf("%d %v", back.Status, view)
	}
	if m, _ := linked[0].(map[string]any); m["account"] != "bob@example.org" || m["display_name"] != "The other" || m["last"] != nil {
		t.Errorf("%v", linked)
	}
	if a := n.linkUp(page, "bob"); n.Interaction(led(a))["done"] != "account_linked" {
		t.Errorf("once more: %d", a.Status) // in another tab
	}
	n.Exec(`UPDATE sessions SET ended_at = now()`)
	a := n.via(n.choose(n.Authorize(AuthParams()).Location(), "up"), "bob")
	if a.Query("code") == "" || n.Count(`SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id AND u.username = 'alice'
		WHERE s.ended_at IS NULL`) != 1 {
		t.Errorf("%d %s", a.Status, a.Location())
	}
}

func TestLinkingNeedsAFreshSignInAfterWhichItGoesOn(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	later := func() {
		n.Later(16 * time.Minute)
		n.there.Later(16 * time.Minute)
	}
	page := n.openAccount()
	later()
	login := n.post("/account/linked", page, "link", "up")
	if login.Location().Path != "/login" || n.Interaction(led(login))["username"] != "alice" {
		t.Fatalf("%d %s", login.Status, led(login))
	}
	there := n.Login(login.Location(), "alice", Password)
	if view := n.Interaction(led(n.via(there, "bob"))); view["done"] != "account_linked" {
		t.Errorf("%v", view)
	}
	later()
	n.Exec(`INSERT INTO users (username, password) VALUES ('carol', crypt($1, gen_salt('bf', 4)))`, Password)
	login = n.post("/account/linked", n.openAccount(), "unlink", "up")
	as := n.Login(login.Location(), "carol", Password)
	if view := n.Interaction(led(as)); view["done"] != nil || n.Count(`SELECT count(*) FROM upstream_accounts`) != 1 {
		t.Errorf("carol did what alice asked for: %v", view)
	}
	n.Exec(`UPDATE sessions SET ended_at = now()`)
	login = n.post("/account/linked", n.openAccount(), "unlink", "up")
	if view := n.Interaction(led(login)); view["done"] != "account_unlinked" || n.Count(`SELECT count(*) FROM upstream_accounts`) != 0 {
		t.Errorf("%d %v", login.Status, view)
	}
}

func TestAnAccountOfSomebodyElseIsNotLinked(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.Exec(`INSERT INTO users (username, password) VALUES ('carol', crypt($1, gen_salt('bf', 4)))`, Password)
	n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT 'up', issuer, 'sub-bob', 'carol' FROM upstreams`)
	page := n.openAccount()
	if view := n.Interaction(led(n.linkUp(page, "bob"))); problemOn(view) != "account_taken" ||
		n.Count(`SELECT count(*) FROM upstream_accounts WHERE username = 'carol'`) != 1 {
		t.Errorf("%v", view["error"])
	}
	cancelled := n.Do("GET", "/upstream/up/callback", map[string][]string{"error": {"access_denied"},
		"state": {n.post("/account/linked", page, "link", "up").Query("state")}, "iss": {n.there.Issuer}})
	if view := n.Interaction(led(cancelled)); view["page"] != "account" || problemOn(view) != "upstream_denied" {
		t.Errorf("cancelled there: %v", view)
	}
}

// Whoever left to link comes back as the same session of the same browser, or nothing is linked.
func TestNobodyLinksInASessionThatHasEndedOrIsAnothers(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.Exec(`INSERT INTO users (username, password) VALUES ('carol', crypt($1, gen_salt('bf', 4)))`, Password)
	page := n.openAccount()
	back := n.signInThere(n.post("/account/linked", page, "link", "up"), "bob").Location().String()
	if a := n.another().browser.Do("GET", back, nil); a.Status != 400 {
		t.Errorf("another browser: %d", a.Status)
	}
	n.Login(n.Authorize(AuthParams("prompt", "login")).Location(), "carol", Password)
	if a := n.Do("GET", back, nil); a.Location().Path != "/login" && a.Location().Path != "/account" ||
		n.Count(`SELECT count(*) FROM upstream_accounts`) != 0 {
		t.Errorf("linked to carol, or for alice without her: %d %s", a.Status, led(a))
	}
	if a := n.post("/account/linked", page, "link", "up"); a.Location().Path != "/login" {
		t.Errorf("a page of alice's, posted as carol: %s", led(a))
	}
	for _, fields := range [][]string{{}, {"link", "up", "unlink", "up"}, {"link", "x-very-long-name-of-an-upstream-that-is-none"}} {
		if a := n.post("/account/linked", page, fields...); a.Status != 400 {
			t.Errorf("%v: %d", fields, a.Status)
		}
	}
}

func TestTheLastWayInStays(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.Exec(`INSERT INTO upstreams (name, issuer, client_id) VALUES ('twin', 'https://twin.example.org', 'x'),
		('off', 'https://off.example.org', 'x')`)
	n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'alice' FROM upstreams`)
	n.WaitForNotify()
	page := n.openAccount()
	n.Exec(`UPDATE upstreams SET disabled_at = now() WHERE name = 'off'`)
	n.Exec(`SET LOCAL gatehouse.keep_sessions = on; UPDATE users SET password = NULL WHERE username = 'alice'`)
	n.WaitForNotify()
	// Two tabs, and more: fifty at once take one of them at most.
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			name := []string{"up", "twin"}[i%2]
			if a := n.post("/account/linked", page, "unlink", name); a.Status != 303 {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
	}
	all.Wait()
	if left := n.Count(`SELECT count(*) FROM upstream_accounts WHERE upstream <> 'off'`); left != 1 {
		t.Fatalf("%d ways in are left", left)
	}
	name := "up"
	if n.Count(`SELECT count(*) FROM upstream_accounts WHERE upstream = 'twin'`) == 1 {
		name = "twin"
	}
	if view := n.Interaction(led(n.post("/account/linked", page, "unlink", name))); problemOn(view) != "last_way_in" {
		t.Errorf("%v", view["error"])
	}
	rows, _ := n.Interaction(page)["linked"].([]any)
	for _, row := range rows {
		if m, _ := row.(map[string]any); (m["last"] == true) != (m["upstream"] == name) {
			t.Errorf("%v", m)
		}
	}
	// Of another person it is none, and with a passkey it is not the last.
	n.Exec(`INSERT INTO users (username, password) VALUES ('carol', crypt($1, gen_salt('bf', 4)))`, Password)
	carol := n.another()
	hers := carol.Login(carol.Do("GET", "/account", nil).Location(), "carol", Password).Header.Get("Location")
	if carol.post("/account/linked", hers, "unlink", name); n.Count(`SELECT count(*) FROM upstream_accounts WHERE upstream <> 'off'`) != 1 {
		t.Error("carol unlinked it")
	}
}

package web_test

import (
	"strings"
	"sync"
	"testing"
)

// Attacks of somebody who has an account at an upstream, or a page that people visit.

// another is a browser that nobody has used yet, on the same way.
func (n neighbours) another() neighbours {
	b := n.rig.browser()
	return neighbours{b, &browser{n.there.rig, b.http}}
}

// goThere presses the button of the upstream in a new browser and comes back as bob of there.
func (n neighbours) goThere() answer {
	n.Helper()
	fresh := n.another()
	return fresh.via(fresh.choose(fresh.authorize(authParams()).location(), "up"), "bob")
}

// The Kelvin sign and the dotted capital I become letters of ASCII where case is folded, so that an address of the attacker's own
// turns into the victim's.
func TestAnAddressThatFoldsToAnothersIsNotTheOthers(t *testing.T) {
	n := startWithUpstream(t, "email_domains = '{example.org}', trusts_email = true")
	n.exec("INSERT INTO users (username, email, email_verified) VALUES ('mike', 'mike@example.org', true)")
	for _, address := range []string{"mi\u212ae@example.org", "m\u0130ke@example.org"} {
		n.there.exec("UPDATE users SET email = $1 WHERE username = 'bob'", address)
		if page := n.page(n.goThere()); page["link"] == nil || n.count("SELECT count(*) FROM upstream_accounts") != 0 {
			t.Errorf("%s was taken for mike@example.org", address)
		}
	}
	n.exec("DELETE FROM users WHERE username = 'mike'")
	n.exec("UPDATE upstreams SET creates_users = true, trusts_email = false, email_domains = '{}'")
	waitForNotify()
	n.there.exec("UPDATE users SET email = $1 WHERE username = 'bob'", "M\u0130KE@example.org")
	n.goThere()
	if n.count("SELECT count(*) FROM users WHERE username = 'bob' AND email = $1", "m\u0130ke@example.org") != 1 {
		t.Error("the new user has a verified address that nobody verified")
	}
}

// A browser sends all cookies of a host with each request, so whoever can plant many of them locks the person out.
func TestNoPageCanFillABrowserWithCookiesOfJourneys(t *testing.T) {
	n := startWithUpstream(t)
	for _, dest := range []string{"image", "iframe", "empty"} {
		victim := n.another()
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				params := authParams("idp_hint", "up", "state", strings.Repeat("\"", 4000)+strings.Repeat("x", i))
				if a := victim.do("GET", "/authorize", params, "Sec-Fetch-Dest", dest); a.location().Host != "ui.example.org" {
					t.Errorf("%s: sent to %s", dest, a.location().Host)
				}
			})
		}
		group.Wait()
		if cookies := victim.http.Jar.Cookies(mustParse(n.issuer)); len(cookies) > 1 {
			t.Errorf("%s: the browser has %d cookies", dest, len(cookies))
		}
	}
	if a := n.do("GET", "/authorize", authParams("idp_hint", "up"), "Sec-Fetch-Dest", "document"); a.location().Host == "ui.example.org" {
		t.Errorf("a page was not sent to the upstream: %s", a.location())
	}
}

package web_test

import (
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

package web_test

import (
	"net/url"
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

// What counts is what the rows say when the person comes back, not when he left.
func TestWhoIsShutOutWhileAtAnUpstreamGetsNothing(t *testing.T) {
	n := startWithUpstream(t)
	n.exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'alice' FROM upstreams`)
	for sql, undo := range map[string]string{
		"UPDATE clients SET disabled_at = now()":                           "UPDATE clients SET disabled_at = NULL",
		"UPDATE clients SET redirect_uris = '{https://else.example.org/}'": "UPDATE clients SET redirect_uris = ARRAY['" + callback + "']",
		"UPDATE clients SET allowed_groups = '{hub-admins}'":               "UPDATE clients SET allowed_groups = '{}'",
		"UPDATE upstreams SET disabled_at = now()":                         "UPDATE upstreams SET disabled_at = NULL",
		"UPDATE upstreams SET issuer = 'https://evil.example.org'":         "UPDATE upstreams SET issuer = '" + n.there.issuer + "'",
		"UPDATE users SET disabled_at = now() WHERE username = 'alice'":    "UPDATE users SET disabled_at = NULL",
		"UPDATE upstream_accounts SET issuer = 'https://evil.example.org'": "UPDATE upstream_accounts SET issuer = '" + n.there.issuer + "'",
	} {
		fresh := n.another()
		back := fresh.signInThere(fresh.choose(fresh.authorize(authParams()).location(), "up"), "bob")
		n.exec(sql)
		waitForNotify()
		if a := fresh.do("GET", back.location().String(), nil); a.query("code") != "" || strings.Contains(a.body, "code=") {
			t.Errorf("%s: %d %s", sql, a.status, a.location())
		}
		n.exec(undo)
		waitForNotify()
	}
	if a := n.goThere(); a.query("code") == "" {
		t.Errorf("nobody is shut out any more: %d %s", a.status, a.location())
	}
}

// Errors of an upstream often repeat what was sent to it.
func TestNothingSecretOfAnUpstreamIsLogged(t *testing.T) {
	log := takeLog(t)
	n := startWithUpstream(t)
	secrets := []string{"down-secret", password, "a-guessed-code-0815"}
	keep := func(a answer) answer {
		for _, name := range []string{"state", "nonce", "code_challenge", "request", "code"} {
			if value := a.query(name); len(value) > 4 {
				secrets = append(secrets, value)
			}
		}
		for _, cookie := range n.http.Jar.Cookies(mustParse(n.issuer)) {
			secrets = append(secrets, cookie.Value)
		}
		return a
	}
	there := keep(n.choose(keep(n.authorize(authParams("state", "the-state-of-web"))).location(), "up"))
	n.do("GET", "/upstream/up/callback", url.Values{"code": {"a-guessed-code-0815"}, "state": {there.query("state")}, "iss": {n.there.issuer}})
	back := keep(n.signInThere(keep(n.choose(n.authorize(authParams("state", "the-state-of-web")).location(), "up")), "bob"))
	linked := keep(n.do("GET", back.location().String(), nil))
	n.do("GET", back.location().String(), nil)
	again := keep(n.login(linked.location(), "alice", password))
	if done := keep(n.via(again, "bob")); done.query("code") == "" {
		t.Fatalf("not signed in: %d %s", done.status, done.location())
	}
	n.exec("UPDATE upstreams SET client_secret = 'a-wrong-secret-42'")
	waitForNotify()
	keep(n.goThere())
	text := log.String()
	for _, secret := range append(secrets, "a-wrong-secret-42") {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	if len(secrets) < 20 || !strings.Contains(text, "upstream account linked") || !strings.Contains(text, "sign-in with an upstream failed") {
		t.Errorf("the test lost its way: %d secrets, %s", len(secrets), text)
	}
}

package provider_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"

	. "gatehouse/api/apitest"
)

// Attacks of somebody who has an account at an upstream, or a page that people visit.

// another is a browser that nobody has used yet, on the same way.
func (n neighbours) another() neighbours {
	b := n.rig.browser()
	return neighbours{b, b.at(n.there.rig)}
}

// goThere presses the button of the upstream in a new browser and comes back as bob of there.
func (n neighbours) goThere() Answer {
	n.Helper()
	fresh := n.another()
	return fresh.via(fresh.choose(fresh.Authorize(AuthParams()).Location(), "up"), "bob")
}

// The Kelvin sign and the dotted capital I become letters of ASCII where case is folded, so that an address of the attacker's own
// turns into the victim's.
func TestAnAddressThatFoldsToAnothersIsNotTheOthers(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t, "email_domains = '{example.org}', trusts_email = true")
	n.Exec("INSERT INTO users (username, email, email_verified) VALUES ('mike', 'mike@example.org', true)")
	for _, address := range []string{"mi\u212ae@example.org", "m\u0130ke@example.org"} {
		n.there.Exec("UPDATE users SET email = $1 WHERE username = 'bob'", address)
		if page := n.page(n.goThere()); page["link"] == nil || n.Count("SELECT count(*) FROM upstream_accounts") != 0 {
			t.Errorf("%s was taken for mike@example.org", address)
		}
	}
	n.Exec("DELETE FROM users WHERE username = 'mike'")
	n.Exec("UPDATE upstreams SET creates_users = true, username_pattern = '.+', trusts_email = false, email_domains = '{}'")
	n.WaitForNotify()
	n.there.Exec("UPDATE users SET email = $1 WHERE username = 'bob'", "M\u0130KE@example.org")
	n.goThere()
	if n.Count("SELECT count(*) FROM users WHERE username = 'bob' AND email = $1", "m\u0130ke@example.org") != 1 {
		t.Error("the new user has a verified address that nobody verified")
	}
}

// A browser sends all cookies of a host with each request, so whoever can plant many of them locks the person out.
func TestNoPageCanFillABrowserWithCookiesOfJourneys(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	for _, dest := range []string{"image", "iframe", "empty"} {
		victim := n.another()
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				params := AuthParams("idp_hint", "up", "state", strings.Repeat("\"", 4000)+strings.Repeat("x", i))
				if a := victim.Do("GET", "/authorize", params, "Sec-Fetch-Dest", dest); a.Location().Host != "ui.example.org" {
					t.Errorf("%s: sent to %s", dest, a.Location().Host)
				}
			})
		}
		group.Wait()
		if cookies := victim.HTTP.Jar.Cookies(MustParse(n.Issuer)); len(cookies) > 1 {
			t.Errorf("%s: the browser has %d cookies", dest, len(cookies))
		}
	}
	if a := n.Do("GET", "/authorize", AuthParams("idp_hint", "up"), "Sec-Fetch-Dest", "document"); a.Location().Host == "ui.example.org" {
		t.Errorf("a page was not sent to the upstream: %s", a.Location())
	}
}

// What counts is what the rows say when the person comes back, not when they left.
func TestWhoIsShutOutWhileAtAnUpstreamGetsNothing(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'alice' FROM upstreams`)
	for sql, undo := range map[string]string{
		"UPDATE clients SET disabled_at = now()":                           "UPDATE clients SET disabled_at = NULL",
		"UPDATE clients SET redirect_uris = '{https://else.example.org/}'": "UPDATE clients SET redirect_uris = ARRAY['" + Callback + "']",
		"UPDATE clients SET allowed_groups = '{hub-admins}'":               "UPDATE clients SET allowed_groups = '{}'",
		"UPDATE upstreams SET disabled_at = now()":                         "UPDATE upstreams SET disabled_at = NULL",
		"UPDATE upstreams SET issuer = 'https://evil.example.org'":         "UPDATE upstreams SET issuer = '" + n.there.Issuer + "'",
		"UPDATE users SET disabled_at = now() WHERE username = 'alice'":    "UPDATE users SET disabled_at = NULL",
		"UPDATE upstream_accounts SET issuer = 'https://evil.example.org'": "UPDATE upstream_accounts SET issuer = '" + n.there.Issuer + "'",
	} {
		fresh := n.another()
		back := fresh.signInThere(fresh.choose(fresh.Authorize(AuthParams()).Location(), "up"), "bob")
		n.Exec(sql)
		n.WaitForNotify()
		if a := fresh.Do("GET", back.Location().String(), nil); a.Query("code") != "" || strings.Contains(a.Body, "code=") {
			t.Errorf("%s: %d %s", sql, a.Status, a.Location())
		}
		n.Exec(undo)
		n.WaitForNotify()
	}
	if a := n.goThere(); a.Query("code") == "" {
		t.Errorf("nobody is shut out any more: %d %s", a.Status, a.Location())
	}
}

// Errors of an upstream often repeat what was sent to it.
func TestNothingSecretOfAnUpstreamIsLogged(t *testing.T) {
	log := TakeLog(t)
	n := startWithUpstream(t)
	secrets := []string{"down-secret", Password, "a-guessed-code-0815"}
	keep := func(a Answer) Answer {
		for _, name := range []string{"state", "nonce", "code_challenge", "request", "code"} {
			if value := a.Query(name); len(value) > 4 {
				secrets = append(secrets, value)
			}
		}
		for _, cookie := range n.HTTP.Jar.Cookies(MustParse(n.Issuer)) {
			secrets = append(secrets, cookie.Value)
		}
		return a
	}
	there := keep(n.choose(keep(n.Authorize(AuthParams("state", "the-state-of-web"))).Location(), "up"))
	n.Do("GET", "/upstream/up/callback", url.Values{"code": {"a-guessed-code-0815"}, "state": {there.Query("state")}, "iss": {n.there.Issuer}})
	back := keep(n.signInThere(keep(n.choose(n.Authorize(AuthParams("state", "the-state-of-web")).Location(), "up")), "bob"))
	linked := keep(n.Do("GET", back.Location().String(), nil))
	n.Do("GET", back.Location().String(), nil)
	again := keep(n.Login(linked.Location(), "alice", Password))
	if done := keep(n.via(again, "bob")); done.Query("code") == "" {
		t.Fatalf("not signed in: %d %s", done.Status, done.Location())
	}
	n.Exec("UPDATE upstreams SET client_secret = 'a-wrong-secret-42'")
	n.WaitForNotify()
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

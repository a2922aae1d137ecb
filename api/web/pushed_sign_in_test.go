package web_test

import (
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/provider"
)

// RFC 9126 §5, §6.
func TestAClientThatHasToPushItsRequestsIsRefusedOtherwise(t *testing.T) {
	b := start(t).browser()
	b.code(authParams())
	b.exec("UPDATE clients SET require_pushed_authorization_requests = true WHERE client_id = 'web'")
	waitForNotify()
	for _, params := range []url.Values{authParams(), authParams("request", "x"), authParams("request_uri", "https://rp.example.org/request")} {
		if a := b.authorize(params); a.location().Host != "rp.example.org" || a.query("error") != "invalid_request" || a.query("state") != "st" {
			t.Errorf("not pushed: %d %s", a.status, a.location())
		}
	}
	if a := b.authorize(authParams("redirect_uri", "https://evil.example/")); a.status != 400 || a.header.Get("Location") != "" {
		t.Errorf("an unregistered redirect_uri: %d %s", a.status, a.location())
	}
	if a := b.authorize(withPushed(b.pushedURI(authParams()))); a.query("code") == "" {
		t.Errorf("pushed: %d %s", a.status, a.location())
	}
	if at := b.do("GET", "/.well-known/openid-configuration", nil).json()["pushed_authorization_request_endpoint"]; at != b.issuer+"/par" {
		t.Errorf("discovery: %v", at)
	}
}

// A sign-in and a consent may take longer than the minute in which a pushed request can be begun.
func TestAPushedRequestPassesThroughTheLoginAndConsentPages(t *testing.T) {
	b := start(t).browser()
	uri := b.pushedURI(spaParams("scope", "openid email"))
	login := b.authorize(withPushed(uri, "client_id", "spa"))
	b.later(10 * time.Minute)
	wrong := b.login(login.location(), "alice", "wrong")
	consent := b.login(wrong.location(), "alice", password)
	if page := b.interaction(consent.header.Get("Location")); page["page"] != "consent" || len(page["scopes"].([]any)) != 2 {
		t.Fatalf("%d %s %v", consent.status, consent.location(), page)
	}
	b.later(10 * time.Minute)
	allow := url.Values{"request": {consent.query("request")}, "consent": {"yes"}}
	a := b.do("POST", "/consent", allow, "Origin", uiOrigin)
	if a.location().Host != "spa.example.org" || a.query("code") == "" || a.query("state") != "st" {
		t.Fatalf("%d %s", a.status, a.location())
	}
	out := b.token(redeem(a.query("code"), "redirect_uri", "https://spa.example.org/cb", "client_id", "spa"))
	if out.status != 200 || out.json()["scope"] != "openid email" {
		t.Errorf("%d %s", out.status, out.body)
	}
	if a := b.do("POST", "/consent", allow, "Origin", uiOrigin); a.query("error") != "invalid_request_uri" || a.query("code") != "" || a.query("state") != "st" {
		t.Errorf("the consent page again: %d %s", a.status, a.location())
	}
	refused := b.do("POST", "/consent", url.Values{"request": allow["request"], "consent": {"no"}}, "Origin", uiOrigin)
	if refused.query("error") != "access_denied" {
		t.Errorf("and refused: %s", refused.location())
	}
}

// RFC 9126 §4 counts answers, not visits: two tabs can be at the login page.
func TestWhoSignsInWithARequestThatWasUsedIsSignedInAllTheSame(t *testing.T) {
	b := start(t).browser()
	uri := b.pushedURI(authParams())
	first, second := b.authorize(withPushed(uri)).location(), b.authorize(withPushed(uri)).location()
	if a := b.login(first, "alice", password); a.query("code") == "" {
		t.Fatalf("%d %s", a.status, a.location())
	}
	sessions := b.count("SELECT count(*) FROM sessions WHERE ended_at IS NULL")
	b.later(time.Minute)
	if a := b.login(second, "alice", password); a.location().Host != "rp.example.org" || a.query("error") != "invalid_request_uri" || a.query("state") != "st" {
		t.Errorf("%d %s", a.status, a.location())
	}
	if n := b.count("SELECT count(*) FROM sessions WHERE ended_at IS NULL"); n != sessions {
		t.Errorf("%d sessions became %d", sessions, n)
	}
	if a := b.authorize(authParams("prompt", "none")); a.query("code") == "" {
		t.Errorf("not signed in: %s", a.location())
	}
}

// However long a deployment lets people take for a sign-in, it is known so long that the request has had its answer.
func TestThatAPushedRequestWasUsedIsRememberedAsLongAsAnybodyIsAtItsLoginPage(t *testing.T) {
	b := start(t, func(s *provider.Settings) { s.RequestTTL = 7 * 24 * time.Hour }).browser()
	uri := b.pushedURI(authParams())
	first, second := b.authorize(withPushed(uri)).location(), b.authorize(withPushed(uri)).location()
	if a := b.login(first, "alice", password); a.query("code") == "" {
		t.Fatalf("%d %s", a.status, a.location())
	}
	b.later(6 * 24 * time.Hour)
	b.exec("DELETE FROM used_jtis WHERE expires_at < now() + interval '6 days'") // as the clean-up does
	if a := b.login(second, "alice", password); a.query("error") != "invalid_request_uri" || a.query("code") != "" {
		t.Errorf("%d %s", a.status, a.location())
	}
}

// OpenID Connect Core §3.1.2.1, of a request that is pushed: prompt, max_age and id_token_hint count from the moment it is used.
func TestAPushedRequestAsksForAFreshSignInOfOnePerson(t *testing.T) {
	b := start(t).browser()
	b.exec(`INSERT INTO users (sub, username, password) VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)))`, password)
	hint := str(b.token(redeem(b.code(authParams()))).json()["id_token"])
	for _, extra := range [][]string{{"prompt", "login"}, {"max_age", "0"}, {"prompt", "select_account"}} {
		b.later(time.Minute)
		a := b.authorize(withPushed(b.pushedURI(authParams(extra...))))
		if a.location().Path != "/login" {
			t.Errorf("%v: %s", extra, a.location())
		} else if a = b.login(a.location(), "alice", password); a.query("code") == "" {
			t.Errorf("%v: no code after the sign-in: %s", extra, a.location())
		}
	}
	if a := b.authorize(withPushed(b.pushedURI(authParams("id_token_hint", hint, "prompt", "none")))); a.query("code") == "" {
		t.Errorf("alice herself: %s", a.location())
	}
	bob := b.rig.browser()
	bob.login(bob.authorize(authParams()).location(), "bob", password)
	if a := bob.authorize(withPushed(b.pushedURI(authParams("id_token_hint", hint, "prompt", "none")))); a.query("error") != "login_required" {
		t.Errorf("bob with alice's hint: %s", a.location())
	}
	a := bob.authorize(withPushed(b.pushedURI(authParams("id_token_hint", hint))))
	if a = bob.login(a.location(), "bob", password); a.query("error") != "login_required" || a.query("code") != "" {
		t.Errorf("bob signed in where alice was wanted: %s", a.location())
	}
	nobody := b.rig.browser()
	if a := nobody.authorize(withPushed(b.pushedURI(authParams("prompt", "none")))); a.query("error") != "login_required" {
		t.Errorf("nobody: %s", a.location())
	}
}

func TestEveryReplicaTakesAPushedRequestAndKnowsThatItWasUsed(t *testing.T) {
	r := start(t)
	second := httptest.NewUnstartedServer(nil)
	r.serve(second, authn.NewPasswords(2, 64))
	first, other := r.issuer, "http://"+second.Listener.Addr().String()
	b := r.browser()
	b.code(authParams())
	uri := b.pushedURI(authParams())
	b.issuer = other // cookies go by host, not by port
	if a := b.authorize(withPushed(uri)); a.query("code") == "" {
		t.Fatalf("pushed to one replica, used at the other: %d %s", a.status, a.location())
	}
	for _, replica := range []string{first, other} {
		b.issuer = replica
		if a := b.authorize(withPushed(uri)); a.query("error") != "invalid_request_uri" {
			t.Errorf("used before: %d %s at %s", a.status, a.location(), replica)
		}
	}
}

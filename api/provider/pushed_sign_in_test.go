package provider_test

import (
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
	"gatehouse/api/provider"
)

// RFC 9126 §5, §6.
func TestAClientThatHasToPushItsRequestsIsRefusedOtherwise(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Code(AuthParams())
	b.Exec("UPDATE clients SET require_pushed_authorization_requests = true WHERE client_id = 'web'")
	b.WaitForNotify()
	for _, params := range []url.Values{AuthParams(), AuthParams("request", "x"),
		AuthParams("request_uri", "https://rp.example.org/request")} {
		if a := b.Authorize(params); a.Location().Host != "rp.example.org" || a.Query("error") != "invalid_request" || a.Query("state") != "st" {
			t.Errorf("not pushed: %d %s", a.Status, a.Location())
		}
	}
	if a := b.Authorize(AuthParams("redirect_uri", "https://evil.example/")); a.Status != 400 || a.Header.Get("Location") != "" {
		t.Errorf("an unregistered redirect_uri: %d %s", a.Status, a.Location())
	}
	if a := b.Authorize(withPushed(b.pushedURI(AuthParams()))); a.Query("code") == "" {
		t.Errorf("pushed: %d %s", a.Status, a.Location())
	}
	if at := b.Do("GET", "/.well-known/openid-configuration", nil).JSON()["pushed_authorization_request_endpoint"]; at != b.Issuer+"/par" {
		t.Errorf("discovery: %v", at)
	}
}

// A sign-in and a consent may take longer than the minute in which a pushed request can be begun.
func TestAPushedRequestPassesThroughTheLoginAndConsentPages(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	uri := b.pushedURI(SPAParams("scope", "openid email"))
	login := b.Authorize(withPushed(uri, "client_id", "spa"))
	b.Later(10 * time.Minute)
	wrong := b.Login(login.Location(), "alice", "wrong")
	consent := b.Login(wrong.Location(), "alice", Password)
	if page := b.Interaction(consent.Header.Get("Location")); page["page"] != "consent" || len(page["scopes"].([]any)) != 2 {
		t.Fatalf("%d %s %v", consent.Status, consent.Location(), page)
	}
	b.Later(10 * time.Minute)
	allow := url.Values{"request": {consent.Query("request")}, "consent": {"yes"}}
	a := b.Do("POST", "/consent", allow, "Origin", UIOrigin)
	if a.Location().Host != "spa.example.org" || a.Query("code") == "" || a.Query("state") != "st" {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	out := b.Token(Redeem(a.Query("code"), "redirect_uri", "https://spa.example.org/cb", "client_id", "spa"))
	if out.Status != 200 || out.JSON()["scope"] != "openid email" {
		t.Errorf("%d %s", out.Status, out.Body)
	}
	if a := b.Do("POST", "/consent", allow, "Origin", UIOrigin); a.Query("error") != "invalid_request_uri" ||
		a.Query("code") != "" || a.Query("state") != "st" {
		t.Errorf("the consent page again: %d %s", a.Status, a.Location())
	}
	refused := b.Do("POST", "/consent", url.Values{"request": allow["request"], "consent": {"no"}}, "Origin", UIOrigin)
	if refused.Query("error") != "access_denied" {
		t.Errorf("and refused: %s", refused.Location())
	}
}

// RFC 9126 §4 counts answers, not visits: two tabs can be at the login page.
func TestWhoSignsInWithARequestThatWasUsedIsSignedInAllTheSame(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	uri := b.pushedURI(AuthParams())
	first, second := b.Authorize(withPushed(uri)).Location(), b.Authorize(withPushed(uri)).Location()
	if a := b.Login(first, "alice", Password); a.Query("code") == "" {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	sessions := b.Count("SELECT count(*) FROM sessions WHERE ended_at IS NULL")
	b.Later(time.Minute)
	if a := b.Login(second, "alice", Password); a.Location().Host != "rp.example.org" || a.Query("error") != "invalid_request_uri" ||
		a.Query("state") != "st" {
		t.Errorf("%d %s", a.Status, a.Location())
	}
	if n := b.Count("SELECT count(*) FROM sessions WHERE ended_at IS NULL"); n != sessions {
		t.Errorf("%d sessions became %d", sessions, n)
	}
	if a := b.Authorize(AuthParams("prompt", "none")); a.Query("code") == "" {
		t.Errorf("not signed in: %s", a.Location())
	}
}

// However long a deployment lets people take for a sign-in, it is known so long that the request has had its answer.
func TestThatAPushedRequestWasUsedIsRememberedAsLongAsAnybodyIsAtItsLoginPage(t *testing.T) {
	t.Parallel()
	b := start(t, func(s *provider.Settings) { s.RequestTTL = 7 * 24 * time.Hour }).browser()
	uri := b.pushedURI(AuthParams())
	first, second := b.Authorize(withPushed(uri)).Location(), b.Authorize(withPushed(uri)).Location()
	if a := b.Login(first, "alice", Password); a.Query("code") == "" {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	b.Later(6 * 24 * time.Hour)
	b.Exec("DELETE FROM used_jtis WHERE expires_at < now() + interval '6 days'") // as the clean-up does
	if a := b.Login(second, "alice", Password); a.Query("error") != "invalid_request_uri" || a.Query("code") != "" {
		t.Errorf("%d %s", a.Status, a.Location())
	}
}

// OpenID Connect Core §3.1.2.1, of a request that is pushed: prompt, max_age and id_token_hint count from the moment it is used.
func TestAPushedRequestAsksForAFreshSignInOfOnePerson(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec(`INSERT INTO users (sub, username, password) VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)))`, Password)
	hint := Str(b.Token(Redeem(b.Code(AuthParams()))).JSON()["id_token"])
	for _, extra := range [][]string{{"prompt", "login"}, {"max_age", "0"}, {"prompt", "login select_account"}} {
		b.Later(time.Minute)
		a := b.Authorize(withPushed(b.pushedURI(AuthParams(extra...))))
		if a.Location().Path != "/login" {
			t.Errorf("%v: %s", extra, a.Location())
		} else if a = b.Login(a.Location(), "alice", Password); a.Query("code") == "" {
			t.Errorf("%v: no code after the sign-in: %s", extra, a.Location())
		}
	}
	if a := b.Authorize(withPushed(b.pushedURI(AuthParams("id_token_hint", hint, "prompt", "none")))); a.Query("code") == "" {
		t.Errorf("alice herself: %s", a.Location())
	}
	bob := b.rig.browser()
	bob.Login(bob.Authorize(AuthParams()).Location(), "bob", Password)
	if a := bob.Authorize(withPushed(b.pushedURI(AuthParams("id_token_hint", hint, "prompt", "none")))); a.Query("error") != "login_required" {
		t.Errorf("bob with alice's hint: %s", a.Location())
	}
	a := bob.Authorize(withPushed(b.pushedURI(AuthParams("id_token_hint", hint))))
	if a = bob.Login(a.Location(), "bob", Password); a.Query("error") != "login_required" || a.Query("code") != "" {
		t.Errorf("bob signed in where alice was wanted: %s", a.Location())
	}
	nobody := b.rig.browser()
	if a := nobody.Authorize(withPushed(b.pushedURI(AuthParams("prompt", "none")))); a.Query("error") != "login_required" {
		t.Errorf("nobody: %s", a.Location())
	}
}

func TestEveryReplicaTakesAPushedRequestAndKnowsThatItWasUsed(t *testing.T) {
	t.Parallel()
	r := start(t)
	second := httptest.NewUnstartedServer(nil)
	r.Serve(second, authn.NewPasswords(2, 64))
	first, other := r.Issuer, "http://"+second.Listener.Addr().String()
	b := r.browser()
	b.Code(AuthParams())
	uri := b.pushedURI(AuthParams())
	b.Issuer = other // cookies go by host, not by port
	if a := b.Authorize(withPushed(uri)); a.Query("code") == "" {
		t.Fatalf("pushed to one replica, used at the other: %d %s", a.Status, a.Location())
	}
	for _, replica := range []string{first, other} {
		b.Issuer = replica
		if a := b.Authorize(withPushed(uri)); a.Query("error") != "invalid_request_uri" {
			t.Errorf("used before: %d %s at %s", a.Status, a.Location(), replica)
		}
	}
}

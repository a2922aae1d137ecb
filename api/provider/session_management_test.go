package provider_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
	"gatehouse/api/provider"
)

func sessionManagement(s *provider.Settings) { s.SessionManagement = true }

// state is the cookie that the page at check_session_iframe reads.
func (b *browser) state() string { return b.Cookie("gatehouse-state") }

// isCurrent reports whether a session_state is one of this browser as it is, for the client and the origin of its pages.
func (b *browser) isCurrent(sessionState, client, origin string) bool {
	sum, salt, _ := strings.Cut(sessionState, ".")
	want := sha256.Sum256([]byte(client + " " + origin + " " + b.state() + " " + salt))
	return b.state() != "" && len(salt) > 20 && !strings.Contains(sessionState, " ") && sum == base64.RawURLEncoding.EncodeToString(want[:])
}

func TestSessionManagementIsOffUnlessTheDeploymentHasIt(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	at := b.Authorize(AuthParams()).Location()
	if a := b.Login(at, "alice", Password); a.Query("code") == "" || a.Query("session_state") != "" || b.state() != "" {
		t.Errorf("%s, cookie %q", a.Location(), b.state())
	}
	doc := b.Do("GET", "/.well-known/openid-configuration", nil).JSON()
	if _, promised := doc["check_session_iframe"]; promised || b.Do("GET", "/check_session", nil).Status != 404 {
		t.Errorf("there is a check_session_iframe: %v", promised)
	}
}

// OpenID Connect Session Management 1.0 §2.
func TestEveryAnswerToAnOpenIDRequestHasTheSessionState(t *testing.T) {
	t.Parallel()
	b := start(t, sessionManagement).browser()
	const rp, spa = "https://rp.example.org", "https://spa.example.org"
	if a := b.Authorize(AuthParams("prompt", "none")); a.Query("error") != "login_required" ||
		!b.isCurrent(a.Query("session_state"), "web", rp) {
		t.Errorf("nobody is signed in: %s", a.Location())
	}
	signedOut := b.state()
	at := b.Authorize(AuthParams()).Location()
	first := b.Login(at, "alice", Password)
	if !b.isCurrent(first.Query("session_state"), "web", rp) || b.state() == signedOut {
		t.Errorf("sign-in: %s", first.Location())
	}
	signedIn := b.state()
	again := b.Authorize(AuthParams())
	if !b.isCurrent(again.Query("session_state"), "web", rp) || again.Query("session_state") == first.Query("session_state") ||
		b.state() != signedIn {
		t.Errorf("single sign-on: %s", again.Location())
	}
	if a := b.Authorize(SPAParams("prompt", "none")); a.Query("error") != "consent_required" ||
		!b.isCurrent(a.Query("session_state"), "spa", spa) {
		t.Errorf("consent_required: %s", a.Location())
	}
	consent := url.Values{"request": {b.Authorize(SPAParams()).Query("request")}, "consent": {"yes"}}
	if a := b.Do("POST", "/consent", consent, "Origin", UIOrigin); !b.isCurrent(a.Query("session_state"), "spa", spa) {
		t.Errorf("consent: %s", a.Location())
	}
	form := b.Authorize(AuthParams("response_mode", "form_post"))
	if found := regexp.MustCompile(`name="session_state" value="([^"]*)"`).FindStringSubmatch(form.Body); found == nil ||
		!b.isCurrent(found[1], "web", rp) {
		t.Errorf("form_post: %s", form.Body)
	}
	inFragment := b.Authorize(AuthParams("response_mode", "fragment")).Location()
	if fields, _ := url.ParseQuery(inFragment.Fragment); !b.isCurrent(fields.Get("session_state"), "web", rp) {
		t.Errorf("fragment: %s", inFragment)
	}
	if a := b.Authorize(AuthParams("scope", "email")); a.Query("code") == "" || a.Query("session_state") != "" {
		t.Errorf("no OpenID request: %s", a.Location())
	}
	if doc := b.Do("GET", "/.well-known/openid-configuration", nil).JSON(); doc["check_session_iframe"] != b.Issuer+"/check_session" {
		t.Errorf("discovery: %v", doc["check_session_iframe"])
	}
}

func TestTheStateOfTheBrowserChangesWithWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	b := start(t, sessionManagement).browser()
	b.Exec(`INSERT INTO users (sub, username, password) VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)))`, Password)
	seen := map[string]string{"": "without a cookie"}
	changes := func(what string) {
		t.Helper()
		if before, known := seen[b.state()]; known {
			t.Errorf("%s: the state is that of %s", what, before)
		}
		seen[b.state()] = what
	}
	b.Code(AuthParams())
	changes("a sign-in")
	b.Login(b.Authorize(AuthParams("prompt", "login")).Location(), "alice", Password)
	changes("the same person's second sign-in")
	b.Login(b.Authorize(AuthParams("prompt", "login")).Location(), "bob", Password)
	changes("another person's sign-in")
	b.signOut(b.SignedIn(AuthParams()))
	changes("a logout")
	if b.Cookie("gatehouse-session") != "" {
		t.Error("the session cookie outlived the logout")
	}
	signedOut := b.state()
	if b.Authorize(AuthParams("prompt", "none")); b.state() != signedOut {
		t.Error("the state changed though nobody signed in")
	}
	b.Login(b.Do("GET", "/account", nil).Location(), "alice", Password)
	changes("a sign-in for no client")
	b.Exec("UPDATE sessions SET ended_at = now()")
	b.Do("GET", "/logout", nil)
	if b.state() != signedOut || b.Cookie("gatehouse-session") != "" {
		t.Error("the browser was not told of an end with SQL by a logout")
	}
	b.Code(AuthParams())
	b.Exec("UPDATE sessions SET ended_at = now()")
	if a := b.Authorize(AuthParams("prompt", "none")); a.Query("error") != "login_required" ||
		!b.isCurrent(a.Query("session_state"), "web", "https://rp.example.org") {
		t.Errorf("after an end with SQL: %s", a.Location())
	}
	if b.state() != signedOut {
		t.Error("nobody is signed in, as before")
	}
}

// As of a session from before the switch was turned on.
func TestALostStateCookieComesAgainAsItWas(t *testing.T) {
	t.Parallel()
	b := start(t, sessionManagement).browser()
	b.Code(AuthParams())
	a := b.rig.browser()
	a.HTTP.Jar = nil
	got := a.Do("GET", "/authorize", AuthParams("prompt", "none"), "Cookie", "gatehouse-session="+b.Cookie("gatehouse-session"))
	if set := got.Header.Get("Set-Cookie"); got.Query("code") == "" || !strings.HasPrefix(set, "gatehouse-state="+b.state()+"; ") {
		t.Errorf("%s %s", got.Location(), set)
	}
	forged := a.Do("GET", "/authorize", AuthParams("prompt", "none"), "Cookie", "gatehouse-state="+strings.Repeat("A", 43))
	if set := strings.Join(forged.Header.Values("Set-Cookie"), "\n"); !strings.Contains(set, "gatehouse-state=") ||
		strings.Contains(set, "AAAA") {
		t.Errorf("a state that is not ours was believed: %s", set)
	}
}

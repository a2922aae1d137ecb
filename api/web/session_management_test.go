package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"gatehouse/api/provider"
)

func sessionManagement(s *provider.Settings) { s.SessionManagement = true }

// state is the cookie that the page at check_session_iframe reads.
func (b *browser) state() string { return b.cookie("gatehouse-state") }

// isCurrent says that a session_state is one of this browser as it is, for the client and the origin of its pages.
func (b *browser) isCurrent(sessionState, client, origin string) bool {
	sum, salt, _ := strings.Cut(sessionState, ".")
	want := sha256.Sum256([]byte(client + " " + origin + " " + b.state() + " " + salt))
	return b.state() != "" && len(salt) > 20 && !strings.Contains(sessionState, " ") && sum == base64.RawURLEncoding.EncodeToString(want[:])
}

func TestSessionManagementIsOffUnlessTheDeploymentHasIt(t *testing.T) {
	b := start(t).browser()
	at := b.authorize(authParams()).location()
	if a := b.login(at, "alice", password); a.query("code") == "" || a.query("session_state") != "" || b.state() != "" {
		t.Errorf("%s, cookie %q", a.location(), b.state())
	}
	doc := b.do("GET", "/.well-known/openid-configuration", nil).json()
	if _, promised := doc["check_session_iframe"]; promised || b.do("GET", "/check_session", nil).status != 404 {
		t.Errorf("there is a check_session_iframe: %v", promised)
	}
}

// OpenID Connect Session Management 1.0 §2.
func TestEveryAnswerToAnOpenIDRequestHasTheSessionState(t *testing.T) {
	b := start(t, sessionManagement).browser()
	const rp, spa = "https://rp.example.org", "https://spa.example.org"
	if a := b.authorize(authParams("prompt", "none")); a.query("error") != "login_required" || !b.isCurrent(a.query("session_state"), "web", rp) {
		t.Errorf("nobody is signed in: %s", a.location())
	}
	signedOut := b.state()
	at := b.authorize(authParams()).location()
	first := b.login(at, "alice", password)
	if !b.isCurrent(first.query("session_state"), "web", rp) || b.state() == signedOut {
		t.Errorf("sign-in: %s", first.location())
	}
	signedIn := b.state()
	again := b.authorize(authParams())
	if !b.isCurrent(again.query("session_state"), "web", rp) || again.query("session_state") == first.query("session_state") || b.state() != signedIn {
		t.Errorf("single sign-on: %s", again.location())
	}
	if a := b.authorize(spaParams("prompt", "none")); a.query("error") != "consent_required" || !b.isCurrent(a.query("session_state"), "spa", spa) {
		t.Errorf("consent_required: %s", a.location())
	}
	consent := url.Values{"request": {b.authorize(spaParams()).query("request")}, "consent": {"yes"}}
	if a := b.do("POST", "/consent", consent, "Origin", uiOrigin); !b.isCurrent(a.query("session_state"), "spa", spa) {
		t.Errorf("consent: %s", a.location())
	}
	form := b.authorize(authParams("response_mode", "form_post"))
	if found := regexp.MustCompile(`name="session_state" value="([^"]*)"`).FindStringSubmatch(form.body); found == nil || !b.isCurrent(found[1], "web", rp) {
		t.Errorf("form_post: %s", form.body)
	}
	inFragment := b.authorize(authParams("response_mode", "fragment")).location()
	if fields, _ := url.ParseQuery(inFragment.Fragment); !b.isCurrent(fields.Get("session_state"), "web", rp) {
		t.Errorf("fragment: %s", inFragment)
	}
	if a := b.authorize(authParams("scope", "email")); a.query("code") == "" || a.query("session_state") != "" {
		t.Errorf("no OpenID request: %s", a.location())
	}
	if doc := b.do("GET", "/.well-known/openid-configuration", nil).json(); doc["check_session_iframe"] != b.issuer+"/check_session" {
		t.Errorf("discovery: %v", doc["check_session_iframe"])
	}
}

func TestTheStateOfTheBrowserChangesWithWhoIsSignedIn(t *testing.T) {
	b := start(t, sessionManagement).browser()
	b.exec(`INSERT INTO users (sub, username, password) VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)))`, password)
	seen := map[string]string{"": "without a cookie"}
	changes := func(what string) {
		t.Helper()
		if before, known := seen[b.state()]; known {
			t.Errorf("%s: the state is that of %s", what, before)
		}
		seen[b.state()] = what
	}
	b.code(authParams())
	changes("a sign-in")
	b.login(b.authorize(authParams("prompt", "login")).location(), "alice", password)
	changes("the same person's second sign-in")
	b.login(b.authorize(authParams("prompt", "login")).location(), "bob", password)
	changes("another person's sign-in")
	b.signOut(b.signedIn(authParams()))
	changes("a logout")
	if b.cookie("gatehouse-session") != "" {
		t.Error("the session cookie outlived the logout")
	}
	signedOut := b.state()
	if b.authorize(authParams("prompt", "none")); b.state() != signedOut {
		t.Error("the state changed though nobody signed in")
	}
	b.login(b.do("GET", "/account", nil).location(), "alice", password)
	changes("a sign-in for no client")
	b.exec("UPDATE sessions SET ended_at = now()")
	b.do("GET", "/logout", nil)
	if b.state() != signedOut || b.cookie("gatehouse-session") != "" {
		t.Error("the browser was not told of an end with SQL by a logout")
	}
	b.code(authParams())
	b.exec("UPDATE sessions SET ended_at = now()")
	if a := b.authorize(authParams("prompt", "none")); a.query("error") != "login_required" || !b.isCurrent(a.query("session_state"), "web", "https://rp.example.org") {
		t.Errorf("after an end with SQL: %s", a.location())
	}
	if b.state() != signedOut {
		t.Error("nobody is signed in, as before")
	}
}

// As of a session from before the switch was turned on.
func TestALostStateCookieComesAgainAsItWas(t *testing.T) {
	b := start(t, sessionManagement).browser()
	b.code(authParams())
	a := b.rig.browser()
	a.http.Jar = nil
	got := a.do("GET", "/authorize", authParams("prompt", "none"), "Cookie", "gatehouse-session="+b.cookie("gatehouse-session"))
	if set := got.header.Get("Set-Cookie"); got.query("code") == "" || !strings.HasPrefix(set, "gatehouse-state="+b.state()+"; ") {
		t.Errorf("%s %s", got.location(), set)
	}
	forged := a.do("GET", "/authorize", authParams("prompt", "none"), "Cookie", "gatehouse-state="+strings.Repeat("A", 43))
	if set := strings.Join(forged.header.Values("Set-Cookie"), "\n"); !contains(set, "gatehouse-state=") || contains(set, "AAAA") {
		t.Errorf("a state that is not ours was believed: %s", set)
	}
}

func TestTheStateCookieIsForScriptsOfThisHostAndTellsNoSecret(t *testing.T) {
	b := start(t, httpsIssuer, sessionManagement).browser()
	b.http.Jar = nil
	states := map[string]bool{}
	for _, headers := range [][]string{{"Cookie", "__Host-gatehouse-browser=" + strings.Repeat("A", 43)}, nil} {
		for _, set := range b.do("GET", "/authorize", authParams("prompt", "none"), headers...).header.Values("Set-Cookie") {
			name, rest, _ := strings.Cut(set, "=")
			value, attributes, _ := strings.Cut(rest, "; ")
			if name != "__Host-gatehouse-state" {
				continue
			}
			if attributes != "Path=/; Secure; SameSite=None" || len(value) != 43 || states[value] || strings.HasPrefix(value, "AAA") {
				t.Errorf("Set-Cookie: %s", set)
			}
			states[value] = true
		}
	}
	if len(states) != 2 {
		t.Errorf("states %v", states)
	}
}

// OpenID Connect Session Management 1.0 §3.2.
func TestThePageOfCheckSessionIframeMayBeFramedAndKeptAndRunsItsScriptOnly(t *testing.T) {
	b := start(t, sessionManagement).browser()
	b.code(authParams())
	a := b.do("GET", "/check_session", nil)
	script := regexp.MustCompile(`(?s)<script>(.*)</script>`).FindStringSubmatch(a.body)
	if a.status != 200 || script == nil || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	sum := sha256.Sum256([]byte(script[1]))
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
		"X-Frame-Options":         "", "Set-Cookie": "", "Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if contains(a.body, b.state()) || !contains(a.body, "gatehouse-state=") || contains(a.body, "'*'") {
		t.Error(a.body)
	}
	if a := b.do("POST", "/check_session", url.Values{}); a.status != 405 {
		t.Errorf("POST: %d", a.status)
	}
}

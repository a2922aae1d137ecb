package web_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

// inFront is the address of a frame that tells a client of the logout of the session of its ID token.
func inFront(b *Browser, uri, idToken string) string {
	return uri + "iss=" + url.QueryEscape(b.API.Issuer) + "&sid=" + Str(Claims(idToken)["sid"])
}

func TestSigningOutLoadsEachClientOfTheSessionInAFrameAndThenGoesOn(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	b.API.Exec(`UPDATE clients SET frontchannel_logout_uri = 'https://rp.example.org/out?fixed=1' WHERE client_id = 'web'`)
	b.API.Exec(`UPDATE clients SET frontchannel_logout_uri = 'https://spa.example.org/out' WHERE client_id = 'spa'`)
	other := b.API.Browser()
	other.SignedIn(AuthParams())
	hint := b.SignedIn(AuthParams())
	b.SignedIn(AuthParams()) // twice the same
	b.SignedIn(SPAParams())
	before := b.Cookie("gatehouse-browser")
	state := `"><script>alert(1)</script>`
	a := b.Do("GET", "/logout", url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {Bye}, "state": {state}})
	want := []string{inFront(b, "https://rp.example.org/out?fixed=1&", hint), inFront(b, "https://spa.example.org/out?", hint)}
	if a.Status != 200 || !slices.Equal(a.Frames(), want) {
		t.Fatalf("%d frames %q, want %q", a.Status, a.Frames(), want)
	}
	if a.LeadsTo() != Bye+"?state="+strings.ReplaceAll(url.QueryEscape(state), "+", "%20") ||
		!strings.Contains(a.Body, `<noscript><meta http-equiv="refresh"`) ||
		strings.Contains(a.Body, "<script>alert") {
		t.Errorf("leads to %s: %s", a.LeadsTo(), a.Body)
	}
	policy := regexp.MustCompile(`^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src data:; ` +
		`frame-src https://rp\.example\.org https://spa\.example\.org; script-src ` +
		`'sha256-[A-Za-z0-9+/]{43}='; frame-ancestors 'none'$`)
	if !policy.MatchString(a.Header.Get("Content-Security-Policy")) || a.Header.Get("Referrer-Policy") != "no-referrer" ||
		a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", a.Header)
	}
	if set := a.Header.Values("Set-Cookie"); len(set) != 2 || !strings.HasPrefix(set[0], "gatehouse-session=; ") ||
		b.Cookie("gatehouse-browser") == before {
		t.Errorf("the cookies stay: %s", set)
	}
	if a := b.Authorize(AuthParams("prompt", "none")); a.Query("error") != "login_required" {
		t.Errorf("still signed in: %s", a.Location())
	}
	if a := b.Do("GET", "/logout", url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {Bye}}); a.Status != 303 {
		t.Errorf("a second logout: %d", a.Status)
	}
}

func TestALogoutThatWasConfirmedTellsTheClientsInFrontToo(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	b.API.Exec(`UPDATE clients SET frontchannel_logout_uri = 'https://spa.example.org/out' WHERE client_id = 'spa'`)
	hint := b.SignedIn(SPAParams())
	page, _ := url.Parse(b.Do("GET", "/logout", nil).LeadsTo())
	form := url.Values{"request": {page.Query().Get("request")}, "logout": {"yes"}}
	a := b.Do("POST", "/logout/confirm", form, "Origin", UIOrigin)
	to, _ := url.Parse(a.LeadsTo())
	if a.Status != 200 || !slices.Equal(a.Frames(), []string{inFront(b, "https://spa.example.org/out?", hint)}) || to.Path != "/signed-out" {
		t.Errorf("%d %q leads to %s", a.Status, a.Frames(), to)
	}
}

// Whoever signed in again (prompt=login) has left none of the clients; each knows its own sid.
func TestClientsOfASessionThatWasReplacedAreToldTheirOwnSid(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	b.API.Exec(`UPDATE clients SET frontchannel_logout_uri = 'https://' ||
		CASE client_id WHEN 'web' THEN 'rp' ELSE 'spa' END || '.example.org/out'`)
	first := b.SignedIn(AuthParams())
	second := b.SignedIn(SPAParams("prompt", "login"))
	a := b.Do("GET", "/logout", url.Values{"id_token_hint": {second}})
	want := []string{inFront(b, "https://rp.example.org/out?", first), inFront(b, "https://spa.example.org/out?", second)}
	if !slices.Equal(a.Frames(), want) || Claims(first)["sid"] == Claims(second)["sid"] {
		t.Errorf("%q, want %q", a.Frames(), want)
	}
}

func TestWithoutAClientToTellInFrontALogoutIsARedirect(t *testing.T) {
	t.Parallel()
	r := Start(t)
	for what, change := range map[string]string{
		"none":           `UPDATE clients SET frontchannel_logout_uri = NULL`,
		"another origin": `UPDATE clients SET frontchannel_logout_uri = 'https://elsewhere.example.org/out'`,
		"another port":   `UPDATE clients SET frontchannel_logout_uri = 'https://rp.example.org:8443/out'`,
		"another scheme": `UPDATE clients SET frontchannel_logout_uri = 'http://rp.example.org/out'`,
		"not signed in":  `UPDATE clients SET frontchannel_logout_uri = CASE client_id WHEN 'spa' THEN 'https://spa.example.org/out' END`,
	} {
		b := r.Browser()
		r.Exec(change)
		a := b.Do("GET", "/logout", url.Values{"id_token_hint": {b.SignedIn(AuthParams())}, "post_logout_redirect_uri": {Bye}})
		if a.Status != 303 || a.Location().String() != Bye {
			t.Errorf("%s: %d %s", what, a.Status, a.Location())
		}
	}
	r.Exec(`UPDATE clients SET frontchannel_logout_uri = 'https://rp.example.org/out' WHERE client_id = 'web'`)
	b := r.Browser()
	a := b.Do("GET", "/logout", url.Values{"id_token_hint": {b.SignedIn(AuthParams())}}, "Accept", "application/json")
	if a.Status != 303 {
		t.Errorf("a program, which loads no frames: %d %s", a.Status, a.Body)
	}
}

func TestTheFramesOfALogoutAreBounded(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	hint := b.SignedIn(AuthParams())
	b.API.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris, frontchannel_logout_uri)
		SELECT 'c' || i, 'none', ARRAY['https://c' || i || '.example.org/cb'], 'https://c' || i || '.example.org/out'
		FROM generate_series(1, 30) AS i`)
	b.API.Exec(`INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at)
		SELECT gen_random_uuid(), s.user_id, 'c' || i, s.sid, false, 'openid', now(), '{}', now() + i * interval '1 s', now() + interval '1 h'
		FROM sessions s, generate_series(1, 30) AS i`)
	a := b.Do("GET", "/logout", url.Values{"id_token_hint": {hint}})
	if n := len(a.Frames()); n != 20 {
		t.Errorf("%d frames, want 20", n)
	}
	for i := 11; i <= 30; i++ { // those that the person signed in to last
		if !slices.Contains(a.Frames(), inFront(b, fmt.Sprintf("https://c%d.example.org/out?", i), hint)) {
			t.Errorf("c%d is not told", i)
		}
	}
}

func TestDiscoveryPromisesFrontchannelLogout(t *testing.T) {
	t.Parallel()
	doc := Start(t).Browser().Do("GET", "/.well-known/openid-configuration", nil).JSON()
	if doc["frontchannel_logout_supported"] != true || doc["frontchannel_logout_session_supported"] != true {
		t.Errorf("%v", doc)
	}
}

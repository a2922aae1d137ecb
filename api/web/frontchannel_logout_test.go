package web_test

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const bye = "https://rp.example.org/bye"

// frames are the addresses that the page loads, sorted.
func (a answer) frames() (list []string) {
	for _, found := range regexp.MustCompile(`<iframe [^>]*src="([^"]*)"`).FindAllStringSubmatch(a.body, -1) {
		list = append(list, html.UnescapeString(found[1]))
	}
	slices.Sort(list)
	return list
}

func (b *browser) cookie(name string) string {
	for _, c := range b.http.Jar.Cookies(mustParse(b.issuer)) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// inFront is the address of a frame that tells a client of the logout of the session of its ID token.
func (r *rig) inFront(uri, idToken string) string {
	return uri + "iss=" + url.QueryEscape(r.issuer) + "&sid=" + str(claims(idToken)["sid"])
}

func TestSigningOutLoadsEachClientOfTheSessionInAFrameAndThenGoesOn(t *testing.T) {
	b := start(t).browser()
	b.exec(`UPDATE clients SET frontchannel_logout_uri = 'https://rp.example.org/out?fixed=1' WHERE client_id = 'web'`)
	b.exec(`UPDATE clients SET frontchannel_logout_uri = 'https://spa.example.org/out' WHERE client_id = 'spa'`)
	other := b.rig.browser()
	other.signedIn(authParams())
	hint := b.signedIn(authParams())
	b.signedIn(authParams()) // twice the same
	b.signedIn(spaParams())
	before := b.cookie("gatehouse-browser")
	state := `"><script>alert(1)</script>`
	a := b.do("GET", "/logout", url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {bye}, "state": {state}})
	want := []string{b.inFront("https://rp.example.org/out?fixed=1&", hint), b.inFront("https://spa.example.org/out?", hint)}
	if a.status != 200 || !slices.Equal(a.frames(), want) {
		t.Fatalf("%d frames %q, want %q", a.status, a.frames(), want)
	}
	if a.leadsTo() != bye+"?state="+strings.ReplaceAll(url.QueryEscape(state), "+", "%20") || !contains(a.body, `<noscript><meta http-equiv="refresh"`) ||
		contains(a.body, "<script>alert") {
		t.Errorf("leads to %s: %s", a.leadsTo(), a.body)
	}
	policy := regexp.MustCompile(`^default-src 'none'; frame-src https://rp\.example\.org https://spa\.example\.org; script-src 'sha256-[A-Za-z0-9+/]{43}='; frame-ancestors 'none'$`)
	if !policy.MatchString(a.header.Get("Content-Security-Policy")) || a.header.Get("Referrer-Policy") != "no-referrer" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", a.header)
	}
	if set := a.header.Values("Set-Cookie"); len(set) != 2 || !strings.HasPrefix(set[0], "gatehouse-session=; ") || b.cookie("gatehouse-browser") == before {
		t.Errorf("the cookies stay: %s", set)
	}
	if a := b.authorize(authParams("prompt", "none")); a.query("error") != "login_required" {
		t.Errorf("still signed in: %s", a.location())
	}
	if a := b.do("GET", "/logout", url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {bye}}); a.status != 303 {
		t.Errorf("a second logout: %d", a.status)
	}
}

func TestALogoutThatWasConfirmedTellsTheClientsInFrontToo(t *testing.T) {
	b := start(t).browser()
	b.exec(`UPDATE clients SET frontchannel_logout_uri = 'https://spa.example.org/out' WHERE client_id = 'spa'`)
	hint := b.signedIn(spaParams())
	page, _ := url.Parse(b.do("GET", "/logout", nil).leadsTo())
	form := url.Values{"request": {page.Query().Get("request")}, "logout": {"yes"}}
	a := b.do("POST", "/logout/confirm", form, "Origin", uiOrigin)
	to, _ := url.Parse(a.leadsTo())
	if a.status != 200 || !slices.Equal(a.frames(), []string{b.inFront("https://spa.example.org/out?", hint)}) || to.Path != "/signed-out" {
		t.Errorf("%d %q leads to %s", a.status, a.frames(), to)
	}
}

// Whoever signed in again (prompt=login) has left none of the clients; each knows its own sid.
func TestClientsOfASessionThatWasReplacedAreToldTheirOwnSid(t *testing.T) {
	b := start(t).browser()
	b.exec(`UPDATE clients SET frontchannel_logout_uri = 'https://' || CASE client_id WHEN 'web' THEN 'rp' ELSE 'spa' END || '.example.org/out'`)
	first := b.signedIn(authParams())
	second := b.signedIn(spaParams("prompt", "login"))
	a := b.do("GET", "/logout", url.Values{"id_token_hint": {second}})
	want := []string{b.inFront("https://rp.example.org/out?", first), b.inFront("https://spa.example.org/out?", second)}
	if !slices.Equal(a.frames(), want) || claims(first)["sid"] == claims(second)["sid"] {
		t.Errorf("%q, want %q", a.frames(), want)
	}
}

func TestWithoutAClientToTellInFrontALogoutIsARedirect(t *testing.T) {
	r := start(t)
	for what, change := range map[string]string{
		"none":           `UPDATE clients SET frontchannel_logout_uri = NULL`,
		"another origin": `UPDATE clients SET frontchannel_logout_uri = 'https://elsewhere.example.org/out'`,
		"another port":   `UPDATE clients SET frontchannel_logout_uri = 'https://rp.example.org:8443/out'`,
		"another scheme": `UPDATE clients SET frontchannel_logout_uri = 'http://rp.example.org/out'`,
		"not signed in":  `UPDATE clients SET frontchannel_logout_uri = CASE client_id WHEN 'spa' THEN 'https://spa.example.org/out' END`,
	} {
		b := r.browser()
		r.exec(change)
		a := b.do("GET", "/logout", url.Values{"id_token_hint": {b.signedIn(authParams())}, "post_logout_redirect_uri": {bye}})
		if a.status != 303 || a.location().String() != bye {
			t.Errorf("%s: %d %s", what, a.status, a.location())
		}
	}
	r.exec(`UPDATE clients SET frontchannel_logout_uri = 'https://rp.example.org/out' WHERE client_id = 'web'`)
	b := r.browser()
	a := b.do("GET", "/logout", url.Values{"id_token_hint": {b.signedIn(authParams())}}, "Accept", "application/json")
	if a.status != 303 {
		t.Errorf("a program, which loads no frames: %d %s", a.status, a.body)
	}
}

func TestTheFramesOfALogoutAreBounded(t *testing.T) {
	b := start(t).browser()
	hint := b.signedIn(authParams())
	b.exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris, frontchannel_logout_uri)
		SELECT 'c' || i, 'none', ARRAY['https://c' || i || '.example.org/cb'], 'https://c' || i || '.example.org/out' FROM generate_series(1, 30) AS i`)
	b.exec(`INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at)
		SELECT gen_random_uuid(), s.user_id, 'c' || i, s.sid, false, 'openid', now(), '{}', now() + i * interval '1 s', now() + interval '1 h'
		FROM sessions s, generate_series(1, 30) AS i`)
	a := b.do("GET", "/logout", url.Values{"id_token_hint": {hint}})
	if n := len(a.frames()); n != 20 {
		t.Errorf("%d frames, want 20", n)
	}
	for i := 11; i <= 30; i++ { // those that the person signed in to last
		if !slices.Contains(a.frames(), b.inFront(fmt.Sprintf("https://c%d.example.org/out?", i), hint)) {
			t.Errorf("c%d is not told", i)
		}
	}
}

func TestDiscoveryPromisesFrontchannelLogout(t *testing.T) {
	doc := start(t).browser().do("GET", "/.well-known/openid-configuration", nil).json()
	if doc["frontchannel_logout_supported"] != true || doc["frontchannel_logout_session_supported"] != true {
		t.Errorf("%v", doc)
	}
}

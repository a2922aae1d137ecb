package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/api/provider"
)

// neighbours are two real Gatehouses: people of one sign in at the other. Their hosts differ, as cookies know no ports.
type neighbours struct {
	*browser          // at the one that is under test
	there    *browser // the same browser at its upstream, where bob has an account, too
}

func startWithUpstream(t *testing.T, set ...string) neighbours {
	t.Helper()
	up := start(t)
	down := start(t, func(s *provider.Settings) {
		s.Issuer = strings.Replace(s.Issuer, "127.0.0.1", "localhost", 1)
		s.PrivateHosts = []string{"127.0.0.1", "localhost"}
	})
	down.issuer = strings.Replace(down.issuer, "127.0.0.1", "localhost", 1)
	up.exec(`INSERT INTO clients (client_id, client_secret_sha256, redirect_uris, grant_types, first_party)
		VALUES ('down', sha256('down-secret'), ARRAY[$1 || '/upstream/up/callback', $1 || '/upstream/twin/callback'], '{authorization_code,refresh_token}', true)`, down.issuer)
	up.exec(`INSERT INTO users (sub, username, password, name, email, email_verified)
		VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)), 'Bob', 'bob@example.org', true)`, password)
	down.exec(`INSERT INTO upstreams (name, display_name, issuer, client_id, client_secret, scope)
		VALUES ('up', 'The other', $1, 'down', 'down-secret', 'openid profile email offline_access')`, up.issuer)
	for _, columns := range set {
		down.exec("UPDATE upstreams SET " + columns)
	}
	waitForNotify()
	b := down.browser()
	return neighbours{b, &browser{up, b.http}}
}

// choose presses the button of an upstream on the login page at location.
func (n neighbours) choose(location *url.URL, upstream string) answer {
	n.Helper()
	return n.do("POST", "/login/upstream", url.Values{"request": {location.Query().Get("request")}, "upstream": {upstream}}, "Origin", uiOrigin)
}

// signInThere follows an answer to the upstream, signs in if it asks for that, and gives the answer that leads back.
func (n neighbours) signInThere(a answer, username string) answer {
	n.Helper()
	if a.location().Host != mustParse(n.there.issuer).Host {
		n.Fatalf("not sent to the upstream: %d %s %s", a.status, a.location(), a.body)
	}
	a = n.there.do("GET", a.location().String(), nil)
	if a.location().Path == "/login" {
		a = n.there.login(a.location(), username, password)
	}
	return a
}

// via is a whole way through the upstream, back to the one under test.
func (n neighbours) via(a answer, username string) answer {
	n.Helper()
	return n.do("GET", n.signInThere(a, username).location().String(), nil)
}

// page is what the login page at the end of an answer shows.
func (n neighbours) page(a answer) map[string]any {
	n.Helper()
	at := a.header.Get("Location")
	if at == "" {
		at = a.leadsTo()
	}
	if mustParse(at).Path != "/login" {
		n.Fatalf("not the login page: %d %s %s", a.status, at, a.body)
	}
	return n.interaction(at)
}

func errorOf(page map[string]any) string {
	e, _ := page["error"].(map[string]any)
	if e == nil {
		return ""
	}
	return str(e["code"]) + " " + str(e["upstream"])
}

func TestAHintLeadsStraightToAnUpstreamAndNotBackAfterAnError(t *testing.T) {
	n := startWithUpstream(t, "email_domains = '{example.org}'")
	for _, hint := range [][]string{{"kc_idp_hint", "up"}, {"idp_hint", "up"}, {"login_hint", "Bob@Example.ORG"}} {
		a := n.authorize(authParams(hint...))
		if a.location().Host != mustParse(n.there.issuer).Host || hint[0] == "login_hint" && a.query("login_hint") != hint[1] {
			t.Errorf("%v: %s", hint, a.location())
		}
	}
	for _, hint := range [][]string{{"kc_idp_hint", "nobody"}, {"login_hint", "bob@evil-example.org"}, {"login_hint", "bob@example.org.evil.org"},
		{"login_hint", "@example.org"}, {"login_hint", "bob"}} {
		if a := n.authorize(authParams(hint...)); a.location().Path != "/login" || a.location().Host != "ui.example.org" {
			t.Errorf("%v: %s", hint, a.location())
		}
	}
	if a := n.authorize(authParams("kc_idp_hint", "up", "prompt", "none")); a.query("error") != "login_required" {
		t.Errorf("prompt=none: %s", a.location())
	}
	n.exec("UPDATE clients SET logo_uri = 'https://rp.example.org/logo.svg'") // the cookies have no room for it
	waitForNotify()
	there := n.authorize(authParams("kc_idp_hint", "up"))
	cancelled := n.do("GET", "/upstream/up/callback", url.Values{"error": {"access_denied"}, "state": {there.query("state")}, "iss": {n.there.issuer}})
	if page := n.page(cancelled); errorOf(page) != "upstream_denied The other" || cancelled.status != 303 ||
		page["client"].(map[string]any)["logo_uri"] != "https://rp.example.org/logo.svg" {
		t.Errorf("cancelled there: %d %v", cancelled.status, page)
	}
	n.exec("UPDATE upstreams SET disabled_at = now()")
	waitForNotify()
	a := n.authorize(authParams("kc_idp_hint", "up"))
	if page := n.page(a); page["upstreams"] != nil || page["upstream_action"] != nil {
		t.Errorf("a disabled upstream: %v", page)
	}
}

// One user for one account, however many tabs come back at once.
func TestAnAnswerIsOfOneBrowserOneUpstreamAndOneSignIn(t *testing.T) {
	n := startWithUpstream(t)
	n.exec(`INSERT INTO upstreams (name, issuer, client_id, client_secret) SELECT 'twin', issuer, client_id, 'down-secret' FROM upstreams`)
	n.exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT 'up', issuer, 'sub-bob', 'alice' FROM upstreams WHERE name = 'up'`)
	waitForNotify()
	back := n.signInThere(n.choose(n.authorize(authParams()).location(), "up"), "bob").location()
	refused := func(name string, a answer, want string) {
		t.Helper()
		page := n.interaction(a.leadsTo())
		if a.status != 400 || page["page"] != "error" || page["error"].(map[string]any)["code"] != want {
			t.Errorf("%s: %d %s %v", name, a.status, a.header.Get("Location"), page)
		}
	}
	refused("another browser", n.rig.browser().do("GET", back.String(), nil), "request_from_another_browser")
	refused("another upstream", n.do("GET", strings.Replace(back.String(), "/upstream/up/", "/upstream/twin/", 1), nil), "request_altered")
	for name, state := range map[string]string{"no state": "", "a short state": "x", "an invented state": strings.Repeat("A", 43)} {
		q := back.Query()
		q.Set("state", state)
		want := "request_altered"
		if len(state) == 43 {
			want = "request_from_another_browser"
		}
		refused(name, n.do("GET", "/upstream/up/callback", q), want)
	}
	q := back.Query()
	q.Set("iss", "https://evil.example.org")
	wrong := n.do("GET", "/upstream/up/callback", q)
	if page := n.page(wrong); wrong.status != 502 || errorOf(page) != "upstream_failed The other" {
		t.Errorf("another issuer: %d %v", wrong.status, page)
	}
	refused("a journey that has ended", n.do("GET", back.String(), nil), "request_from_another_browser")

	late := n.signInThere(n.choose(n.authorize(authParams()).location(), "up"), "bob").location()
	n.later(31 * time.Minute)
	refused("too late", n.do("GET", late.String(), nil), "request_expired")
	if n.count("SELECT count(*) FROM sessions") != 0 {
		t.Error("somebody was signed in")
	}
}

// A relying party's state may have 4,096 characters, and a browser may be signing in from several tabs.
func TestLongRequestsAndSeveralTabsReachTheUpstreamAndComeBack(t *testing.T) {
	n := startWithUpstream(t)
	n.exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'alice' FROM upstreams`)
	for _, states := range [][]string{{"one", strings.Repeat("<&~é", 800)}, {"1", "2", "3", "4", "5", "6"}} {
		n.http.Jar = n.rig.browser().http.Jar
		var ways []answer
		for _, state := range states {
			ways = append(ways, n.choose(n.authorize(authParams("state", state)).location(), "up"))
		}
		for i, want := range states {
			if a := n.via(ways[i], "bob"); a.query("code") == "" || a.query("state") != want {
				t.Errorf("tab %d: %d %.200s", i, a.status, a.location())
			}
		}
	}
	for range 30 { // begun and left
		n.choose(n.authorize(authParams()).location(), "up")
	}
	size := 0
	for _, cookie := range n.http.Jar.Cookies(mustParse(n.issuer)) {
		size += len(cookie.Value)
	}
	if size > 8<<10 {
		t.Errorf("the browser has %d bytes of cookies", size)
	}
}

func TestAnUpstreamThatIsAwayLeavesTheLoginPage(t *testing.T) {
	n := startWithUpstream(t)
	for name, issuer := range map[string]string{"refuses": "http://127.0.0.1:1", "must not be reached": "http://192.0.2.1"} {
		n.exec("UPDATE upstreams SET issuer = $1, client_secret = 'x'", issuer)
		waitForNotify()
		for _, way := range []func() answer{
			func() answer { return n.choose(n.authorize(authParams()).location(), "up") },
			func() answer { return n.authorize(authParams("kc_idp_hint", "up")) },
		} {
			a := way()
			page := n.page(a)
			if a.status != 503 || errorOf(page) != "upstream_unavailable The other" {
				t.Errorf("%s: %d %v", name, a.status, page)
			}
			if signedIn := n.login(mustParse(a.leadsTo()), "alice", password); signedIn.query("code") == "" {
				t.Errorf("%s: the password does not do: %s", name, signedIn.location())
			}
			n.http.Jar = n.rig.browser().http.Jar
		}
	}
}

// OpenID Connect Core §3.1.2.1.
func TestAFreshSignInThatIsAskedForIsAskedForThere(t *testing.T) {
	n := startWithUpstream(t)
	n.exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'alice' FROM upstreams`)
	n.via(n.choose(n.authorize(authParams()).location(), "up"), "bob")
	for _, asked := range [][]string{{"prompt", "login"}, {"max_age", "0"}, {"prompt", "select_account"}} {
		there := n.authorize(authParams(append(asked, "idp_hint", "up")...))
		if there.query(asked[0]) != asked[1] {
			t.Errorf("%v was not passed on: %s", asked, there.location())
		}
		if a := n.via(there, "bob"); a.query("code") == "" {
			t.Errorf("%v: %d %s %s", asked, a.status, a.location(), a.body)
		}
	}
	// An upstream that does not ask again, and says so.
	n.there.exec("UPDATE sessions SET auth_time = now() - interval '1 hour'")
	for _, asked := range [][]string{{"prompt", "login"}, {"max_age", "60"}} {
		n.later(2 * time.Minute)
		there := n.authorize(authParams(append(asked, "idp_hint", "up")...))
		stripped := there.location()
		q := stripped.Query()
		q.Del(asked[0])
		stripped.RawQuery = q.Encode()
		there.header.Set("Location", stripped.String())
		if page := n.page(n.via(there, "bob")); errorOf(page) != "upstream_failed The other" {
			t.Errorf("%v: %v", asked, page)
		}
	}
	if a := n.via(n.authorize(authParams("idp_hint", "up", "prompt", "select_account")), "bob"); a.query("code") == "" {
		t.Errorf("%d %s", a.status, a.location())
	}
}

package provider_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/provider"
)

// neighbours are two real Gatehouses: people of one sign in at the other. Their hosts differ, as cookies know no ports.
type neighbours struct {
	*browser          // at the one that is under test
	there    *browser // the same browser at its upstream, where bob has an account, too
}

func startWithUpstream(t *testing.T, set ...string) neighbours {
	t.Helper()
	return startNeighbours(t, func(*provider.Settings) {}, set...)
}

func startNeighbours(t *testing.T, change func(*provider.Settings), set ...string) neighbours {
	t.Helper()
	up := start(t)
	down := start(t, func(s *provider.Settings) {
		s.Issuer = strings.Replace(s.Issuer, "127.0.0.1", "localhost", 1)
		s.PrivateHosts = []string{"127.0.0.1", "localhost"}
	}, change)
	down.Issuer = strings.Replace(down.Issuer, "127.0.0.1", "localhost", 1)
	up.Exec(`INSERT INTO clients (client_id, redirect_uris, grant_types, first_party)
		VALUES ('down', ARRAY[$1 || '/upstream/up/callback', $1 || '/upstream/twin/callback'],
		'{authorization_code,refresh_token}', true)`, down.Issuer)
	up.GiveSecret("down", "down-secret")
	up.Exec(`INSERT INTO users (sub, username, password, name, email, email_verified)
		VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)), 'Bob', 'bob@example.org', true)`, Password)
	down.Exec(`INSERT INTO upstreams (name, display_name, issuer, client_id, client_secret, scope)
		VALUES ('up', 'The other', $1, 'down', 'down-secret', 'openid profile email offline_access')`, up.Issuer)
	for _, columns := range set {
		down.Exec("UPDATE upstreams SET " + columns)
	}
	down.WaitForNotify()
	b := down.browser()
	return neighbours{b, b.at(up)}
}

// choose presses the button of an upstream on the login page at location.
func (n neighbours) choose(location *url.URL, upstream string) Answer {
	n.Helper()
	return n.Do("POST", "/login/upstream", url.Values{"request": {location.Query().Get("request")}, "upstream": {upstream}},
		"Origin", UIOrigin)
}

// signInThere follows an answer to the upstream, signs in if it asks for that, and returns the answer that leads back.
func (n neighbours) signInThere(a Answer, username string) Answer {
	n.Helper()
	if a.Location().Host != MustParse(n.there.Issuer).Host {
		n.Fatalf("not sent to the upstream: %d %s %s", a.Status, a.Location(), a.Body)
	}
	a = n.there.Do("GET", a.Location().String(), nil)
	if a.Location().Path == "/select-account" {
		a = n.there.pressOn(a.Location().String(), "/select-account", "account", "other")
	}
	if a.Location().Path == "/login" {
		a = n.there.Login(a.Location(), username, Password)
	}
	return a
}

// via is a whole way through the upstream, back to the one under test.
func (n neighbours) via(a Answer, username string) Answer {
	n.Helper()
	return n.Do("GET", n.signInThere(a, username).Location().String(), nil)
}

// page is what the login page at the end of an answer shows.
func (n neighbours) page(a Answer) map[string]any {
	n.Helper()
	at := a.Header.Get("Location")
	if at == "" {
		at = a.LeadsTo()
	}
	if MustParse(at).Path != "/login" {
		n.Fatalf("not the login page: %d %s %s", a.Status, at, a.Body)
	}
	return n.Interaction(at)
}

func errorOf(page map[string]any) string {
	e, _ := page["error"].(map[string]any)
	if e == nil {
		return ""
	}
	return Str(e["code"]) + " " + Str(e["upstream"])
}

func TestAHintLeadsStraightToAnUpstreamAndNotBackAfterAnError(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t, "email_domains = '{example.org}'")
	for _, hint := range [][]string{{"kc_idp_hint", "up"}, {"idp_hint", "up"}, {"login_hint", "Bob@Example.ORG"}} {
		a := n.Authorize(AuthParams(hint...))
		if a.Location().Host != MustParse(n.there.Issuer).Host || hint[0] == "login_hint" && a.Query("login_hint") != hint[1] {
			t.Errorf("%v: %s", hint, a.Location())
		}
	}
	for _, hint := range [][]string{{"kc_idp_hint", "nobody"}, {"login_hint", "bob@evil-example.org"},
		{"login_hint", "bob@example.org.evil.org"},
		{"login_hint", "@example.org"}, {"login_hint", "bob"}} {
		if a := n.Authorize(AuthParams(hint...)); a.Location().Path != "/login" || a.Location().Host != "ui.example.org" {
			t.Errorf("%v: %s", hint, a.Location())
		}
	}
	if a := n.Authorize(AuthParams("kc_idp_hint", "up", "prompt", "none")); a.Query("error") != "login_required" {
		t.Errorf("prompt=none: %s", a.Location())
	}
	n.Exec("UPDATE clients SET logo_uri = 'https://rp.example.org/logo.svg'") // the cookies have no room for it
	n.WaitForNotify()
	there := n.Authorize(AuthParams("kc_idp_hint", "up"))
	cancelled := n.Do("GET", "/upstream/up/callback", url.Values{"error": {"access_denied"}, "state": {there.Query("state")},
		"iss": {n.there.Issuer}})
	if page := n.page(cancelled); errorOf(page) != "upstream_denied The other" || cancelled.Status != 303 ||
		page["client"].(map[string]any)["logo_uri"] != "https://rp.example.org/logo.svg" {
		t.Errorf("cancelled there: %d %v", cancelled.Status, page)
	}
	n.Exec("UPDATE upstreams SET disabled_at = now()")
	n.WaitForNotify()
	a := n.Authorize(AuthParams("kc_idp_hint", "up"))
	if page := n.page(a); page["upstreams"] != nil || page["upstream_action"] != nil {
		t.Errorf("a disabled upstream: %v", page)
	}
}

// One user for one account, however many tabs come back at once.
func TestAnAnswerIsOfOneBrowserOneUpstreamAndOneSignIn(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.Exec(`INSERT INTO upstreams (name, issuer, client_id, client_secret) SELECT 'twin', issuer, client_id, 'down-secret' FROM upstreams`)
	n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT 'up', issuer, 'sub-bob', 'alice' FROM upstreams
		WHERE name = 'up'`)
	n.WaitForNotify()
	back := n.signInThere(n.choose(n.Authorize(AuthParams()).Location(), "up"), "bob").Location()
	refused := func(name string, a Answer, want string) {
		t.Helper()
		page := n.Interaction(a.LeadsTo())
		if a.Status != 400 || page["page"] != "error" || page["error"].(map[string]any)["code"] != want {
			t.Errorf("%s: %d %s %v", name, a.Status, a.Header.Get("Location"), page)
		}
	}
	refused("another browser", n.rig.browser().Do("GET", back.String(), nil), "request_from_another_browser")
	refused("another upstream", n.Do("GET", strings.Replace(back.String(), "/upstream/up/", "/upstream/twin/", 1), nil), "request_altered")
	for name, state := range map[string]string{"no state": "", "a short state": "x", "an invented state": strings.Repeat("A", 43)} {
		q := back.Query()
		q.Set("state", state)
		want := "request_altered"
		if len(state) == 43 {
			want = "request_from_another_browser"
		}
		refused(name, n.Do("GET", "/upstream/up/callback", q), want)
	}
	q := back.Query()
	q.Set("iss", "https://evil.example.org")
	wrong := n.Do("GET", "/upstream/up/callback", q)
	if page := n.page(wrong); wrong.Status != 502 || errorOf(page) != "upstream_failed The other" {
		t.Errorf("another issuer: %d %v", wrong.Status, page)
	}
	refused("a journey that has ended", n.Do("GET", back.String(), nil), "request_from_another_browser")

	late := n.signInThere(n.choose(n.Authorize(AuthParams()).Location(), "up"), "bob").Location()
	n.Later(31 * time.Minute)
	refused("too late", n.Do("GET", late.String(), nil), "request_expired")
	if n.Count("SELECT count(*) FROM sessions") != 0 {
		t.Error("somebody was signed in")
	}
}

// A relying party's state may have 4,096 characters, and a browser may be signing in from several tabs.
func TestLongRequestsAndSeveralTabsReachTheUpstreamAndComeBack(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'alice' FROM upstreams`)
	for _, states := range [][]string{{"one", strings.Repeat("<&~é", 800)}, {"1", "2", "3", "4", "5", "6"}} {
		n.HTTP.Jar = n.rig.browser().HTTP.Jar
		var ways []Answer
		for _, state := range states {
			ways = append(ways, n.choose(n.Authorize(AuthParams("state", state)).Location(), "up"))
		}
		for i, want := range states {
			if a := n.via(ways[i], "bob"); a.Query("code") == "" || a.Query("state") != want {
				t.Errorf("tab %d: %d %.200s", i, a.Status, a.Location())
			}
		}
	}
	for range 30 { // begun and left
		n.choose(n.Authorize(AuthParams()).Location(), "up")
	}
	size := 0
	for _, cookie := range n.HTTP.Jar.Cookies(MustParse(n.Issuer)) {
		size += len(cookie.Value)
	}
	if size > 8<<10 {
		t.Errorf("the browser has %d bytes of cookies", size)
	}
}

func TestAnUpstreamThatIsAwayLeavesTheLoginPage(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	for name, issuer := range map[string]string{"refuses": "http://127.0.0.1:1", "must not be reached": "http://192.0.2.1"} {
		n.Exec("UPDATE upstreams SET issuer = $1, client_secret = 'x'", issuer)
		n.WaitForNotify()
		for _, way := range []func() Answer{
			func() Answer { return n.choose(n.Authorize(AuthParams()).Location(), "up") },
			func() Answer { return n.Authorize(AuthParams("kc_idp_hint", "up")) },
		} {
			a := way()
			page := n.page(a)
			if a.Status != 503 || errorOf(page) != "upstream_unavailable The other" {
				t.Errorf("%s: %d %v", name, a.Status, page)
			}
			if signedIn := n.Login(MustParse(a.LeadsTo()), "alice", Password); signedIn.Query("code") == "" {
				t.Errorf("%s: the password does not do: %s", name, signedIn.Location())
			}
			n.HTTP.Jar = n.rig.browser().HTTP.Jar
		}
	}
}

// OpenID Connect Core §3.1.2.1.
func TestAFreshSignInThatIsAskedForIsAskedForThere(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'alice' FROM upstreams`)
	n.via(n.choose(n.Authorize(AuthParams()).Location(), "up"), "bob")
	for _, asked := range [][]string{{"prompt", "login"}, {"max_age", "0"}, {"prompt", "select_account"}} {
		there := n.Authorize(AuthParams(append(asked, "idp_hint", "up")...))
		if there.Query(asked[0]) != asked[1] {
			t.Errorf("%v was not passed on: %s", asked, there.Location())
		}
		if a := n.via(there, "bob"); a.Query("code") == "" {
			t.Errorf("%v: %d %s %s", asked, a.Status, a.Location(), a.Body)
		}
	}
	// An upstream that does not ask again, and says so.
	n.there.Exec("UPDATE sessions SET auth_time = now() - interval '1 hour'")
	for _, asked := range [][]string{{"prompt", "login"}, {"max_age", "60"}} {
		n.Later(2 * time.Minute)
		there := n.Authorize(AuthParams(append(asked, "idp_hint", "up")...))
		stripped := there.Location()
		q := stripped.Query()
		q.Del(asked[0])
		stripped.RawQuery = q.Encode()
		there.Header.Set("Location", stripped.String())
		if page := n.page(n.via(there, "bob")); errorOf(page) != "upstream_not_fresh The other" {
			t.Errorf("%v: %v", asked, page)
		}
	}
	if a := n.via(n.Authorize(AuthParams("idp_hint", "up", "prompt", "select_account")), "bob"); a.Query("code") == "" {
		t.Errorf("%d %s", a.Status, a.Location())
	}
}

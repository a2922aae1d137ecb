package web_test

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/api/oidc"
)

// openAccount gives the address of the account page, after signing alice in where that is asked for.
func (b *browser) openAccount() string {
	b.Helper()
	a := b.do("GET", "/account", nil)
	if a.location().Path == "/login" {
		a = b.login(a.location(), "alice", password)
	}
	if a.status != 303 || a.location().Path != "/account" {
		b.Fatalf("no account page: %d %s %s", a.status, a.location(), a.body)
	}
	return a.header.Get("Location")
}

// makeToken posts the form of the account page at location; changes are name, value pairs.
func (b *browser) makeToken(location string, changes ...string) answer {
	u, _ := url.Parse(location)
	form := url.Values{"request": {u.Query().Get("request")}, "name": {"My laptop"}, "scope": {"openid", "email"}, "days": {"30"}}
	for i := 0; i < len(changes); i += 2 {
		form[changes[i]] = strings.Fields(changes[i+1])
		if changes[i] == "name" {
			form.Set("name", changes[i+1])
		}
	}
	return b.do("POST", "/account/tokens", form, "Origin", uiOrigin)
}

// personalAccessToken makes a token and gives what the page shows of it.
func (b *browser) personalAccessToken(changes ...string) string {
	b.Helper()
	a := b.makeToken(b.openAccount(), changes...)
	shown, _ := b.interaction(a.header.Get("Location"))["token"].(map[string]any)
	if !strings.HasPrefix(str(shown["value"]), "gatehouse_pat_") || len(str(shown["value"])) != len("gatehouse_pat_")+43 {
		b.Fatalf("no token: %d %s %v", a.status, a.location(), shown)
	}
	return str(shown["value"])
}

// tokensOn lists the tokens on the account page at location.
func (b *browser) tokensOn(location string) (list []map[string]any) {
	tokens, _ := b.interaction(location)["tokens"].([]any)
	for _, t := range tokens {
		m, _ := t.(map[string]any)
		list = append(list, m)
	}
	return list
}

func TestTheAccountPageAsksToSignInAndShowsWhoItIsWithoutAnyClient(t *testing.T) {
	b := start(t).browser()
	login := b.do("GET", "/account", nil)
	view := b.interaction(login.header.Get("Location"))
	if login.status != 303 || login.location().Path != "/login" || view["page"] != "login" || view["client"] != nil {
		t.Fatalf("%d %s %v", login.status, login.location(), view)
	}
	if a := b.login(login.location(), "alice", "wrong"); a.location().Path != "/login" {
		t.Errorf("a wrong password: %s", a.location())
	}
	a := b.login(login.location(), "alice", password)
	if a.status != 303 || a.location().Path != "/account" || a.query("code") != "" {
		t.Fatalf("%d %s", a.status, a.location())
	}
	view = b.interaction(a.header.Get("Location"))
	user, _ := view["user"].(map[string]any)
	want := map[string]any{"page": "account", "action": b.issuer + "/account/tokens", "revoke_action": b.issuer + "/account/tokens/revoke",
		"logout_action": b.issuer + "/logout"}
	for name, value := range want {
		if view[name] != value {
			t.Errorf("%s is %v, want %v", name, view[name], value)
		}
	}
	if str(user["username"]) != "alice" || len(view["scopes"].([]any)) != len(oidc.Scopes())-1 || len(view["days"].([]any)) != 4 ||
		len(view["tokens"].([]any)) != 0 {
		t.Errorf("%v", view)
	}
	if b.openAccount() == "" {
		t.Error("no single sign-on")
	}
}

func TestMakingATokenNeedsAFreshSignInWhichThenMakesIt(t *testing.T) {
	b := start(t).browser()
	at := b.openAccount()
	b.later(16 * time.Minute)
	stale := b.makeToken(at)
	if stale.location().Path != "/login" || b.count("SELECT count(*) FROM personal_access_tokens") != 0 {
		t.Fatalf("%d %s", stale.status, stale.location())
	}
	if view := b.interaction(stale.header.Get("Location")); view["username"] != "alice" || view["client"] != nil {
		t.Errorf("%v", view)
	}
	view := b.interaction(b.login(stale.location(), "alice", password).header.Get("Location"))
	shown, _ := view["token"].(map[string]any)
	if shown["name"] != "My laptop" || b.count("SELECT count(*) FROM personal_access_tokens") != 1 {
		t.Errorf("%v", view)
	}

	b.later(16 * time.Minute)
	b.exec(`INSERT INTO users (username, password) VALUES ('bob', crypt($1, gen_salt('bf', 4)))`, password)
	asBob := b.login(b.makeToken(b.openAccount()).location(), "bob", password)
	if view := b.interaction(asBob.header.Get("Location")); view["token"] != nil || len(view["tokens"].([]any)) != 0 {
		t.Errorf("bob got the token that alice asked for: %v", view)
	}
}

func TestTheFormsOfTheAccountPageAreBoundToItsOriginBrowserAndSession(t *testing.T) {
	b := start(t).browser()
	at := b.openAccount()
	u, _ := url.Parse(at)
	good := url.Values{"request": {u.Query().Get("request")}, "name": {"x"}, "days": {"7"}, "revoke": {"x"}}
	b.code(authParams())
	for _, path := range []string{"/account/tokens", "/account/tokens/revoke"} {
		code := func(who *browser, form url.Values, origin string) string {
			failure, _ := who.interaction(who.do("POST", path, form, "Origin", origin).leadsTo())["error"].(map[string]any)
			return str(failure["code"])
		}
		if got := code(b, good, "https://evil.example.org"); got != "origin_refused" {
			t.Errorf("%s from another origin: %q", path, got)
		}
		if got := code(b.rig.browser(), good, uiOrigin); got != "request_from_another_browser" {
			t.Errorf("%s from another browser: %q", path, got)
		}
		other := maps.Clone(good)
		page, _ := url.Parse(b.do("GET", "/logout", nil).leadsTo())
		other.Set("request", page.Query().Get("request"))
		if got := code(b, other, uiOrigin); got != "request_altered" {
			t.Errorf("%s with a request of another page: %q", path, got)
		}
	}
	b.login(b.authorize(authParams("prompt", "login")).location(), "alice", password) // another session in the same browser
	if a := b.makeToken(at); a.status != 400 || b.count("SELECT count(*) FROM personal_access_tokens") != 0 {
		t.Errorf("a page of an older session: %d", a.status)
	}
	if view := b.interaction(at); view["page"] != "error" || view["try_again"] != b.issuer+"/account" {
		t.Errorf("the page of a session that has ended: %v", view)
	}
}

func TestAFormThatAsksForNonsenseMakesNoToken(t *testing.T) {
	b := start(t).browser()
	at := b.openAccount()
	for _, name := range []string{"", "   ", "a\nb", "a\x7f", "a\u0085x", strings.Repeat("ä", 101), "\xff"} {
		a := b.makeToken(at, "name", name)
		failure, _ := b.interaction(a.leadsTo())["error"].(map[string]any)
		if a.status != 400 || failure["code"] != "invalid_token_name" {
			t.Errorf("name %q: %d %v", name, a.status, failure)
		}
	}
	for _, change := range [][2]string{{"days", "31"}, {"days", ""}, {"days", "1e2"}, {"days", "7 7"}, {"scope", "offline_access"},
		{"scope", "openid openid"}, {"scope", "root"}} {
		if a := b.makeToken(at, change[:]...); a.status != 400 || b.interaction(a.leadsTo())["page"] != "error" {
			t.Errorf("%v: %d", change, a.status)
		}
	}
	if n := b.count("SELECT count(*) FROM personal_access_tokens"); n != 0 {
		t.Errorf("%d tokens", n)
	}
	a := b.makeToken(at, "name", " "+strings.Repeat("ä", 100)+" ", "scope", "")
	if a.status != 303 || len(b.tokensOn(a.header.Get("Location"))) != 1 {
		t.Errorf("a good one: %d", a.status)
	}
}

func TestAPersonRevokesHisOwnTokensAndNoOthers(t *testing.T) {
	b := start(t).browser()
	token := b.personalAccessToken()
	at := b.openAccount()
	u, _ := url.Parse(at)
	revoke := func(id string) answer {
		return b.do("POST", "/account/tokens/revoke", url.Values{"request": {u.Query().Get("request")}, "revoke": {id}}, "Origin", uiOrigin)
	}
	b.exec(`INSERT INTO users (username) VALUES ('bob')`)
	b.exec(`INSERT INTO personal_access_tokens (id, token_sha256, username, name, expires_at)
		VALUES ('00000000-0000-0000-0000-00000000000b', gen_random_bytes(32), 'bob', 'x', now() + interval '1 day')`)
	for _, id := range []string{"00000000-0000-0000-0000-00000000000b", "nonsense", strings.Repeat("x", 1000)} {
		if a := revoke(id); a.status != 303 {
			t.Errorf("%.40s: %d", id, a.status)
		}
	}
	if n := b.count("SELECT count(*) FROM personal_access_tokens WHERE revoked_at IS NOT NULL"); n != 0 {
		t.Errorf("%d revoked", n)
	}
	a := revoke(str(b.tokensOn(at)[0]["id"]))
	if a.location().Path != "/account" || len(b.tokensOn(a.header.Get("Location"))) != 0 {
		t.Errorf("%d %s", a.status, a.location())
	}
	if a := b.userinfo(token); a.status != 401 {
		t.Errorf("userinfo with a revoked token: %d", a.status)
	}
	b.later(9 * time.Hour) // the session has ended
	if a := revoke("x"); a.status != 400 {
		t.Errorf("an expired page: %d", a.status)
	}
}

func TestAPersonOfAnUpstreamMakesATokenAfterAFreshSignInThere(t *testing.T) {
	n := startWithUpstream(t)
	n.exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'alice' FROM upstreams`)
	a := n.via(n.choose(n.do("GET", "/account", nil).location(), "up"), "bob")
	if a.location().Path != "/account" || a.query("code") != "" {
		t.Fatalf("%d %s %s", a.status, a.location(), a.body)
	}
	n.later(16 * time.Minute)
	n.there.later(16 * time.Minute)
	stale := n.makeToken(a.header.Get("Location"))
	there := n.choose(stale.location(), "up")
	if there.query("max_age") != "900" {
		t.Errorf("a fresh sign-in is not asked for there: %s", there.location())
	}
	view := n.interaction(n.via(there, "bob").header.Get("Location"))
	if shown, _ := view["token"].(map[string]any); shown["name"] != "My laptop" {
		t.Errorf("%v", view)
	}
}

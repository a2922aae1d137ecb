package provider_test

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/oidc"
)

// openAccount returns the address of the account page, after signing alice in where that is asked for.
func (b *browser) openAccount() string {
	b.Helper()
	a := b.Do("GET", "/account", nil)
	if a.Location().Path == "/login" {
		a = b.Login(a.Location(), "alice", Password)
	}
	if a.Status != 303 || a.Location().Path != "/account" {
		b.Fatalf("no account page: %d %s %s", a.Status, a.Location(), a.Body)
	}
	return a.Header.Get("Location")
}

// makeToken posts the form of the account page at location; changes are name, value pairs.
func (b *browser) makeToken(location string, changes ...string) Answer {
	u, _ := url.Parse(location)
	form := url.Values{"request": {u.Query().Get("request")}, "name": {"My laptop"}, "scope": {"openid", "email"}, "days": {"30"}}
	for i := 0; i < len(changes); i += 2 {
		form[changes[i]] = strings.Fields(changes[i+1])
		if changes[i] == "name" {
			form.Set("name", changes[i+1])
		}
	}
	return b.Do("POST", "/account/tokens", form, "Origin", UIOrigin)
}

// personalAccessToken makes a token and returns what the page shows of it.
func (b *browser) personalAccessToken(changes ...string) string {
	b.Helper()
	a := b.makeToken(b.openAccount(), changes...)
	shown, _ := b.Interaction(a.Header.Get("Location"))["token"].(map[string]any)
	if !strings.HasPrefix(Str(shown["value"]), "gatehouse_pat_") || len(Str(shown["value"])) != len("gatehouse_pat_")+43 {
		b.Fatalf("no token: %d %s %v", a.Status, a.Location(), shown)
	}
	return Str(shown["value"])
}

// tokensOn lists the tokens on the account page at location.
func (b *browser) tokensOn(location string) (list []map[string]any) {
	tokens, _ := b.Interaction(location)["tokens"].([]any)
	for _, t := range tokens {
		m, _ := t.(map[string]any)
		list = append(list, m)
	}
	return list
}

func TestTheAccountPageAsksToSignInAndShowsWhoItIsWithoutAnyClient(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	login := b.Do("GET", "/account", nil)
	view := b.Interaction(login.Header.Get("Location"))
	if login.Status != 303 || login.Location().Path != "/login" || view["page"] != "login" || view["client"] != nil {
		t.Fatalf("%d %s %v", login.Status, login.Location(), view)
	}
	if a := b.Login(login.Location(), "alice", "wrong"); a.Location().Path != "/login" {
		t.Errorf("a wrong password: %s", a.Location())
	}
	a := b.Login(login.Location(), "alice", Password)
	if a.Status != 303 || a.Location().Path != "/account" || a.Query("code") != "" {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	view = b.Interaction(a.Header.Get("Location"))
	user, _ := view["user"].(map[string]any)
	want := map[string]any{"page": "account", "action": b.Issuer + "/account/tokens", "revoke_action": b.Issuer + "/account/tokens/revoke",
		"logout_action": b.Issuer + "/logout"}
	for name, value := range want {
		if view[name] != value {
			t.Errorf("%s is %v, want %v", name, view[name], value)
		}
	}
	if Str(user["username"]) != "alice" || len(view["scopes"].([]any)) != len(oidc.Scopes())-1 || len(view["days"].([]any)) != 4 ||
		len(view["tokens"].([]any)) != 0 {
		t.Errorf("%v", view)
	}
	if b.openAccount() == "" {
		t.Error("no single sign-on")
	}
}

func TestMakingATokenNeedsAFreshSignInWhichThenMakesIt(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	at := b.openAccount()
	b.Later(16 * time.Minute)
	stale := b.makeToken(at)
	if stale.Location().Path != "/login" || b.Count("SELECT count(*) FROM personal_access_tokens") != 0 {
		t.Fatalf("%d %s", stale.Status, stale.Location())
	}
	if view := b.Interaction(stale.Header.Get("Location")); view["username"] != "alice" || view["client"] != nil {
		t.Errorf("%v", view)
	}
	view := b.Interaction(b.Login(stale.Location(), "alice", Password).Header.Get("Location"))
	shown, _ := view["token"].(map[string]any)
	if shown["name"] != "My laptop" || b.Count("SELECT count(*) FROM personal_access_tokens") != 1 {
		t.Errorf("%v", view)
	}

	b.Later(16 * time.Minute)
	b.Exec(`INSERT INTO users (username, password) VALUES ('bob', crypt($1, gen_salt('bf', 4)))`, Password)
	asBob := b.Login(b.makeToken(b.openAccount()).Location(), "bob", Password)
	if view := b.Interaction(asBob.Header.Get("Location")); view["token"] != nil || len(view["tokens"].([]any)) != 0 {
		t.Errorf("bob got the token that alice asked for: %v", view)
	}
}

func TestTheFormsOfTheAccountPageAreBoundToItsOriginBrowserAndSession(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	at := b.openAccount()
	u, _ := url.Parse(at)
	good := url.Values{"request": {u.Query().Get("request")}, "name": {"x"}, "days": {"7"}, "revoke": {"x"},
		"withdraw": {"x"}, "link": {"x"}}
	b.Code(AuthParams())
	for _, path := range []string{"/account/tokens", "/account/tokens/revoke", "/account/consents/withdraw", "/account/linked",
		"/account/profile", "/account/data"} {
		code := func(who *browser, form url.Values, origin string) string {
			failure, _ := who.Interaction(who.Do("POST", path, form, "Origin", origin).LeadsTo())["error"].(map[string]any)
			return Str(failure["code"])
		}
		if got := code(b, good, "https://evil.example.org"); got != "origin_refused" {
			t.Errorf("%s from another origin: %q", path, got)
		}
		if got := code(b.rig.browser(), good, UIOrigin); got != "request_from_another_browser" {
			t.Errorf("%s from another browser: %q", path, got)
		}
		other := maps.Clone(good)
		page, _ := url.Parse(b.Do("GET", "/logout", nil).LeadsTo())
		other.Set("request", page.Query().Get("request"))
		if got := code(b, other, UIOrigin); got != "request_altered" {
			t.Errorf("%s with a request of another page: %q", path, got)
		}
	}
	b.Login(b.Authorize(AuthParams("prompt", "login")).Location(), "alice", Password) // another session in the same browser
	if a := b.makeToken(at); a.Status != 400 || b.Count("SELECT count(*) FROM personal_access_tokens") != 0 {
		t.Errorf("a page of an older session: %d", a.Status)
	}
	if view := b.Interaction(at); view["page"] != "error" || view["try_again"] != b.Issuer+"/account" {
		t.Errorf("the page of a session that has ended: %v", view)
	}
}

func TestAFormThatAsksForNonsenseMakesNoToken(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	at := b.openAccount()
	for _, name := range []string{"", "   ", "a\nb", "a\x7f", "a\u0085x", strings.Repeat("ä", 101), "\xff"} {
		a := b.makeToken(at, "name", name)
		failure, _ := b.Interaction(a.LeadsTo())["error"].(map[string]any)
		if a.Status != 400 || failure["code"] != "invalid_token_name" {
			t.Errorf("name %q: %d %v", name, a.Status, failure)
		}
	}
	for _, change := range [][2]string{{"days", "31"}, {"days", ""}, {"days", "1e2"}, {"days", "7 7"}, {"scope", "offline_access"},
		{"scope", "openid openid"}, {"scope", "root"}} {
		if a := b.makeToken(at, change[:]...); a.Status != 400 || b.Interaction(a.LeadsTo())["page"] != "error" {
			t.Errorf("%v: %d", change, a.Status)
		}
	}
	if n := b.Count("SELECT count(*) FROM personal_access_tokens"); n != 0 {
		t.Errorf("%d tokens", n)
	}
	a := b.makeToken(at, "name", " "+strings.Repeat("ä", 100)+" ", "scope", "")
	if a.Status != 303 || len(b.tokensOn(a.Header.Get("Location"))) != 1 {
		t.Errorf("a good one: %d", a.Status)
	}
}

func TestAPersonRevokesHisOwnTokensAndNoOthers(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	token := b.personalAccessToken()
	at := b.openAccount()
	u, _ := url.Parse(at)
	revoke := func(id string) Answer {
		return b.Do("POST", "/account/tokens/revoke", url.Values{"request": {u.Query().Get("request")}, "revoke": {id}}, "Origin", UIOrigin)
	}
	b.Exec(`INSERT INTO users (username) VALUES ('bob')`)
	b.Exec(`INSERT INTO personal_access_tokens (id, token_sha256, username, name, expires_at)
		VALUES ('00000000-0000-0000-0000-00000000000b', gen_random_bytes(32), 'bob', 'x', now() + interval '1 day')`)
	for _, id := range []string{"00000000-0000-0000-0000-00000000000b", "nonsense", strings.Repeat("x", 1000)} {
		if a := revoke(id); a.Status != 303 {
			t.Errorf("%.40s: %d", id, a.Status)
		}
	}
	if n := b.Count("SELECT count(*) FROM personal_access_tokens WHERE revoked_at IS NOT NULL"); n != 0 {
		t.Errorf("%d revoked", n)
	}
	told := func(a Answer) any { return b.Interaction(a.Header.Get("Location"))["revoked"] }
	mine := b.tokensOn(at)[0]
	a := revoke(Str(mine["id"]))
	if a.Location().Path != "/account" || len(b.tokensOn(a.Header.Get("Location"))) != 0 || told(a) != mine["name"] {
		t.Errorf("%d %s says %v", a.Status, a.Location(), told(a))
	}
	if u, _ = url.Parse(a.Header.Get("Location")); told(revoke("nonsense")) != nil {
		t.Error("says once more what was revoked before")
	}
	if a := b.Userinfo(token); a.Status != 401 {
		t.Errorf("userinfo with a revoked token: %d", a.Status)
	}
	b.Later(9 * time.Hour) // the session has ended
	if a := revoke("x"); a.Status != 400 {
		t.Errorf("an expired page: %d", a.Status)
	}
}

func TestAPersonOfAnUpstreamMakesATokenAfterAFreshSignInThere(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'alice' FROM upstreams`)
	a := n.via(n.choose(n.Do("GET", "/account", nil).Location(), "up"), "bob")
	if a.Location().Path != "/account" || a.Query("code") != "" {
		t.Fatalf("%d %s %s", a.Status, a.Location(), a.Body)
	}
	n.Later(16 * time.Minute)
	n.there.Later(16 * time.Minute)
	stale := n.makeToken(a.Header.Get("Location"))
	there := n.choose(stale.Location(), "up")
	if there.Query("max_age") != "900" {
		t.Errorf("a fresh sign-in is not asked for there: %s", there.Location())
	}
	view := n.Interaction(n.via(there, "bob").Header.Get("Location"))
	if shown, _ := view["token"].(map[string]any); shown["name"] != "My laptop" {
		t.Errorf("%v", view)
	}
}

package web_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
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
	if a.status != 303 || a.location().Path != "/account" || b.count("SELECT count(*) FROM auth_codes") != 0 {
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
	if str(user["username"]) != "alice" || len(view["scopes"].([]any)) != 4 || len(view["days"].([]any)) != 4 || len(view["tokens"].([]any)) != 0 {
		t.Errorf("%v", view)
	}
	if b.openAccount() == "" {
		t.Error("no single sign-on")
	}
}

func TestATokenIsShownOnceAndNeitherStoredNorInAnAddress(t *testing.T) {
	b := start(t).browser()
	made := b.makeToken(b.openAccount())
	at := made.header.Get("Location")
	if made.status != 303 || strings.Contains(at, "gatehouse_pat") {
		t.Fatalf("%d %s", made.status, at)
	}
	var values []string
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			view := b.interaction(at)
			shown, _ := view["token"].(map[string]any)
			mu.Lock()
			defer mu.Unlock()
			if tokens, _ := view["tokens"].([]any); len(tokens) != 1 {
				t.Errorf("not listed: %v", view)
			}
			if shown != nil {
				values = append(values, str(shown["value"]))
			}
		})
	}
	wg.Wait()
	if len(values) != 1 {
		t.Fatalf("shown %d times", len(values))
	}
	if b.count("SELECT count(*) FROM personal_access_tokens WHERE token_sha256 = sha256($1) AND shown_at IS NOT NULL", []byte(values[0])) != 1 {
		t.Error("what was shown is not the token")
	}
	late := b.makeToken(b.openAccount())
	b.later(6 * time.Minute)
	if view := b.interaction(late.header.Get("Location")); view["token"] != nil || len(view["tokens"].([]any)) != 2 {
		t.Errorf("shown long after it was made: %v", view)
	}
}

func TestATokenIsGoodAtUserinfoAndIntrospectionUntilItIsRevokedExpiredOrItsUserDisabled(t *testing.T) {
	b := start(t).browser()
	token := b.personalAccessToken()
	introspect := func() map[string]any {
		return b.do("POST", "/introspect", url.Values{"token": {token}, "client_id": {"web"}, "client_secret": {"web-secret"}}).json()
	}
	if a := b.userinfo(token); a.status != 200 || a.json()["email"] != "alice@example.org" || a.json()["sub"] != "sub-alice" || a.json()["name"] != nil {
		t.Errorf("userinfo: %d %s", a.status, a.body)
	}
	got := introspect()
	for name, want := range map[string]any{"active": true, "username": "alice", "sub": "sub-alice", "scope": "openid email", "token_type": "Bearer",
		"iss": b.issuer, "aud": b.issuer, "client_id": nil} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if life, _ := got["exp"].(float64); time.Until(time.Unix(int64(life), 0)).Round(time.Hour) != 30*24*time.Hour || str(got["jti"]) == "" || got["iat"] == nil {
		t.Errorf("%v", got)
	}
	if a := b.do("POST", "/introspect", url.Values{"token": {token}, "client_id": {"spa"}}); a.status != 401 {
		t.Errorf("a public client introspects: %d", a.status)
	}

	refused := func(why string) {
		t.Helper()
		if a := b.userinfo(token); a.status != 401 || a.json()["error"] != "invalid_token" {
			t.Errorf("%s: userinfo %d %s", why, a.status, a.body)
		}
		if got := introspect(); got["active"] != false || len(got) != 1 {
			t.Errorf("%s: introspection %v", why, got)
		}
	}
	for _, change := range [][2]string{
		{"UPDATE users SET disabled_at = now()", "UPDATE users SET disabled_at = NULL"},
		{"UPDATE personal_access_tokens SET revoked_at = now()", "UPDATE personal_access_tokens SET revoked_at = NULL"},
	} {
		b.exec(change[0])
		refused(change[0])
		b.exec(change[1])
		if a := b.userinfo(token); a.status != 200 {
			t.Errorf("%s: %d", change[1], a.status)
		}
	}
	b.exec("UPDATE users SET username = 'alicia'")
	if got := introspect(); got["username"] != "alicia" {
		t.Errorf("after a change of the username: %v", got)
	}
	b.later(30*24*time.Hour + time.Second)
	refused("expired")
	b.later(-30*24*time.Hour - time.Second)
	b.exec("DELETE FROM personal_access_tokens")
	refused("deleted")
}

func TestATokenWithoutTheScopeOpenidIsNoneForUserinfo(t *testing.T) {
	b := start(t).browser()
	if a := b.userinfo(b.personalAccessToken("scope", "groups")); a.status != 403 || a.json()["error"] != "insufficient_scope" {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, guess := range []string{"gatehouse_pat_", "gatehouse_pat_" + strings.Repeat("A", 43), "gatehouse_pat_" + strings.Repeat("x", 5000)} {
		if a := b.userinfo(guess); a.status != 401 {
			t.Errorf("%.30s: %d %s", guess, a.status, a.body)
		}
	}
}

// A busy token costs one write an hour.
func TestTheUseOfATokenIsNotedOnceAnHour(t *testing.T) {
	b := start(t).browser()
	token := b.personalAccessToken()
	used := func() (at *time.Time) {
		if err := b.db.QueryRow(t.Context(), "SELECT used_at FROM personal_access_tokens").Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	if used() != nil {
		t.Error("used before any use")
	}
	b.userinfo(token)
	first := used()
	b.later(59 * time.Minute)
	b.userinfo(token)
	if first == nil || !used().Equal(*first) {
		t.Errorf("%v, then %v", first, used())
	}
	b.later(time.Minute)
	b.userinfo(token)
	if !used().After(*first) {
		t.Error("not noted after an hour")
	}
	if list := b.tokensOn(b.openAccount()); len(list) != 1 || list[0]["used_at"] == nil {
		t.Errorf("%v", list)
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
	if shown, _ := view["token"].(map[string]any); shown["name"] != "My laptop" || b.count("SELECT count(*) FROM personal_access_tokens") != 1 {
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
	for _, change := range [][2]string{{"days", "31"}, {"days", ""}, {"days", "1e2"}, {"days", "7 7"}, {"scope", "offline_access"}, {"scope", "openid openid"}, {"scope", "root"}} {
		if a := b.makeToken(at, change[:]...); a.status != 400 || b.interaction(a.leadsTo())["page"] != "error" {
			t.Errorf("%v: %d", change, a.status)
		}
	}
	if n := b.count("SELECT count(*) FROM personal_access_tokens"); n != 0 {
		t.Errorf("%d tokens", n)
	}
	if a := b.makeToken(at, "name", " "+strings.Repeat("ä", 100)+" ", "scope", ""); a.status != 303 || len(b.tokensOn(a.header.Get("Location"))) != 1 {
		t.Errorf("a good one: %d", a.status)
	}
}

func TestNobodyHasMoreThanFiftyTokensHoweverManyAreAskedForAtOnce(t *testing.T) {
	b := start(t).browser()
	b.exec(`INSERT INTO personal_access_tokens (token_sha256, username, name, expires_at, revoked_at)
		SELECT gen_random_bytes(32), 'alice', 'x', now() + interval '1 day', CASE WHEN i > 45 THEN now() END FROM generate_series(1, 60) AS i`)
	at := b.openAccount()
	var wg sync.WaitGroup
	statuses := make([]int, 20)
	for i := range statuses {
		wg.Go(func() { statuses[i] = b.makeToken(at).status })
	}
	wg.Wait()
	slices.Sort(statuses)
	if statuses[4] != 303 || statuses[5] != 400 || b.count("SELECT count(*) FROM personal_access_tokens WHERE revoked_at IS NULL") != 50 {
		t.Errorf("%v", statuses)
	}
	failure, _ := b.interaction(b.makeToken(at).leadsTo())["error"].(map[string]any)
	if failure["code"] != "too_many_tokens" {
		t.Errorf("%v", failure)
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

func TestAnAdministratorMakesATokenForAServiceWithSQL(t *testing.T) {
	b := start(t).browser()
	b.exec(`INSERT INTO users (username) VALUES ('backup')`)
	b.exec(`INSERT INTO personal_access_tokens (token_sha256, username, name, expires_at)
		VALUES (sha256('gatehouse_pat_of-the-administrator'), 'backup', 'Nightly backup', now() + interval '1 year')`)
	if a := b.userinfo("gatehouse_pat_of-the-administrator"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestTheAuthenticationMethodsAreWhatTheLoginPageOffers(t *testing.T) {
	b := start(t).browser()
	b.exec(`INSERT INTO upstreams (name, display_name, issuer, client_id, disabled_at) VALUES
		('google', 'Google', 'https://accounts.google.com', 'x', NULL), ('old', 'Old', 'https://old.example.org', 'x', now())`)
	waitForNotify()
	a := b.do("GET", "/authentication-methods", nil, "Origin", "https://spa.example.org")
	if a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "https://spa.example.org" || a.header.Get("Cache-Control") != "public, max-age=60" {
		t.Errorf("%d %v", a.status, a.header)
	}
	want := `{"issuer":"` + b.issuer + `","name":"Gatehouse","methods":[{"method":"password","display_name":"Gatehouse"},` +
		`{"method":"upstream","name":"google","display_name":"Google","authorization_params":{"idp_hint":"google"}},` +
		`{"method":"device","display_name":"Gatehouse","url":"` + uiOrigin + `/device"},` +
		`{"method":"personal_access_token","display_name":"Gatehouse","url":"` + b.issuer + `/account"}]}`
	if strings.TrimSpace(a.body) != want {
		t.Errorf("%s, want %s", a.body, want)
	}
	if a := b.do("GET", "/authentication-methods", nil, "Origin", "https://evil.example.org"); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("read by a page that is no client's")
	}
}

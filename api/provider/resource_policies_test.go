package provider_test

import (
	"net/url"
	"slices"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// changes runs SQL, and waits until it counts.
func (r *rig) changes(sql string, args ...any) {
	r.Helper()
	r.Exec(sql, args...)
	r.WaitForNotify()
}

// isActive asks about a token, as a service that is told of any.
func (b *browser) isActive(token any) bool {
	b.Helper()
	a := b.Do("POST", "/introspect", url.Values{"token": {Str(token)}}, "Authorization", Basic("web", "web-secret"))
	if a.Status != 200 {
		b.Fatalf("%d %s", a.Status, a.Body)
	}
	return a.JSON()["active"] == true
}

func (b *browser) isRefused(what string, a Answer, code string) {
	b.Helper()
	if a.Status != 400 || a.JSON()["error"] != code {
		b.Errorf("%s: %d %s, want %s", what, a.Status, a.Body, code)
	}
}

// Who is in none of its groups gets no token for a service at any door, and is told by name which it is.
func TestOnlyMembersGetATokenForAServiceThatHasGroups(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	b.openTools()
	b.changes(`UPDATE resources SET allowed_groups = '{hub-admins}'`)
	params := b.toolsClient()
	client := params.Get("client_id")
	refused := b.Login(b.Authorize(params).Location(), "alice", Password)
	page := b.Interaction(refused.LeadsTo())
	if refused.Status != 403 || page["page"] != "refused" || page["service"] != "Telescope tools" || page["cancel"] != true {
		t.Fatalf("%d %v", refused.Status, page)
	}
	back := b.pressOn(refused.LeadsTo(), "/refused", "cancel", "yes")
	if back.Query("error") != "access_denied" || back.Query("state") != "st" {
		t.Errorf("the client is told %d %s", back.Status, back.Location())
	}
	silent := b.Authorize(withValues(params, "prompt", "none"))
	if silent.Query("error") != "access_denied" {
		t.Errorf("in silence: %s", silent.Location())
	}
	if a := b.Token(Redeem(b.Code(withResources(params)), "client_id", client, "redirect_uri", onLoopback)); a.Status != 200 ||
		!slices.Equal(audienceOf(a.JSON()["access_token"]), []string{b.Issuer}) {
		t.Errorf("without the service: %d %s", a.Status, a.Body)
	}

	join := func() { b.Exec(`INSERT INTO group_members (username, group_name) VALUES ('alice', 'hub-admins')`) }
	leave := func() { b.Exec(`DELETE FROM group_members WHERE group_name = 'hub-admins'`) }
	join()
	token := b.redeemed(params).JSON()
	if !slices.Contains(audienceOf(token["access_token"]), mcp) || !b.isActive(token["access_token"]) {
		t.Fatalf("a member: %v", token)
	}
	code := b.Code(params)
	leave()
	if b.isActive(token["access_token"]) {
		t.Error("a token is active of somebody who has left")
	}
	b.isRefused("a code", b.Token(Redeem(code, "client_id", client, "redirect_uri", onLoopback, "resource", mcp)), "invalid_target")
	if n := b.Count(`SELECT count(*) FROM grants WHERE revoked_at IS NULL AND resources IS NOT NULL`); n != 1 {
		t.Errorf("%d grants are good, want that of the first token", n)
	}
	refresh := func(more ...string) Answer {
		return b.Token(Refresh(Str(token["refresh_token"]), append(more, "client_id", client)...))
	}
	b.isRefused("a refresh token", refresh("resource", mcp), "invalid_target")
	b.isRefused("a refresh token for all that was granted", refresh(), "invalid_target")
	b.Later(time.Hour)
	join()
	if token = refresh("resource", mcp).JSON(); !slices.Equal(audienceOf(token["access_token"]), []string{mcp}) {
		t.Errorf("the refresh token was spent: %v", token)
	}
	leave()
	if a := refresh("resource", b.Issuer); a.Status != 200 || !slices.Equal(audienceOf(a.JSON()["access_token"]), []string{b.Issuer}) {
		t.Errorf("for what is left: %d %s", a.Status, a.Body)
	}
}

// A person who signs in to an application that has a service in its row has named none: the service is left out.
func TestAServiceThatNobodyNamedIsLeftOutForWhomItIsNot(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.changes(`INSERT INTO resources (identifier, allowed_groups) VALUES ('https://archive.example.org', '{hub-admins}')`)
	for _, spelled := range []string{"https://archive.example.org", "https://archive.example.org/"} {
		b.changes(`UPDATE clients SET audiences = ARRAY[$1] WHERE client_id = 'web'`, spelled)
		b.SignedIn(AuthParams())
		token := func(more ...string) Answer {
			return b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")), more...))
		}
		first := token().JSON()
		if got := audienceOf(first["access_token"]); !slices.Equal(got, []string{b.Issuer}) {
			t.Errorf("%s: for %v", spelled, got)
		}
		b.isRefused("named at the token endpoint", token("resource", "https://archive.example.org"), "invalid_target")
		b.isRefused("named at a refresh", b.Token(Refresh(Str(first["refresh_token"]), "resource", spelled)), "invalid_target")
		if a := b.Authorize(AuthParams("resource", spelled)); a.Status != 403 || b.Interaction(a.LeadsTo())["service"] == nil {
			t.Errorf("%s, named: %d %s", spelled, a.Status, a.Location())
		}
		b.Exec(`INSERT INTO group_members (username, group_name) VALUES ('alice', 'hub-admins')`)
		if got := audienceOf(token().JSON()["access_token"]); !slices.Equal(got, []string{b.Issuer, spelled}) {
			t.Errorf("%s: a member's is for %v", spelled, got)
		}
		b.Exec(`DELETE FROM group_members WHERE group_name = 'hub-admins'`)
	}
}

func TestADeviceGetsNoTokenForAServiceThatIsNotForItsPerson(t *testing.T) {
	t.Parallel()
	r := startWithDevices(t)
	r.Exec(`INSERT INTO resources (identifier, name, allowed_groups) VALUES ('https://archive.example.org', 'The archive', '{hub-admins}')`)
	r.changes(`UPDATE clients SET audiences = '{https://archive.example.org}' WHERE client_id = 'tv'`)
	b := r.browser()
	asks := func() device {
		a := b.Do("POST", "/device_authorization", form("client_id", "tv", "scope", "openid", "resource", "https://archive.example.org"))
		return device{r.browser(), Str(a.JSON()["device_code"]), Str(a.JSON()["user_code"])}
	}
	d := asks()
	at := b.Login(b.typeCode(d.user).Location(), "alice", Password)
	if page := b.Interaction(at.LeadsTo()); at.Status != 403 || page["page"] != "refused" || page["service"] != "The archive" {
		t.Errorf("%d %v", at.Status, page)
	}
	d.expect("nobody has allowed it", "authorization_pending")

	r.Exec(`INSERT INTO group_members (username, group_name) VALUES ('alice', 'hub-admins')`)
	d = asks()
	b.press("yes", b.toConsent(d.user))
	r.Exec(`DELETE FROM group_members WHERE group_name = 'hub-admins'`)
	d.expect("left meanwhile", "invalid_target")
	r.Exec(`INSERT INTO group_members (username, group_name) VALUES ('alice', 'hub-admins')`)
	d = asks()
	b.press("yes", b.toConsent(d.user))
	if got := audienceOf(d.poll().JSON()["access_token"]); !slices.Equal(got, []string{b.Issuer, "https://archive.example.org"}) {
		t.Errorf("a member's is for %v", got)
	}
}

// Decision 0052: the sign-in steps up in the same session, and what was made before with less is refused.
func TestAServiceAsksForMoreThanAPassword(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	b.openTools()
	params := b.toolsClient()
	client := params.Get("client_id")
	old := b.redeemed(params).JSON()
	b.changes(`UPDATE resources SET min_acr = 'mfa'`)
	b.isRefused("a refresh token from a password", b.Token(Refresh(Str(old["refresh_token"]), "client_id", client, "resource", mcp)),
		"invalid_grant")
	if page := b.Interaction(b.Authorize(params).Location().String()); page["page"] != "add_factor" || page["by"] != "resource" ||
		page["name"] != "Telescope tools" {
		t.Errorf("who has no factor: %v", page)
	}
	if a := b.Authorize(withValues(params, "prompt", "none")); a.Query("error") != "interaction_required" {
		t.Errorf("in silence: %s", a.Location())
	}
	if a := b.Authorize(withResources(params)); a.Query("code") == "" && a.Location().Path != "/consent" {
		t.Errorf("without the service: %s", a.Location())
	}

	b.hasFactor("ab2de-fghij")
	step := b.Authorize(params)
	if page := b.Interaction(step.Location().String()); page["page"] != "factor" {
		t.Fatalf("%v", page)
	}
	at := b.types(step.Location().String(), "ab2de-fghij")
	code := b.press("yes", at).Query("code")
	token := b.Token(Redeem(code, "client_id", client, "redirect_uri", onLoopback, "resource", mcp)).JSON()
	if claims := Claims(Str(token["access_token"])); claims["acr"] != "mfa" || !slices.Contains(audienceOf(token["access_token"]), mcp) {
		t.Errorf("%v", token)
	}
	if n := b.Count(`SELECT count(*) FROM sessions WHERE ended_at IS NULL`); n != 1 {
		t.Errorf("%d sessions", n)
	}
	if a := b.Token(Refresh(Str(token["refresh_token"]), "client_id", client, "resource", mcp)); a.Status != 200 {
		t.Errorf("a refresh token from two factors: %d %s", a.Status, a.Body)
	}
}

// What is asked for by a service that nobody named is asked for, too, since the token would be for it.
func TestAServiceInTheClientsRowAsksForMoreThanAPassword(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec(`UPDATE clients SET audiences = '{https://archive.example.org}' WHERE client_id = 'web'`)
	refresh := b.offline()
	b.changes(`INSERT INTO resources (identifier, min_acr) VALUES ('https://archive.example.org', 'mfa')`)
	b.isRefused("a refresh token from a password", b.Token(Refresh(refresh)), "invalid_grant")
	if page := b.Interaction(b.Authorize(AuthParams()).Location().String()); page["page"] != "add_factor" {
		t.Errorf("%v", page)
	}
}

func TestAClosedServiceIsClosedFromTheNextRequestOn(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	b.openTools()
	b.Exec(`UPDATE clients SET audiences = ARRAY[$1], grant_types = grant_types || '{client_credentials}'::text[]
		WHERE client_id = 'web'`, mcp)
	params := b.toolsClient()
	client := params.Get("client_id")
	token := b.redeemed(params).JSON()
	b.changes(`UPDATE resources SET disabled_at = now()`)
	if b.isActive(token["access_token"]) {
		t.Error("a token for it is active")
	}
	b.isRefused("a refresh", b.Token(Refresh(Str(token["refresh_token"]), "client_id", client, "resource", mcp)), "invalid_target")
	if got := audienceOf(b.Token(Refresh(Str(token["refresh_token"]), "client_id", client)).JSON()["access_token"]); !slices.Equal(got,
		[]string{b.Issuer}) {
		t.Errorf("what is left is for %v", got)
	}
	if a := b.Authorize(params); a.Query("error") != "invalid_target" {
		t.Errorf("a sign-in: %s", a.Location())
	}
	if got := audienceOf(b.Token(Redeem(b.Code(AuthParams()))).JSON()["access_token"]); !slices.Equal(got, []string{b.Issuer}) {
		t.Errorf("one that is listed: %v", got)
	}
	itself := func(more ...string) Answer {
		return b.Do("POST", "/token", form(append([]string{"grant_type", "client_credentials"}, more...)...), "Authorization",
			Basic("web", "web-secret"))
	}
	b.isRefused("a client by itself", itself("resource", mcp), "invalid_target")
	if a := itself(); !slices.Equal(audienceOf(a.JSON()["access_token"]), []string{b.Issuer}) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	b.changes(`UPDATE resources SET disabled_at = NULL, allowed_groups = '{staff}'`)
	if got := audienceOf(b.redeemed(params).JSON()["access_token"]); !slices.Contains(got, mcp) {
		t.Errorf("opened again: %v", got)
	}
	b.isRefused("a client by itself, for a service with groups", itself("resource", mcp), "invalid_target")
}

func TestATokenLastsAsLongAsItsServiceSays(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	b.openTools()
	b.changes(`UPDATE resources SET access_token_lifetime = 60`)
	params := b.toolsClient("scope", "offline_access mcp:tools")
	lasts := func(a Answer, want int) {
		t.Helper()
		claims := Claims(Str(a.JSON()["access_token"]))
		if exp, iat := claims["exp"].(float64), claims["iat"].(float64); int(exp-iat) != want || a.JSON()["expires_in"] != float64(want) {
			t.Errorf("%d %v, want %d: %s", int(exp-iat), a.JSON()["expires_in"], want, a.Body)
		}
	}
	a := b.redeemed(params)
	lasts(a, 60)
	b.changes(`UPDATE resources SET access_token_lifetime = 7200`)
	again := func(resource string) Answer {
		a = b.Token(Refresh(Str(a.JSON()["refresh_token"]), "client_id", params.Get("client_id"), "resource", resource))
		return a
	}
	lasts(again(mcp), 7200)
	lasts(b.redeemed(b.toolsClient()), 7200) // the token request names it alone
	both := b.toolsClient()
	lasts(b.Token(Redeem(b.Code(both), "client_id", both.Get("client_id"), "redirect_uri", onLoopback)), 900) // userinfo, too
}

// A token from an exchange is held to what the service asks for, not only what the policy does.
func TestAnExchangeIsHeldToWhatTheServiceAsksFor(t *testing.T) {
	t.Parallel()
	s := startExchange(t)
	s.changes(`UPDATE clients SET resource_server = true WHERE client_id = 'web'`)
	subject := s.subject("openid email read")
	before := s.swapped("api", subject, "store")
	s.changes(`INSERT INTO resources (identifier, allowed_groups, access_token_lifetime) VALUES ('store', '{hub-admins}', 30)`)
	s.refuses("not in its groups", s.swap("api", subject, "store"), "invalid_target")
	if s.isActive(before) {
		t.Error("a token that was exchanged before is active")
	}
	s.Exec(`INSERT INTO group_members (username, group_name) VALUES ('alice', 'hub-admins')`)
	a := s.swap("api", subject, "store")
	if a.Status != 200 || a.JSON()["expires_in"] != float64(30) || !s.isActive(a.JSON()["access_token"]) {
		t.Errorf("a member: %d %s", a.Status, a.Body)
	}
	s.changes(`UPDATE resources SET allowed_groups = '{}', min_acr = 'mfa'`)
	s.refuses("signed in with a password", s.swap("api", subject, "store"), "access_denied")
	s.changes(`UPDATE resources SET min_acr = NULL, disabled_at = now()`)
	s.refuses("closed", s.swap("api", subject, "store"), "invalid_target")
	s.changes(`UPDATE resources SET disabled_at = NULL, identifier = 'https://store.example.org', allowed_groups = '{nobody}'`)
	s.changes(`UPDATE exchange_policies SET audience = 'https://store.example.org/' WHERE audience = 'store'`)
	s.refuses("spelled otherwise", s.swap("api", subject, "https://store.example.org/"), "invalid_target")
}

// A personal access token names no service. The rows that count are those of the service that asks: of its client_id and, where it says
// that it serves resources, in its audiences.
func TestAPersonalAccessTokenIsHeldToTheServiceThatAsksAboutIt(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	token := b.personalAccessToken()
	if !b.isActive(token) {
		t.Fatal("it is not active")
	}
	for _, asks := range []string{`allowed_groups = '{hub-admins}'`, `min_acr = 'mfa'`, `disabled_at = now()`} {
		b.changes(`INSERT INTO resources (identifier) VALUES ('web')`)
		b.changes(`UPDATE resources SET ` + asks)
		if b.isActive(token) {
			t.Errorf("active with %s", asks)
		}
		b.changes(`UPDATE resources SET identifier = 'https://archive.example.org'`)
		b.changes(`UPDATE clients SET audiences = '{https://archive.example.org}', resource_server = false WHERE client_id = 'web'`)
		if !b.isActive(token) {
			t.Errorf("a service that this client but calls: not active with %s", asks)
		}
		b.changes(`UPDATE clients SET resource_server = true WHERE client_id = 'web'`)
		if b.isActive(token) {
			t.Errorf("a service that this client is: active with %s", asks)
		}
		b.changes(`DELETE FROM resources`)
	}
	if !b.isActive(token) {
		t.Error("it is not active any more")
	}
}

// Tokens of the front channel are those of a code.
func TestATokenOfTheFrontChannelIsHeldToWhatTheServiceAsksFor(t *testing.T) {
	t.Parallel()
	b := start(t, everyResponseType).browser()
	b.Exec(`INSERT INTO resources (identifier, allowed_groups, access_token_lifetime)
		VALUES ('https://archive.example.org', '{hub-admins}', 30)`)
	b.changes(`UPDATE clients SET audiences = '{https://archive.example.org}', response_types = '{code,id_token token}',
		grant_types = grant_types || '{implicit}'::text[] WHERE client_id = 'web'`)
	b.SignedIn(AuthParams())
	params := AuthParams("response_type", "id_token token", "nonce", "n", "code_challenge", "", "code_challenge_method", "")
	fragment := func() url.Values {
		values, _ := url.ParseQuery(b.Authorize(params).Location().Fragment)
		return values
	}
	if got := fragment(); !slices.Equal(audienceOf(got.Get("access_token")), []string{b.Issuer}) || got.Get("expires_in") != "900" {
		t.Errorf("%v", got)
	}
	if a := b.Authorize(withValues(params, "resource", "https://archive.example.org")); a.Status != 403 {
		t.Errorf("named: %d %s", a.Status, a.Location())
	}
	b.Exec(`INSERT INTO group_members (username, group_name) VALUES ('alice', 'hub-admins')`)
	got := fragment()
	if !slices.Contains(audienceOf(got.Get("access_token")), "https://archive.example.org") || got.Get("expires_in") != "30" {
		t.Errorf("a member: %v", got)
	}
}

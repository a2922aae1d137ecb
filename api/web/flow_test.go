package web_test

import (
	"net/url"
	"sync"
	"testing"
	"time"
)

func TestSignInReachesTheRelyingPartyWithCodeStateAndIss(t *testing.T) {
	b := start(t).browser()
	a := b.authorize(authParams("login_hint", "alice"))
	if a.status != 303 || a.location().Host != "ui.example.org" || a.location().Path != "/login" {
		t.Fatalf("not sent to the login page: %d %s", a.status, a.location())
	}
	if b.count("SELECT count(*) FROM sessions") != 0 {
		t.Error("an unauthenticated request wrote a row")
	}
	page := b.interaction(a.location().String())
	if page["page"] != "login" || page["username"] != "alice" || page["action"] != b.issuer+"/login" || page["client"].(map[string]any)["name"] != "Web" {
		t.Errorf("interaction: %v", page)
	}

	wrong := b.login(a.location(), "alice", "wrong")
	if wrong.status != 303 || wrong.location().Path != "/login" {
		t.Fatalf("wrong password: %d %s", wrong.status, wrong.location())
	}
	again := b.interaction(wrong.location().String())
	if again["error"].(map[string]any)["code"] != "invalid_credentials" || again["username"] != "alice" {
		t.Errorf("interaction after a wrong password: %v", again)
	}

	right := b.login(wrong.location(), "Alice ", password)
	if right.status != 303 || right.location().Host != "rp.example.org" || right.query("fixed") != "1" || right.query("state") != "st" ||
		right.query("iss") != b.issuer || right.query("code") == "" {
		t.Fatalf("right password: %d %s", right.status, right.location())
	}

	tokens := b.token(redeem(right.query("code")))
	out := tokens.json()
	if tokens.status != 200 || out["token_type"] != "Bearer" || out["expires_in"] != 900.0 || out["scope"] != "openid profile email groups" ||
		out["refresh_token"] != nil || tokens.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("token: %d %v", tokens.status, out)
	}
	id := claims(str(out["id_token"]))
	if id["iss"] != b.issuer || id["aud"] != "web" || id["sub"] != "sub-alice" || id["nonce"] != "no" || id["at_hash"] == nil || id["sid"] == nil || id["auth_time"] == nil {
		t.Errorf("ID token: %v", id)
	}
	info := b.userinfo(str(out["access_token"]))
	who := info.json()
	if info.status != 200 || who["sub"] != "sub-alice" || who["preferred_username"] != "alice" || who["email"] != "alice@example.org" ||
		who["email_verified"] != true || len(who["groups"].([]any)) != 1 {
		t.Errorf("userinfo: %d %v", info.status, who)
	}
}

func TestSingleSignOnNeedsNoPassword(t *testing.T) {
	b := start(t).browser()
	b.code(authParams())
	if a := b.authorize(authParams("prompt", "none")); a.query("code") == "" {
		t.Errorf("no code for the second application: %s", a.location())
	}
}

// RFC 6749 §4.1.2.1: access_denied, whether the person refuses before the sign-in or after it.
func TestAPersonWhoDoesNotWantToSignInGoesBackWithAccessDenied(t *testing.T) {
	b := start(t).browser()
	a := b.authorize(authParams())
	if page := b.interaction(a.location().String()); page["cancel"] != true {
		t.Errorf("interaction: %v", page)
	}
	form := url.Values{"request": {a.query("request")}, "cancel": {"yes"}}
	if back := b.do("POST", "/login", form, "Origin", uiOrigin); back.status != 303 || back.location().Host != "rp.example.org" ||
		back.query("error") != "access_denied" || back.query("state") != "st" || back.query("iss") != b.issuer || back.query("code") != "" {
		t.Errorf("%d %s", back.status, back.location())
	}
	if forged := b.do("POST", "/login", form, "Origin", "https://evil.example"); forged.status != 403 {
		t.Errorf("from another site: %d", forged.status)
	}
	own := b.do("GET", "/account", nil) // no application that could be told
	if page := b.interaction(own.location().String()); page["cancel"] != nil {
		t.Errorf("interaction: %v", page)
	}
	if a := b.do("POST", "/login", url.Values{"request": {own.query("request")}, "cancel": {"yes"}}, "Origin", uiOrigin); a.location().Path != "/login" {
		t.Errorf("%d %s", a.status, a.location())
	}
}

func TestThirdPartyClientsAskForConsentOncePerScopeSet(t *testing.T) {
	b := start(t).browser()
	b.code(authParams())
	ask := b.authorize(spaParams("scope", "openid email"))
	if ask.location().Path != "/consent" {
		t.Fatalf("not sent to the consent page: %s", ask.location())
	}
	page := b.interaction(ask.location().String())
	if page["page"] != "consent" || len(page["scopes"].([]any)) != 2 || page["user"].(map[string]any)["username"] != "alice" {
		t.Errorf("interaction: %v", page)
	}
	if a := b.authorize(spaParams("scope", "openid email", "prompt", "none")); a.query("error") != "consent_required" {
		t.Errorf("prompt=none before consent: %s", a.location())
	}
	post := func(pressed, request string) answer {
		return b.do("POST", "/consent", url.Values{"request": {request}, "consent": {pressed}}, "Origin", uiOrigin)
	}
	if a := post("no", ask.query("request")); a.query("error") != "access_denied" || a.query("state") != "st" {
		t.Errorf("consent refused: %s", a.location())
	}
	if a := post("yes", ask.query("request")); a.query("code") == "" {
		t.Errorf("consent given: %d %s %s", a.status, a.location(), a.body)
	}
	if a := b.authorize(spaParams("scope", "openid email")); a.query("code") == "" {
		t.Errorf("asked again: %s", a.location())
	}
	if a := b.authorize(spaParams("scope", "openid email groups")); a.location().Path != "/consent" {
		t.Errorf("not asked for a new scope: %s", a.location())
	}
	if a := b.authorize(spaParams("scope", "openid email", "prompt", "consent")); a.location().Path != "/consent" {
		t.Errorf("prompt=consent was not honoured: %s", a.location())
	}
}

// RFC 6749 §4.1.2, §10.5; the statement is the check.
func TestOneOfFiftyParallelRedemptionsWinsAndTheReplaysRevokeIt(t *testing.T) {
	b := start(t).browser()
	code := b.code(authParams("scope", "openid offline_access"))
	results := make([]answer, 50)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() { results[i] = b.token(redeem(code)) })
	}
	group.Wait()
	won := ""
	for _, a := range results {
		switch {
		case a.status == 200 && won != "":
			t.Fatal("two redemptions won")
		case a.status == 200:
			won = str(a.json()["access_token"])
		case a.status != 400 || a.json()["error"] != "invalid_grant":
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if won == "" {
		t.Fatal("no redemption won")
	}
	if a := b.userinfo(won); a.status != 401 || a.header.Get("WWW-Authenticate") == "" {
		t.Errorf("the replays revoked nothing: userinfo %d", a.status)
	}
}

func TestACodeFitsOnlyItsOwnRequest(t *testing.T) {
	b := start(t).browser()
	b.exec(`INSERT INTO clients (client_id, client_secret_sha256, redirect_uris, first_party) VALUES ('other', sha256('web-secret'), ARRAY[$1], true)`, callback)
	code := b.code(authParams())
	for what, form := range map[string]url.Values{
		"another redirect_uri": redeem(code, "redirect_uri", "https://rp.example.org/callback"),
		"another verifier":     redeem(code, "code_verifier", verifier+"x"),
		"no verifier":          redeem(code, "code_verifier", ""),
		"another client":       redeem(code, "client_id", "other", "client_secret", "web-secret"),
		"another code":         redeem(code + "x"),
	} {
		if a := b.token(form); a.status != 400 || a.json()["error"] != "invalid_grant" {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	if a := b.token(redeem(code)); a.status != 200 {
		t.Errorf("the misfits spent the code: %d %s", a.status, a.body)
	}
	late := b.code(authParams())
	b.later(61 * time.Second)
	if a := b.token(redeem(late)); a.json()["error"] != "invalid_grant" {
		t.Errorf("an expired code: %d %s", a.status, a.body)
	}
}

func refresh(token string, changes ...string) url.Values {
	v := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
	for i := 0; i < len(changes); i += 2 {
		v.Set(changes[i], changes[i+1])
	}
	return v
}

// RFC 9700 §4.14.2.
func TestRefreshTokensRotateWithGraceAndReplayRevokesTheFamily(t *testing.T) {
	b := start(t).browser()
	first := str(b.token(redeem(b.code(authParams("scope", "openid offline_access")))).json()["refresh_token"])
	second := b.token(refresh(first))
	next := str(second.json()["refresh_token"])
	if second.status != 200 || next == first || next == "" || second.json()["id_token"] == nil {
		t.Fatalf("refresh: %d %s", second.status, second.body)
	}
	if a := b.token(refresh(first)); str(a.json()["refresh_token"]) != next {
		t.Errorf("a retry within the grace did not get the same successor: %s", a.body)
	}
	if a := b.token(refresh(next, "scope", "openid email")); a.json()["error"] != "invalid_scope" {
		t.Errorf("a wider scope: %s", a.body)
	}
	narrow := b.token(refresh(next, "scope", "openid"))
	if narrow.status != 200 || narrow.json()["scope"] != "openid" {
		t.Errorf("a narrower scope: %s", narrow.body)
	}
	b.later(2 * time.Minute)
	if a := b.token(refresh(first)); a.json()["error"] != "invalid_grant" {
		t.Errorf("a replay: %d %s", a.status, a.body)
	}
	last := str(narrow.json()["refresh_token"])
	if a := b.token(refresh(last)); a.json()["error"] != "invalid_grant" {
		t.Errorf("the family outlived the replay: %d %s", a.status, a.body)
	}
	if a := b.userinfo(str(narrow.json()["access_token"])); a.status != 401 {
		t.Errorf("an access token outlived the replay: %d", a.status)
	}
}

func TestParallelRefreshesOfOneTokenAllGetTheSameSuccessor(t *testing.T) {
	b := start(t).browser()
	first := str(b.token(redeem(b.code(authParams("scope", "openid offline_access")))).json()["refresh_token"])
	got := make([]string, 20)
	var group sync.WaitGroup
	for i := range got {
		group.Go(func() { got[i] = str(b.token(refresh(first)).json()["refresh_token"]) })
	}
	group.Wait()
	for _, s := range got {
		if s == "" || s != got[0] {
			t.Fatalf("successors differ: %q", got)
		}
	}
	if n := b.count("SELECT refresh_seq FROM grants"); n != 1 {
		t.Errorf("at place %d of the family, want 1", n)
	}
	if a := b.token(refresh(got[0])); a.status != 200 {
		t.Errorf("the family does not go on: %d %s", a.status, a.body)
	}
}

func TestOfflineGrantsOutliveTheSessionAndOthersDoNot(t *testing.T) {
	b := start(t).browser()
	online := b.token(redeem(b.code(authParams()))).json()
	offline := b.token(redeem(b.code(authParams("scope", "openid offline_access")))).json()
	out := b.do("GET", "/logout", url.Values{"id_token_hint": {str(online["id_token"])}, "post_logout_redirect_uri": {"https://rp.example.org/bye"}, "state": {"s"}})
	if out.status != 303 || out.location().String() != "https://rp.example.org/bye?state=s" {
		t.Fatalf("logout: %d %s", out.status, out.location())
	}
	if a := b.userinfo(str(online["access_token"])); a.status != 401 {
		t.Errorf("userinfo after logout: %d", a.status)
	}
	if a := b.userinfo(str(offline["access_token"])); a.status != 200 {
		t.Errorf("userinfo of an offline grant after logout: %d", a.status)
	}
	if a := b.token(refresh(str(offline["refresh_token"]))); a.status != 200 {
		t.Errorf("refresh of an offline grant after logout: %s", a.body)
	}
	if a := b.authorize(authParams("prompt", "none")); a.query("error") != "login_required" {
		t.Errorf("still signed in: %s", a.location())
	}
}

func TestLogoutWithoutAHintAsksFirst(t *testing.T) {
	b := start(t).browser()
	b.code(authParams())
	params := url.Values{"client_id": {"web"}, "post_logout_redirect_uri": {"https://rp.example.org/bye"}}
	ask := b.do("GET", "/logout", params)
	page, _ := url.Parse(ask.leadsTo())
	if ask.status != 200 || page.Path != "/logout" || b.interaction(page.String())["page"] != "logout" {
		t.Fatalf("not asked: %d %s", ask.status, ask.body)
	}
	form := url.Values{"request": {page.Query().Get("request")}, "logout": {"yes"}}
	if a := b.do("POST", "/logout/confirm", form, "Origin", "https://evil.example.org"); a.status != 403 {
		t.Errorf("a foreign page signed the person out: %d", a.status)
	}
	if a := b.do("POST", "/logout/confirm", form, "Origin", uiOrigin); a.location().String() != "https://rp.example.org/bye" {
		t.Errorf("logout: %d %s", a.status, a.location())
	}
	if a := b.authorize(authParams("prompt", "none")); a.query("error") != "login_required" {
		t.Errorf("still signed in: %s", a.location())
	}
	if a := b.do("GET", "/logout", params); a.location().String() != "https://rp.example.org/bye" {
		t.Errorf("logout without a session: %s", a.location())
	}
	if a := b.do("GET", "/logout", nil); a.location().Path != "/signed-out" {
		t.Errorf("bare logout: %s", a.location())
	}
	bad := b.do("GET", "/logout", url.Values{"client_id": {"web"}, "post_logout_redirect_uri": {"https://evil.example.org/"}})
	if bad.status != 400 || bad.header.Get("Location") != "" {
		t.Errorf("unregistered post_logout_redirect_uri: %d %s", bad.status, bad.location())
	}
}

func TestRevocationEndsTheGrant(t *testing.T) {
	b := start(t).browser()
	for _, kind := range []string{"access_token", "refresh_token"} {
		tokens := b.token(redeem(b.code(authParams("scope", "openid offline_access")))).json()
		foreign := b.do("POST", "/revoke", url.Values{"token": {str(tokens[kind])}, "client_id": {"spa"}})
		if foreign.status != 200 || b.userinfo(str(tokens["access_token"])).status != 200 {
			t.Errorf("another client revoked the %s", kind)
		}
		a := b.do("POST", "/revoke", url.Values{"token": {str(tokens[kind])}, "client_id": {"web"}, "client_secret": {"web-secret"}})
		if a.status != 200 || a.body != "" || a.header.Get("Content-Type") != "" {
			t.Errorf("revoke %s: %d %q %q", kind, a.status, a.body, a.header.Get("Content-Type"))
		}
		if b.userinfo(str(tokens["access_token"])).status != 401 || b.token(refresh(str(tokens["refresh_token"]))).status != 400 {
			t.Errorf("tokens outlived the revocation of the %s", kind)
		}
	}
}

func TestPromptLoginAndMaxAgeAskForAFreshSignIn(t *testing.T) {
	b := start(t).browser()
	b.code(authParams())
	b.later(10 * time.Minute)
	for _, extra := range [][]string{{"prompt", "login"}, {"max_age", "60"}, {"prompt", "select_account"}, {"max_age", "0"}} {
		a := b.authorize(authParams(extra...))
		if a.location().Path != "/login" {
			t.Errorf("%v: %s", extra, a.location())
			continue
		}
		if got := b.login(a.location(), "alice", password); got.query("code") == "" {
			t.Errorf("%v: no code after the sign-in: %s", extra, got.location())
		}
		b.later(10 * time.Minute)
	}
	if a := b.authorize(authParams("max_age", "60", "prompt", "none")); a.query("error") != "login_required" {
		t.Errorf("max_age with prompt=none: %s", a.location())
	}
}

func TestFormPostCarriesTheAnswerInAForm(t *testing.T) {
	b := start(t).browser()
	b.code(authParams())
	a := b.authorize(authParams("response_mode", "form_post", "state", `"><script>alert(1)</script>`))
	if a.status != 200 || !contains(a.body, `action="https://rp.example.org/callback?fixed=1"`) || !contains(a.body, `name="code"`) ||
		!contains(a.body, `name="iss"`) || contains(a.body, "<script>alert") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// OpenID Connect Core §12.2.
func TestARefreshedIDTokenHasTheSameSubjectAndAuthTimeAndNoNonce(t *testing.T) {
	b := start(t).browser()
	first := b.token(redeem(b.code(authParams("scope", "openid offline_access")))).json()
	b.later(time.Hour)
	second := b.token(refresh(str(first["refresh_token"]))).json()
	was, is := claims(str(first["id_token"])), claims(str(second["id_token"]))
	for _, name := range []string{"iss", "sub", "aud", "auth_time", "sid"} {
		if is[name] == nil || is[name] != was[name] {
			t.Errorf("%s was %v, is %v", name, was[name], is[name])
		}
	}
	if is["nonce"] != nil || is["iat"] == was["iat"] {
		t.Errorf("nonce %v, iat %v", is["nonce"], is["iat"])
	}
}

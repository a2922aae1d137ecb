package provider_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

func TestSignInReachesTheRelyingPartyWithCodeStateAndIss(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	a := b.Authorize(AuthParams("login_hint", "alice"))
	if a.Status != 303 || a.Location().Host != "ui.example.org" || a.Location().Path != "/login" {
		t.Fatalf("not sent to the login page: %d %s", a.Status, a.Location())
	}
	if b.Count("SELECT count(*) FROM sessions") != 0 {
		t.Error("an unauthenticated request wrote a row")
	}
	page := b.Interaction(a.Location().String())
	if page["page"] != "login" || page["username"] != "alice" || page["action"] != b.Issuer+"/login" ||
		page["client"].(map[string]any)["name"] != "Web" {
		t.Errorf("interaction: %v", page)
	}

	wrong := b.Login(a.Location(), "alice", "wrong")
	if wrong.Status != 303 || wrong.Location().Path != "/login" {
		t.Fatalf("wrong password: %d %s", wrong.Status, wrong.Location())
	}
	again := b.Interaction(wrong.Location().String())
	if again["error"].(map[string]any)["code"] != "invalid_credentials" || again["username"] != "alice" {
		t.Errorf("interaction after a wrong password: %v", again)
	}

	right := b.Login(wrong.Location(), "Alice ", Password)
	if right.Status != 303 || right.Location().Host != "rp.example.org" || right.Query("fixed") != "1" || right.Query("state") != "st" ||
		right.Query("iss") != b.Issuer || right.Query("code") == "" {
		t.Fatalf("right password: %d %s", right.Status, right.Location())
	}

	tokens := b.Token(Redeem(right.Query("code")))
	out := tokens.JSON()
	if tokens.Status != 200 || out["token_type"] != "Bearer" || out["expires_in"] != 900.0 || out["scope"] != "openid profile email groups" ||
		out["refresh_token"] != nil || tokens.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("token: %d %v", tokens.Status, out)
	}
	id := Claims(Str(out["id_token"]))
	if id["iss"] != b.Issuer || id["aud"] != "web" || id["sub"] != "sub-alice" || id["nonce"] != "no" || id["at_hash"] == nil ||
		id["sid"] == nil || id["auth_time"] == nil {
		t.Errorf("ID token: %v", id)
	}
	info := b.Userinfo(Str(out["access_token"]))
	who := info.JSON()
	if info.Status != 200 || who["sub"] != "sub-alice" || who["preferred_username"] != "alice" || who["email"] != "alice@example.org" ||
		who["email_verified"] != true || len(who["groups"].([]any)) != 1 {
		t.Errorf("userinfo: %d %v", info.Status, who)
	}
}

func TestSingleSignOnNeedsNoPassword(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Code(AuthParams())
	if a := b.Authorize(AuthParams("prompt", "none")); a.Query("code") == "" {
		t.Errorf("no code for the second application: %s", a.Location())
	}
}

// An application that says where its pages are may show no more than an error: the person is asked first.
func TestCancelLeadsToAPageWhereTheApplicationHasPagesOfItsOwn(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec("UPDATE clients SET client_uri = 'https://rp.example.org/' WHERE client_id = 'web'")
	b.WaitForNotify()
	at := b.Authorize(AuthParams()).Location().String()
	cancelled := b.pressOn(at, "/login", "cancel", "yes").Location().String()
	page := b.Interaction(cancelled)
	if page["page"] != "not_signed_in" || page["client"].(map[string]any)["uri"] != "https://rp.example.org/" {
		t.Fatalf("%s %v", cancelled, page)
	}
	again := b.pressOn(cancelled, "/not-signed-in", "sign_in", "sign_in")
	if a := b.Login(again.Location(), "alice", Password); a.Query("code") == "" || a.Query("state") != "st" {
		t.Errorf("signed in after all: %d %s", a.Status, a.Location())
	}
	back := b.pressOn(cancelled, "/not-signed-in", "cancel", "yes")
	if back.Query("error") != "access_denied" || back.Query("state") != "st" || back.Query("iss") != b.Issuer {
		t.Errorf("back: %d %s", back.Status, back.Location())
	}
	b.Later(time.Minute)
	chooser := b.Authorize(AuthParams("prompt", "select_account")).Location().String()
	if a := b.pressOn(chooser, "/select-account", "cancel", "yes"); a.Location().Path != "/not-signed-in" {
		t.Errorf("where an account is chosen: %d %s", a.Status, a.Location())
	}
	thief := b.rig.browser()
	thief.Authorize(AuthParams())
	if a := thief.pressOn(cancelled, "/not-signed-in", "cancel", "yes"); a.Status != 400 {
		t.Errorf("in another browser: %d %s", a.Status, a.Location())
	}
}

// RFC 6749 §4.1.2.1: access_denied, whether the person refuses before the sign-in or after it.
func TestAPersonWhoDoesNotWantToSignInGoesBackWithAccessDenied(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	a := b.Authorize(AuthParams())
	if page := b.Interaction(a.Location().String()); page["cancel"] != true {
		t.Errorf("interaction: %v", page)
	}
	form := url.Values{"request": {a.Query("request")}, "cancel": {"yes"}}
	if back := b.Do("POST", "/login", form, "Origin", UIOrigin); back.Status != 303 || back.Location().Host != "rp.example.org" ||
		back.Query("error") != "access_denied" || back.Query("state") != "st" || back.Query("iss") != b.Issuer || back.Query("code") != "" {
		t.Errorf("%d %s", back.Status, back.Location())
	}
	if forged := b.Do("POST", "/login", form, "Origin", "https://evil.example"); forged.Status != 403 {
		t.Errorf("from another site: %d", forged.Status)
	}
	own := b.Do("GET", "/account", nil) // no application that could be told
	if page := b.Interaction(own.Location().String()); page["cancel"] != nil {
		t.Errorf("interaction: %v", page)
	}
	if a := b.Do("POST", "/login", url.Values{"request": {own.Query("request")}, "cancel": {"yes"}}, "Origin",
		UIOrigin); a.Location().Path != "/login" {
		t.Errorf("%d %s", a.Status, a.Location())
	}
}

func TestThirdPartyClientsAskForConsentOncePerScopeSet(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Code(AuthParams())
	ask := b.Authorize(SPAParams("scope", "openid email"))
	if ask.Location().Path != "/consent" {
		t.Fatalf("not sent to the consent page: %s", ask.Location())
	}
	page := b.Interaction(ask.Location().String())
	if page["page"] != "consent" || len(page["scopes"].([]any)) != 2 || page["user"].(map[string]any)["username"] != "alice" {
		t.Errorf("interaction: %v", page)
	}
	if a := b.Authorize(SPAParams("scope", "openid email", "prompt", "none")); a.Query("error") != "consent_required" {
		t.Errorf("prompt=none before consent: %s", a.Location())
	}
	post := func(pressed, request string) Answer {
		return b.Do("POST", "/consent", url.Values{"request": {request}, "consent": {pressed}}, "Origin", UIOrigin)
	}
	if a := post("no", ask.Query("request")); a.Query("error") != "access_denied" || a.Query("state") != "st" {
		t.Errorf("consent refused: %s", a.Location())
	}
	if a := post("yes", ask.Query("request")); a.Query("code") == "" {
		t.Errorf("consent given: %d %s %s", a.Status, a.Location(), a.Body)
	}
	if a := b.Authorize(SPAParams("scope", "openid email")); a.Query("code") == "" {
		t.Errorf("asked again: %s", a.Location())
	}
	if a := b.Authorize(SPAParams("scope", "openid email groups")); a.Location().Path != "/consent" {
		t.Errorf("not asked for a new scope: %s", a.Location())
	}
	if a := b.Authorize(SPAParams("scope", "openid email", "prompt", "consent")); a.Location().Path != "/consent" {
		t.Errorf("prompt=consent was not honoured: %s", a.Location())
	}
}

// RFC 6749 §4.1.2, §10.5; the statement is the check.
func TestOneOfFiftyParallelRedemptionsWinsAndTheReplaysRevokeIt(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	code := b.Code(AuthParams("scope", "openid offline_access"))
	results := make([]Answer, 50)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() { results[i] = b.Token(Redeem(code)) })
	}
	group.Wait()
	won := ""
	for _, a := range results {
		switch {
		case a.Status == 200 && won != "":
			t.Fatal("two redemptions won")
		case a.Status == 200:
			won = Str(a.JSON()["access_token"])
		case a.Status != 400 || a.JSON()["error"] != "invalid_grant":
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	if won == "" {
		t.Fatal("no redemption won")
	}
	if a := b.Userinfo(won); a.Status != 401 || a.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("the replays revoked nothing: userinfo %d", a.Status)
	}
}

func TestACodeFitsOnlyItsOwnRequest(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec(`INSERT INTO clients (client_id, redirect_uris, first_party) VALUES ('other', ARRAY[$1], true)`, Callback)
	b.GiveSecret("other", "web-secret")
	code := b.Code(AuthParams())
	for what, form := range map[string]url.Values{
		"another redirect_uri": Redeem(code, "redirect_uri", "https://rp.example.org/callback"),
		"another verifier":     Redeem(code, "code_verifier", Verifier+"x"),
		"no verifier":          Redeem(code, "code_verifier", ""),
		"another client":       Redeem(code, "client_id", "other", "client_secret", "web-secret"),
		"another code":         Redeem(code + "x"),
	} {
		if a := b.Token(form); a.Status != 400 || a.JSON()["error"] != "invalid_grant" {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	if a := b.Token(Redeem(code)); a.Status != 200 {
		t.Errorf("the misfits spent the code: %d %s", a.Status, a.Body)
	}
	late := b.Code(AuthParams())
	b.Later(61 * time.Second)
	if a := b.Token(Redeem(late)); a.JSON()["error"] != "invalid_grant" {
		t.Errorf("an expired code: %d %s", a.Status, a.Body)
	}
}

// RFC 9700 §4.14.2.
func TestRefreshTokensRotateWithGraceAndReplayRevokesTheFamily(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	first := Str(b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()["refresh_token"])
	second := b.Token(Refresh(first))
	next := Str(second.JSON()["refresh_token"])
	if second.Status != 200 || next == first || next == "" || second.JSON()["id_token"] == nil {
		t.Fatalf("refresh: %d %s", second.Status, second.Body)
	}
	if a := b.Token(Refresh(first)); Str(a.JSON()["refresh_token"]) != next {
		t.Errorf("a retry within the grace did not get the same successor: %s", a.Body)
	}
	if a := b.Token(Refresh(next, "scope", "openid email")); a.JSON()["error"] != "invalid_scope" {
		t.Errorf("a wider scope: %s", a.Body)
	}
	narrow := b.Token(Refresh(next, "scope", "openid"))
	if narrow.Status != 200 || narrow.JSON()["scope"] != "openid" {
		t.Errorf("a narrower scope: %s", narrow.Body)
	}
	b.Later(2 * time.Minute)
	if a := b.Token(Refresh(first)); a.JSON()["error"] != "invalid_grant" {
		t.Errorf("a replay: %d %s", a.Status, a.Body)
	}
	last := Str(narrow.JSON()["refresh_token"])
	if a := b.Token(Refresh(last)); a.JSON()["error"] != "invalid_grant" {
		t.Errorf("the family outlived the replay: %d %s", a.Status, a.Body)
	}
	if a := b.Userinfo(Str(narrow.JSON()["access_token"])); a.Status != 401 {
		t.Errorf("an access token outlived the replay: %d", a.Status)
	}
}

func TestParallelRefreshesOfOneTokenAllGetTheSameSuccessor(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	first := Str(b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()["refresh_token"])
	got := make([]string, 20)
	var group sync.WaitGroup
	for i := range got {
		group.Go(func() { got[i] = Str(b.Token(Refresh(first)).JSON()["refresh_token"]) })
	}
	group.Wait()
	for _, s := range got {
		if s == "" || s != got[0] {
			t.Fatalf("successors differ: %q", got)
		}
	}
	if n := b.Count("SELECT refresh_seq FROM grants"); n != 1 {
		t.Errorf("at place %d of the family, want 1", n)
	}
	if a := b.Token(Refresh(got[0])); a.Status != 200 {
		t.Errorf("the family does not go on: %d %s", a.Status, a.Body)
	}
}

func TestOfflineGrantsOutliveTheSessionAndOthersDoNot(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	online := b.Token(Redeem(b.Code(AuthParams()))).JSON()
	offline := b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()
	out := b.Do("GET", "/logout", url.Values{"id_token_hint": {Str(online["id_token"])},
		"post_logout_redirect_uri": {"https://rp.example.org/bye"}, "state": {"s"}})
	if out.Status != 303 || out.Location().String() != "https://rp.example.org/bye?state=s" {
		t.Fatalf("logout: %d %s", out.Status, out.Location())
	}
	if a := b.Userinfo(Str(online["access_token"])); a.Status != 401 {
		t.Errorf("userinfo after logout: %d", a.Status)
	}
	if a := b.Userinfo(Str(offline["access_token"])); a.Status != 200 {
		t.Errorf("userinfo of an offline grant after logout: %d", a.Status)
	}
	if a := b.Token(Refresh(Str(offline["refresh_token"]))); a.Status != 200 {
		t.Errorf("refresh of an offline grant after logout: %s", a.Body)
	}
	if a := b.Authorize(AuthParams("prompt", "none")); a.Query("error") != "login_required" {
		t.Errorf("still signed in: %s", a.Location())
	}
}

func TestLogoutWithoutAHintAsksFirst(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Code(AuthParams())
	params := url.Values{"client_id": {"web"}, "post_logout_redirect_uri": {"https://rp.example.org/bye"}}
	ask := b.Do("GET", "/logout", params)
	page, _ := url.Parse(ask.LeadsTo())
	if ask.Status != 200 || page.Path != "/logout" || b.Interaction(page.String())["page"] != "logout" {
		t.Fatalf("not asked: %d %s", ask.Status, ask.Body)
	}
	form := url.Values{"request": {page.Query().Get("request")}, "logout": {"yes"}}
	if a := b.Do("POST", "/logout/confirm", form, "Origin", "https://evil.example.org"); a.Status != 403 {
		t.Errorf("a foreign page signed the person out: %d", a.Status)
	}
	if a := b.Do("POST", "/logout/confirm", form, "Origin", UIOrigin); a.Location().String() != "https://rp.example.org/bye" {
		t.Errorf("logout: %d %s", a.Status, a.Location())
	}
	if a := b.Authorize(AuthParams("prompt", "none")); a.Query("error") != "login_required" {
		t.Errorf("still signed in: %s", a.Location())
	}
	if a := b.Do("GET", "/logout", params); a.Location().String() != "https://rp.example.org/bye" {
		t.Errorf("logout without a session: %s", a.Location())
	}
	if a := b.Do("GET", "/logout", nil); a.Location().Path != "/signed-out" {
		t.Errorf("bare logout: %s", a.Location())
	}
	bad := b.Do("GET", "/logout", url.Values{"client_id": {"web"}, "post_logout_redirect_uri": {"https://evil.example.org/"}})
	if bad.Location().Path != "/signed-out" {
		t.Errorf("unregistered post_logout_redirect_uri: %d %s", bad.Status, bad.Location())
	}
}

func TestRevocationEndsTheGrant(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	for _, kind := range []string{"access_token", "refresh_token"} {
		tokens := b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()
		foreign := b.Do("POST", "/revoke", url.Values{"token": {Str(tokens[kind])}, "client_id": {"spa"}})
		if foreign.Status != 200 || b.Userinfo(Str(tokens["access_token"])).Status != 200 {
			t.Errorf("another client revoked the %s", kind)
		}
		a := b.Do("POST", "/revoke", url.Values{"token": {Str(tokens[kind])}, "client_id": {"web"}, "client_secret": {"web-secret"}})
		if a.Status != 200 || a.Body != "" || a.Header.Get("Content-Type") != "" {
			t.Errorf("revoke %s: %d %q %q", kind, a.Status, a.Body, a.Header.Get("Content-Type"))
		}
		if b.Userinfo(Str(tokens["access_token"])).Status != 401 || b.Token(Refresh(Str(tokens["refresh_token"]))).Status != 400 {
			t.Errorf("tokens outlived the revocation of the %s", kind)
		}
	}
}

func TestPromptLoginAndMaxAgeAskForAFreshSignIn(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Code(AuthParams())
	b.Later(10 * time.Minute)
	for _, extra := range [][]string{{"prompt", "login"}, {"max_age", "60"}, {"prompt", "select_account login"}, {"max_age", "0"}} {
		a := b.Authorize(AuthParams(extra...))
		if a.Location().Path != "/login" {
			t.Errorf("%v: %s", extra, a.Location())
			continue
		}
		if got := b.Login(a.Location(), "alice", Password); got.Query("code") == "" {
			t.Errorf("%v: no code after the sign-in: %s", extra, got.Location())
		}
		b.Later(10 * time.Minute)
	}
	if a := b.Authorize(AuthParams("max_age", "60", "prompt", "none")); a.Query("error") != "login_required" {
		t.Errorf("max_age with prompt=none: %s", a.Location())
	}
}

func TestFormPostCarriesTheAnswerInAForm(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Code(AuthParams())
	a := b.Authorize(AuthParams("response_mode", "form_post", "state", `"><script>alert(1)</script>`))
	if a.Status != 200 || !strings.Contains(a.Body, `action="https://rp.example.org/callback?fixed=1"`) ||
		!strings.Contains(a.Body, `name="code"`) ||
		!strings.Contains(a.Body, `name="iss"`) || strings.Contains(a.Body, "<script>alert") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// OpenID Connect Core §12.2.
func TestARefreshedIDTokenHasTheSameSubjectAndAuthTimeAndNoNonce(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	first := b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()
	b.Later(time.Hour)
	second := b.Token(Refresh(Str(first["refresh_token"]))).JSON()
	was, is := Claims(Str(first["id_token"])), Claims(Str(second["id_token"]))
	for _, name := range []string{"iss", "sub", "aud", "auth_time", "sid"} {
		if is[name] == nil || is[name] != was[name] {
			t.Errorf("%s was %v, is %v", name, was[name], is[name])
		}
	}
	if is["nonce"] != nil || is["iat"] == was["iat"] {
		t.Errorf("nonce %v, iat %v", is["nonce"], is["iat"])
	}
}

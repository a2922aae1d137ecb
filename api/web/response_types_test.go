package web_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"testing"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/provider"
)

// everyResponseType is a deployment that allows them all.
func everyResponseType(s *provider.Settings) { s.ResponseTypes = oidc.ResponseTypes }

// oldClients registers the public first-party client "old" for every response type.
func (r *rig) oldClients() {
	r.exec(`INSERT INTO clients (client_id, client_name, token_endpoint_auth_method, redirect_uris, grant_types, response_types, first_party)
		VALUES ('old', 'Old page', 'none', '{https://old.example.org/cb}', '{authorization_code,implicit,refresh_token}',
			ARRAY['code','id_token','id_token token','token','code id_token','code token','code id_token token'], true)`)
}

func oldParams(responseType string, changes ...string) url.Values {
	v := authParams(append([]string{"client_id", "old", "redirect_uri", "https://old.example.org/cb", "response_type", responseType}, changes...)...)
	if !oidc.ParseResponseType(responseType).Code() {
		v.Del("code_challenge")
		v.Del("code_challenge_method")
	}
	return v
}

// fragment reads the parameters behind the # of the address that the browser is sent to.
func (a answer) fragment() url.Values {
	v, _ := url.ParseQuery(a.location().EscapedFragment())
	return v
}

// OAuth 2.0 Multiple Response Type Encoding Practices §3, §5; OpenID Connect Core §3.2.2.5, §3.3.2.5; RFC 9207 §2.
func TestEachResponseTypeAnswersWithItsParametersInTheFragment(t *testing.T) {
	b := start(t, everyResponseType).browser()
	b.oldClients()
	for i, responseType := range []string{"token", "id_token", "token id_token", "code token", "code id_token", "id_token code token"} {
		a := b.authorize(oldParams(responseType))
		if i == 0 { // the sign-in itself gives the first answer, single sign-on the others
			a = b.login(a.location(), "alice", password)
		}
		got, asked := a.fragment(), oidc.ParseResponseType(responseType)
		if a.status != 303 || a.location().Host != "old.example.org" || a.location().RawQuery != "" || got.Get("state") != "st" || got.Get("iss") != b.issuer ||
			got.Has("code") != asked.Code() || got.Has("id_token") != asked.IDToken() || got.Has("access_token") != asked.Token() || got.Has("refresh_token") {
			t.Fatalf("%s: %d %s", responseType, a.status, a.location())
		}
		access, id := got.Get("access_token"), claims(got.Get("id_token"))
		if asked.Token() {
			if got.Get("token_type") != "Bearer" || got.Get("expires_in") != "900" || got.Get("scope") != "openid profile email groups" {
				t.Errorf("%s: %v", responseType, got)
			}
			if info := b.userinfo(access); info.status != 200 || info.json()["preferred_username"] != "alice" {
				t.Errorf("%s: userinfo %d %s", responseType, info.status, info.body)
			}
		}
		if asked.IDToken() {
			atHash, _ := id["at_hash"].(string)
			cHash, _ := id["c_hash"].(string)
			if id["nonce"] != "no" || id["sub"] != "sub-alice" || id["aud"] != "old" || id["sid"] != nil || id["email"] != "alice@example.org" ||
				(atHash != "") != asked.Token() || asked.Token() && atHash != oidc.HalfHash("RS256", access) ||
				(cHash != "") != asked.Code() || asked.Code() && (cHash != oidc.HalfHash("RS256", got.Get("code")) || id["s_hash"] != oidc.HalfHash("RS256", "st")) {
				t.Errorf("%s: ID token %v", responseType, id)
			}
		}
		if asked.Code() {
			tokens := b.token(redeem(got.Get("code"), "client_id", "old", "redirect_uri", "https://old.example.org/cb"))
			if tokens.status != 200 || tokens.json()["id_token"] == nil {
				t.Errorf("%s: redemption %d %s", responseType, tokens.status, tokens.body)
			}
		}
	}
}

func TestTokensOfTheFrontChannelAreOffUnlessTheDeploymentAndTheClientHaveThem(t *testing.T) {
	closed, open := start(t).browser(), start(t, everyResponseType).browser()
	for _, b := range []*browser{closed, open} {
		b.oldClients()
		b.code(authParams())
	}
	for _, c := range []struct {
		b      *browser
		params url.Values
		want   string
	}{
		{closed, oldParams("token"), "unsupported_response_type"},
		{closed, oldParams("id_token token"), "unsupported_response_type"},
		{open, authParams("response_type", "token"), "unauthorized_client"},
		{open, oldParams("id_token", "nonce", ""), "invalid_request"},
		{open, oldParams("token", "response_mode", "query"), "invalid_request"},
		{open, oldParams("code token", "code_challenge", ""), "invalid_request"},
	} {
		a := c.b.authorize(c.params)
		got := a.fragment()
		if a.status != 303 || got.Get("error") != c.want || got.Get("error_description") == "" || got.Get("state") != "st" || got.Get("iss") != c.b.issuer || got.Has("access_token") {
			t.Errorf("%v: %d %s", c.params, a.status, a.location())
		}
	}
	if n := open.count("SELECT count(*) FROM grants"); n != 0 {
		t.Errorf("%d grants of refused requests", n)
	}
	var meta struct {
		ResponseTypes []string `json:"response_types_supported"`
		Grants        []string `json:"grant_types_supported"`
	}
	for b, n := range map[*browser]int{closed: 1, open: len(oidc.ResponseTypes)} {
		_ = json.Unmarshal([]byte(b.do("GET", "/.well-known/openid-configuration", nil).body), &meta)
		if len(meta.ResponseTypes) != n || slices.Contains(meta.Grants, "implicit") != (n > 1) {
			t.Errorf("discovery: %v %v", meta.ResponseTypes, meta.Grants)
		}
	}
}

// OpenID Connect Core §11: no code, no offline access.
func TestAnAccessTokenOfTheFrontChannelEndsWithItsSession(t *testing.T) {
	b := start(t, everyResponseType).browser()
	b.oldClients()
	b.code(authParams())
	got := b.authorize(oldParams("token", "scope", "openid offline_access")).fragment()
	if got.Get("scope") != "openid" || got.Has("refresh_token") || b.count("SELECT count(*) FROM grants WHERE offline") != 0 {
		t.Errorf("offline: %v", got)
	}
	access := got.Get("access_token")
	if a := b.userinfo(access); a.status != 200 {
		t.Errorf("userinfo: %d %s", a.status, a.body)
	}
	if n := b.count("SELECT count(*) FROM grants WHERE expires_at <= now() + interval '15 minutes'"); n != 1 {
		t.Errorf("%d grants end with their token", n)
	}
	b.exec("UPDATE sessions SET ended_at = now()")
	if a := b.userinfo(access); a.status != 401 {
		t.Errorf("userinfo after the session: %d", a.status)
	}
	if a := b.authorize(oldParams("token", "prompt", "none")); a.fragment().Get("error") != "login_required" {
		t.Errorf("prompt=none: %s", a.location())
	}
}

func TestTheBrowserCanRevokeATokenOfTheFrontChannel(t *testing.T) {
	b := start(t, everyResponseType).browser()
	b.oldClients()
	b.code(authParams())
	access := b.authorize(oldParams("token")).fragment().Get("access_token")
	a := b.do("POST", "/revoke", url.Values{"token": {access}, "client_id": {"old"}}, "Origin", "https://old.example.org")
	if a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "https://old.example.org" || a.header.Get("Content-Type") != "" {
		t.Errorf("revoke: %d %v", a.status, a.header)
	}
	if a := b.userinfo(access); a.status != 401 {
		t.Errorf("userinfo of a revoked token: %d", a.status)
	}
}

func TestConsentComesBeforeTokensOfTheFrontChannel(t *testing.T) {
	b := start(t, everyResponseType).browser()
	b.oldClients()
	b.exec("UPDATE clients SET first_party = false WHERE client_id = 'old'")
	a := b.authorize(oldParams("id_token token"))
	a = b.login(a.location(), "alice", password)
	if a.location().Path != "/consent" || b.count("SELECT count(*) FROM grants") != 0 {
		t.Fatalf("not asked: %s", a.location())
	}
	post := func(pressed string) answer {
		return b.do("POST", "/consent", url.Values{"request": {a.query("request")}, "consent": {pressed}}, "Origin", uiOrigin)
	}
	if no := post("no"); no.fragment().Get("error") != "access_denied" {
		t.Errorf("refused: %s", no.location())
	}
	yes := post("yes").fragment()
	if b.userinfo(yes.Get("access_token")).status != 200 || yes.Get("id_token") == "" || b.count("SELECT count(*) FROM consents") != 1 {
		t.Errorf("allowed: %v", yes)
	}
	b.exec("UPDATE clients SET response_types = '{code}' WHERE client_id = 'old'")
	waitForNotify()
	if late := post("yes"); late.fragment().Get("error") != "unauthorized_client" {
		t.Errorf("after the client lost it: %s", late.location())
	}
}

func TestTokensOfTheFrontChannelMayTravelInAForm(t *testing.T) {
	b := start(t, everyResponseType).browser()
	b.oldClients()
	b.code(authParams())
	a := b.authorize(oldParams("id_token token", "response_mode", "form_post"))
	if a.status != 200 || !contains(a.body, `name="access_token"`) || !contains(a.body, `name="id_token"`) || a.header.Get("Location") != "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	b.later(time.Hour)
	if a := b.authorize(oldParams("token", "response_mode", "form_post", "max_age", "60", "prompt", "none")); !contains(a.body, `value="login_required"`) {
		t.Errorf("an error: %d %s", a.status, a.body)
	}
}

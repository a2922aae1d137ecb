package provider_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/oidc"
	"gatehouse/api/provider"
)

// everyResponseType is a deployment that allows them all.
func everyResponseType(s *provider.Settings) { s.ResponseTypes = oidc.ResponseTypes }

// oldClients registers the public first-party client "old" for every response type.
func (r *rig) oldClients() {
	r.Exec(`INSERT INTO clients (client_id, client_name, token_endpoint_auth_method, redirect_uris, grant_types, response_types, first_party)
		VALUES ('old', 'Old page', 'none', '{https://old.example.org/cb}', '{authorization_code,implicit,refresh_token}',
			ARRAY['code','id_token','id_token token','token','code id_token','code token','code id_token token'], true)`)
}

func oldParams(responseType string, changes ...string) url.Values {
	v := AuthParams(append([]string{"client_id", "old", "redirect_uri", "https://old.example.org/cb", "response_type", responseType},
		changes...)...)
	if !oidc.ParseResponseType(responseType).Code() {
		v.Del("code_challenge")
		v.Del("code_challenge_method")
	}
	return v
}

// OAuth 2.0 Multiple Response Type Encoding Practices §3, §5; OpenID Connect Core §3.2.2.5, §3.3.2.5; RFC 9207 §2.
func TestEachResponseTypeAnswersWithItsParametersInTheFragment(t *testing.T) {
	t.Parallel()
	b := start(t, everyResponseType).browser()
	b.oldClients()
	for i, responseType := range []string{"token", "id_token", "token id_token", "code token", "code id_token", "id_token code token"} {
		a := b.Authorize(oldParams(responseType))
		if i == 0 { // the first answer comes of the sign-in itself, the others of single sign-on
			a = b.Login(a.Location(), "alice", Password)
		}
		got, asked := a.Fragment(), oidc.ParseResponseType(responseType)
		if a.Status != 303 || a.Location().Host != "old.example.org" || a.Location().RawQuery != "" || got.Get("state") != "st" ||
			got.Get("iss") != b.Issuer ||
			got.Has("code") != asked.Code() || got.Has("id_token") != asked.IDToken() || got.Has("access_token") != asked.Token() ||
			got.Has("refresh_token") {
			t.Fatalf("%s: %d %s", responseType, a.Status, a.Location())
		}
		access, id := got.Get("access_token"), Claims(got.Get("id_token"))
		if asked.Token() {
			if got.Get("token_type") != "Bearer" || got.Get("expires_in") != "900" || got.Get("scope") != "openid profile email groups" {
				t.Errorf("%s: %v", responseType, got)
			}
			if info := b.Userinfo(access); info.Status != 200 || info.JSON()["preferred_username"] != "alice" {
				t.Errorf("%s: userinfo %d %s", responseType, info.Status, info.Body)
			}
		}
		if asked.IDToken() {
			atHash, _ := id["at_hash"].(string)
			cHash, _ := id["c_hash"].(string)
			if id["nonce"] != "no" || id["sub"] != "sub-alice" || id["aud"] != "old" || id["sid"] != nil || id["email"] != "alice@example.org" ||
				(atHash != "") != asked.Token() || asked.Token() && atHash != oidc.HalfHash("RS256", access) ||
				(cHash != "") != asked.Code() || asked.Code() && (cHash != oidc.HalfHash("RS256", got.Get("code")) ||
				id["s_hash"] != oidc.HalfHash("RS256", "st")) {
				t.Errorf("%s: ID token %v", responseType, id)
			}
		}
		if asked.Code() {
			tokens := b.Token(Redeem(got.Get("code"), "client_id", "old", "redirect_uri", "https://old.example.org/cb"))
			if tokens.Status != 200 || tokens.JSON()["id_token"] == nil {
				t.Errorf("%s: redemption %d %s", responseType, tokens.Status, tokens.Body)
			}
		}
	}
}

func TestTokensOfTheFrontChannelAreOffUnlessTheDeploymentAndTheClientHaveThem(t *testing.T) {
	t.Parallel()
	closed, open := start(t).browser(), start(t, everyResponseType).browser()
	for _, b := range []*browser{closed, open} {
		b.oldClients()
		b.Code(AuthParams())
	}
	for _, c := range []struct {
		b      *browser
		params url.Values
		want   string
	}{
		{closed, oldParams("token"), "unsupported_response_type"},
		{closed, oldParams("id_token token"), "unsupported_response_type"},
		{open, AuthParams("response_type", "token"), "unauthorized_client"},
		{open, oldParams("id_token", "nonce", ""), "invalid_request"},
		{open, oldParams("token", "response_mode", "query"), "invalid_request"},
		{open, oldParams("code token", "code_challenge", ""), "invalid_request"},
	} {
		a := c.b.Authorize(c.params)
		got := a.Fragment()
		if a.Status != 303 || got.Get("error") != c.want || got.Get("error_description") == "" || got.Get("state") != "st" ||
			got.Get("iss") != c.b.Issuer || got.Has("access_token") {
			t.Errorf("%v: %d %s", c.params, a.Status, a.Location())
		}
	}
	if n := open.Count("SELECT count(*) FROM grants"); n != 0 {
		t.Errorf("%d grants of refused requests", n)
	}
	var meta struct {
		ResponseTypes []string `json:"response_types_supported"`
		Grants        []string `json:"grant_types_supported"`
	}
	for b, n := range map[*browser]int{closed: 1, open: len(oidc.ResponseTypes)} {
		_ = json.Unmarshal([]byte(b.Do("GET", "/.well-known/openid-configuration", nil).Body), &meta)
		if len(meta.ResponseTypes) != n || slices.Contains(meta.Grants, "implicit") != (n > 1) {
			t.Errorf("discovery: %v %v", meta.ResponseTypes, meta.Grants)
		}
	}
}

// OpenID Connect Core §11: no code, no offline access.
func TestAnAccessTokenOfTheFrontChannelEndsWithItsSession(t *testing.T) {
	t.Parallel()
	b := start(t, everyResponseType).browser()
	b.oldClients()
	b.Code(AuthParams())
	got := b.Authorize(oldParams("token", "scope", "openid offline_access")).Fragment()
	if got.Get("scope") != "openid" || got.Has("refresh_token") || b.Count("SELECT count(*) FROM grants WHERE offline") != 0 {
		t.Errorf("offline: %v", got)
	}
	access := got.Get("access_token")
	if a := b.Userinfo(access); a.Status != 200 {
		t.Errorf("userinfo: %d %s", a.Status, a.Body)
	}
	if n := b.Count("SELECT count(*) FROM grants WHERE expires_at <= now() + interval '15 minutes'"); n != 1 {
		t.Errorf("%d grants end with their token", n)
	}
	b.Exec("UPDATE sessions SET ended_at = now()")
	if a := b.Userinfo(access); a.Status != 401 {
		t.Errorf("userinfo after the session: %d", a.Status)
	}
	if a := b.Authorize(oldParams("token", "prompt", "none")); a.Fragment().Get("error") != "login_required" {
		t.Errorf("prompt=none: %s", a.Location())
	}
}

func TestTheBrowserCanRevokeATokenOfTheFrontChannel(t *testing.T) {
	t.Parallel()
	b := start(t, everyResponseType).browser()
	b.oldClients()
	b.Code(AuthParams())
	access := b.Authorize(oldParams("token")).Fragment().Get("access_token")
	a := b.Do("POST", "/revoke", url.Values{"token": {access}, "client_id": {"old"}}, "Origin", "https://old.example.org")
	if a.Status != 200 || a.Header.Get("Access-Control-Allow-Origin") != "https://old.example.org" || a.Header.Get("Content-Type") != "" {
		t.Errorf("revoke: %d %v", a.Status, a.Header)
	}
	if a := b.Userinfo(access); a.Status != 401 {
		t.Errorf("userinfo of a revoked token: %d", a.Status)
	}
}

func TestConsentComesBeforeTokensOfTheFrontChannel(t *testing.T) {
	t.Parallel()
	b := start(t, everyResponseType).browser()
	b.oldClients()
	b.Exec("UPDATE clients SET first_party = false WHERE client_id = 'old'")
	a := b.Authorize(oldParams("id_token token"))
	a = b.Login(a.Location(), "alice", Password)
	if a.Location().Path != "/consent" || b.Count("SELECT count(*) FROM grants") != 0 {
		t.Fatalf("not asked: %s", a.Location())
	}
	post := func(pressed string) Answer {
		return b.Do("POST", "/consent", url.Values{"request": {a.Query("request")}, "consent": {pressed}}, "Origin", UIOrigin)
	}
	if no := post("no"); no.Fragment().Get("error") != "access_denied" {
		t.Errorf("refused: %s", no.Location())
	}
	yes := post("yes").Fragment()
	if b.Userinfo(yes.Get("access_token")).Status != 200 || yes.Get("id_token") == "" || b.Count("SELECT count(*) FROM consents") != 1 {
		t.Errorf("allowed: %v", yes)
	}
	b.Exec("UPDATE clients SET response_types = '{code}' WHERE client_id = 'old'")
	b.WaitForNotify()
	if late := post("yes"); late.Fragment().Get("error") != "unauthorized_client" {
		t.Errorf("after the client lost it: %s", late.Location())
	}
}

func TestTokensOfTheFrontChannelMayTravelInAForm(t *testing.T) {
	t.Parallel()
	b := start(t, everyResponseType).browser()
	b.oldClients()
	b.Code(AuthParams())
	a := b.Authorize(oldParams("id_token token", "response_mode", "form_post"))
	if a.Status != 200 || !strings.Contains(a.Body, `name="access_token"`) || !strings.Contains(a.Body, `name="id_token"`) ||
		a.Header.Get("Location") != "" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	b.Later(time.Hour)
	if a := b.Authorize(oldParams("token", "response_mode", "form_post", "max_age", "60", "prompt",
		"none")); !strings.Contains(a.Body, `value="login_required"`) {
		t.Errorf("an error: %d %s", a.Status, a.Body)
	}
}

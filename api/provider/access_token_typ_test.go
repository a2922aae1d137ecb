package provider_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
)

// RFC 9068 §2.1 asks for at+jwt, and Spring's resource servers for JWT. Here both are access tokens, and nothing else is.
func TestAnAccessTokenHasTheTypOfItsClientsRowAndIsNoIDToken(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec(`UPDATE users SET claims = '{"client_id": "web", "jti": "1", "Client_ID": "web", "grant_id": "1", "scope": "openid"}'`)
	first := b.Token(Redeem(b.Code(AuthParams()))).JSON()
	if typ := headerOf(Str(first["access_token"]))["typ"]; typ != "at+jwt" {
		t.Errorf("typ is %v", typ)
	}
	b.Exec(`UPDATE clients SET access_token_typ = 'JWT', userinfo_signed_response_alg = 'ES256', refresh_token_format = 'jwt',
		grant_types = grant_types || '{client_credentials}'`)
	b.WaitForNotify()
	tokens := b.Token(Redeem(b.Code(AuthParams("scope", "openid profile offline_access")))).JSON()
	access := Str(tokens["access_token"])
	own := Str(b.Token(url.Values{"grant_type": {"client_credentials"}}).JSON()["access_token"])
	for _, token := range []string{access, own} {
		if typ := headerOf(token)["typ"]; typ != "JWT" {
			t.Errorf("typ is %v", typ)
		}
		if said := b.about("/introspect", token).JSON(); said["active"] != true {
			t.Errorf("introspection: %v", said)
		}
	}
	second := httptest.NewUnstartedServer(nil) // a replica that has not made the token
	b.Serve(second, authn.NewPasswords(2, 64))
	if a := b.Do("GET", "http://"+second.Listener.Addr().String()+"/userinfo", nil, "Authorization", "Bearer "+access); a.Status != 200 {
		t.Errorf("userinfo at another replica: %d %s", a.Status, a.Body)
	}
	info := b.Userinfo(access)
	if info.Status != 200 || Claims(info.Body)["sub"] != "sub-alice" {
		t.Errorf("userinfo: %d %s", info.Status, info.Body)
	}
	for what, token := range map[string]string{"an ID token": Str(tokens["id_token"]), "signed userinfo": info.Body,
		"a refresh token": Str(tokens["refresh_token"])} {
		if a := b.Userinfo(token); a.Status != 401 {
			t.Errorf("%s is an access token: %d %s", what, a.Status, a.Body)
		}
		if said := b.about("/introspect", token).JSON(); said["active"] == true && !strings.HasPrefix(what, "a refresh") {
			t.Errorf("%s is an access token: %v", what, said)
		}
	}
	// RFC 8725 §3.11: nor is an access token an ID token.
	for _, typ := range []string{"JWT", "at+jwt"} {
		token := map[string]string{"JWT": access, "at+jwt": Str(first["access_token"])}[typ]
		if a := b.Authorize(AuthParams("id_token_hint", token)); a.Query("error") != "invalid_request" {
			t.Errorf("an access token of typ %s is taken as a hint: %s", typ, a.Location())
		}
	}
}

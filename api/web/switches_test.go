package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

const aboutWeb = "client_id=web&client_secret=web-secret&token="

// about asks endpoint about a token as client web.
func (b *browser) about(endpoint, token string) answer {
	form, _ := url.ParseQuery(aboutWeb + url.QueryEscape(token))
	return b.do("POST", endpoint, form)
}

func TestARefreshTokenMayBeAJWTAndRotatesAsAnyOther(t *testing.T) {
	b := start(t).browser()
	b.exec("UPDATE clients SET refresh_token_format = 'jwt'")
	waitForNotify()
	first := str(b.token(redeem(b.code(authParams("scope", "openid offline_access")))).json()["refresh_token"])
	said := claims(first)
	secret := str(said["jti"])
	lives := said["exp"].(float64) - said["iat"].(float64)
	if said["iss"] != b.issuer || said["aud"] != b.issuer || said["sub"] != "sub-alice" || said["client_id"] != "web" || len(secret) != 135 ||
		lives != (14*24*time.Hour).Seconds() {
		t.Fatalf("claims: %v", said)
	}
	if a := b.about("/introspect", first); a.json()["active"] != true {
		t.Errorf("introspection: %s", a.body)
	}
	second := str(b.token(refresh(first)).json()["refresh_token"])
	if again := str(b.token(refresh(first)).json()["refresh_token"]); claims(again)["jti"] != claims(second)["jti"] || claims(second)["jti"] == secret {
		t.Errorf("a retry within the grace: %v, was %v", claims(again), claims(second))
	}
	if n := b.count("SELECT refresh_seq FROM grants"); n != 1 {
		t.Errorf("at place %d of the family, want 1", n)
	}
	// The keys that signed it retire while it lives, and the client may change its mind.
	b.exec("DELETE FROM signing_keys WHERE alg = 'EdDSA'")
	b.exec("UPDATE clients SET refresh_token_format = 'opaque'")
	waitForNotify()
	third := b.token(refresh(second))
	last := str(third.json()["refresh_token"])
	if third.status != 200 || strings.Contains(last, ".") {
		t.Fatalf("after the switch back: %d %s", third.status, third.body)
	}
	b.about("/revoke", second)
	if a := b.token(refresh(last)); a.json()["error"] != "invalid_grant" {
		t.Errorf("revoked by a JWT of the family: %s", a.body)
	}
}

// The absolute end of the grant bounds what the JWT says.
func TestARefreshTokenThatIsAJWTSaysWhenItEnds(t *testing.T) {
	b := start(t).browser()
	b.exec("UPDATE clients SET refresh_token_format = 'jwt'")
	waitForNotify()
	token := str(b.token(redeem(b.code(authParams("scope", "openid offline_access")))).json()["refresh_token"])
	ends := claims(token)["iat"].(float64) + (90 * 24 * time.Hour).Seconds()
	for range 7 {
		b.later(13 * 24 * time.Hour)
		a := b.token(refresh(token))
		if a.status != 200 {
			break
		}
		token = str(a.json()["refresh_token"])
	}
	if exp := claims(token)["exp"].(float64); exp < ends-60 || exp > ends+60 {
		t.Errorf("the last one ends %v s from the end of the grant", exp-ends)
	}
}

// RFC 8725 §3.11.
func TestNoKindOfTokenPassesForAnother(t *testing.T) {
	b := start(t).browser()
	b.exec("UPDATE clients SET refresh_token_format = 'jwt'")
	waitForNotify()
	tokens := b.token(redeem(b.code(authParams("scope", "openid offline_access")))).json()
	access, next, id := str(tokens["access_token"]), str(tokens["refresh_token"]), str(tokens["id_token"])
	for name, token := range map[string]string{"refresh token": next, "ID token": id} {
		if a := b.userinfo(token); a.status != 401 {
			t.Errorf("userinfo takes the %s: %d", name, a.status)
		}
	}
	for name, token := range map[string]string{"access token": access, "ID token": id} {
		if a := b.token(refresh(token)); a.json()["error"] != "invalid_grant" {
			t.Errorf("the %s refreshes: %s", name, a.body)
		}
	}
	for name, token := range map[string]string{"access token": access, "refresh token": next} {
		if a := b.do("GET", "/logout", url.Values{"id_token_hint": {token}}); a.status != 400 {
			t.Errorf("the %s is taken as a hint: %d %s", name, a.status, a.location())
		}
	}
	if a := b.userinfo(access); a.status != 200 {
		t.Errorf("userinfo: %d %s", a.status, a.body)
	}
}

func TestAClientGetsTheClaimsOfItsRowWhateverItsScope(t *testing.T) {
	b := start(t).browser()
	b.exec(`UPDATE clients SET released_claims = '{preferred_username,department,aud}'`)
	b.exec(`UPDATE users SET claims = '{"department": "physics", "aud": "elsewhere", "private": 1}'`)
	waitForNotify()
	tokens := b.token(redeem(b.code(authParams("scope", "openid")))).json()
	info, id := b.userinfo(str(tokens["access_token"])).json(), claims(str(tokens["id_token"]))
	for what, got := range map[string]map[string]any{"userinfo": info, "ID token": id} {
		if got["preferred_username"] != "alice" || got["department"] != "physics" || got["private"] != nil || got["name"] != nil {
			t.Errorf("%s: %v", what, got)
		}
	}
	if info["aud"] != nil || id["aud"] != "web" {
		t.Errorf("a claim of the protocol was released: %v, %v", info["aud"], id["aud"])
	}
}

// RFC 9068 §3.
func TestAccessTokensNameTheAudiencesOfTheirClient(t *testing.T) {
	b := start(t).browser()
	plain := str(b.token(redeem(b.code(authParams()))).json()["access_token"])
	if aud := claims(plain)["aud"]; aud != b.issuer {
		t.Errorf("aud is %v", aud)
	}
	b.exec(`UPDATE clients SET audiences = '{https://data.example.org}' WHERE client_id = 'web'`)
	waitForNotify()
	access := str(b.token(redeem(b.code(authParams()))).json()["access_token"])
	for what, got := range map[string]any{"token": claims(access)["aud"], "introspection": b.about("/introspect", access).json()["aud"]} {
		if list, _ := got.([]any); len(list) != 2 || list[0] != b.issuer || list[1] != "https://data.example.org" {
			t.Errorf("aud of the %s is %v", what, got)
		}
	}
	if a := b.userinfo(access); a.status != 200 {
		t.Errorf("userinfo: %d %s", a.status, a.body)
	}
}

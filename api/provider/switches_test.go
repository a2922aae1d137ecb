package provider_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

const aboutWeb = "client_id=web&client_secret=web-secret&token="

// about asks endpoint about a token as client web.
func (b *browser) about(endpoint, token string) Answer {
	form, _ := url.ParseQuery(aboutWeb + url.QueryEscape(token))
	return b.Do("POST", endpoint, form)
}

func TestARefreshTokenMayBeAJWTAndRotatesAsAnyOther(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec("UPDATE clients SET refresh_token_format = 'jwt'")
	b.WaitForNotify()
	first := Str(b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()["refresh_token"])
	said := Claims(first)
	secret := Str(said["jti"])
	lives := said["exp"].(float64) - said["iat"].(float64)
	if said["iss"] != b.Issuer || said["aud"] != b.Issuer || said["sub"] != "sub-alice" || said["client_id"] != "web" || len(secret) != 135 ||
		lives != (14*24*time.Hour).Seconds() {
		t.Fatalf("claims: %v", said)
	}
	if a := b.about("/introspect", first); a.JSON()["active"] != true {
		t.Errorf("introspection: %s", a.Body)
	}
	second := Str(b.Token(Refresh(first)).JSON()["refresh_token"])
	if again := Str(b.Token(Refresh(first)).JSON()["refresh_token"]); Claims(again)["jti"] != Claims(second)["jti"] ||
		Claims(second)["jti"] == secret {
		t.Errorf("a retry within the grace: %v, was %v", Claims(again), Claims(second))
	}
	if n := b.Count("SELECT refresh_seq FROM grants"); n != 1 {
		t.Errorf("at place %d of the family, want 1", n)
	}
	// The keys that signed it retire while it lives, and the client may change its mind.
	b.Exec("DELETE FROM signing_keys WHERE alg = 'EdDSA'")
	b.Exec("UPDATE clients SET refresh_token_format = 'opaque'")
	b.WaitForNotify()
	third := b.Token(Refresh(second))
	last := Str(third.JSON()["refresh_token"])
	if third.Status != 200 || strings.Contains(last, ".") {
		t.Fatalf("after the switch back: %d %s", third.Status, third.Body)
	}
	b.about("/revoke", second)
	if a := b.Token(Refresh(last)); a.JSON()["error"] != "invalid_grant" {
		t.Errorf("revoked by a JWT of the family: %s", a.Body)
	}
}

// The absolute end of the grant bounds what the JWT says.
func TestARefreshTokenThatIsAJWTSaysWhenItEnds(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec("UPDATE clients SET refresh_token_format = 'jwt'")
	b.WaitForNotify()
	token := Str(b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()["refresh_token"])
	ends := Claims(token)["iat"].(float64) + (90 * 24 * time.Hour).Seconds()
	for range 7 {
		b.Later(13 * 24 * time.Hour)
		a := b.Token(Refresh(token))
		if a.Status != 200 {
			break
		}
		token = Str(a.JSON()["refresh_token"])
	}
	if exp := Claims(token)["exp"].(float64); exp < ends-60 || exp > ends+60 {
		t.Errorf("the last one ends %v s from the end of the grant", exp-ends)
	}
}

// RFC 8725 §3.11.
func TestNoKindOfTokenPassesForAnother(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec("UPDATE clients SET refresh_token_format = 'jwt'")
	b.WaitForNotify()
	tokens := b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()
	access, next, id := Str(tokens["access_token"]), Str(tokens["refresh_token"]), Str(tokens["id_token"])
	for name, token := range map[string]string{"refresh token": next, "ID token": id} {
		if a := b.Userinfo(token); a.Status != 401 {
			t.Errorf("userinfo takes the %s: %d", name, a.Status)
		}
	}
	for name, token := range map[string]string{"access token": access, "ID token": id} {
		if a := b.Token(Refresh(token)); a.JSON()["error"] != "invalid_grant" {
			t.Errorf("the %s refreshes: %s", name, a.Body)
		}
	}
	for name, token := range map[string]string{"access token": access, "refresh token": next} {
		a := b.Do("GET", "/logout", url.Values{"id_token_hint": {token}})
		if page := b.Interaction(a.LeadsTo()); page["error"].(map[string]any)["code"] != "logout_hint_invalid" {
			t.Errorf("the %s is taken as a hint: %d %s", name, a.Status, a.Location())
		}
	}
	if a := b.Userinfo(access); a.Status != 200 {
		t.Errorf("userinfo: %d %s", a.Status, a.Body)
	}
}

func TestAClientGetsTheClaimsOfItsRowWhateverItsScope(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec(`UPDATE clients SET released_claims = '{preferred_username,department,aud}'`)
	b.Exec(`UPDATE users SET claims = '{"department": "physics", "aud": "elsewhere", "private": 1}'`)
	b.WaitForNotify()
	tokens := b.Token(Redeem(b.Code(AuthParams("scope", "openid")))).JSON()
	info, id := b.Userinfo(Str(tokens["access_token"])).JSON(), Claims(Str(tokens["id_token"]))
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
	t.Parallel()
	b := start(t).browser()
	plain := Str(b.Token(Redeem(b.Code(AuthParams()))).JSON()["access_token"])
	if aud := Claims(plain)["aud"]; aud != b.Issuer {
		t.Errorf("aud is %v", aud)
	}
	b.Exec(`UPDATE clients SET audiences = '{https://data.example.org}' WHERE client_id = 'web'`)
	b.WaitForNotify()
	access := Str(b.Token(Redeem(b.Code(AuthParams()))).JSON()["access_token"])
	for what, got := range map[string]any{"token": Claims(access)["aud"], "introspection": b.about("/introspect", access).JSON()["aud"]} {
		if list, _ := got.([]any); len(list) != 2 || list[0] != b.Issuer || list[1] != "https://data.example.org" {
			t.Errorf("aud of the %s is %v", what, got)
		}
	}
	if a := b.Userinfo(access); a.Status != 200 {
		t.Errorf("userinfo: %d %s", a.Status, a.Body)
	}
}

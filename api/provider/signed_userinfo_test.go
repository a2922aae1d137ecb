package provider_test

import (
	"context"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"

	. "gatehouse/api/apitest"
)

// OpenID Connect Core §5.3.2.
func TestUserinfoIsSignedForAClientThatIsRegisteredForIt(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	set := oidc.NewRemoteKeySet(context.Background(), b.Issuer+"/jwks")
	for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		b.Exec("UPDATE clients SET userinfo_signed_response_alg = $1 WHERE client_id = 'web'", alg)
		b.WaitForNotify()
		access := Str(b.Token(Redeem(b.Code(AuthParams()))).JSON()["access_token"])
		for _, a := range []Answer{b.Userinfo(access), b.Do("POST", "/userinfo", form("access_token", access))} {
			if a.Status != 200 || a.Header.Get("Content-Type") != "application/jwt" || a.Header.Get("Cache-Control") != "no-store" ||
				headerOf(a.Body)["alg"] != alg || headerOf(a.Body)["kid"] == nil {
				t.Fatalf("%s: %d %s %s", alg, a.Status, a.Header.Get("Content-Type"), a.Body)
			}
			if _, err := set.VerifySignature(context.Background(), a.Body); err != nil {
				t.Errorf("%s: %v", alg, err)
			}
			said := Claims(a.Body)
			if said["iss"] != b.Issuer || said["aud"] != "web" || said["sub"] != "sub-alice" || said["email"] != "alice@example.org" ||
				said["nonce"] != nil {
				t.Errorf("%s: %v", alg, said)
			}
			// It is no ID token (RFC 8725 §3.11).
			if refused := b.Authorize(AuthParams("id_token_hint", a.Body)); refused.Query("error") != "invalid_request" {
				t.Errorf("%s: as id_token_hint: %s", alg, refused.Location())
			}
			if refused := b.Userinfo(a.Body); refused.Status != 401 {
				t.Errorf("%s: as an access token: %d", alg, refused.Status)
			}
		}
		key := newSigner("ES256", "")
		bound := Str(b.proven(key, Redeem(b.Code(AuthParams()))).JSON()["access_token"])
		a := b.shown(bound, b.proof(key, "GET", "/userinfo", "ath", athOf(bound)))
		if a.Status != 200 || a.Header.Get("Content-Type") != "application/jwt" || a.Header.Get("DPoP-Nonce") == "" {
			t.Errorf("%s: a bound token: %d %v", alg, a.Status, a.Header)
		}
		if a := b.Userinfo("x"); a.Status != 401 || a.JSON()["error"] != "invalid_token" {
			t.Errorf("%s: errors are not signed: %d %s", alg, a.Status, a.Body)
		}
	}
	spa := Str(b.Token(Redeem(b.Code(SPAParams()), "client_id", "spa", "redirect_uri", "https://spa.example.org/cb")).JSON()["access_token"])
	for what, token := range map[string]string{"another client's token": spa, "a personal access token": b.personalAccessToken()} {
		if a := b.Userinfo(token); a.Status != 200 || a.Header.Get("Content-Type") != "application/json" || a.JSON()["sub"] != "sub-alice" {
			t.Errorf("%s: %d %s", what, a.Status, a.Header.Get("Content-Type"))
		}
	}
}

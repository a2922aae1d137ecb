package web_test

import (
	"context"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
)

// OpenID Connect Core §5.3.2.
func TestUserinfoIsSignedForAClientThatIsRegisteredForIt(t *testing.T) {
	b := start(t).browser()
	set := oidc.NewRemoteKeySet(context.Background(), b.issuer+"/jwks")
	for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		b.exec("UPDATE clients SET userinfo_signed_response_alg = $1 WHERE client_id = 'web'", alg)
		waitForNotify()
		access := str(b.token(redeem(b.code(authParams()))).json()["access_token"])
		for _, a := range []answer{b.userinfo(access), b.do("POST", "/userinfo", form("access_token", access))} {
			if a.status != 200 || a.header.Get("Content-Type") != "application/jwt" || a.header.Get("Cache-Control") != "no-store" ||
				headerOf(a.body)["alg"] != alg || headerOf(a.body)["kid"] == nil {
				t.Fatalf("%s: %d %s %s", alg, a.status, a.header.Get("Content-Type"), a.body)
			}
			if _, err := set.VerifySignature(context.Background(), a.body); err != nil {
				t.Errorf("%s: %v", alg, err)
			}
			said := claims(a.body)
			if said["iss"] != b.issuer || said["aud"] != "web" || said["sub"] != "sub-alice" || said["email"] != "alice@example.org" || said["nonce"] != nil {
				t.Errorf("%s: %v", alg, said)
			}
			// It is no ID token (RFC 8725 §3.11).
			if refused := b.authorize(authParams("id_token_hint", a.body)); refused.query("error") != "invalid_request" {
				t.Errorf("%s: as id_token_hint: %s", alg, refused.location())
			}
			if refused := b.userinfo(a.body); refused.status != 401 {
				t.Errorf("%s: as an access token: %d", alg, refused.status)
			}
		}
		key := newSigner("ES256", "")
		bound := str(b.proven(key, redeem(b.code(authParams()))).json()["access_token"])
		a := b.shown(bound, b.proof(key, "GET", "/userinfo", "ath", athOf(bound)))
		if a.status != 200 || a.header.Get("Content-Type") != "application/jwt" || a.header.Get("DPoP-Nonce") == "" {
			t.Errorf("%s: a bound token: %d %v", alg, a.status, a.header)
		}
		if a := b.userinfo("x"); a.status != 401 || a.json()["error"] != "invalid_token" {
			t.Errorf("%s: errors are not signed: %d %s", alg, a.status, a.body)
		}
	}
	spa := str(b.token(redeem(b.code(spaParams()), "client_id", "spa", "redirect_uri", "https://spa.example.org/cb")).json()["access_token"])
	for what, token := range map[string]string{"another client's token": spa, "a personal access token": b.personalAccessToken()} {
		if a := b.userinfo(token); a.status != 200 || a.header.Get("Content-Type") != "application/json" || a.json()["sub"] != "sub-alice" {
			t.Errorf("%s: %d %s", what, a.status, a.header.Get("Content-Type"))
		}
	}
}

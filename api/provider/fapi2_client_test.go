package provider_test

import (
	"net/url"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/provider"
)

// push pushes a request as client "fapi", with a proof of key.
func (s signing) push(key signer, params url.Values) Answer {
	s.Helper()
	return s.Do("POST", "/par", asserted(params, s.assertion("fapi", s.keys["ES256"])), "DPoP", s.proof(key, "POST", "/par"))
}

// provenAs posts to the token endpoint as client "fapi", with a proof of key.
func (s signing) provenAs(key signer, form url.Values) Answer {
	s.Helper()
	return s.Do("POST", "/token", asserted(form, s.assertion("fapi", s.keys["ES256"])), "DPoP", s.proof(key, "POST", "/token"))
}

func fapi(changes ...string) url.Values {
	return AuthParams(append([]string{"client_id", "fapi"}, changes...)...)
}

// FAPI 2.0 Security Profile §5.3.2.1, §5.3.2.2, §5.4.1.
func TestAClientOfFAPI2SignsPeopleInWithPushedRequestsSignedAssertionsAndBoundTokens(t *testing.T) {
	t.Parallel()
	s := startSigning(t)
	key := newSigner("PS256", "")
	pushed := s.push(key, fapi("scope", "openid email offline_access"))
	if pushed.Status != 201 || pushed.JSON()["expires_in"].(float64) >= 600 {
		t.Fatalf("%d %s", pushed.Status, pushed.Body)
	}
	a := s.Authorize(form("client_id", "fapi", "request_uri", Str(pushed.JSON()["request_uri"]), "scope", "openid read",
		"redirect_uri", "https://evil.example"))
	a = s.Login(a.Location(), "alice", Password)
	if a.Status != 303 || a.Location().Host != "rp.example.org" || a.Query("iss") != s.Issuer || a.Query("state") != "st" ||
		a.Query("code") == "" {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	tokens := s.provenAs(key, Redeem(a.Query("code")))
	access, next := Str(tokens.JSON()["access_token"]), Str(tokens.JSON()["refresh_token"])
	id := Str(tokens.JSON()["id_token"])
	if tokens.Status != 200 || tokens.JSON()["token_type"] != "DPoP" || tokens.JSON()["scope"] != "openid email offline_access" ||
		next == "" ||
		headerOf(id)["alg"] != "PS256" || headerOf(access)["alg"] != "ES256" || Claims(id)["aud"] != "fapi" || jktOf(access) != key.thumbprint() {
		t.Fatalf("%d %s", tokens.Status, tokens.Body)
	}
	if a := s.shown(access, s.proof(key, "GET", "/userinfo", "ath", athOf(access))); a.Status != 200 ||
		a.JSON()["email"] != "alice@example.org" {
		t.Errorf("userinfo: %d %s", a.Status, a.Body)
	}
	if a := s.Userinfo(access); a.Status != 401 {
		t.Errorf("userinfo takes it as a bearer's: %d", a.Status)
	}

	// Refresh tokens do not rotate; they still end when nobody uses them, and with their grant.
	for range 3 {
		s.Later(10 * 24 * time.Hour)
		a := s.provenAs(key, Refresh(next))
		if a.Status != 200 || a.JSON()["refresh_token"] != next || jktOf(Str(a.JSON()["access_token"])) != key.thumbprint() {
			t.Fatalf("refresh: %d %s", a.Status, a.Body)
		}
	}
	if n := s.Count("SELECT refresh_seq FROM grants"); n != 0 {
		t.Errorf("at place %d of the family", n)
	}
	s.Later(14*24*time.Hour + time.Minute)
	if a := s.provenAs(key, Refresh(next)); a.JSON()["error"] != "invalid_grant" {
		t.Errorf("two weeks later: %d %s", a.Status, a.Body)
	}
}

// FAPI 2.0 Security Profile §5.3.2.1, §5.3.2.2, §5.4.1: what other clients may, such a client may not.
func TestAClientOfFAPI2IsRefusedWhatTheProfileForbids(t *testing.T) {
	t.Parallel()
	s := startSigning(t, func(s *provider.Settings) { s.CodeTTL = 10 * time.Minute })
	key, rsa := newSigner("EdDSA", ""), newSigner("RS256", "")
	code := func() string {
		t.Helper()
		return s.Code(form("client_id", "fapi", "request_uri", Str(s.push(key, fapi()).JSON()["request_uri"])))
	}
	if a := s.Authorize(fapi()); a.Query("error") != "invalid_request" || a.Query("code") != "" {
		t.Errorf("not pushed: %s", a.Location())
	}
	object := s.keys["ES256"].jwt(map[string]any{"typ": "oauth-authz-req+jwt"}, s.changed(map[string]any{"iss": "fapi", "aud": s.Issuer,
		"nbf": time.Duration(0), "exp": time.Minute}, pairsOf(fapi())))
	if a := s.Authorize(fapi("request", object)); a.Query("error") != "invalid_request" {
		t.Errorf("signed, but not pushed: %s", a.Location())
	}
	if a := s.push(key, form("client_id", "fapi", "request", object)); a.Status != 201 {
		t.Errorf("signed and pushed: %d %s", a.Status, a.Body)
	}
	withoutNBF := s.keys["ES256"].jwt(nil, s.changed(Claims(object), []any{"nbf", nil}))
	for what, params := range map[string]url.Values{
		"signed for ever":           form("client_id", "fapi", "request", withoutNBF),
		"plain PKCE":                fapi("code_challenge_method", "plain"),
		"no PKCE":                   fapi("code_challenge", "", "code_challenge_method", ""),
		"another redirect_uri":      fapi("redirect_uri", "https://rp.example.org/"),
		"no redirect_uri":           fapi("redirect_uri", ""),
		"a token from the browser":  fapi("response_type", "code token"),
		"a request object by RS256": form("client_id", "fapi", "request", s.keys["RS256"].jwt(nil, Claims(object))),
	} {
		if a := s.push(key, params); a.Status != 400 || a.JSON()["error"] == nil {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	s.refusedClient("pushed without authentication", s.Do("POST", "/par", fapi()))
	s.refusedProof("a proof by RS256 at /par", s.push(rsa, fapi()), 400, "invalid_dpop_proof")
	s.refusedProof("no proof at /token", s.Do("POST", "/token", asserted(Redeem(code()), s.assertion("fapi", s.keys["ES256"]))), 400,
		"invalid_dpop_proof")
	s.refusedProof("a proof by RS256", s.provenAs(rsa, Redeem(code())), 400, "invalid_dpop_proof")
	s.refusedClient("an assertion by RS256", s.Do("POST", "/token", asserted(Redeem(code()), s.assertion("fapi", s.keys["RS256"])),
		"DPoP", s.proof(key, "POST", "/token")))
	if a := s.provenAs(newSigner("EdDSA", ""), Redeem(code())); a.JSON()["error"] != "invalid_grant" {
		t.Errorf("a proof of another key than at /par: %d %s", a.Status, a.Body)
	}

	// A key that proved itself by PS256 does so at userinfo, too.
	ps := signer{"PS256", "", rsa.private}
	pushed := s.push(ps, fapi())
	access := Str(s.provenAs(ps, Redeem(s.Code(form("client_id", "fapi", "request_uri",
		Str(pushed.JSON()["request_uri"]))))).JSON()["access_token"])
	s.refusedProof("a proof by RS256 at userinfo", s.shown(access, s.proof(rsa, "GET", "/userinfo", "ath", athOf(access))), 401,
		"invalid_dpop_proof")
	if a := s.shown(access, s.proof(ps, "GET", "/userinfo", "ath", athOf(access))); a.Status != 200 {
		t.Errorf("by PS256: %d %s", a.Status, a.Body)
	}
	late := code()
	s.Later(61 * time.Second)
	if a := s.provenAs(key, Redeem(late)); a.JSON()["error"] != "invalid_grant" {
		t.Errorf("a code of 61 seconds: %d %s", a.Status, a.Body)
	}
}

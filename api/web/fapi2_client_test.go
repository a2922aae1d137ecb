package web_test

import (
	"net/url"
	"testing"
	"time"

	"gatehouse/api/provider"
)

// push pushes a request as client "fapi", with a proof of key.
func (s signing) push(key signer, params url.Values) answer {
	s.Helper()
	return s.do("POST", "/par", asserted(params, s.assertion("fapi", s.keys["ES256"])), "DPoP", s.proof(key, "POST", "/par"))
}

// provenAs posts to the token endpoint as client "fapi", with a proof of key.
func (s signing) provenAs(key signer, form url.Values) answer {
	s.Helper()
	return s.do("POST", "/token", asserted(form, s.assertion("fapi", s.keys["ES256"])), "DPoP", s.proof(key, "POST", "/token"))
}

func fapi(changes ...string) url.Values {
	return authParams(append([]string{"client_id", "fapi"}, changes...)...)
}

// FAPI 2.0 Security Profile §5.3.2.1, §5.3.2.2, §5.4.1.
func TestAClientOfFAPI2SignsPeopleInWithPushedRequestsSignedAssertionsAndBoundTokens(t *testing.T) {
	s := startSigning(t)
	key := newSigner("PS256", "")
	pushed := s.push(key, fapi("scope", "openid email offline_access"))
	if pushed.status != 201 || pushed.json()["expires_in"].(float64) >= 600 {
		t.Fatalf("%d %s", pushed.status, pushed.body)
	}
	a := s.authorize(form("client_id", "fapi", "request_uri", str(pushed.json()["request_uri"]), "scope", "openid read", "redirect_uri", "https://evil.example"))
	a = s.login(a.location(), "alice", password)
	if a.status != 303 || a.location().Host != "rp.example.org" || a.query("iss") != s.issuer || a.query("state") != "st" || a.query("code") == "" {
		t.Fatalf("%d %s", a.status, a.location())
	}
	tokens := s.provenAs(key, redeem(a.query("code")))
	access, next := str(tokens.json()["access_token"]), str(tokens.json()["refresh_token"])
	id := str(tokens.json()["id_token"])
	if tokens.status != 200 || tokens.json()["token_type"] != "DPoP" || tokens.json()["scope"] != "openid email offline_access" || next == "" ||
		headerOf(id)["alg"] != "PS256" || headerOf(access)["alg"] != "ES256" || claims(id)["aud"] != "fapi" || jktOf(access) != key.thumbprint() {
		t.Fatalf("%d %s", tokens.status, tokens.body)
	}
	if a := s.shown(access, s.proof(key, "GET", "/userinfo", "ath", athOf(access))); a.status != 200 || a.json()["email"] != "alice@example.org" {
		t.Errorf("userinfo: %d %s", a.status, a.body)
	}
	if a := s.userinfo(access); a.status != 401 {
		t.Errorf("userinfo takes it as a bearer's: %d", a.status)
	}

	// Refresh tokens do not rotate; they still end when nobody uses them, and with their grant.
	for range 3 {
		s.later(10 * 24 * time.Hour)
		a := s.provenAs(key, refresh(next))
		if a.status != 200 || a.json()["refresh_token"] != next || jktOf(str(a.json()["access_token"])) != key.thumbprint() {
			t.Fatalf("refresh: %d %s", a.status, a.body)
		}
	}
	if n := s.count("SELECT refresh_seq FROM grants"); n != 0 {
		t.Errorf("at place %d of the family", n)
	}
	s.later(14*24*time.Hour + time.Minute)
	if a := s.provenAs(key, refresh(next)); a.json()["error"] != "invalid_grant" {
		t.Errorf("two weeks later: %d %s", a.status, a.body)
	}
}

// FAPI 2.0 Security Profile §5.3.2.1, §5.3.2.2, §5.4.1: what other clients may, such a client may not.
func TestAClientOfFAPI2IsRefusedWhatTheProfileForbids(t *testing.T) {
	s := startSigning(t, func(s *provider.Settings) { s.CodeTTL = 10 * time.Minute })
	key, rsa := newSigner("EdDSA", ""), newSigner("RS256", "")
	code := func() string {
		t.Helper()
		return s.code(form("client_id", "fapi", "request_uri", str(s.push(key, fapi()).json()["request_uri"])))
	}
	if a := s.authorize(fapi()); a.query("error") != "invalid_request" || a.query("code") != "" {
		t.Errorf("not pushed: %s", a.location())
	}
	object := s.keys["ES256"].jwt(map[string]any{"typ": "oauth-authz-req+jwt"}, s.changed(map[string]any{"iss": "fapi", "aud": s.issuer,
		"exp": time.Minute}, pairsOf(fapi())))
	if a := s.authorize(fapi("request", object)); a.query("error") != "invalid_request" {
		t.Errorf("signed, but not pushed: %s", a.location())
	}
	for what, params := range map[string]url.Values{
		"plain PKCE":                fapi("code_challenge_method", "plain"),
		"no PKCE":                   fapi("code_challenge", "", "code_challenge_method", ""),
		"another redirect_uri":      fapi("redirect_uri", "https://rp.example.org/"),
		"no redirect_uri":           fapi("redirect_uri", ""),
		"a token from the browser":  fapi("response_type", "code token"),
		"a request object by RS256": form("client_id", "fapi", "request", s.keys["RS256"].jwt(nil, claims(object))),
	} {
		if a := s.push(key, params); a.status != 400 || a.json()["error"] == nil {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	s.refusedClient("pushed without authentication", s.do("POST", "/par", fapi()))
	s.refusedProof("a proof by RS256 at /par", s.push(rsa, fapi()), 400, "invalid_dpop_proof")
	s.refusedProof("no proof at /token", s.do("POST", "/token", asserted(redeem(code()), s.assertion("fapi", s.keys["ES256"]))), 400, "invalid_dpop_proof")
	s.refusedProof("a proof by RS256", s.provenAs(rsa, redeem(code())), 400, "invalid_dpop_proof")
	s.refusedClient("an assertion by RS256", s.do("POST", "/token", asserted(redeem(code()), s.assertion("fapi", s.keys["RS256"])), "DPoP", s.proof(key, "POST", "/token")))
	if a := s.provenAs(newSigner("EdDSA", ""), redeem(code())); a.json()["error"] != "invalid_grant" {
		t.Errorf("a proof of another key than at /par: %d %s", a.status, a.body)
	}

	// A key that proved itself by PS256 does so at userinfo, too.
	ps := signer{"PS256", "", rsa.private}
	pushed := s.push(ps, fapi())
	access := str(s.provenAs(ps, redeem(s.code(form("client_id", "fapi", "request_uri", str(pushed.json()["request_uri"]))))).json()["access_token"])
	s.refusedProof("a proof by RS256 at userinfo", s.shown(access, s.proof(rsa, "GET", "/userinfo", "ath", athOf(access))), 401, "invalid_dpop_proof")
	if a := s.shown(access, s.proof(ps, "GET", "/userinfo", "ath", athOf(access))); a.status != 200 {
		t.Errorf("by PS256: %d %s", a.status, a.body)
	}
	late := code()
	s.later(61 * time.Second)
	if a := s.provenAs(key, redeem(late)); a.json()["error"] != "invalid_grant" {
		t.Errorf("a code of 61 seconds: %d %s", a.status, a.body)
	}
}

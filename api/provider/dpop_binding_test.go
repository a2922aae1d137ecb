package provider_test

import (
	"net/url"
	"testing"

	. "gatehouse/api/apitest"
)

// RFC 9449 §10, §10.1: a code is bound to the key that dpop_jkt names, or whose proof came with the pushed request.
func TestACodeIsBoundToTheKeyOfItsRequest(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	key, thief := newSigner("ES256", ""), newSigner("ES256", "")
	secret := []string{"client_id", "web", "client_secret", "web-secret"}
	push := func(params url.Values, headers ...string) Answer {
		params.Set("client_secret", "web-secret")
		return b.Do("POST", "/par", params, headers...)
	}
	pushed := func(a Answer) string {
		t.Helper()
		if a.Status != 201 {
			t.Fatalf("not pushed: %d %s", a.Status, a.Body)
		}
		return b.Code(form("client_id", "web", "request_uri", Str(a.JSON()["request_uri"])))
	}
	for what, code := range map[string]string{
		"dpop_jkt":         b.Code(AuthParams("dpop_jkt", key.thumbprint())),
		"a proof at /par":  pushed(push(AuthParams(), "DPoP", b.proof(key, "POST", "/par"))),
		"both at /par":     pushed(push(AuthParams("dpop_jkt", key.thumbprint()), "DPoP", b.proof(key, "POST", "/par"))),
		"dpop_jkt at /par": pushed(push(AuthParams("dpop_jkt", key.thumbprint()))),
	} {
		if a := b.Token(Redeem(code, secret...)); a.Status != 400 || a.JSON()["error"] != "invalid_grant" {
			t.Errorf("%s, no proof: %d %s", what, a.Status, a.Body)
		}
		if a := b.proven(thief, Redeem(code)); a.Status != 400 || a.JSON()["error"] != "invalid_grant" {
			t.Errorf("%s, another key: %d %s", what, a.Status, a.Body)
		}
		if a := b.proven(key, Redeem(code)); a.Status != 200 || a.JSON()["token_type"] != "DPoP" {
			t.Errorf("%s: the code is not good for its key any more: %d %s", what, a.Status, a.Body)
		}
	}
	if a := b.Token(Redeem(b.Code(AuthParams()))); a.JSON()["token_type"] != "Bearer" {
		t.Errorf("without any of it: %s", a.Body)
	}

	for what, jkt := range map[string]string{"short": "abc", "44 characters": key.thumbprint() + "x",
		"no base64url": key.thumbprint()[:42] + "+"} {
		if a := b.Authorize(AuthParams("dpop_jkt", jkt)); a.Query("error") != "invalid_request" {
			t.Errorf("dpop_jkt, %s: %s", what, a.Location())
		}
	}
	other := push(AuthParams("dpop_jkt", thief.thumbprint()), "DPoP", b.proof(key, "POST", "/par"))
	b.refusedProof("dpop_jkt and proof of two keys", other, 400, "invalid_dpop_proof")
	b.refusedProof("a proof for another endpoint", push(AuthParams(), "DPoP", b.proof(key, "POST", "/token")), 400, "invalid_dpop_proof")
	none := push(AuthParams(), "DPoP", b.proof(key, "POST", "/par", "nonce", nil))
	b.refusedProof("a proof without a nonce", none, 400, "use_dpop_nonce")
	if none.Header.Get("DPoP-Nonce") == "" {
		t.Error("no nonce is handed out at /par")
	}
}

// RFC 9449 §5: a refresh token of a public client is bound to the key, that of a client with a secret is bound to the client as it is.
func TestARefreshTokenOfAPublicClientIsBoundToTheKey(t *testing.T) {
	t.Parallel()
	b := startWithDevices(t).browser()
	key, thief := newSigner("ES256", ""), newSigner("EdDSA", "")
	spa := []string{"client_id", "spa", "redirect_uri", "https://spa.example.org/cb"}
	first := b.proven(key, Redeem(b.Code(SPAParams("scope", "openid offline_access")), spa...))
	d := b.waiting("openid offline_access")
	b.press("yes", b.toConsent(d.user))
	device := b.proven(key, form("grant_type", deviceGrant, "client_id", "tv", "device_code", d.code))
	for client, a := range map[string]Answer{"spa": first, "tv": device} {
		next := Str(a.JSON()["refresh_token"])
		if a.Status != 200 || a.JSON()["token_type"] != "DPoP" || next == "" {
			t.Fatalf("%s: %d %s", client, a.Status, a.Body)
		}
		if a := b.Token(Refresh(next, "client_id", client)); a.Status != 400 || a.JSON()["error"] != "invalid_grant" {
			t.Errorf("%s, no proof: %d %s", client, a.Status, a.Body)
		}
		if a := b.proven(thief, Refresh(next, "client_id", client)); a.Status != 400 || a.JSON()["error"] != "invalid_grant" {
			t.Errorf("%s, another key: %d %s", client, a.Status, a.Body)
		}
		for range 2 {
			a := b.proven(key, Refresh(next, "client_id", client))
			if a.Status != 200 || jktOf(Str(a.JSON()["access_token"])) != key.thumbprint() {
				t.Fatalf("%s: %d %s", client, a.Status, a.Body)
			}
			next = Str(a.JSON()["refresh_token"])
		}
	}

	next := Str(b.proven(key, Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()["refresh_token"])
	a := b.proven(thief, Refresh(next))
	if a.Status != 200 || jktOf(Str(a.JSON()["access_token"])) != thief.thumbprint() {
		t.Errorf("a client with a secret, another key: %d %s", a.Status, a.Body)
	}
	if a := b.Token(Refresh(Str(a.JSON()["refresh_token"]))); a.Status != 200 || a.JSON()["token_type"] != "Bearer" {
		t.Errorf("a client with a secret, no proof: %d %s", a.Status, a.Body)
	}
	next = Str(b.Token(Redeem(b.Code(SPAParams("scope", "openid offline_access")), spa...)).JSON()["refresh_token"])
	if a := b.proven(key, Refresh(next, "client_id", "spa")); a.Status != 200 || a.JSON()["token_type"] != "DPoP" {
		t.Errorf("a public client that begins with DPoP: %d %s", a.Status, a.Body)
	}
}

// RFC 9449 §5.2: a client with dpop_bound_access_tokens gets no token without a proof, whichever the grant.
func TestAClientThatIsRegisteredForBoundTokensGetsNoOthers(t *testing.T) {
	t.Parallel()
	b := start(t, everyResponseType).browser()
	b.Exec(`UPDATE clients SET grant_types = ` + everyGrant + ` || '{implicit}', scope = scope || ' read',
		response_types = '{code,id_token,token,id_token token,code token,code id_token token}' WHERE client_id = 'web'`)
	b.Exec(`INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('web', 'store', 'openid')`)
	subject := Str(b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()["access_token"])
	next := Str(b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()["refresh_token"])
	if subject == "" || next == "" {
		t.Fatal("no tokens")
	}
	b.Exec("UPDATE clients SET dpop_bound_access_tokens = true WHERE client_id = 'web'")
	b.WaitForNotify()
	device := b.Do("POST", "/device_authorization", form("client_id", "web", "client_secret", "web-secret", "scope", "openid")).JSON()
	b.press("yes", b.toConsent(Str(device["user_code"])))
	key := newSigner("EdDSA", "")
	for what, ask := range map[string]url.Values{
		"code":               Redeem(b.Code(AuthParams())),
		"refresh token":      Refresh(next),
		"client credentials": form("grant_type", "client_credentials", "scope", "read"),
		"device code":        form("grant_type", deviceGrant, "device_code", Str(device["device_code"])),
		"exchange": form("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", subject,
			"subject_token_type", accessTokenURI, "audience", "store"),
	} {
		a := b.Token(ask)
		b.refusedProof(what+" without a proof", a, 400, "invalid_dpop_proof")
		if a.Header.Get("DPoP-Nonce") == "" {
			t.Errorf("%s: no nonce is handed out", what)
		}
		if a := b.proven(key, ask); a.Status != 200 || a.JSON()["token_type"] != "DPoP" ||
			jktOf(Str(a.JSON()["access_token"])) != key.thumbprint() {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	for _, responseType := range []string{"token", "id_token token", "code token", "code id_token token"} {
		if a := b.Authorize(AuthParams("response_type", responseType)); a.Fragment().Get("error") != "unauthorized_client" ||
			a.Fragment().Get("access_token") != "" {
			t.Errorf("%s: %s", responseType, a.Location())
		}
	}
	if a := b.Authorize(AuthParams("response_type", "id_token", "code_challenge", "", "code_challenge_method",
		"")); a.Fragment().Get("id_token") == "" {
		t.Errorf("id_token: %s", a.Location())
	}
}

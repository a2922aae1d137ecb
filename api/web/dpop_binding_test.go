package web_test

import (
	"net/url"
	"testing"
)

// RFC 9449 §10, §10.1: a code is bound to the key that dpop_jkt names, or whose proof came with the pushed request.
func TestACodeIsBoundToTheKeyOfItsRequest(t *testing.T) {
	b := start(t).browser()
	key, thief := newSigner("ES256", ""), newSigner("ES256", "")
	secret := []string{"client_id", "web", "client_secret", "web-secret"}
	push := func(params url.Values, headers ...string) answer {
		params.Set("client_secret", "web-secret")
		return b.do("POST", "/par", params, headers...)
	}
	pushed := func(a answer) string {
		t.Helper()
		if a.status != 201 {
			t.Fatalf("not pushed: %d %s", a.status, a.body)
		}
		return b.code(form("client_id", "web", "request_uri", str(a.json()["request_uri"])))
	}
	for what, code := range map[string]string{
		"dpop_jkt":         b.code(authParams("dpop_jkt", key.thumbprint())),
		"a proof at /par":  pushed(push(authParams(), "DPoP", b.proof(key, "POST", "/par"))),
		"both at /par":     pushed(push(authParams("dpop_jkt", key.thumbprint()), "DPoP", b.proof(key, "POST", "/par"))),
		"dpop_jkt at /par": pushed(push(authParams("dpop_jkt", key.thumbprint()))),
	} {
		if a := b.token(redeem(code, secret...)); a.status != 400 || a.json()["error"] != "invalid_grant" {
			t.Errorf("%s, no proof: %d %s", what, a.status, a.body)
		}
		if a := b.proven(thief, redeem(code)); a.status != 400 || a.json()["error"] != "invalid_grant" {
			t.Errorf("%s, another key: %d %s", what, a.status, a.body)
		}
		if a := b.proven(key, redeem(code)); a.status != 200 || a.json()["token_type"] != "DPoP" {
			t.Errorf("%s: the code is not good for its key any more: %d %s", what, a.status, a.body)
		}
	}
	if a := b.token(redeem(b.code(authParams()))); a.json()["token_type"] != "Bearer" {
		t.Errorf("without any of it: %s", a.body)
	}

	for what, jkt := range map[string]string{"short": "abc", "44 characters": key.thumbprint() + "x", "no base64url": key.thumbprint()[:42] + "+"} {
		if a := b.authorize(authParams("dpop_jkt", jkt)); a.query("error") != "invalid_request" {
			t.Errorf("dpop_jkt, %s: %s", what, a.location())
		}
	}
	other := push(authParams("dpop_jkt", thief.thumbprint()), "DPoP", b.proof(key, "POST", "/par"))
	b.refusedProof("dpop_jkt and proof of two keys", other, 400, "invalid_dpop_proof")
	b.refusedProof("a proof for another endpoint", push(authParams(), "DPoP", b.proof(key, "POST", "/token")), 400, "invalid_dpop_proof")
	none := push(authParams(), "DPoP", b.proof(key, "POST", "/par", "nonce", nil))
	b.refusedProof("a proof without a nonce", none, 400, "use_dpop_nonce")
	if none.header.Get("DPoP-Nonce") == "" {
		t.Error("no nonce is handed out at /par")
	}
}

// RFC 9449 §5: a refresh token of a public client is bound to the key, that of a client with a secret is bound to the client as it is.
func TestARefreshTokenOfAPublicClientIsBoundToTheKey(t *testing.T) {
	b := startWithDevices(t).browser()
	key, thief := newSigner("ES256", ""), newSigner("EdDSA", "")
	spa := []string{"client_id", "spa", "redirect_uri", "https://spa.example.org/cb"}
	first := b.proven(key, redeem(b.code(spaParams("scope", "openid offline_access")), spa...))
	d := b.waiting("openid offline_access")
	b.press("yes", b.toConsent(d.user))
	device := b.proven(key, form("grant_type", deviceGrant, "client_id", "tv", "device_code", d.code))
	for client, a := range map[string]answer{"spa": first, "tv": device} {
		next := str(a.json()["refresh_token"])
		if a.status != 200 || a.json()["token_type"] != "DPoP" || next == "" {
			t.Fatalf("%s: %d %s", client, a.status, a.body)
		}
		if a := b.token(refresh(next, "client_id", client)); a.status != 400 || a.json()["error"] != "invalid_grant" {
			t.Errorf("%s, no proof: %d %s", client, a.status, a.body)
		}
		if a := b.proven(thief, refresh(next, "client_id", client)); a.status != 400 || a.json()["error"] != "invalid_grant" {
			t.Errorf("%s, another key: %d %s", client, a.status, a.body)
		}
		for range 2 {
			a := b.proven(key, refresh(next, "client_id", client))
			if a.status != 200 || jktOf(str(a.json()["access_token"])) != key.thumbprint() {
				t.Fatalf("%s: %d %s", client, a.status, a.body)
			}
			next = str(a.json()["refresh_token"])
		}
	}

	next := str(b.proven(key, redeem(b.code(authParams("scope", "openid offline_access")))).json()["refresh_token"])
	a := b.proven(thief, refresh(next))
	if a.status != 200 || jktOf(str(a.json()["access_token"])) != thief.thumbprint() {
		t.Errorf("a client with a secret, another key: %d %s", a.status, a.body)
	}
	if a := b.token(refresh(str(a.json()["refresh_token"]))); a.status != 200 || a.json()["token_type"] != "Bearer" {
		t.Errorf("a client with a secret, no proof: %d %s", a.status, a.body)
	}
	next = str(b.token(redeem(b.code(spaParams("scope", "openid offline_access")), spa...)).json()["refresh_token"])
	if a := b.proven(key, refresh(next, "client_id", "spa")); a.status != 200 || a.json()["token_type"] != "DPoP" {
		t.Errorf("a public client that begins with DPoP: %d %s", a.status, a.body)
	}
}

// RFC 9449 §5.2: a client with dpop_bound_access_tokens gets no token without a proof, whichever the grant.
func TestAClientThatIsRegisteredForBoundTokensGetsNoOthers(t *testing.T) {
	b := start(t, everyResponseType).browser()
	b.exec(`UPDATE clients SET grant_types = ` + everyGrant + ` || '{implicit}', scope = scope || ' read',
		response_types = '{code,id_token,token,id_token token,code token,code id_token token}' WHERE client_id = 'web'`)
	b.exec(`INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('web', 'store', 'openid')`)
	subject := str(b.token(redeem(b.code(authParams("scope", "openid offline_access")))).json()["access_token"])
	next := str(b.token(redeem(b.code(authParams("scope", "openid offline_access")))).json()["refresh_token"])
	if subject == "" || next == "" {
		t.Fatal("no tokens")
	}
	b.exec("UPDATE clients SET dpop_bound_access_tokens = true WHERE client_id = 'web'")
	waitForNotify()
	device := b.do("POST", "/device_authorization", form("client_id", "web", "client_secret", "web-secret", "scope", "openid")).json()
	b.press("yes", b.toConsent(str(device["user_code"])))
	key := newSigner("EdDSA", "")
	for what, ask := range map[string]url.Values{
		"code":               redeem(b.code(authParams())),
		"refresh token":      refresh(next),
		"client credentials": form("grant_type", "client_credentials", "scope", "read"),
		"device code":        form("grant_type", deviceGrant, "device_code", str(device["device_code"])),
		"exchange": form("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", subject,
			"subject_token_type", accessTokenURI, "audience", "store"),
	} {
		a := b.token(ask)
		b.refusedProof(what+" without a proof", a, 400, "invalid_dpop_proof")
		if a.header.Get("DPoP-Nonce") == "" {
			t.Errorf("%s: no nonce is handed out", what)
		}
		if a := b.proven(key, ask); a.status != 200 || a.json()["token_type"] != "DPoP" || jktOf(str(a.json()["access_token"])) != key.thumbprint() {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	for _, responseType := range []string{"token", "id_token token", "code token", "code id_token token"} {
		if a := b.authorize(authParams("response_type", responseType)); a.fragment().Get("error") != "unauthorized_client" || a.fragment().Get("access_token") != "" {
			t.Errorf("%s: %s", responseType, a.location())
		}
	}
	if a := b.authorize(authParams("response_type", "id_token", "code_challenge", "", "code_challenge_method", "")); a.fragment().Get("id_token") == "" {
		t.Errorf("id_token: %s", a.location())
	}
}

package web_test

import (
	"net/url"
	"slices"
	"testing"
)

// RFC 6749 §3.3: scopes that are none of Gatehouse's are for the services that a client's access tokens are for. What its row has can be
// granted, and nothing else.
func TestScopesOfAClientsOwnAreGrantedWhereTheyAreRegistered(t *testing.T) {
	b := start(t).browser()
	b.exec(`UPDATE clients SET scope = 'openid email offline_access read:data https://data.example.org/write', audiences = '{https://data.example.org}'`)
	waitForNotify()
	b.code(authParams())
	out := b.token(redeem(b.code(authParams("scope", "openid read:data write:data https://data.example.org/write read:data profile Read:data offline_access")))).json()
	const granted = "openid read:data https://data.example.org/write offline_access"
	if access := claims(str(out["access_token"])); out["scope"] != granted || access["scope"] != granted {
		t.Errorf("scope %v, in the token %v", out["scope"], access["scope"])
	}
	id := claims(str(out["id_token"]))
	lacks(t, "ID token", id, "read:data", "email", "name")
	if a := b.token(refresh(str(out["refresh_token"]), "scope", "openid write:data")); a.json()["error"] != "invalid_scope" {
		t.Errorf("refreshed for more: %d %s", a.status, a.body)
	}
	if a := b.token(refresh(str(out["refresh_token"]), "scope", "read:data")); a.json()["scope"] != "read:data" || a.json()["id_token"] != nil {
		t.Errorf("refreshed for less: %d %s", a.status, a.body)
	}
	for _, scope := range []string{"write:data", "write:data profile", "admin"} {
		if a := b.authorize(authParams("scope", scope)); a.query("error") != "invalid_scope" || a.location().Host != "rp.example.org" {
			t.Errorf("%s: %s", scope, a.location())
		}
	}
	alone := b.token(redeem(b.code(authParams("scope", "read:data")))).json()
	if a := b.userinfo(str(alone["access_token"])); a.status != 403 || alone["id_token"] != nil || alone["scope"] != "read:data" {
		t.Errorf("without openid: userinfo %d, %v", a.status, alone)
	}
	scopes := b.do("GET", "/.well-known/openid-configuration", nil).json()["scopes_supported"].([]any)
	if slices.Contains(scopes, any("read:data")) {
		t.Errorf("a client's own scope is advertised: %v", scopes)
	}
}

func TestThePersonIsAskedForScopesOfAClientsOwnByTheirNames(t *testing.T) {
	b := start(t).browser()
	b.exec(`UPDATE clients SET scope = 'openid read:data write:data' WHERE client_id = 'spa'`)
	waitForNotify()
	b.code(authParams())
	ask := b.authorize(spaParams("scope", "openid read:data admin"))
	var shown []string
	for _, scope := range b.interaction(ask.header.Get("Location"))["scopes"].([]any) {
		shown = append(shown, str(scope))
	}
	if ask.location().Path != "/consent" || !slices.Equal(shown, []string{"openid", "read:data"}) {
		t.Fatalf("%s shows %v", ask.location(), shown)
	}
	a := b.do("POST", "/consent", url.Values{"request": {ask.query("request")}, "consent": {"yes"}}, "Origin", uiOrigin)
	if out := b.spaTokens(a.query("code")); out["scope"] != "openid read:data" {
		t.Errorf("%s: %v", a.location(), out)
	}
	if a := b.authorize(spaParams("scope", "openid read:data", "prompt", "none")); a.query("code") == "" {
		t.Errorf("asked again: %s", a.location())
	}
	if a := b.authorize(spaParams("scope", "openid read:data write:data")); a.location().Path != "/consent" {
		t.Errorf("not asked for a new one: %s", a.location())
	}
}

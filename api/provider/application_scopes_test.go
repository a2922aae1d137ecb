package provider_test

import (
	"net/url"
	"slices"
	"testing"

	. "gatehouse/api/apitest"
)

// RFC 6749 §3.3: scopes that are none of Gatehouse's are for the services that a client's access tokens are for. What its row has can be
// granted, and nothing else.
func TestScopesOfAClientsOwnAreGrantedWhereTheyAreRegistered(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec(`UPDATE clients SET scope = 'openid email offline_access read:data https://data.example.org/write',
		audiences = '{https://data.example.org}'`)
	b.WaitForNotify()
	b.Code(AuthParams())
	out := b.Token(Redeem(b.Code(AuthParams("scope",
		"openid read:data write:data https://data.example.org/write read:data profile Read:data offline_access")))).JSON()
	const granted = "openid read:data https://data.example.org/write offline_access"
	if access := Claims(Str(out["access_token"])); out["scope"] != granted || access["scope"] != granted {
		t.Errorf("scope %v, in the token %v", out["scope"], access["scope"])
	}
	id := Claims(Str(out["id_token"]))
	lacks(t, "ID token", id, "read:data", "email", "name")
	if a := b.Token(Refresh(Str(out["refresh_token"]), "scope", "openid write:data")); a.JSON()["error"] != "invalid_scope" {
		t.Errorf("refreshed for more: %d %s", a.Status, a.Body)
	}
	if a := b.Token(Refresh(Str(out["refresh_token"]), "scope", "read:data")); a.JSON()["scope"] != "read:data" ||
		a.JSON()["id_token"] != nil {
		t.Errorf("refreshed for less: %d %s", a.Status, a.Body)
	}
	for _, scope := range []string{"write:data", "write:data profile", "admin"} {
		if a := b.Authorize(AuthParams("scope", scope)); a.Query("error") != "invalid_scope" || a.Location().Host != "rp.example.org" {
			t.Errorf("%s: %s", scope, a.Location())
		}
	}
	alone := b.Token(Redeem(b.Code(AuthParams("scope", "read:data")))).JSON()
	if a := b.Userinfo(Str(alone["access_token"])); a.Status != 403 || alone["id_token"] != nil || alone["scope"] != "read:data" {
		t.Errorf("without openid: userinfo %d, %v", a.Status, alone)
	}
	scopes := b.Do("GET", "/.well-known/openid-configuration", nil).JSON()["scopes_supported"].([]any)
	if slices.Contains(scopes, any("read:data")) {
		t.Errorf("a client's own scope is advertised: %v", scopes)
	}
}

func TestThePersonIsAskedForScopesOfAClientsOwnByTheirNames(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec(`UPDATE clients SET scope = 'openid read:data write:data' WHERE client_id = 'spa'`)
	b.WaitForNotify()
	b.Code(AuthParams())
	ask := b.Authorize(SPAParams("scope", "openid read:data admin"))
	var shown []string
	for _, scope := range b.Interaction(ask.Header.Get("Location"))["scopes"].([]any) {
		shown = append(shown, Str(scope))
	}
	if ask.Location().Path != "/consent" || !slices.Equal(shown, []string{"openid", "read:data"}) {
		t.Fatalf("%s shows %v", ask.Location(), shown)
	}
	a := b.Do("POST", "/consent", url.Values{"request": {ask.Query("request")}, "consent": {"yes"}}, "Origin", UIOrigin)
	if out := b.spaTokens(a.Query("code")); out["scope"] != "openid read:data" {
		t.Errorf("%s: %v", a.Location(), out)
	}
	if a := b.Authorize(SPAParams("scope", "openid read:data", "prompt", "none")); a.Query("code") == "" {
		t.Errorf("asked again: %s", a.Location())
	}
	if a := b.Authorize(SPAParams("scope", "openid read:data write:data")); a.Location().Path != "/consent" {
		t.Errorf("not asked for a new one: %s", a.Location())
	}
}

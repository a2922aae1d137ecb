package provider_test

import (
	"net/url"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// RFC 7662.
func TestIntrospectionTellsWhetherATokenIsActiveAndNobodyWithoutASecret(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec(`INSERT INTO clients (client_id, grant_types, resource_server) VALUES ('service', '{}', true)`)
	b.GiveSecret("service", "service-secret")
	tokens := b.Token(Redeem(b.Code(AuthParams("scope", "openid profile offline_access")))).JSON()
	access, next := Str(tokens["access_token"]), Str(tokens["refresh_token"])
	introspect := func(client, token string) Answer {
		return b.Do("POST", "/introspect", url.Values{"token": {token}, "client_id": {client}, "client_secret": {client + "-secret"}})
	}
	active := func(client, token string) bool {
		t.Helper()
		a := introspect(client, token)
		if a.Status != 200 || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		said, _ := a.JSON()["active"].(bool)
		if !said && len(a.JSON()) != 1 {
			t.Errorf("an inactive token, and more is said: %s", a.Body)
		}
		return said
	}

	got := introspect("service", access).JSON()
	for name, want := range map[string]any{"active": true, "client_id": "web", "username": "alice", "sub": "sub-alice",
		"scope":      "openid profile offline_access",
		"token_type": "Bearer", "iss": b.Issuer} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if !active("web", next) || active("service", next) {
		t.Error("a refresh token is its own client's only")
	}
	for _, token := range []string{"nonsense", access + "x", Str(tokens["id_token"])} {
		if active("service", token) {
			t.Errorf("active: %.20s", token)
		}
	}
	for what, form := range map[string]url.Values{
		"no client":       {"token": {access}},
		"a public client": {"token": {access}, "client_id": {"spa"}},
		"a wrong secret":  {"token": {access}, "client_id": {"web"}, "client_secret": {"x"}},
	} {
		if a := b.Do("POST", "/introspect", form); a.Status != 401 || a.JSON()["error"] != "invalid_client" || a.JSON()["active"] != nil {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	if a := introspect("service", ""); a.Status != 400 {
		t.Errorf("no token: %d", a.Status)
	}

	b.Token(Refresh(next))
	if active("web", next) {
		t.Error("a spent refresh token is active")
	}
	b.Exec("UPDATE users SET disabled_at = now()")
	if active("service", access) {
		t.Error("a token of a disabled user is active")
	}
	b.Exec("UPDATE users SET disabled_at = NULL")
	b.Later(16 * time.Minute)
	if active("service", access) {
		t.Error("an expired token is active")
	}
}

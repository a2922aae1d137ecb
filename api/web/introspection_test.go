package web_test

import (
	"net/url"
	"testing"
	"time"
)

// RFC 7662.
func TestIntrospectionTellsWhetherATokenIsActiveAndNobodyWithoutASecret(t *testing.T) {
	b := start(t).browser()
	b.exec(`INSERT INTO clients (client_id, client_secret_sha256, grant_types) VALUES ('service', sha256('service-secret'), '{}')`)
	tokens := b.token(redeem(b.code(authParams("scope", "openid email offline_access")))).json()
	access, next := str(tokens["access_token"]), str(tokens["refresh_token"])
	introspect := func(client, token string) answer {
		return b.do("POST", "/introspect", url.Values{"token": {token}, "client_id": {client}, "client_secret": {client + "-secret"}})
	}
	active := func(client, token string) bool {
		t.Helper()
		a := introspect(client, token)
		if a.status != 200 || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d %s", a.status, a.body)
		}
		said, _ := a.json()["active"].(bool)
		if !said && len(a.json()) != 1 {
			t.Errorf("an inactive token, and more is said: %s", a.body)
		}
		return said
	}

	got := introspect("service", access).json()
	for name, want := range map[string]any{"active": true, "client_id": "web", "username": "alice", "sub": "sub-alice", "scope": "openid email offline_access",
		"token_type": "Bearer", "iss": b.issuer} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if !active("web", next) || active("service", next) {
		t.Error("a refresh token is its own client's only")
	}
	for _, token := range []string{"nonsense", access + "x", str(tokens["id_token"])} {
		if active("service", token) {
			t.Errorf("active: %.20s", token)
		}
	}
	for what, form := range map[string]url.Values{
		"no client":       {"token": {access}},
		"a public client": {"token": {access}, "client_id": {"spa"}},
		"a wrong secret":  {"token": {access}, "client_id": {"web"}, "client_secret": {"x"}},
	} {
		if a := b.do("POST", "/introspect", form); a.status != 401 || a.json()["error"] != "invalid_client" || a.json()["active"] != nil {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	if a := introspect("service", ""); a.status != 400 {
		t.Errorf("no token: %d", a.status)
	}

	b.token(refresh(next))
	if active("web", next) {
		t.Error("a spent refresh token is active")
	}
	b.exec("UPDATE users SET disabled_at = now()")
	if active("service", access) {
		t.Error("a token of a disabled user is active")
	}
	b.exec("UPDATE users SET disabled_at = NULL")
	b.later(16 * time.Minute)
	if active("service", access) {
		t.Error("an expired token is active")
	}
}

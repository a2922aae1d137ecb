package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/api/store"
)

// startServices is a rig with a confidential client "robot" that comes for itself, with scopes about people and of its own.
func startServices(t *testing.T) *browser {
	t.Helper()
	b := start(t).browser()
	b.exec(`INSERT INTO clients (client_id, client_secret_sha256, grant_types, scope)
		VALUES ('robot', sha256('robot-secret'), '{client_credentials,refresh_token}', 'openid profile email groups offline_access read write')`)
	return b
}

// forItself asks for a token of client "robot" itself.
func (b *browser) forItself(more ...string) answer {
	b.Helper()
	return b.do("POST", "/token", form(append([]string{"grant_type", "client_credentials"}, more...)...), "Authorization", basic("robot", "robot-secret"))
}

// said is what introspection tells client "web" of a token.
func (b *browser) said(token string) map[string]any { return b.about("/introspect", token).json() }

// RFC 6749 §4.4.2, §4.4.3, RFC 9068 §2.2, §3.
func TestAClientGetsATokenForItself(t *testing.T) {
	b := startServices(t)
	for _, c := range []struct{ asked, got string }{
		{"", "read write"},
		{"read", "read"},
		{"write write read", "write read"},
		{"openid profile email groups offline_access read", "read"},
		{"read unheard-of", "read"},
		{"openid", ""},
		{"offline_access", ""},
		{"unheard-of", ""},
		{" ", ""},
	} {
		a := b.forItself("scope", c.asked)
		if c.got == "" {
			if a.status != 400 || a.json()["error"] != "invalid_scope" {
				t.Errorf("scope %q: %d %s, want invalid_scope", c.asked, a.status, a.body)
			}
			continue
		}
		out := a.json()
		if a.status != 200 || out["scope"] != c.got || out["token_type"] != "Bearer" || out["expires_in"] != 900.0 || out["refresh_token"] != nil ||
			out["id_token"] != nil || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("scope %q: %d %s, want %q", c.asked, a.status, a.body, c.got)
		}
		said := claims(str(out["access_token"]))
		if headerOf(str(out["access_token"]))["typ"] != "at+jwt" || said["sub"] != "robot" || said["client_id"] != "robot" || said["aud"] != b.issuer ||
			said["scope"] != c.got || said["grant_id"] != nil || said["auth_time"] != nil || said["iss"] != b.issuer || said["jti"] == nil {
			t.Errorf("scope %q: claims %v", c.asked, said)
		}
	}
	b.exec("UPDATE clients SET scope = 'openid', audiences = '{https://store.example.org,mail}' WHERE client_id = 'robot'")
	waitForNotify()
	a := b.forItself()
	if aud := claims(str(a.json()["access_token"]))["aud"]; a.status != 200 || a.json()["scope"] != "" || asJSON(aud) != `["https://store.example.org","mail"]` {
		t.Errorf("with audiences, without scopes of its own: %d %s %v", a.status, a.body, aud)
	}
	if aud := claims(str(b.forItself("resource", "mail").json()["access_token"]))["aud"]; aud != "mail" {
		t.Errorf("resource: aud %v", aud)
	}
	if a := b.forItself("resource", "elsewhere"); a.json()["error"] != "invalid_target" {
		t.Errorf("a resource that is not the client's: %d %s", a.status, a.body)
	}
	for _, table := range []string{"grants", "refresh_tokens", "sessions", "used_jtis", "revoked_tokens", "consents"} {
		if b.count("SELECT count(*) FROM "+table) != 0 {
			t.Errorf("a row was written into %s", table)
		}
	}
}

// RFC 6749 §4.4: confidential clients only, and those that are registered for it.
func TestATokenForAClientItselfIsForConfidentialClientsWithTheGrant(t *testing.T) {
	b := startServices(t)
	b.exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, grant_types, scope) VALUES ('page', 'none', '{client_credentials}', 'read')`)
	ask := url.Values{"grant_type": {"client_credentials"}}
	for what, c := range map[string]struct {
		a      answer
		status int
		code   string
	}{
		"a public client":            {b.do("POST", "/token", form("grant_type", "client_credentials", "client_id", "page")), 400, "unauthorized_client"},
		"a client without the grant": {b.token(ask), 400, "unauthorized_client"},
		"nobody":                     {b.do("POST", "/token", ask), 401, "invalid_client"},
		"a wrong secret":             {b.do("POST", "/token", ask, "Authorization", basic("robot", "x")), 401, "invalid_client"},
	} {
		if c.a.status != c.status || c.a.json()["error"] != c.code || c.a.json()["access_token"] != nil {
			t.Errorf("%s: %d %s, want %d %s", what, c.a.status, c.a.body, c.status, c.code)
		}
	}
}

// RFC 7662 §2.2, RFC 7009 §2.1, §2.2: it lives by itself, until it expires, is revoked, or its client is disabled.
func TestATokenOfAClientItselfIsGoodUntilItExpiresIsRevokedOrItsClientDisabled(t *testing.T) {
	b := startServices(t)
	token := func() string { return str(b.forItself("scope", "read").json()["access_token"]) }
	revoke := func(token, client, secret string) {
		t.Helper()
		if a := b.do("POST", "/revoke", form("token", token), "Authorization", basic(client, secret)); a.status != 200 {
			t.Errorf("revoke: %d %s", a.status, a.body)
		}
	}
	first, second := token(), token()
	if said := b.said(first); said["active"] != true || said["sub"] != "robot" || said["client_id"] != "robot" || said["scope"] != "read" ||
		said["username"] != nil || said["token_type"] != "Bearer" || said["jti"] != claims(first)["jti"] || said["aud"] != b.issuer {
		t.Errorf("introspection: %v", said)
	}
	if a := b.userinfo(first); a.status != 401 || a.json()["error"] != "invalid_token" {
		t.Errorf("userinfo is about a person: %d %s", a.status, a.body)
	}
	if a := b.token(refresh(first)); a.json()["error"] != "invalid_grant" {
		t.Errorf("as a refresh token: %d %s", a.status, a.body)
	}

	revoke(first, "web", "web-secret")
	if b.said(first)["active"] != true {
		t.Error("another client revoked it")
	}
	revoke(first, "robot", "robot-secret")
	revoke(first, "robot", "robot-secret")
	if said := b.said(first); said["active"] != false || len(said) != 1 {
		t.Errorf("revoked: %v", said)
	}
	if b.said(second)["active"] != true || b.count("SELECT count(*) FROM revoked_tokens") != 1 {
		t.Error("a revocation ended another token, too, or left two rows")
	}
	revoke(strings.Replace(second, ".", "x.", 1), "robot", "robot-secret")
	revoke("x", "robot", "robot-secret")
	if b.count("SELECT count(*) FROM revoked_tokens") != 1 {
		t.Error("what is no token left a row")
	}

	b.exec("UPDATE clients SET disabled_at = now() WHERE client_id = 'robot'")
	waitForNotify()
	if b.said(second)["active"] != false {
		t.Error("active although the client is disabled")
	}
	b.exec("UPDATE clients SET disabled_at = NULL WHERE client_id = 'robot'")
	waitForNotify()
	if b.said(second)["active"] != true {
		t.Error("not active although the client is enabled again")
	}

	db, err := store.Open(context.Background(), b.url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, c := range []struct {
		later time.Duration
		rows  int
	}{{14 * time.Minute, 1}, {16 * time.Minute, 0}} {
		if _, err := db.CleanUp(context.Background(), time.Now().Add(c.later)); err != nil {
			t.Fatal(err)
		}
		if n := b.count("SELECT count(*) FROM revoked_tokens"); n != c.rows {
			t.Errorf("%d revoked tokens are remembered %s later, want %d", n, c.later, c.rows)
		}
	}
	b.later(16 * time.Minute)
	if b.said(second)["active"] != false || b.said(first)["active"] != false {
		t.Error("active although it has expired")
	}
}

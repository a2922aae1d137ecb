package provider_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/store"
)

// startServices is a rig with a confidential client "robot" that comes for itself, with scopes about people and of its own.
func startServices(t *testing.T) *browser {
	t.Helper()
	b := start(t).browser()
	b.Exec(`INSERT INTO clients (client_id, grant_types, scope)
		VALUES ('robot', '{client_credentials,refresh_token}', 'openid profile email groups offline_access read write')`)
	b.GiveSecret("robot", "robot-secret")
	return b
}

// forItself asks for a token of client "robot" itself.
func (b *browser) forItself(more ...string) Answer {
	b.Helper()
	return b.Do("POST", "/token", form(append([]string{"grant_type", "client_credentials"}, more...)...), "Authorization",
		Basic("robot", "robot-secret"))
}

// said is what introspection tells client "web" of a token.
func (b *browser) said(token string) map[string]any { return b.about("/introspect", token).JSON() }

// RFC 6749 §4.4.2, §4.4.3, RFC 9068 §2.2, §3.
func TestAClientGetsATokenForItself(t *testing.T) {
	t.Parallel()
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
			if a.Status != 400 || a.JSON()["error"] != "invalid_scope" {
				t.Errorf("scope %q: %d %s, want invalid_scope", c.asked, a.Status, a.Body)
			}
			continue
		}
		out := a.JSON()
		if a.Status != 200 || out["scope"] != c.got || out["token_type"] != "Bearer" || out["expires_in"] != 900.0 ||
			out["refresh_token"] != nil ||
			out["id_token"] != nil || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("scope %q: %d %s, want %q", c.asked, a.Status, a.Body, c.got)
		}
		said := Claims(Str(out["access_token"]))
		if headerOf(Str(out["access_token"]))["typ"] != "at+jwt" || said["sub"] != "robot" || said["client_id"] != "robot" ||
			said["aud"] != b.Issuer ||
			said["scope"] != c.got || said["grant_id"] != nil || said["auth_time"] != nil || said["iss"] != b.Issuer || said["jti"] == nil {
			t.Errorf("scope %q: claims %v", c.asked, said)
		}
	}
	b.Exec("UPDATE clients SET scope = 'openid', audiences = '{https://store.example.org,mail}' WHERE client_id = 'robot'")
	b.WaitForNotify()
	a := b.forItself()
	if aud := Claims(Str(a.JSON()["access_token"]))["aud"]; a.Status != 200 || a.JSON()["scope"] != "" ||
		asJSON(aud) != `["https://store.example.org","mail"]` {
		t.Errorf("with audiences, without scopes of its own: %d %s %v", a.Status, a.Body, aud)
	}
	if aud := Claims(Str(b.forItself("resource", "mail").JSON()["access_token"]))["aud"]; aud != "mail" {
		t.Errorf("resource: aud %v", aud)
	}
	if a := b.forItself("resource", "elsewhere"); a.JSON()["error"] != "invalid_target" {
		t.Errorf("a resource that is not the client's: %d %s", a.Status, a.Body)
	}
	for _, table := range []string{"grants", "sessions", "used_jtis", "revoked_tokens", "consents"} {
		if b.Count("SELECT count(*) FROM "+table) != 0 {
			t.Errorf("a row was written into %s", table)
		}
	}
}

// RFC 6749 §4.4: confidential clients only, and those that are registered for it.
func TestATokenForAClientItselfIsForConfidentialClientsWithTheGrant(t *testing.T) {
	t.Parallel()
	b := startServices(t)
	b.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, grant_types, scope)
		VALUES ('page', 'none', '{client_credentials}', 'read')`)
	ask := url.Values{"grant_type": {"client_credentials"}}
	for what, c := range map[string]struct {
		a      Answer
		status int
		code   string
	}{
		"a public client": {b.Do("POST", "/token", form("grant_type", "client_credentials", "client_id", "page")), 400,
			"unauthorized_client"},
		"a client without the grant": {b.Token(ask), 400, "unauthorized_client"},
		"nobody":                     {b.Do("POST", "/token", ask), 401, "invalid_client"},
		"a wrong secret":             {b.Do("POST", "/token", ask, "Authorization", Basic("robot", "x")), 401, "invalid_client"},
	} {
		if c.a.Status != c.status || c.a.JSON()["error"] != c.code || c.a.JSON()["access_token"] != nil {
			t.Errorf("%s: %d %s, want %d %s", what, c.a.Status, c.a.Body, c.status, c.code)
		}
	}
}

// RFC 7662 §2.2, RFC 7009 §2.1, §2.2: it lives by itself, until it expires, is revoked, or its client is disabled.
func TestATokenOfAClientItselfIsGoodUntilItExpiresIsRevokedOrItsClientDisabled(t *testing.T) {
	t.Parallel()
	b := startServices(t)
	token := func() string { return Str(b.forItself("scope", "read").JSON()["access_token"]) }
	revoke := func(token, client, secret string) {
		t.Helper()
		if a := b.Do("POST", "/revoke", form("token", token), "Authorization", Basic(client, secret)); a.Status != 200 {
			t.Errorf("revoke: %d %s", a.Status, a.Body)
		}
	}
	first, second := token(), token()
	if said := b.said(first); said["active"] != true || said["sub"] != "robot" || said["client_id"] != "robot" || said["scope"] != "read" ||
		said["username"] != nil || said["token_type"] != "Bearer" || said["jti"] != Claims(first)["jti"] || said["aud"] != b.Issuer {
		t.Errorf("introspection: %v", said)
	}
	if a := b.Userinfo(first); a.Status != 401 || a.JSON()["error"] != "invalid_token" {
		t.Errorf("userinfo is about a person: %d %s", a.Status, a.Body)
	}
	if a := b.Token(Refresh(first)); a.JSON()["error"] != "invalid_grant" {
		t.Errorf("as a refresh token: %d %s", a.Status, a.Body)
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
	if b.said(second)["active"] != true || b.Count("SELECT count(*) FROM revoked_tokens") != 1 {
		t.Error("a revocation ended another token, too, or left two rows")
	}
	revoke(strings.Replace(second, ".", "x.", 1), "robot", "robot-secret")
	revoke("x", "robot", "robot-secret")
	if b.Count("SELECT count(*) FROM revoked_tokens") != 1 {
		t.Error("what is no token left a row")
	}

	b.Exec("UPDATE clients SET disabled_at = now() WHERE client_id = 'robot'")
	b.WaitForNotify()
	if b.said(second)["active"] != false {
		t.Error("active although the client is disabled")
	}
	b.Exec("UPDATE clients SET disabled_at = NULL WHERE client_id = 'robot'")
	b.WaitForNotify()
	if b.said(second)["active"] != true {
		t.Error("not active although the client is enabled again")
	}

	db, err := store.Open(context.Background(), b.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, c := range []struct {
		later time.Duration
		rows  int
	}{{14 * time.Minute, 1}, {16 * time.Minute, 0}} {
		if _, err := db.CleanUp(context.Background(), kept, time.Now().Add(c.later)); err != nil {
			t.Fatal(err)
		}
		if n := b.Count("SELECT count(*) FROM revoked_tokens"); n != c.rows {
			t.Errorf("%d revoked tokens are remembered %s later, want %d", n, c.later, c.rows)
		}
	}
	b.Later(16 * time.Minute)
	if b.said(second)["active"] != false || b.said(first)["active"] != false {
		t.Error("active although it has expired")
	}
}

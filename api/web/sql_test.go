package web_test

import (
	"testing"
	"time"
)

// A change with SQL counts at the next request.
func TestSQLTakesEffectAtTheNextRequest(t *testing.T) {
	b := start(t).browser()
	tokens := b.token(redeem(b.code(authParams("scope", "openid groups offline_access")))).json()
	access, next := str(tokens["access_token"]), str(tokens["refresh_token"])

	b.exec("DELETE FROM group_members WHERE username = 'alice'")
	if groups, _ := b.userinfo(access).json()["groups"].([]any); groups == nil || len(groups) != 0 {
		t.Errorf("groups after removal: %v", groups)
	}
	b.exec("UPDATE users SET disabled_at = now() WHERE username = 'alice'")
	if a := b.userinfo(access); a.status != 401 {
		t.Errorf("userinfo of a disabled user: %d", a.status)
	}
	if a := b.token(refresh(next)); a.json()["error"] != "invalid_grant" {
		t.Errorf("refresh of a disabled user: %s", a.body)
	}
	if a := b.authorize(authParams("prompt", "none")); a.query("error") != "login_required" {
		t.Errorf("single sign-on of a disabled user: %s", a.location())
	}
	at := b.authorize(authParams()).location()
	if a := b.login(at, "alice", password); a.location().Path != "/login" {
		t.Errorf("sign-in of a disabled user: %s", a.location())
	}
	b.exec("UPDATE users SET disabled_at = NULL")
	if a := b.userinfo(access); a.status != 200 {
		t.Errorf("userinfo of a user enabled again: %d", a.status)
	}
	b.exec("UPDATE clients SET allowed_groups = '{hub-admins}' WHERE client_id = 'web'")
	waitForNotify()
	if a := b.authorize(authParams()); a.query("error") != "access_denied" {
		t.Errorf("not in an allowed group: %s", a.location())
	}
	if a := b.userinfo(access); a.status != 401 {
		t.Errorf("userinfo outside the allowed groups: %d", a.status)
	}
	b.exec("DELETE FROM clients WHERE client_id = 'web'")
	waitForNotify()
	if a := b.authorize(authParams()); a.status != 400 || a.header.Get("Location") != "" {
		t.Errorf("a deleted client: %d %s", a.status, a.location())
	}
	if a := b.token(refresh(next)); a.status != 401 {
		t.Errorf("token endpoint for a deleted client: %d", a.status)
	}
}

// waitForNotify: a NOTIFY needs a moment from Postgres to the cache.
func waitForNotify() { time.Sleep(100 * time.Millisecond) }

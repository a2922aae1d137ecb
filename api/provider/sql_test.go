package provider_test

import (
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

// A change with SQL counts at the next request.
func TestSQLTakesEffectAtTheNextRequest(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	tokens := b.Token(Redeem(b.Code(AuthParams("scope", "openid groups offline_access")))).JSON()
	access, next := Str(tokens["access_token"]), Str(tokens["refresh_token"])

	b.Exec("DELETE FROM group_members WHERE username = 'alice'")
	if groups, _ := b.Userinfo(access).JSON()["groups"].([]any); groups == nil || len(groups) != 0 {
		t.Errorf("groups after removal: %v", groups)
	}
	b.Exec("UPDATE users SET disabled_at = now() WHERE username = 'alice'")
	if a := b.Userinfo(access); a.Status != 401 {
		t.Errorf("userinfo of a disabled user: %d", a.Status)
	}
	if a := b.Token(Refresh(next)); a.JSON()["error"] != "invalid_grant" {
		t.Errorf("refresh of a disabled user: %s", a.Body)
	}
	if a := b.Authorize(AuthParams("prompt", "none")); a.Query("error") != "login_required" {
		t.Errorf("single sign-on of a disabled user: %s", a.Location())
	}
	at := b.Authorize(AuthParams()).Location()
	if a := b.Login(at, "alice", Password); a.Status != 403 || b.errorOf(a) != "account_disabled" {
		t.Errorf("sign-in of a disabled user: %d %s", a.Status, a.Location())
	}
	b.Exec("UPDATE users SET disabled_at = NULL WHERE set_config('gatehouse.keep_sessions', 'on', true) = 'on'")
	if a := b.Userinfo(access); a.Status != 200 {
		t.Errorf("userinfo of a user enabled again: %d", a.Status)
	}
	b.Exec("UPDATE clients SET allowed_groups = '{hub-admins}' WHERE client_id = 'web'")
	b.WaitForNotify()
	if a := b.Authorize(AuthParams()); a.Status != 403 || b.Interaction(a.LeadsTo())["page"] != "refused" {
		t.Errorf("not in an allowed group: %d %s", a.Status, a.Location())
	}
	if a := b.Authorize(AuthParams("prompt", "none")); a.Query("error") != "access_denied" {
		t.Errorf("not in an allowed group, prompt=none: %s", a.Location())
	}
	if a := b.Userinfo(access); a.Status != 401 {
		t.Errorf("userinfo outside the allowed groups: %d", a.Status)
	}
	b.Exec("DELETE FROM clients WHERE client_id = 'web'")
	b.WaitForNotify()
	if a := b.Authorize(AuthParams()); a.Status != 400 || a.Header.Get("Location") != "" {
		t.Errorf("a deleted client: %d %s", a.Status, a.Location())
	}
	if a := b.Token(Refresh(next)); a.Status != 401 {
		t.Errorf("token endpoint for a deleted client: %d", a.Status)
	}
}

// Neither a session nor a token of before comes back to life with another password, or with an account that is enabled again.
func TestWhatWasSignedInBeforeAChangeStaysSignedOut(t *testing.T) {
	t.Parallel()
	for _, change := range []string{"UPDATE users SET password = crypt('another long passphrase', gen_salt('bf', 4))",
		"UPDATE users SET disabled_at = now(); UPDATE users SET disabled_at = NULL"} {
		b := start(t).browser()
		out := b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()
		access, refresh := Str(out["access_token"]), Str(out["refresh_token"])
		for sql := range strings.SplitSeq(change, ";") {
			b.Exec(sql)
		}
		if a := b.Userinfo(access); a.Status != 401 {
			t.Errorf("%s: userinfo %d", change, a.Status)
		}
		if a := b.Token(Refresh(refresh)); a.JSON()["error"] != "invalid_grant" {
			t.Errorf("%s: refresh %s", change, a.Body)
		}
		if a := b.Authorize(AuthParams("prompt", "none")); a.Query("error") != "login_required" {
			t.Errorf("%s: single sign-on %s", change, a.Location())
		}
	}
}

package provider_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
)

// No replica keeps what another needs: each step is made at another one, and what SQL changes counts at both.
func TestAFlowMayMoveBetweenReplicas(t *testing.T) {
	t.Parallel()
	r := start(t)
	second := httptest.NewUnstartedServer(nil)
	r.Serve(second, authn.NewPasswords(2, 64))
	first := r.Issuer
	other := "http://" + second.Listener.Addr().String()
	b := r.browser()

	at := b.Authorize(AuthParams("scope", "openid offline_access")).Location()
	b.Issuer = other // cookies go by host, not by port
	code := b.Login(at, "alice", Password).Query("code")
	b.Issuer = first
	b.Token(Redeem(code))
	b.Issuer = other
	if a := b.Token(Redeem(code)); a.JSON()["error"] != "invalid_grant" {
		t.Errorf("a code was redeemed at two replicas: %s", a.Body)
	}
	tokens := b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()
	if a := b.Userinfo(Str(tokens["access_token"])); a.Status != 200 {
		t.Errorf("userinfo: %d %s", a.Status, a.Body)
	}
	b.Issuer = first
	if a := b.Token(Refresh(Str(tokens["refresh_token"]))); a.Status != 200 {
		t.Errorf("refresh: %d %s", a.Status, a.Body)
	}
	for _, sql := range []string{"UPDATE clients SET disabled_at = now() WHERE client_id = 'web'",
		"UPDATE clients SET disabled_at = NULL", "DELETE FROM clients WHERE client_id = 'web'"} {
		b.Exec(sql)
		b.WaitForNotify()
		want := 400
		if strings.Contains(sql, "NULL") {
			want = 303
		}
		for _, replica := range []string{first, other} {
			b.Issuer = replica
			if a := b.Authorize(AuthParams()); a.Status != want {
				t.Errorf("%s: %d at %s", sql, a.Status, replica)
			}
		}
	}
}

func TestAnOlderHashBecomesArgon2idAtTheNextSignIn(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Code(AuthParams())
	if n := b.Count("SELECT count(*) FROM users WHERE password LIKE '$argon2id$%'"); n != 1 {
		t.Error("the bcrypt hash was not upgraded")
	}
	fresh := b.rig.browser()
	fresh.Code(AuthParams())
}

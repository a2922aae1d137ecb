package web_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/api/authn"
)

// No replica keeps what another needs: each step is made at another one, and what SQL changes counts at both.
func TestAFlowMayMoveBetweenReplicas(t *testing.T) {
	r := start(t)
	second := httptest.NewUnstartedServer(nil)
	r.serve(second, authn.NewPasswords(2, 64))
	first := r.issuer
	other := "http://" + second.Listener.Addr().String()
	b := r.browser()

	at := b.authorize(authParams("scope", "openid offline_access")).location()
	b.issuer = other // cookies go by host, not by port
	code := b.login(at, "alice", password).query("code")
	b.issuer = first
	tokens := b.token(redeem(code)).json()
	b.issuer = other
	if a := b.token(redeem(code)); a.json()["error"] != "invalid_grant" {
		t.Errorf("a code was redeemed at two replicas: %s", a.body)
	}
	tokens = b.token(redeem(b.code(authParams("scope", "openid offline_access")))).json()
	if a := b.userinfo(str(tokens["access_token"])); a.status != 200 {
		t.Errorf("userinfo: %d %s", a.status, a.body)
	}
	b.issuer = first
	if a := b.token(refresh(str(tokens["refresh_token"]))); a.status != 200 {
		t.Errorf("refresh: %d %s", a.status, a.body)
	}
	for _, sql := range []string{"UPDATE clients SET disabled_at = now() WHERE client_id = 'web'", "UPDATE clients SET disabled_at = NULL", "DELETE FROM clients WHERE client_id = 'web'"} {
		b.exec(sql)
		waitForNotify()
		want := 400
		if strings.Contains(sql, "NULL") {
			want = 303
		}
		for _, replica := range []string{first, other} {
			b.issuer = replica
			if a := b.authorize(authParams()); a.status != want {
				t.Errorf("%s: %d at %s", sql, a.status, replica)
			}
		}
	}
}

func TestAnOlderHashBecomesArgon2idAtTheNextSignIn(t *testing.T) {
	b := start(t).browser()
	b.code(authParams())
	if n := b.count("SELECT count(*) FROM users WHERE password LIKE '$argon2id$%'"); n != 1 {
		t.Error("the bcrypt hash was not upgraded")
	}
	fresh := b.rig.browser()
	fresh.code(authParams())
}

package web_test

import "testing"

// That a signature was found good is remembered only as long as the key is trusted.
func TestATokenThatWasVerifiedIsRefusedOnceItsKeyIsGone(t *testing.T) {
	b := start(t).browser()
	token := str(b.token(redeem(b.code(authParams()))).json()["access_token"])
	if a := b.userinfo(token); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	b.exec(`UPDATE signing_keys SET retires_at = now() + interval '1 minute' WHERE alg = 'ES256'`)
	waitForNotify()
	if a := b.userinfo(token); a.status != 200 {
		t.Fatalf("before the key retires: %d %s", a.status, a.body)
	}
	b.later(61e9)
	if a := b.userinfo(token); a.status != 401 {
		t.Errorf("after the key has retired: %d %s", a.status, a.body)
	}
}

func TestATokenThatWasVerifiedExpires(t *testing.T) {
	b := start(t).browser()
	token := str(b.token(redeem(b.code(authParams()))).json()["access_token"])
	if a := b.userinfo(token); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	b.later(17 * 60e9)
	if a := b.userinfo(token); a.status != 401 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

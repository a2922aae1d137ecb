package provider_test

import (
	"testing"

	. "gatehouse/api/apitest"
)

// That a signature was found good is remembered only as long as the key is trusted.
func TestATokenThatWasVerifiedIsRefusedOnceItsKeyIsGone(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	token := Str(b.Token(Redeem(b.Code(AuthParams()))).JSON()["access_token"])
	if a := b.Userinfo(token); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	b.Exec(`UPDATE signing_keys SET retires_at = now() + interval '1 minute' WHERE alg = 'ES256'`)
	b.WaitForNotify()
	if a := b.Userinfo(token); a.Status != 200 {
		t.Fatalf("before the key retires: %d %s", a.Status, a.Body)
	}
	b.Later(61e9)
	if a := b.Userinfo(token); a.Status != 401 {
		t.Errorf("after the key has retired: %d %s", a.Status, a.Body)
	}
}

func TestATokenThatWasVerifiedExpires(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	token := Str(b.Token(Redeem(b.Code(AuthParams()))).JSON()["access_token"])
	if a := b.Userinfo(token); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	b.Later(17 * 60e9)
	if a := b.Userinfo(token); a.Status != 401 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

package provider_test

import (
	"testing"

	. "gatehouse/api/apitest"
)

// OpenID Connect Core §3.1.2.1.
func TestAnIDTokenHintIsForOnePersonOnly(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`INSERT INTO users (sub, username, password) VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)))`, Password)
	alice, bob := r.browser(), r.browser()
	tokens := alice.Token(Redeem(alice.Code(AuthParams()))).JSON()
	hint := Str(tokens["id_token"])

	if a := alice.Authorize(AuthParams("prompt", "none", "id_token_hint", hint)); a.Query("code") == "" {
		t.Errorf("alice herself: %s", a.Location())
	}
	a := bob.Authorize(AuthParams())
	bob.Login(a.Location(), "bob", Password)
	if a := bob.Authorize(AuthParams("prompt", "none", "id_token_hint", hint)); a.Query("error") != "login_required" {
		t.Errorf("bob with alice's hint: %s", a.Location())
	}
	a = bob.Authorize(AuthParams("id_token_hint", hint))
	if a.Location().Path != "/login" {
		t.Fatalf("bob with alice's hint is not asked to sign in: %s", a.Location())
	}
	if again := bob.Login(a.Location(), "bob", Password); again.Query("error") != "login_required" || again.Query("code") != "" {
		t.Errorf("bob signed in where alice was wanted: %s", again.Location())
	}
	a = bob.Authorize(AuthParams("id_token_hint", hint))
	if right := bob.Login(a.Location(), "alice", Password); right.Query("code") == "" {
		t.Errorf("alice at bob's browser: %s", right.Location())
	}
	for name, bad := range map[string]string{"nonsense": "x", "an access token": Str(tokens["access_token"]),
		"a forged one": hint[:len(hint)-8] + "AAAAAAAA"} {
		if a := alice.Authorize(AuthParams("id_token_hint", bad)); a.Query("error") != "invalid_request" {
			t.Errorf("%s: %s", name, a.Location())
		}
	}
}

package web_test

import "testing"

// OpenID Connect Core §3.1.2.1.
func TestAnIDTokenHintIsForOnePersonOnly(t *testing.T) {
	r := start(t)
	r.exec(`INSERT INTO users (sub, username, password) VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)))`, password)
	alice, bob := r.browser(), r.browser()
	tokens := alice.token(redeem(alice.code(authParams()))).json()
	hint := str(tokens["id_token"])

	if a := alice.authorize(authParams("prompt", "none", "id_token_hint", hint)); a.query("code") == "" {
		t.Errorf("alice herself: %s", a.location())
	}
	a := bob.authorize(authParams())
	bob.login(a.location(), "bob", password)
	if a := bob.authorize(authParams("prompt", "none", "id_token_hint", hint)); a.query("error") != "login_required" {
		t.Errorf("bob with alice's hint: %s", a.location())
	}
	a = bob.authorize(authParams("id_token_hint", hint))
	if a.location().Path != "/login" {
		t.Fatalf("bob with alice's hint is not asked to sign in: %s", a.location())
	}
	if again := bob.login(a.location(), "bob", password); again.query("error") != "login_required" || again.query("code") != "" {
		t.Errorf("bob signed in where alice was wanted: %s", again.location())
	}
	a = bob.authorize(authParams("id_token_hint", hint))
	if right := bob.login(a.location(), "alice", password); right.query("code") == "" {
		t.Errorf("alice at bob's browser: %s", right.location())
	}
	for name, bad := range map[string]string{"nonsense": "x", "an access token": str(tokens["access_token"]), "a forged one": hint[:len(hint)-8] + "AAAAAAAA"} {
		if a := alice.authorize(authParams("id_token_hint", bad)); a.query("error") != "invalid_request" {
			t.Errorf("%s: %s", name, a.location())
		}
	}
}

package web_test

import "testing"

// OpenID Connect Core §5.5.1.1: an essential acr is reached or the request is refused; a voluntary one is not.
func TestAnEssentialACRIsReachedOrTheRequestIsRefused(t *testing.T) {
	b := start(t).browser()
	if a := b.authorize(authParams("claims", `{"id_token": {"acr": {"essential": true, "value": "9"}}}`)); a.query("error") != "unmet_authentication_requirements" {
		t.Errorf("asked to sign in for nothing: %d %s", a.status, a.location())
	}
	b.code(authParams())
	for _, asked := range []string{`{"essential": true, "value": "9"}`, `{"essential": true, "values": ["urn:mace:incommon:iap:silver", "2"]}`,
		`{"essential": true, "value": 1}`, `{"essential": true, "values": [{"a": 1}]}`, `{"essential": true, "value": ""}`} {
		for _, prompt := range []string{"", "none"} {
			a := b.authorize(authParams("claims", `{"id_token": {"acr": `+asked+`}}`, "prompt", prompt))
			if a.location().Host != "rp.example.org" || a.query("error") != "unmet_authentication_requirements" || a.query("state") != "st" || a.query("code") != "" {
				t.Errorf("%s: %d %s", asked, a.status, a.location())
			}
		}
	}
	for _, asked := range [][]string{{"claims", `{"id_token": {"acr": {"essential": true, "value": "1"}}}`}, {"claims", `{"id_token": {"acr": {"essential": true, "values": ["9", "1"]}}}`},
		{"claims", `{"id_token": {"acr": {"essential": true}}}`}, {"claims", `{"id_token": {"acr": null}}`}, {"claims", `{"id_token": {"acr": {"value": "9"}}}`},
		{"claims", `{"id_token": {"acr": {"values": ["8", "9"]}}}`}, {"acr_values", "1"}, {"acr_values", "9 8"}, {"acr_values", "urn:mace:incommon:iap:silver"}} {
		a := b.authorize(authParams(asked...))
		if id := claims(str(b.token(redeem(a.query("code"))).json()["id_token"])); id["acr"] != "1" {
			t.Errorf("%v: %s %v", asked, a.location(), id)
		}
	}
	discovery := b.do("GET", "/.well-known/openid-configuration", nil).json()
	if acr, _ := discovery["acr_values_supported"].([]any); len(acr) != 1 || acr[0] != "1" || discovery["claims_parameter_supported"] != true {
		t.Errorf("discovery: %v, %v", acr, discovery["claims_parameter_supported"])
	}
}

// OpenID Connect Core §3.1.2.2, §5.5.1: sub with a value is for that person and nobody else.
func TestASubThatIsAskedForIsTheOneOrNobody(t *testing.T) {
	r := start(t)
	r.exec(`INSERT INTO users (sub, username, password) VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)))`, password)
	alice, bob := r.browser(), r.browser()
	hint := str(alice.token(redeem(alice.code(authParams()))).json()["id_token"])
	bob.login(bob.authorize(authParams()).location(), "bob", password)
	for _, isAlice := range []string{`{"id_token": {"sub": {"value": "sub-alice"}}}`, `{"userinfo": {"sub": {"essential": true, "value": "sub-alice"}}}`,
		`{"id_token": {"sub": {"values": ["sub-alice"]}}}`, `{"userinfo": {"sub": {"value": "sub-alice"}}, "id_token": {"sub": {"value": "sub-alice"}}}`} {
		if a := alice.authorize(authParams("claims", isAlice, "prompt", "none")); a.query("code") == "" {
			t.Errorf("%s, alice: %s", isAlice, a.location())
		}
		if a := alice.authorize(authParams("claims", isAlice, "id_token_hint", hint)); a.query("code") == "" {
			t.Errorf("%s, alice with her hint: %s", isAlice, a.location())
		}
		if a := bob.authorize(authParams("claims", isAlice, "prompt", "none")); a.query("error") != "login_required" || a.query("code") != "" {
			t.Errorf("%s, bob: %s", isAlice, a.location())
		}
		a := bob.authorize(authParams("claims", isAlice))
		if a.location().Path != "/login" {
			t.Fatalf("%s: bob is not asked to sign in: %s", isAlice, a.location())
		}
		if a := bob.login(a.location(), "bob", password); a.query("error") != "login_required" || a.query("code") != "" {
			t.Errorf("%s: bob signed in where alice was wanted: %s", isAlice, a.location())
		}
	}
	a := bob.authorize(authParams("claims", `{"id_token": {"sub": {"value": "sub-alice"}}}`))
	if a := bob.login(a.location(), "alice", password); claims(str(bob.token(redeem(a.query("code"))).json()["id_token"]))["sub"] != "sub-alice" {
		t.Errorf("alice at bob's browser: %s", a.location())
	}
	for _, nobody := range []string{`{"id_token": {"sub": null}}`, `{"id_token": {"sub": {"essential": true}}}`} {
		if a := alice.authorize(authParams("claims", nobody)); a.query("code") == "" {
			t.Errorf("%s: %s", nobody, a.location())
		}
	}
	for what, params := range map[string][]string{
		"another one than id_token_hint": {"claims", `{"id_token": {"sub": {"value": "sub-bob"}}}`, "id_token_hint", hint},
		"two at once":                    {"claims", `{"id_token": {"sub": {"value": "sub-alice"}}, "userinfo": {"sub": {"value": "sub-bob"}}}`},
		"two values":                     {"claims", `{"id_token": {"sub": {"values": ["sub-alice", "sub-bob"]}}}`},
		"a number":                       {"claims", `{"id_token": {"sub": {"value": 5}}}`},
		"nothing":                        {"claims", `{"id_token": {"sub": {"value": ""}}}`},
	} {
		if a := alice.authorize(authParams(params...)); a.query("error") != "invalid_request" || a.query("code") != "" {
			t.Errorf("%s: %s", what, a.location())
		}
	}
}

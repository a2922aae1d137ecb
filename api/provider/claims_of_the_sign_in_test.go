package provider_test

import (
	"testing"

	. "gatehouse/api/apitest"
)

// OpenID Connect Core §5.5.1.1: an essential acr is reached or the request is refused; a voluntary one is not.
func TestAnEssentialACRIsReachedOrTheRequestIsRefused(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	if a := b.Authorize(AuthParams("claims",
		`{"id_token": {"acr": {"essential": true, "value": "9"}}}`)); a.Query("error") != "unmet_authentication_requirements" {
		t.Errorf("asked to sign in for nothing: %d %s", a.Status, a.Location())
	}
	b.Code(AuthParams())
	for _, asked := range []string{`{"essential": true, "value": "9"}`, `{"essential": true, "values": ["urn:mace:incommon:iap:silver", "2"]}`,
		`{"essential": true, "value": 1}`, `{"essential": true, "values": [{"a": 1}]}`, `{"essential": true, "value": ""}`} {
		for _, prompt := range []string{"", "none"} {
			a := b.Authorize(AuthParams("claims", `{"id_token": {"acr": `+asked+`}}`, "prompt", prompt))
			if a.Location().Host != "rp.example.org" || a.Query("error") != "unmet_authentication_requirements" ||
				a.Query("state") != "st" || a.Query("code") != "" {
				t.Errorf("%s: %d %s", asked, a.Status, a.Location())
			}
		}
	}
	for _, asked := range [][]string{{"claims", `{"id_token": {"acr": {"essential": true, "value": "1"}}}`},
		{"claims", `{"id_token": {"acr": {"essential": true, "values": ["9", "1"]}}}`},
		{"claims", `{"id_token": {"acr": {"essential": true}}}`}, {"claims", `{"id_token": {"acr": null}}`},
		{"claims", `{"id_token": {"acr": {"value": "9"}}}`},
		{"claims", `{"id_token": {"acr": {"values": ["8", "9"]}}}`}, {"acr_values", "1"}, {"acr_values", "9 8"},
		{"acr_values", "urn:mace:incommon:iap:silver"}} {
		a := b.Authorize(AuthParams(asked...))
		if id := Claims(Str(b.Token(Redeem(a.Query("code"))).JSON()["id_token"])); id["acr"] != "1" {
			t.Errorf("%v: %s %v", asked, a.Location(), id)
		}
	}
	discovery := b.Do("GET", "/.well-known/openid-configuration", nil).JSON()
	if acr, _ := discovery["acr_values_supported"].([]any); len(acr) != 6 || acr[1] != "1" || discovery["claims_parameter_supported"] != true {
		t.Errorf("discovery: %v, %v", acr, discovery["claims_parameter_supported"])
	}
}

// OpenID Connect Core §3.1.2.2, §5.5.1: sub with a value is for that person and nobody else.
func TestASubThatIsAskedForIsTheOneOrNobody(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`INSERT INTO users (sub, username, password) VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)))`, Password)
	alice, bob := r.browser(), r.browser()
	hint := Str(alice.Token(Redeem(alice.Code(AuthParams()))).JSON()["id_token"])
	bob.Login(bob.Authorize(AuthParams()).Location(), "bob", Password)
	for _, isAlice := range []string{`{"id_token": {"sub": {"value": "sub-alice"}}}`,
		`{"userinfo": {"sub": {"essential": true, "value": "sub-alice"}}}`,
		`{"id_token": {"sub": {"values": ["sub-alice"]}}}`,
		`{"userinfo": {"sub": {"value": "sub-alice"}}, "id_token": {"sub": {"value": "sub-alice"}}}`} {
		if a := alice.Authorize(AuthParams("claims", isAlice, "prompt", "none")); a.Query("code") == "" {
			t.Errorf("%s, alice: %s", isAlice, a.Location())
		}
		if a := alice.Authorize(AuthParams("claims", isAlice, "id_token_hint", hint)); a.Query("code") == "" {
			t.Errorf("%s, alice with her hint: %s", isAlice, a.Location())
		}
		if a := bob.Authorize(AuthParams("claims", isAlice, "prompt", "none")); a.Query("error") != "login_required" || a.Query("code") != "" {
			t.Errorf("%s, bob: %s", isAlice, a.Location())
		}
		a := bob.Authorize(AuthParams("claims", isAlice))
		if a.Location().Path != "/login" {
			t.Fatalf("%s: bob is not asked to sign in: %s", isAlice, a.Location())
		}
		if a := bob.Login(a.Location(), "bob", Password); a.Query("error") != "login_required" || a.Query("code") != "" {
			t.Errorf("%s: bob signed in where alice was wanted: %s", isAlice, a.Location())
		}
	}
	a := bob.Authorize(AuthParams("claims", `{"id_token": {"sub": {"value": "sub-alice"}}}`))
	if a := bob.Login(a.Location(), "alice",
		Password); Claims(Str(bob.Token(Redeem(a.Query("code"))).JSON()["id_token"]))["sub"] != "sub-alice" {
		t.Errorf("alice at bob's browser: %s", a.Location())
	}
	for _, nobody := range []string{`{"id_token": {"sub": null}}`, `{"id_token": {"sub": {"essential": true}}}`} {
		if a := alice.Authorize(AuthParams("claims", nobody)); a.Query("code") == "" {
			t.Errorf("%s: %s", nobody, a.Location())
		}
	}
	for what, params := range map[string][]string{
		"another one than id_token_hint": {"claims", `{"id_token": {"sub": {"value": "sub-bob"}}}`, "id_token_hint", hint},
		"two at once":                    {"claims", `{"id_token": {"sub": {"value": "sub-alice"}}, "userinfo": {"sub": {"value": "sub-bob"}}}`},
		"two values":                     {"claims", `{"id_token": {"sub": {"values": ["sub-alice", "sub-bob"]}}}`},
		"a number":                       {"claims", `{"id_token": {"sub": {"value": 5}}}`},
		"nothing":                        {"claims", `{"id_token": {"sub": {"value": ""}}}`},
	} {
		if a := alice.Authorize(AuthParams(params...)); a.Query("error") != "invalid_request" || a.Query("code") != "" {
			t.Errorf("%s: %s", what, a.Location())
		}
	}
}

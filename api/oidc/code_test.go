package oidc

import (
	"encoding/json"
	"testing"
	"time"
)

// RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 8707 §2.2, RFC 9449 §10.
func TestACodeIsGoodForWhatItWasMadeForAndNothingElse(t *testing.T) {
	c := clientOf(ClientMetadata{ClientID: "c"})
	request := AuthorizeRequest{RedirectURI: "https://c.example.org/cb", CodeChallenge: "challenge", Scope: "openid offline_access",
		Nonce: "n"}
	type sent = AccessTokenRequest
	good := sent{ClientID: "c", RedirectURI: "https://c.example.org/cb", CodeChallenge: "challenge", Allowed: []string{"us", "data"}}
	for _, test := range []struct {
		what   string
		change func(r *AuthorizeRequest, with *sent)
		now    time.Time
		why    string
	}{
		{"as it was made", func(*AuthorizeRequest, *sent) {}, noon, ""},
		{"until it ends", func(*AuthorizeRequest, *sent) {}, noon.Add(59 * time.Second), ""},
		{"and no longer", func(*AuthorizeRequest, *sent) {}, noon.Add(time.Minute), "expired"},
		{"another client", func(_ *AuthorizeRequest, with *sent) { with.ClientID = "d" }, noon, "issued to another client"},
		{"another client, expired", func(_ *AuthorizeRequest, with *sent) { with.ClientID = "d" }, noon.Add(time.Hour),
			"issued to another client"},
		{"another redirect URI", func(_ *AuthorizeRequest, with *sent) { with.RedirectURI += "/" }, noon,
			"redirect_uri is not the one of the authorization request"},
		{"another verifier", func(_ *AuthorizeRequest, with *sent) { with.CodeChallenge = "other" }, noon, "code_verifier does not fit"},
		{"no verifier", func(_ *AuthorizeRequest, with *sent) { with.CodeChallenge = "" }, noon, "code_verifier does not fit"},
		{"a verifier for no challenge", func(r *AuthorizeRequest, _ *sent) { r.CodeChallenge = "" }, noon, "code_verifier does not fit"},
		{"neither", func(r *AuthorizeRequest, with *sent) { r.CodeChallenge, with.CodeChallenge = "", "" }, noon, ""},
		{"its key", func(r *AuthorizeRequest, with *sent) { r.DPoPJKT, with.JKT = "k", "k" }, noon, ""},
		{"another key", func(r *AuthorizeRequest, with *sent) { r.DPoPJKT, with.JKT = "k", "l" }, noon, "bound to another DPoP key"},
		{"no key", func(r *AuthorizeRequest, _ *sent) { r.DPoPJKT = "k" }, noon, "bound to another DPoP key"},
		{"a key for one that is not bound", func(_ *AuthorizeRequest, with *sent) { with.JKT = "k" }, noon, ""},
		{"a service of the client", func(_ *AuthorizeRequest, with *sent) { with.Resources = []string{"data"} }, noon, ""},
		{"a service that is not the client's", func(_ *AuthorizeRequest, with *sent) { with.Resources = []string{"data", "x"} },
			noon, ResourceTooWide},
		{"a service that was not asked for", func(r *AuthorizeRequest, with *sent) {
			r.Resources, with.Resources = []string{"us"}, []string{"data"}
		}, noon, ResourceTooWide},
	} {
		r, with := request, good
		test.change(&r, &with)
		sealed, err := json.Marshal(r.NewCode("grant", c, &Session{Cookie: [32]byte{1}}, noon.Add(time.Minute)))
		var code Code
		if err != nil || json.Unmarshal(sealed, &code) != nil {
			t.Fatal(err)
		}
		if why := code.Check(with, test.now); why != test.why {
			t.Errorf("%s: %q, want %q", test.what, why, test.why)
		}
		if !code.Offline() || code.Nonce != "n" || code.GrantID != "grant" || code.Session[0] != 1 || len(code.Session) != 32 {
			t.Errorf("%s: %+v", test.what, code)
		}
	}
}

// RFC 6749 §4.1.2: what somebody shows who may have the first redemption undone. The client has authenticated if it can.
func TestWhoHasTheCodeAloneProvesNothing(t *testing.T) {
	for _, test := range []struct {
		what     string
		code     Code
		with     AccessTokenRequest
		isPublic bool
		want     bool
	}{
		{"the verifier", Code{CodeChallenge: "c"}, AccessTokenRequest{CodeChallenge: "c"}, true, true},
		{"no verifier", Code{CodeChallenge: "c"}, AccessTokenRequest{}, true, false},
		{"another verifier", Code{CodeChallenge: "c"}, AccessTokenRequest{CodeChallenge: "d"}, true, false},
		{"the secret, no verifier", Code{CodeChallenge: "c"}, AccessTokenRequest{}, false, false},
		{"the secret and the verifier", Code{CodeChallenge: "c"}, AccessTokenRequest{CodeChallenge: "c"}, false, true},
		{"the secret, where there is no challenge", Code{}, AccessTokenRequest{}, false, true},
		{"nothing, where there is no challenge", Code{}, AccessTokenRequest{}, true, false},
		{"the verifier and the key", Code{CodeChallenge: "c", DPoPJKT: "k"}, AccessTokenRequest{CodeChallenge: "c", JKT: "k"}, true, true},
		{"the verifier, no key", Code{CodeChallenge: "c", DPoPJKT: "k"}, AccessTokenRequest{CodeChallenge: "c"}, true, false},
		{"the verifier and another key", Code{CodeChallenge: "c", DPoPJKT: "k"}, AccessTokenRequest{CodeChallenge: "c", JKT: "l"}, true, false},
	} {
		if got := test.code.ProvenBy(test.with, test.isPublic); got != test.want {
			t.Errorf("%s: %v, want %v", test.what, got, test.want)
		}
	}
}

package oidc

import (
	"net/url"
	"slices"
	"testing"
)

// OAuth 2.0 Multiple Response Type Encoding Practices §3, §5; RFC 6749 §3.1.1.
func TestAResponseTypeIsASetOfWords(t *testing.T) {
	for s, want := range map[string]ResponseType{"code": "code", "token id_token": "id_token token",
		" token  code id_token": "code id_token token",
		"":                      "", "none": "", "code none": "", "token token": "", "Token": "", "code,token": ""} {
		if got := ParseResponseType(s); got != want {
			t.Errorf("%q: %q", s, got)
		}
	}
	for _, r := range ResponseTypes {
		if ParseResponseType(string(r)) != r {
			t.Errorf("%q is not in the form that is parsed", r)
		}
	}
}

// OpenID Connect Core §3.2.2.1, §3.3.2.11; RFC 7591 §2.1; Multiple Response Types §2.1, §5.
func TestRequestsForTokensOfTheFrontChannel(t *testing.T) {
	implicit, both := []string{GrantImplicit}, []string{GrantAuthorizationCode, GrantImplicit, GrantRefreshToken}
	for _, c := range []struct {
		what       string
		registered []string
		grants     []string
		query      string
		code       string // of the refusal
		mode       string
		scope      string
	}{
		{"a token", []string{"token"}, implicit, "response_type=token&scope=email", "", "fragment", "email"},
		{"a token needs no nonce and no PKCE", []string{"token"}, implicit, "response_type=token&scope=openid", "", "fragment", "openid"},
		{"an ID token", []string{"id_token"}, implicit, "response_type=id_token&scope=openid&nonce=n", "", "fragment", "openid"},
		{"an ID token without a nonce", []string{"id_token"}, implicit, "response_type=id_token&scope=openid", InvalidRequest,
			"fragment", "openid"},
		{"an ID token without openid", []string{"id_token"}, implicit, "response_type=id_token&scope=email&nonce=n", InvalidRequest,
			"fragment", "email"},
		{"the words in another order", []string{"token id_token"}, implicit, "response_type=id_token+token&scope=openid&nonce=n", "",
			"fragment", "openid"},
		{"offline access is dropped", []string{"token"}, both, "response_type=token&scope=openid+offline_access", "", "fragment", "openid"},
		{"a form", []string{"token"}, implicit, "response_type=token&scope=email&response_mode=form_post", "", "form_post", "email"},
		{"a token in the query", []string{"token"}, implicit, "response_type=token&scope=email&response_mode=query", InvalidRequest,
			"fragment", "email"},
		{"a code in the fragment", []string{"code"}, both, "response_type=code&scope=email&response_mode=fragment&code_challenge=" +
			challenge, "", "fragment", "email"},
		{"a code", []string{"code"}, both, "response_type=code&scope=email&code_challenge=" + challenge, "", "", "email"},
		{"a hybrid", []string{"code token"}, both, "response_type=token+code&scope=email+offline_access&code_challenge=" + challenge,
			"", "fragment", "email offline_access"},
		{"a hybrid without PKCE", []string{"code token"}, both, "response_type=code+token&scope=email", InvalidRequest, "fragment", "email"},
		{"a hybrid with an ID token and no nonce", []string{"code id_token"}, both,
			"response_type=code+id_token&scope=openid&code_challenge=" + challenge, InvalidRequest, "fragment", "openid"},
		{"a hybrid without the grant of codes", []string{"code token"}, implicit, "response_type=code+token&scope=email",
			UnauthorizedClient, "fragment", "email"},
		{"registered for another type", []string{"code", "id_token"}, both, "response_type=token&scope=email", UnauthorizedClient,
			"fragment", "email"},
		{"registered without the implicit grant", []string{"token"}, both[:1], "response_type=token&scope=email", UnauthorizedClient,
			"fragment", "email"},
		{"none", []string{"none"}, both, "response_type=none&scope=email", UnsupportedResponseType, "", "email"},
	} {
		client := clientOf(ClientMetadata{ClientID: "c", RedirectURIs: []string{"https://rp.example.org/cb"},
			ResponseTypes: c.registered, GrantTypes: c.grants, Scope: "openid email offline_access", RequirePKCE: true})
		query, err := url.ParseQuery("client_id=c&redirect_uri=https://rp.example.org/cb&code_challenge_method=S256&" + c.query)
		if err != nil {
			t.Fatal(err)
		}
		req, untrusted, refusal := ParseAuthorize(query, client, "https://api.example.org", ResponseTypes, noon)
		code := ""
		if refusal != nil {
			code = refusal.Code
		}
		if untrusted != nil || code != c.code || req.ResponseMode != c.mode || req.Scope != c.scope {
			t.Errorf("%s: %v, %v, mode %q, scope %q", c.what, untrusted, refusal, req.ResponseMode, req.Scope)
		}
		if !ParseResponseType(query.Get("response_type")).FrontChannel() {
			continue
		}
		if _, _, refusal := ParseAuthorize(query, client, "https://api.example.org", []ResponseType{ResponseCode},
			noon); refusal.Code != UnsupportedResponseType {
			t.Errorf("%s, where only code is allowed: %v", c.what, refusal)
		}
	}
}

const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

// A client may have lost a response type while the person was signing in.
func TestDecideLooksAtTheResponseTypeAgain(t *testing.T) {
	s := Standing{Session: &Session{AuthTime: noon}, User: &User{}, Allowed: true}
	r := AuthorizeRequest{ResponseType: "token", At: noon}
	c := &Client{ClientMetadata: ClientMetadata{ResponseTypes: []string{"token"}, GrantTypes: []string{GrantImplicit}}, FirstParty: true}
	if step, refused := r.Decide(c, s, false, noon); step != IssueCode || refused != nil {
		t.Errorf("step %d, %v", step, refused)
	}
	c.ResponseTypes = []string{"code"}
	if _, refused := r.Decide(c, s, false, noon); refused == nil || refused.Code != UnauthorizedClient {
		t.Errorf("%v", refused)
	}
}

func TestDiscoveryListsTheResponseTypesThatAreAllowed(t *testing.T) {
	grants := []string{GrantAuthorizationCode}
	if d := Discovery("https://api.example.org", ResponseTypes[:1], grants, nil, nil); len(d.ResponseTypesSupported) != 1 ||
		slices.Contains(d.GrantTypesSupported, GrantImplicit) {
		t.Errorf("%v %v", d.ResponseTypesSupported, d.GrantTypesSupported)
	}
	d := Discovery("https://api.example.org", []ResponseType{"code", "id_token token"}, grants, nil, nil)
	if len(d.ResponseTypesSupported) != 2 || !slices.Contains(d.GrantTypesSupported, GrantImplicit) ||
		!slices.Contains(d.ResponseModesSupported, "fragment") {
		t.Errorf("%v %v %v", d.ResponseTypesSupported, d.GrantTypesSupported, d.ResponseModesSupported)
	}
}

// OpenID Connect Core §3.3.2.11; the c_hash is that of its own example (A.4).
func TestAnIDTokenIsBoundToTheCodeAndStateBesideIt(t *testing.T) {
	token := IDToken{Client: clientOf(ClientMetadata{IDTokenSignedResponseAlg: "RS256"}), User: &User{}, Grant: &Grant{}, State: "st"}
	claims := token.Claims()
	if claims["c_hash"] != nil || claims["s_hash"] != nil || claims["at_hash"] != nil {
		t.Errorf("without a code: %v", claims)
	}
	token.Code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"
	claims = token.Claims()
	if claims["c_hash"] != "LDktKdoQak3Pk0cnXxCltA" || claims["s_hash"] != HalfHash("RS256", "st") {
		t.Errorf("%v", claims)
	}
}

package oidc

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var (
	someTerms = Terms{ResponseTypes: []ResponseType{ResponseCode},
		GrantTypes:  []string{GrantAuthorizationCode, GrantRefreshToken, GrantDeviceCode},
		AuthMethods: []string{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"}}
	implicitTerms = Terms{ResponseTypes: ResponseTypes, GrantTypes: someTerms.GrantTypes, AuthMethods: someTerms.AuthMethods}
)

// register reads and checks what a client sends.
func register(text string, t Terms) (ClientMetadata, *Error) {
	r, e := ParseRegistration([]byte(text))
	if e != nil {
		return ClientMetadata{}, e
	}
	return r.Check(t)
}

const cb = `"redirect_uris": ["https://rp.example.org/cb"]`

// RFC 7591 §2, OpenID Connect Dynamic Registration §2.
func TestARegistrationHasItsDefaults(t *testing.T) {
	web := ClientMetadata{ApplicationType: "web", RedirectURIs: []string{"https://rp.example.org/cb"},
		GrantTypes:    []string{"authorization_code"},
		ResponseTypes: []string{"code"}, TokenEndpointAuthMethod: "client_secret_basic", Scope: strings.Join(Scopes(), " "),
		SubjectType:              "public",
		IDTokenSignedResponseAlg: "RS256"}
	with := func(change func(*ClientMetadata)) ClientMetadata { c := web; change(&c); return c }
	for text, want := range map[string]ClientMetadata{
		`{` + cb + `}`: web,
		`{` + cb + `, "unheard_of": {"a": [1]}, "client_name": null, "client_name#de": "x", "first_party": true, "scope": "", ` +
			`"registration": "token"}`: web,
		`{` + cb + `, "token_endpoint_auth_method": "none"}`: with(func(c *ClientMetadata) {
			c.TokenEndpointAuthMethod,
				c.RequirePKCE = "none", true
		}),
		`{` + cb + `, "require_pkce": true}`: with(func(c *ClientMetadata) { c.RequirePKCE = true }),
		`{"redirect_uris": ["http://127.0.0.1/cb"], "token_endpoint_auth_method": "none"}`: with(func(c *ClientMetadata) {
			c.RedirectURIs, c.TokenEndpointAuthMethod, c.RequirePKCE, c.ApplicationType = []string{"http://127.0.0.1/cb"}, "none", true, "native"
		}),
		`{"redirect_uris": ["http://localhost:8000/cb"]}`: with(func(c *ClientMetadata) {
			c.RedirectURIs = []string{"http://localhost:8000/cb"}
		}),
		`{"redirect_uris": ["org.example.app:/cb"], "application_type": "native"}`: with(func(c *ClientMetadata) {
			c.RedirectURIs, c.RequirePKCE, c.ApplicationType = []string{"org.example.app:/cb"}, true, "native"
		}),
		`{"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]}`: with(func(c *ClientMetadata) {
			c.RedirectURIs, c.GrantTypes, c.ResponseTypes = []string{}, []string{GrantDeviceCode}, []string{}
		}),
		`{` + cb + `, "scope": "openid mcp:tools email openid", "grant_types": ["authorization_code", "refresh_token", ` +
			`"refresh_token"]}`: with(func(c *ClientMetadata) {
			c.Scope, c.GrantTypes = "openid email", []string{"authorization_code", "refresh_token"}
		}),
		// What leads to somebody else is left out.
		`{` + cb + `, "logo_uri": "https://rp.example.org/logo.png", "policy_uri": "https://other.example.org/",
			"tos_uri": "https://other.example.org/", "initiate_login_uri": "https://bank.example.org/login",
			"client_uri": "https://bank.example.org/"}`: with(func(c *ClientMetadata) {
			c.LogoURI = "https://rp.example.org/logo.png"
		}),
		`{` + cb + `, "jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b"}], "more": 1}, ` +
			`"token_endpoint_auth_method": "private_key_jwt"}`: with(func(c *ClientMetadata) {
			c.TokenEndpointAuthMethod, c.JWKS = "private_key_jwt", json.RawMessage(`{"keys":[{"crv":"P-256","kty":"EC","x":"a","y":"b"}]}`)
		}),
	} {
		if got, e := register(text, someTerms); e != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v, %v, want\n%+v", text, got, e, want)
		}
	}
	for text, want := range map[string][2]string{
		`{` + cb + `, "response_types": ["token id_token"]}`:              {"id_token token", "implicit"},
		`{` + cb + `, "response_types": ["code id_token"]}`:               {"code id_token", "authorization_code implicit"},
		`{` + cb + `, "grant_types": ["implicit", "authorization_code"]}`: {"code", "implicit authorization_code"},
	} {
		got, e := register(text, implicitTerms)
		if e != nil || strings.Join(got.ResponseTypes, ",") != want[0] || strings.Join(got.GrantTypes, " ") != want[1] {
			t.Errorf("%s: %v %v, %v", text, got.ResponseTypes, got.GrantTypes, e)
		}
	}
}

func TestARegistrationIsRefusedInWordsThatNameTheMember(t *testing.T) {
	many := strings.Repeat(`"https://rp.example.org/cb",`, 100)
	for text, want := range map[string]string{
		``:                                "invalid_client_metadata: the metadata must be one JSON object",
		`[]`:                              "invalid_client_metadata: the metadata must be one JSON object",
		`{` + cb + `} {}`:                 "invalid_client_metadata: the metadata must be one JSON object",
		`{` + cb + `,}`:                   "invalid_client_metadata: the metadata must be one JSON object",
		"{\"client_name\": \"\xff\"}":     "invalid_client_metadata: the metadata must be one JSON object",
		`{"scope": "a", "scope": "b"}`:    "invalid_client_metadata: scope is there twice",
		`{"\"": 1, "\"": 1}`:              "invalid_client_metadata: a member is there twice",
		`{"redirect_uris": "https://x/"}`: "invalid_client_metadata: redirect_uris has a value of the wrong type",
		`{"redirect_uris": [1]}`:          "invalid_client_metadata: redirect_uris has a value of the wrong type",
		`{"client_name": ["x"]}`:          "invalid_client_metadata: client_name has a value of the wrong type",
		`{"client_name": "a\u0000b"}`:     "invalid_client_metadata: client_name must have no control characters",
		`{"jwks": [[[[[[[[[1]]]]]]]]]}`:   "invalid_client_metadata: jwks is nested too deeply",
		`{` + cb + `, "client_name": "` + strings.Repeat("é", 101) +
			`"}`: "invalid_client_metadata: client_name must have at most 100 characters",
		`{` + cb + `, "client_name": "a\u202eb"}`: "invalid_client_metadata: client_name must have printable characters only",
		`{}`: "invalid_redirect_uri: redirect_uris is missing",
		`{"REDIRECT_URIS": ["https://rp.example.org/cb"]}`:                   "invalid_redirect_uri: redirect_uris is missing",
		`{"redirect_uris": [` + many + `"https://rp.example.org/cb"]}`:       "invalid_redirect_uri: redirect_uris must have at most 100 URIs",
		`{` + cb + `, "contacts": ["` + strings.Repeat(`a", "`, 20) + `a"]}`: "invalid_client_metadata: contacts must be at most 20",
		`{` + cb + `, "contacts": ["` + strings.Repeat("a", 255) + `"]}`: "invalid_client_metadata: each of contacts must have " +
			"at most 254 characters",
		`{` + cb + `, "id_token_encrypted_response_alg": "RSA-OAEP"}`: "invalid_client_metadata: " +
			"id_token_encrypted_response_alg is not supported: leave it out",
		`{` + cb + `, "tls_client_certificate_bound_access_tokens": true}`: "invalid_client_metadata: " +
			"tls_client_certificate_bound_access_tokens is not supported: leave it out",
		`{` + cb + `, "id_token_signed_response_alg": "none"}`: "invalid_client_metadata: id_token_signed_response_alg must be one of " +
			"RS256, PS256, ES256, EdDSA",
		`{` + cb + `, "id_token_signed_response_alg": "HS256"}`: "invalid_client_metadata: id_token_signed_response_alg must be one of RS256, " +
			"PS256, ES256, EdDSA",
		`{` + cb + `, "userinfo_signed_response_alg": "none"}`: "invalid_client_metadata: userinfo_signed_response_alg must be one of " +
			"RS256, PS256, ES256, EdDSA",
		`{` + cb + `, "request_object_signing_alg": "none"}`: "invalid_client_metadata: request_object_signing_alg must be one of " +
			"RS256, PS256, ES256, EdDSA",
		`{` + cb + `, "token_endpoint_auth_method": "client_secret_jwt"}`: "invalid_client_metadata: token_endpoint_auth_method must be one of " +
			"client_secret_basic, client_secret_post, private_key_jwt, none",
		`{` + cb + `, "token_endpoint_auth_method": "private_key_jwt"}`: "invalid_client_metadata: private_key_jwt needs jwks or jwks_uri",
		`{` + cb + `, "require_signed_request_object": true}`: "invalid_client_metadata: require_signed_request_object " +
			"needs jwks or jwks_uri",
		`{` + cb + `, "jwks": {"keys": []}}`: "invalid_client_metadata: jwks must have 1 to 20 keys",
		`{` + cb + `, "jwks": {"keys": [{"kty": "RSA", "n": "` + strings.Repeat("A", 32<<10) +
			`"}]}}`: "invalid_client_metadata: jwks must have at most 32 kB",
		`{` + cb + `, "jwks": "x"}`: "invalid_client_metadata: jwks must be an object whose keys are JWKs",
		`{` + cb + `, "jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}`: "invalid_client_metadata: " +
			"jwks must have public keys only; make new ones, for these have been sent",
		`{` + cb + `, "jwks": {"keys": [{"kty": "EC"}]}, "jwks_uri": "https://rp.example.org/jwks"}`: "invalid_client_metadata: " +
			"jwks and jwks_uri exclude each other",
		`{` + cb + `, "jwks_uri": "http://rp.example.org/jwks"}`: "invalid_client_metadata: jwks_uri must be an https URL",
		`{` + cb + `, "subject_type": "secret"}`:                 "invalid_client_metadata: subject_type must be public or pairwise",
		`{"redirect_uris": ["https://a.example.org/", "https://b.example.org/"], "subject_type": "pairwise"}`: "invalid_client_metadata: " +
			"subject_type pairwise needs sector_identifier_uri unless all redirect_uris have one host",
		`{` + cb + `, "sector_identifier_uri": "http://rp.example.org/"}`: "invalid_client_metadata: sector_identifier_uri must be an https URL",
		`{` + cb + `, "application_type": "toaster"}`:                     "invalid_client_metadata: application_type must be web or native",
		`{` + cb + `, "scope": "mcp:tools"}`: "invalid_client_metadata: scope has none of the scopes " +
			"that there are: " + strings.Join(Scopes(), " "),
		`{` + cb + `, "grant_types": ["urn:ietf:params:oauth:grant-type:token-exchange"]}`: "invalid_client_metadata: grant_types " +
			"has one that a client cannot register for itself here; it can: " +
			"authorization_code, refresh_token, urn:ietf:params:oauth:grant-type:device_code",
		`{` + cb + `, "grant_types": ["implicit"]}`: "invalid_client_metadata: grant_types has one that a client " +
			"cannot register for itself here; it can: authorization_code, refresh_token, urn:ietf:params:oauth:grant-type:device_code",
		`{` + cb + `, "grant_types": ["refresh_token"], "response_types": ["code"]}`: "invalid_client_metadata: response_types " +
			"needs authorization_code among grant_types",
		`{` + cb + `, "response_types": ["id_token"]}`: "invalid_client_metadata: response_types has one that is not " +
			"supported here; there are: code",
		`{` + cb + `, "initiate_login_uri": "http://rp.example.org/login"}`: "invalid_client_metadata: initiate_login_uri must be an https URL",
		`{` + cb + `, "logo_uri": "javascript:alert(1)"}`: "invalid_client_metadata: logo_uri must be https, or of a scheme " +
			"of the application that has a dot (RFC 8252 section 7.1)",
		`{` + cb + `, "client_uri": "http://rp.example.org/"}`: "invalid_client_metadata: client_uri must be an https URL",
		`{` + cb + `, "backchannel_logout_uri": "http://rp.example.org/"}`: "invalid_client_metadata: backchannel_logout_uri " +
			"must be an https URL",
		`{` + cb + `, "frontchannel_logout_uri": "https://other.example.org/"}`: "invalid_client_metadata: frontchannel_logout_uri " +
			"must have the origin of one of redirect_uris",
		`{` + cb + `, "post_logout_redirect_uris": ["http://rp.example.org/"]}`: "invalid_client_metadata: each of " +
			"post_logout_redirect_uris must be https; http is for " +
			"localhost, 127.0.0.1 and [::1]",
		`{` + cb + `, "request_uris": ["http://rp.example.org/ro"]}`: "invalid_client_metadata: each of request_uris must be an https URL",
		`{` + cb + `, "request_uris": ["https://rp.example.org/ro#a%20b"]}`: "invalid_client_metadata: each of request_uris may " +
			"have a digest in base64url for a " +
			"fragment, and nothing else",
		`{` + cb + `, "default_max_age": -1}`:         "invalid_client_metadata: default_max_age must be a number of seconds",
		`{` + cb + `, "default_max_age": 1e10}`:       "invalid_client_metadata: default_max_age has a value of the wrong type",
		`{` + cb + `, "default_max_age": 3000000000}`: "invalid_client_metadata: default_max_age must be a number of seconds",
	} {
		if _, e := register(text, someTerms); e == nil || e.Error() != want {
			t.Errorf("%.100s:\n%v, want\n%s", text, e, want)
		}
	}
}

// OpenID Connect Dynamic Registration §2, RFC 8252 §7, RFC 9700 §4.1.
func TestRedirectURIsThatAClientMayRegister(t *testing.T) {
	for _, c := range []struct {
		uri, kind string
		terms     Terms
		good      bool
	}{
		{"https://rp.example.org/cb?x=1", "web", someTerms, true},
		{"https://xn--bcher-kva.example/cb", "web", someTerms, true},
		{"https://RP.example.org/cb", "web", someTerms, true},
		{"http://localhost:8000/cb", "web", someTerms, true},
		{"http://[::1]:8000/cb", "native", someTerms, true},
		{"http://127.0.0.1/cb", "native", someTerms, true},
		{"org.example.app:/cb", "native", someTerms, true},
		{"https://pos_integration.example.org/cb", "web", someTerms, true},
		{"https://_rp.example.org:8443/cb", "web", someTerms, true},
		{"https://app.example.org/cb", "native", someTerms, true},

		{"http://rp.example.org/cb", "web", someTerms, false},
		{"http://localhost.example.org/cb", "web", someTerms, false},
		{"http://rp.example.org/cb", "native", someTerms, false},
		{"http://10.0.0.1/cb", "native", someTerms, false},
		{"https://rp-.example.org_-/cb", "web", someTerms, false},
		{"http://localhost:8000/cb", "web", implicitTerms, false},
		{"https://localhost:8000/cb", "web", implicitTerms, false},
		{"https://rp.example.org/cb#", "web", someTerms, false},
		{"https://rp.example.org/cb#x", "web", someTerms, false},
		{"https://*.example.org/cb", "web", someTerms, false},
		{"https://rp.example.org/*", "web", someTerms, false},
		{"HTTPS://rp.example.org/cb", "web", someTerms, false},
		{"https://bücher.example/cb", "web", someTerms, false},
		{"https://user@rp.example.org/cb", "web", someTerms, false},
		{"https://rp.example.org\\@evil.example/cb", "web", someTerms, false},
		{"https://rp.example.org /cb", "web", someTerms, false},
		{"https://rp.example.org/%zz", "web", someTerms, false},
		{"https:/rp.example.org/cb", "web", someTerms, false},
		{"https:///cb", "web", someTerms, false},
		{"//rp.example.org/cb", "web", someTerms, false},
		{"/cb", "web", someTerms, false},
		{"", "web", someTerms, false},
		{"javascript:alert(1)", "native", someTerms, false},
		{"JavaScript:alert(1)", "native", someTerms, false},
		{"data:text/html,x", "native", someTerms, false},
		{"file:///etc/passwd", "native", someTerms, false},
		{"myapp:/cb", "native", someTerms, false},
		{"myapp://cb", "web", someTerms, false},
		{"https://rp.example.org/" + strings.Repeat("x", 1000), "web", someTerms, false},
	} {
		text, _ := json.Marshal(map[string]any{"redirect_uris": []string{c.uri}, "application_type": c.kind,
			"response_types": []ResponseType{c.terms.ResponseTypes[len(c.terms.ResponseTypes)-1]}})
		_, e := register(string(text), c.terms)
		if (e == nil) != c.good || e != nil && e.Code != InvalidRedirectURI {
			t.Errorf("%s %.60s: %v", c.kind, c.uri, e)
		}
	}
}

// Each has one thing wrong with it, and is told that.
func TestARedirectURIIsRefusedForTheOneReason(t *testing.T) {
	const scheme = "must be https, or of a scheme of the application that has a dot (RFC 8252 section 7.1)"
	for uri, want := range map[string]string{
		"https://rp.example.org/" + strings.Repeat("x", 1000): "must have at most 1000 characters",
		"https://rp.example.org/cb#":                          "must have no fragment",
		"https://*.example.org/cb":                            "must have no wildcard",
		"https://bücher.example/cb":                           "must be ASCII: Punycode for the host, percent-encoding for the rest",
		"https://rp.example.org /cb":                          "must have special characters percent-encoded",
		"https://rp.example.org/{id}":                         "must have special characters percent-encoded",
		"https://rp.example.org\\@evil.example/cb":            "must have special characters percent-encoded",
		"//rp.example.org/cb":                                 "must be absolute",
		"/cb":                                                 "must be absolute",
		"rp.example.org/cb":                                   "must be absolute",
		"":                                                    "must be absolute",
		"my_app://cb":                                         "must be absolute",
		"HTTPS://rp.example.org/cb":                           "must have its scheme in lower case",
		"Org.Example:/cb":                                     "must have its scheme in lower case",
		"javascript:alert(1)":                                 scheme,
		"data:text/html,x":                                    scheme,
		"file:///etc/passwd":                                  scheme,
		"vbscript:x":                                          scheme,
		"blob:https://rp.example.org/x":                       scheme,
		"about:blank":                                         scheme,
		"httpx://rp.example.org/":                             scheme,
		"myapp:/cb":                                           scheme,
		"localhost:8000/cb":                                   scheme,
		"https:rp.example.org/cb":                             "must have a host",
		"https:///cb":                                         "must have a host",
		"https://user:pw@rp.example.org/":                     "must have no user name",
		"https://-rp.example.org/":                            "must have a valid host",
		"https://rp,example.org/":                             "must have a valid host",
		"https://rp.example.org:x/":                           "must have a valid port",
		"https://rp.example.org:/":                            "must have a valid port",
		"https://rp.example.org/%zz":                          "must have valid percent-encoding",
	} {
		if got := uriProblem(uri); got != want {
			t.Errorf("%.60s %s, want %s", uri, got, want)
		}
	}
	for _, uri := range []string{"https://rp_1.example.org/cb?x=1", "http://[::1]:8000/cb", "org.example.app:/cb", "com.example.x+y://cb/a"} {
		if problem := uriProblem(uri); problem != "" {
			t.Errorf("%s %s", uri, problem)
		}
	}
}

// A library that says "web" for everything, as that of Debian's oidc-agent; RFC 7591 has no application_type at all.
func TestAClientIsOfTheKindOfItsRedirectURIs(t *testing.T) {
	for text, want := range map[string]string{
		`"application_type": "web",
			"redirect_uris": ["http://localhost:4242", "http://localhost:8080", "edu.kit.data.oidc-agent:/redirect"]`: "native",
		`"application_type": "web", "redirect_uris": ["https://rp.example.org/", "org.example.app://cb"]`: "native",
		`"redirect_uris": ["org.example.app:/cb"]`:                                                        "native",
		`"redirect_uris": ["http://localhost/cb"], "token_endpoint_auth_method": "none"`:                  "native",
		`"redirect_uris": ["http://localhost:8000/cb"]`:                                                   "web",
		`"application_type": "web", "redirect_uris": ["http://localhost:8000/cb"]`:                        "web",
		`"application_type": "native", "redirect_uris": ["https://app.example.org/cb"]`:                   "native",
	} {
		c, e := register(`{`+text+`}`, someTerms)
		if e != nil || c.ApplicationType != want || c.RequirePKCE != (want == "native") {
			t.Errorf("%s: %v %v, %v", text, c.ApplicationType, c.RequirePKCE, e)
		}
	}
}

func TestWhatIsAtTheSectorIdentifierListsEveryRedirectURI(t *testing.T) {
	c := &ClientMetadata{RedirectURIs: []string{"https://a.example.org/", "https://b.example.org/"}}
	for text, good := range map[string]bool{
		`["https://c.example.org/", "https://b.example.org/", "https://a.example.org/"]`: true,
		`["https://a.example.org/"]`: false, `[]`: false, `{}`: false, `["https://a.example.org/", 1]`: false, `null`: false, ``: false,
	} {
		if e := c.CheckSectorIdentifier([]byte(text)); (e == nil) != good {
			t.Errorf("%s: %v", text, e)
		}
	}
}

// OAuth Client ID Metadata Document §3.
func TestAClientIDThatIsAnAddress(t *testing.T) {
	for id, want := range map[string]bool{
		"https://app.example.org/client.json": true, "https://app.example.org:8443/a/b": true, "https://app.example.org/": true,
		"https://app.example.org/c?v=1": true,
		"https://app.example.org":       false, "http://app.example.org/c": false, "HTTPS://app.example.org/c": false,
		"https://u:p@app.example.org/c": false,
		"https://app.example.org/c#x":   false, "https://app.example.org/a/../c": false, "https://app.example.org/./c": false,
		"https://app.example.org/a/%2E%2e/c": false,
		"https://app.example.org/..":         false, "https://app.example.org/...": true, "https://app.example.org?x=/c": false,
		"web": false, "": false,
		"https://app.example.org/" + strings.Repeat("x", 255): false, "org.example.app:/c": false,
	} {
		if IsClientIDURL(id) != want {
			t.Errorf("%s: %v", id, !want)
		}
	}
}

// OAuth Client ID Metadata Document §4.1.
func TestADocumentNamesItsAddressAndNoSecret(t *testing.T) {
	terms := someTerms
	terms.DocumentAt = "https://app.example.org/client.json"
	check := func(text string) (ClientMetadata, *Error) {
		r, e := ParseRegistration([]byte(text))
		if e != nil {
			return ClientMetadata{}, e
		}
		return r.CheckDocument(terms)
	}
	const id = `"client_id": "https://app.example.org/client.json", `
	c, e := check(`{` + id + cb + `, "logo_uri": "https://app.example.org/logo.png"}`)
	if e != nil || c.TokenEndpointAuthMethod != "none" || !c.RequirePKCE || c.LogoURI == "" {
		t.Errorf("%+v, %v", c, e)
	}
	if c, e = check(`{` + id + cb +
		`, "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example.org/jwks"}`); e != nil || !c.RequirePKCE {
		t.Errorf("%+v, %v", c, e)
	}
	for _, text := range []string{`{` + cb + `}`, `{"client_id": "https://app.example.org/client", ` + cb + `}`,
		`{` + id + cb + `, "client_secret": "x"}`,
		`{` + id + cb + `, "client_secret_expires_at": 0}`, `{` + id + cb + `, "token_endpoint_auth_method": "client_secret_basic"}`,
		`{` + id + cb + `, "token_endpoint_auth_method": "client_secret_post"}`, `{` + id + `"redirect_uris": []}`} {
		if _, e := check(text); e == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

// Whatever is taken is taken again as it was registered, and is what the database takes, too.
func FuzzParseRegistration(f *testing.F) {
	for _, text := range []string{`{` + cb + `}`, `{` + cb +
		`, "jwks": {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB", "x5c": ["a"]}]}, "client_name": "é"}`,
		`{"redirect_uris": ["org.example.app:/cb", "http://[::1]:1/"], "application_type": "native", "token_endpoint_auth_method": "none"}`,
		`{` + cb + `, "response_types": ["code id_token", "token"], "subject_type": "pairwise", ` +
			`"sector_identifier_uri": "https://rp.example.org/s"}`,
		`{"redirect_uris": ["javascript:alert(1)"]}`, `{"a": 1, "a": 2}`, `{"jwks": [[[[[[[[[[]]]]]]]]]]}`,
		`{"client_name": "\ud800\u0000"}`, `{"scope": null`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		first, e := register(string(text), implicitTerms)
		if e != nil {
			if e.Description == "" || PlainText(e.Description, "") == "" {
				t.Errorf("%s is refused without words for the client: %+v", text, e)
			}
			return
		}
		for _, uri := range slices.Concat(first.RedirectURIs, first.PostLogoutRedirectURIs) {
			if strings.ContainsAny(uri, "#*<>\"\\ \n") ||
				strings.HasPrefix(uri, "http://") && !isLoopbackHTTP(uri) {
				t.Errorf("%q is taken", uri)
			}
		}
		written, _ := json.Marshal(first)
		if again, e := register(string(written), implicitTerms); e != nil || !reflect.DeepEqual(again, first) {
			t.Errorf("%s\nbecomes %s\nand that %+v, %v", text, written, again, e)
		}
	})
}

package oidc

import (
	"encoding/json"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

const anIssuer = "https://api.example.org"

// RFC 9101 §6.3, OpenID Connect Core §6.1.
func TestTheParametersOfARequestObjectAndThoseBesideIt(t *testing.T) {
	for _, c := range []struct {
		what    string
		claims  string
		beside  string
		signed  bool // require_signed_request_object
		want    string
		refusal bool
	}{
		{"all in it", `{"client_id":"c","state":"s"}`, "client_id=c&request=x", false, "client_id=c&state=s", false},
		{"beside it", `{"state":"s"}`, "client_id=c&state=t&nonce=n&request_uri=y", false, "client_id=c&nonce=n&state=s", false},
		{"beside it, of one who has to sign", `{"iss":"c","aud":"https://api.example.org","state":"s"}`,
			"client_id=c&nonce=n&redirect_uri=r", true,
			"aud=https://api.example.org&client_id=c&iss=c&state=s", false},
		{"JSON", `{"max_age":60,"claims":{"id_token":{"a":null}},"resource":["a","b"],"x":null,"y":[],"z":[true,null,1.50,{"b":[1]}]}`, "", false,
			`claims={"id_token":{"a":null}}&max_age=60&resource=a&resource=b&z=true&z=1.50&z={"b":[1]}`, false},
		{"null is as if it were not there", `{"state":null}`, "state=t", false, "state=t", false},
		{"repeated in it", `{"scope":["a","b"]}`, "scope=c", false, "scope=a&scope=b", false},
		{"a large number", `{"max_age":100000000000000000000000}`, "", false, "max_age=100000000000000000000000", false},
		{"expires at the moment", `{"exp":1767355200}`, "", false, "exp=1767355200", false}, // noon: within the leeway
		{"expired", `{"exp":1767355195}`, "", false, "", true},
		{"not yet", `{"nbf":1767355231}`, "", false, "", true},
		{"almost", `{"nbf":1767355230.5,"iat":1767355230}`, "", false, "nbf=1767355230.5&iat=1767355230", false},
		{"another iss", `{"iss":"d"}`, "", false, "", true},
		{"no iss of one who has to sign", `{"aud":"https://api.example.org"}`, "", true, "", true},
		{"no aud of one who has to sign", `{"iss":"c"}`, "", true, "", true},
		{"another aud", `{"aud":["x"]}`, "", false, "", true},
		{"sub", `{"sub":"c"}`, "", false, "", true},
		{"another client", `{"client_id":"d"}`, "", false, "", true},
		{"nested", `{"request":"x"}`, "", false, "", true},
		{"nested by reference", `{"request_uri":"x"}`, "", false, "", true},
		{"another response_type", `{"response_type":"token"}`, "response_type=code", false, "", true},
		{"two objects", `{} {}`, "", false, "", true},
		{"a list", `[]`, "", false, "", true},
		{"nothing", ``, "", false, "", true},
	} {
		beside, _ := url.ParseQuery(c.beside)
		before := maps.Clone(beside)
		client := clientOf(ClientMetadata{ClientID: "c", RequireSignedRequestObject: c.signed})
		got, e := RequestObjectParams([]byte(c.claims), beside, client, anIssuer, noon)
		want, _ := url.ParseQuery(c.want)
		if (e != nil) != c.refusal || e != nil && e.Code != InvalidRequestObject || e == nil && got.Encode() != want.Encode() {
			t.Errorf("%s: %s, %v", c.what, got.Encode(), e)
		}
		if beside.Encode() != before.Encode() {
			t.Errorf("%s: what is beside it became %s", c.what, beside.Encode())
		}
	}
}

// FAPI 2.0 Message Signing §5.3.1.
func TestARequestObjectOfFAPI2IsGoodForAnHourAtMost(t *testing.T) {
	at := func(seconds int64) string { return strconv.FormatInt(noon.Unix()+seconds, 10) }
	const expired, notYet = "expired, 300 seconds before the clock here", "nbf is in the future, 31 seconds after the clock here"
	for _, c := range []struct {
		what, claims, want string // of the refusal
	}{
		{"five minutes", `{"nbf":` + at(-10) + `,"exp":` + at(290) + `}`, ""},
		{"an hour", `{"nbf":` + at(0) + `,"exp":` + at(3600) + `}`, ""},
		{"at its last moment", `{"nbf":` + at(-3600) + `,"exp":` + at(0) + `}`, ""},
		{"a clock that is ahead", `{"nbf":` + at(30) + `,"exp":` + at(60) + `}`, ""},
		{"neither", `{}`, "exp and nbf are required of this client"},
		{"iat in place of nbf", `{"iat":` + at(0) + `,"exp":` + at(60) + `}`, "exp and nbf are required of this client"},
		{"no exp", `{"nbf":` + at(0) + `}`, "exp and nbf are required of this client"},
		{"exp is null", `{"nbf":` + at(0) + `,"exp":null}`, "exp and nbf are required of this client"},
		{"longer than an hour", `{"nbf":` + at(0) + `,"exp":` + at(3601) + `}`, "exp is more than an hour after nbf"},
		{"for ever", `{"nbf":` + at(0) + `,"exp":1e300}`, "exp is more than an hour after nbf"},
		{"of yesterday, and still valid", `{"nbf":` + at(-86400) + `,"exp":` + at(60) + `}`, "exp is more than an hour after nbf"},
		{"nbf is over an hour ago", `{"nbf":` + at(-3601) + `,"exp":` + at(-2) + `}`, "nbf is more than an hour ago"},
		{"expired", `{"nbf":` + at(-600) + `,"exp":` + at(-300) + `}`, expired},
		{"exp before nbf", `{"nbf":` + at(20) + `,"exp":` + at(-300) + `}`, expired},
		{"not yet", `{"nbf":` + at(31) + `,"exp":` + at(60) + `}`, notYet},
	} {
		for about, client := range map[string]*Client{"fapi2": {SecurityProfile: FAPI2}, "whose row says so": {ShortLivedRequestObjects: true},
			"openid": {SecurityProfile: "openid"}} {
			want := c.want
			if about == "openid" && want != expired && want != notYet {
				want = ""
			}
			client.ClientID = "c"
			_, e := RequestObjectParams([]byte(c.claims), url.Values{}, client, anIssuer, noon)
			if e == nil && want != "" || e != nil && e.Description != "request object: "+want {
				t.Errorf("%s, %s: %v, want %q", about, c.what, e, want)
			}
		}
	}
}

// RFC 9101 §10.8, RFC 8725 §3.11.
func TestTheTypeOfARequestObject(t *testing.T) {
	for typ, want := range map[string]bool{"": true, "JWT": true, "jwt": true, "oauth-authz-req+jwt": true, "at+jwt": false,
		"client-authentication+jwt": false,
		"dpop+jwt":                  false, "logout+jwt": false, "JWTx": false} {
		if IsRequestObjectType(typ) != want {
			t.Errorf("%q: %v", typ, !want)
		}
	}
}

func FuzzRequestObjectParams(f *testing.F) {
	f.Add(`{"iss":"c","aud":"https://api.example.org","exp":1767355260,"client_id":"c",`+
		`"redirect_uri":"https://rp.example.org/cb","response_type":"code","scope":"openid","max_age":5}`, "client_id=c&request=x", true)
	f.Add(`{"claims":{"userinfo":{"email":null}},"resource":["a",["b"],{"c":1.5}],"prompt":true,"state":null}`,
		"state=s&redirect_uri=https://rp.example.org/cb&response_type=code", false)
	f.Add(`{"ISS":"c","Aud":["x"],"redirect_uri":["https://rp.example.org/cb","https://evil.example/"]}`,
		"redirect_uri=https://evil.example/&%00=%ff", false)
	f.Fuzz(func(t *testing.T, claims, raw string, signed bool) {
		beside, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		c := clientOf(ClientMetadata{ClientID: "c", RedirectURIs: []string{"https://rp.example.org/cb"},
			ResponseTypes: []string{"code"}, GrantTypes: []string{GrantAuthorizationCode}, Scope: "openid profile",
			RequireSignedRequestObject: signed})
		values, e := RequestObjectParams([]byte(claims), beside, c, anIssuer, noon)
		if e != nil {
			if e.Code != InvalidRequestObject || values != nil {
				t.Errorf("%v %v", values, e)
			}
			return
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal([]byte(claims), &members); err != nil {
			t.Fatalf("no JSON object is taken: %v", err)
		}
		for name, list := range values {
			inIt := len(members[name]) > 0
			if !inIt && signed && name != "client_id" || name == "request" || name == "request_uri" || inIt && len(list) == 0 {
				t.Errorf("%s=%q", name, list)
			}
		}
		if id := values.Get("client_id"); values.Has("client_id") && len(members["client_id"]) > 0 && id != "c" {
			t.Errorf("of client %q", id)
		}
		req, untrusted, _ := ParseAuthorize(values, c, anIssuer, ResponseTypes, noon)
		if untrusted == nil && (req.RedirectURI != c.RedirectURIs[0] || strings.Contains(req.State, "\n")) {
			t.Errorf("trusted %+v", req)
		}
	})
}

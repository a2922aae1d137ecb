package oidc

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// rowsOf reads rows of client_claims as the store does; the positions are those in the list.
func rowsOf(t *testing.T, text string) []ClaimRow {
	t.Helper()
	var list []ClaimRow
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	for i := range list {
		list[i].Position = i + 1
	}
	return list
}

func ada() *User {
	return &User{Username: "ada", Name: "Ada", Email: "ada@example.org", EmailVerified: true, Groups: []string{"course-101", "course-ml",
		"minio-admins", "staff"}, Custom: CustomClaims{"department": "physics", "quota": json.Number("9007199254740993"),
		"sites": []any{"a", "b"}, "empty": ""}}
}

func TestRowsMakeClaims(t *testing.T) {
	t.Parallel()
	const everything = "openid profile email groups"
	for name, test := range map[string]struct{ rows, scope, want, inAccessToken string }{
		"nothing for nobody": {`[]`, everything, `null`, `null`},
		"constants, whatever the scope": {`[{"claim": "tenant", "value": "lab"}, {"claim": "beta", "value": true},
			{"claim": "big", "value": 9007199254740993, "in_access_token": true},
			{"claim": "https://hasura.io/jwt/claims", "value": {"x-role": "user"}}]`, "openid",
			`{"tenant": "lab", "beta": true, "big": 9007199254740993, "https://hasura.io/jwt/claims": {"x-role": "user"}}`,
			`{"big": 9007199254740993}`},
		"a constant list is its members": {`[{"claim": "r", "value": ["a", "b", "a", null], "shape": "list"}]`, "openid",
			`{"r": ["a", "b"]}`, `{}`},
		"a group exactly": {`[{"claim": "policy", "from_group": "minio-admins", "value": "consoleAdmin"},
			{"claim": "other", "from_group": "minio-admin", "value": "x"}, {"claim": "plain", "from_group": "staff"}]`, "openid",
			`{"policy": "consoleAdmin", "plain": "staff"}`, `{}`},
		"a group in another case is another group": {`[{"claim": "policy", "from_group": "Staff", "value": "x"}]`, "openid", `{}`, `{}`},
		"what follows a prefix": {`[{"claim": "courses", "from_group_prefix": "course-", "shape": "list"}]`, "openid",
			`{"courses": ["101", "ml"]}`, `{}`},
		"or the whole name": {`[{"claim": "courses", "from_group_prefix": "course-", "keep_prefix": true, "shape": "list"}]`, "openid",
			`{"courses": ["course-101", "course-ml"]}`, `{}`},
		"a group that is the prefix is nobody's": {`[{"claim": "x", "from_group_prefix": "staff", "shape": "list"}]`, "openid",
			`{"x": []}`, `{}`},
		"a prefix is no pattern": {`[{"claim": "x", "from_group_prefix": "course.*"}, {"claim": "x", "from_group_prefix": "%"}]`,
			"openid", `{}`, `{}`},
		"the first that has something makes a single one": {`[{"claim": "role", "from_group": "gone", "value": "Admin"},
			{"claim": "role", "from_group": "staff", "value": "Editor"}, {"claim": "role", "value": "Viewer"}]`, "openid",
			`{"role": "Editor"}`, `{}`},
		"several rows make a list, and one that says so makes it one": {`[{"claim": "roles", "from_group": "staff", "value": "Alpha"},
			{"claim": "roles", "from_group_prefix": "course-", "shape": "list"}, {"claim": "roles", "value": ["Alpha", "Gamma"], "shape": "list"}]`,
			"openid", `{"roles": ["Alpha", "101", "ml", "Gamma"]}`, `{}`},
		"a list is there without anything in it": {`[{"claim": "roles", "from_group": "gone", "shape": "list"}]`, "openid",
			`{"roles": []}`, `{}`},
		"fields, by the scopes that release them": {`[{"claim": "login", "from_field": "username"},
			{"claim": "mail", "from_field": "email"}, {"claim": "unit", "from_field": "department"}, {"claim": "q", "from_field": "quota"},
			{"claim": "verified", "from_field": "email_verified"}, {"claim": "sites", "from_field": "sites", "shape": "list"},
			{"claim": "all", "from_field": "groups", "shape": "list"}, {"claim": "none", "from_field": "empty"},
			{"claim": "missing", "from_field": "missing"}, {"claim": "zone", "from_field": "zoneinfo"}]`, everything,
			`{"login": "ada", "mail": "ada@example.org", "unit": "physics", "q": 9007199254740993, "verified": true, "sites": ["a", "b"],
				"all": ["course-101", "course-ml", "minio-admins", "staff"]}`, `{}`},
		"no field without its scope": {`[{"claim": "login", "from_field": "username"}, {"claim": "mail", "from_field": "email"},
			{"claim": "unit", "from_field": "department"}, {"claim": "all", "from_field": "groups", "shape": "list"}]`, "openid email",
			`{"mail": "ada@example.org", "all": []}`, `{}`},
		"a claim is in access tokens with all its rows, or not at all": {`[{"claim": "role", "from_group": "staff", "value": "Admin"},
			{"claim": "role", "value": "Viewer", "in_access_token": true}]`, "openid", `{"role": "Admin"}`, `{"role": "Admin"}`},
	} {
		c := &Client{ClaimRows: rowsOf(t, test.rows)}
		for accessToken, want := range map[bool]string{false: test.want, true: test.inAccessToken} {
			if got := asJSON(t, c.RowClaims(ada(), test.scope, accessToken)); !sameJSON(t, got, want) {
				t.Errorf("%s (access token: %v): %s, want %s", name, accessToken, got, want)
			}
		}
	}
}

// What no row of the schema says has no effect either: the two lists are compared in api/store.
func TestRowsCannotSayWhatTheProtocolSays(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sub", "SUB", "iss", "Aud", "exp", "groups", "Groups", "email", "scope", "client_id", "cnf", "ſub",
		"authorization_details", "active", "token_type", "grant_id", "_claim_sources"} {
		c := &Client{ClaimRows: []ClaimRow{{Position: 1, Claim: name, Value: json.RawMessage(`"x"`), InAccessToken: true}}}
		for _, accessToken := range []bool{false, true} {
			if got := c.RowClaims(ada(), "openid groups", accessToken); len(got) > 0 {
				t.Errorf("%s: %v", name, got)
			}
		}
		if read := c.ReadClaimRows(ada(), "openid"); read[0].Why == "" {
			t.Errorf("%s: nothing says why", name)
		}
	}
}

func TestReleasedClaimsAreFieldsThatRowsMayRead(t *testing.T) {
	t.Parallel()
	c := &Client{ReleasedClaims: []string{"preferred_username"}, ClaimRows: rowsOf(t, `[{"claim": "login", "from_field": "username"},
		{"claim": "mail", "from_field": "email"}]`)}
	if got := asJSON(t, c.RowClaims(ada(), "openid", false)); !sameJSON(t, got, `{"login": "ada"}`) {
		t.Error(got)
	}
}

// The ID token, userinfo and the access token say the same, and a row stands in for what users.claims have of that name in any case.
func TestTokensAgreeAboutRows(t *testing.T) {
	t.Parallel()
	u := ada()
	u.Custom["Role"], u.Custom["role"] = "self-made", "also"
	c := &Client{ClientMetadata: ClientMetadata{ClientID: "hub", IDTokenSignedResponseAlg: "ES256"}, ClaimRows: rowsOf(t,
		`[{"claim": "role", "from_group": "staff", "value": "Editor", "in_access_token": true}]`)}
	for _, inIDToken := range []bool{true, false} {
		c.IDTokenScopeClaims = inIDToken
		g := &Grant{Scope: "openid profile", AMR: []string{AMRPassword}}
		id := IDToken{Client: c, User: u, Grant: g}.Claims()
		info := c.UserinfoClaims(u, "1", g.Scope, nil)
		var access map[string]any
		made := AccessToken{Client: c, User: u, Grant: g, Scope: g.Scope, ID: "j", Subject: "1"}.Claims()
		text := asJSON(t, made.Payload())
		if err := json.Unmarshal([]byte(text), &access); err != nil {
			t.Fatal(err)
		}
		for what, claims := range map[string]map[string]any{"ID token": id, "userinfo": info, "access token": access} {
			if claims["role"] != "Editor" || claims["Role"] != nil {
				t.Errorf("%s: %v, %v", what, claims["role"], claims["Role"])
			}
		}
		if access["sub"] != "1" || access["jti"] != "j" || access["client_id"] != "hub" || access["department"] != nil {
			t.Error(text)
		}
	}
}

func TestReadRowsSayWhyThereIsNothing(t *testing.T) {
	t.Parallel()
	c := &Client{ClaimRows: rowsOf(t, `[{"claim": "role", "from_group": "gone", "value": "Admin"}, {"claim": "role", "value": "Viewer"},
		{"claim": "role", "value": "Late"}, {"claim": "mail", "from_field": "email"}, {"claim": "z", "from_field": "zoneinfo"},
		{"claim": "m", "from_field": "missing"}, {"claim": "p", "from_group_prefix": "x-"}, {"claim": "s", "from_field": "iss"}]`)}
	var why []string
	for _, row := range c.ReadClaimRows(ada(), "openid profile") {
		why = append(why, row.Why)
	}
	want := []string{"not in the group", "", "row 2 has made it", "the scope email, which releases email, is not there",
		"the person has none", "the person has none in users.claims", "in no such group", "only the protocol sets it"}
	if !reflect.DeepEqual(why, want) {
		t.Errorf("%q, want %q", why, want)
	}
}

// BenchmarkRowClaims is what the most rows there may be cost for somebody in many groups.
func BenchmarkRowClaims(b *testing.B) {
	u, c := ada(), &Client{}
	for range 1000 {
		u.Groups = append(u.Groups, "course-"+strings.Repeat("x", 20))
	}
	for i := range 50 {
		c.ClaimRows = append(c.ClaimRows, ClaimRow{Position: i + 1, Claim: "roles", FromGroupPrefix: "course-", Shape: ShapeList})
	}
	for b.Loop() {
		c.RowClaims(u, "openid", false)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var read [2]any
	for i, text := range []string{a, b} {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&read[i]); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return reflect.DeepEqual(read[0], read[1])
}

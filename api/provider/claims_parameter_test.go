package provider_test

import (
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
	"gatehouse/api/oidc"
	"gatehouse/api/provider"
)

// startWithClaims is start, with claims of alice that have no column of their own, and clients that may ask for all there are.
func startWithClaims(t *testing.T, change ...func(*provider.Settings)) *browser {
	t.Helper()
	r := start(t, change...)
	r.Exec(`UPDATE users SET claims = '{"nickname": "Al", "department": "physics", "department#de": "Physik",
		"address": {"locality": "Bern", "country": "CH"},
		"phone_number": "+41 31 000 00 00", "phone_number_verified": true}'`)
	r.Exec(`UPDATE clients SET scope = 'openid profile email address phone groups offline_access'`)
	return r.browser()
}

// spaTokens redeems a code of client "spa".
func (b *browser) spaTokens(code string) map[string]any {
	b.Helper()
	return b.Token(Redeem(code, "client_id", "spa", "redirect_uri", "https://spa.example.org/cb")).JSON()
}

// has fails for names that are not among the claims, and lacks for those that are.
func has(t *testing.T, what string, claims map[string]any, names ...string) {
	t.Helper()
	for _, name := range names {
		if claims[name] == nil {
			t.Errorf("%s has no %s: %v", what, name, claims)
		}
	}
}

func lacks(t *testing.T, what string, claims map[string]any, names ...string) {
	t.Helper()
	for _, name := range names {
		if value, there := claims[name]; there {
			t.Errorf("%s has %s: %v", what, name, value)
		}
	}
}

// OpenID Connect Core §5.5, §5.5.1: voluntary and essential alike, and one that there is not is no error.
func TestClaimsAskedForByNameAreWhereTheyWereAskedFor(t *testing.T) {
	t.Parallel()
	b := startWithClaims(t)
	const asked = `{"userinfo": {"nickname": null, "department": {"essential": true}, "birthdate": {"essential": true}, "address": null},
		"id_token": {"email": {"essential": true, "value": "other@example.org"}, "email_verified": null,
		"auth_time": {"essential": true}, "unheard_of": {"values": [1, {}]}},
		"verified_claims": {"x": [1]}}`
	first := b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access", "claims", asked)))).JSON()
	check := func(what string, tokens map[string]any) {
		t.Helper()
		id, info := Claims(Str(tokens["id_token"])), b.Userinfo(Str(tokens["access_token"])).JSON()
		has(t, what+": ID token", id, "email", "email_verified", "auth_time", "acr", "sub")
		lacks(t, what+": ID token", id, "nickname", "department", "birthdate", "address", "name", "groups", "unheard_of")
		has(t, what+": userinfo", info, "nickname", "department", "address", "sub")
		lacks(t, what+": userinfo", info, "email", "email_verified", "birthdate", "name", "phone_number", "groups")
		if tokens["scope"] != "openid offline_access" {
			t.Errorf("%s: scope %v", what, tokens["scope"])
		}
	}
	check("at first", first)
	second := b.Token(Refresh(Str(first["refresh_token"]))).JSON()
	check("refreshed", second)
	narrow := b.Token(Refresh(Str(second["refresh_token"]), "scope", "openid")).JSON()
	narrow["scope"] = "openid offline_access"
	check("with a narrower scope", narrow)

	none := b.Token(Redeem(b.Code(AuthParams("scope", "openid")))).JSON()
	lacks(t, "the next request", Claims(Str(none["id_token"])), "email")
	lacks(t, "the next request", b.Userinfo(Str(none["access_token"])).JSON(), "nickname", "department")
}

// OpenID Connect Core §5.5: to ask by name is no way round what the client is registered for (docs/sql.md, clients.scope).
func TestAClaimIsGivenToAClientOnlyThatMayAskForItsScope(t *testing.T) {
	t.Parallel()
	b := startWithClaims(t)
	b.Exec("UPDATE clients SET scope = 'openid profile' WHERE client_id = 'web'")
	b.WaitForNotify()
	every := `{"email": null, "email_verified": null, "address": null, "phone_number": null, "phone_number_verified": null,
		"groups": null, "name": null,
		"iss": null, "aud": null, "password": null, "id": null, "scope": null, "client_id": null, "grant_id": null, "Groups": null, "cnf": null}`
	out := b.Token(Redeem(b.Code(AuthParams("scope", "openid", "claims", `{"userinfo": `+every+`, "id_token": `+every+`}`)))).JSON()
	for what, got := range map[string]map[string]any{"ID token": Claims(Str(out["id_token"])),
		"userinfo": b.Userinfo(Str(out["access_token"])).JSON()} {
		has(t, what, got, "sub", "name")
		lacks(t, what, got, "email", "email_verified", "address", "phone_number", "phone_number_verified", "groups", "password", "id",
			"scope", "client_id", "grant_id", "Groups", "cnf")
	}
}

// OpenID Connect Core §5.5: what is asked for by name is allowed by the person as its scope is.
func TestThePersonIsAskedForTheScopesOfClaimsThatAreAskedForByName(t *testing.T) {
	t.Parallel()
	b := startWithClaims(t)
	b.Code(AuthParams())
	byName := SPAParams("scope", "openid", "claims",
		`{"userinfo": {"phone_number": null}, "id_token": {"email": null, "department": null, "sub": null}}`)
	ask := b.Authorize(byName)
	var shown []string
	for _, scope := range b.Interaction(ask.Header.Get("Location"))["scopes"].([]any) {
		shown = append(shown, Str(scope))
	}
	if ask.Location().Path != "/consent" || !slices.Equal(shown, []string{"openid", "phone", "profile", "email"}) {
		t.Fatalf("%s shows %v", ask.Location(), shown)
	}
	if a := b.Authorize(withValues(byName, "prompt", "none")); a.Query("error") != "consent_required" {
		t.Errorf("prompt=none before consent: %s", a.Location())
	}
	press := func(pressed string) Answer {
		return b.Do("POST", "/consent", url.Values{"request": {ask.Query("request")}, "consent": {pressed}}, "Origin", UIOrigin)
	}
	if a := press("no"); a.Query("error") != "access_denied" {
		t.Errorf("refused: %s", a.Location())
	}
	if a := b.Authorize(byName); a.Location().Path != "/consent" {
		t.Errorf("a refusal counts as consent: %s", a.Location())
	}
	out := b.spaTokens(press("yes").Query("code"))
	has(t, "ID token", Claims(Str(out["id_token"])), "email", "department")
	has(t, "userinfo", b.Userinfo(Str(out["access_token"])).JSON(), "phone_number")
	for _, params := range []url.Values{withValues(byName, "prompt", "none"), SPAParams("scope", "openid phone email", "prompt", "none")} {
		if a := b.Authorize(params); a.Query("code") == "" {
			t.Errorf("%s: %s", params.Encode(), a.Location())
		}
	}
	for _, more := range []url.Values{withValues(byName, "claims", `{"id_token": {"groups": null}}`), SPAParams("scope", "openid address")} {
		if a := b.Authorize(more); a.Location().Path != "/consent" {
			t.Errorf("%s was not asked for: %s", more.Encode(), a.Location())
		}
	}
}

func withValues(params url.Values, more ...string) url.Values {
	params = maps.Clone(params)
	for i := 0; i < len(more); i += 2 {
		params.Set(more[i], more[i+1])
	}
	return params
}

// OpenID Connect Core §5.1, §5.3.2, §5.4: a claim has the type of the specification, or is left out; so is one that is empty.
func TestClaimsOfTheWrongTypeAreLeftOut(t *testing.T) {
	t.Parallel()
	b := startWithClaims(t)
	get := func(claimsOfUser string) (id, info map[string]any) {
		b.Exec("UPDATE users SET claims = $1::text::jsonb", claimsOfUser)
		out := b.Token(Redeem(b.Code(AuthParams("scope", "openid profile email address phone")))).JSON()
		return Claims(Str(out["id_token"])), b.Userinfo(Str(out["access_token"])).JSON()
	}
	id, info := get(`{"nickname": 5, "middle_name": {"a": 1}, "website": ["x"], "gender": true, "birthdate": null, "profile": "",
		"zoneinfo": "Mars", "email": "x@evil.example",
		"address": "Bern", "phone_number": 41, "phone_number_verified": "yes", "department": ["physics", {"since": 1999}],
		"motto": null, "floor": "", "room": 0}`)
	for what, got := range map[string]map[string]any{"ID token": id, "userinfo": info} {
		lacks(t, what, got, "nickname", "middle_name", "website", "gender", "birthdate", "profile", "zoneinfo", "address",
			"phone_number", "phone_number_verified", "motto", "floor")
		has(t, what, got, "department", "room", "name")
		if got["email"] != "alice@example.org" {
			t.Errorf("%s: email %v", what, got["email"])
		}
	}
	id, info = get(`{"nickname": "Al", "middle_name": "B", "website": "https://alice.example.org", "gender": "female",
		"birthdate": "0000-05-04", "profile": "https://example.org/alice",
		"address": {"formatted": "Bern\nCH"}, "phone_number": "+41", "phone_number_verified": false}`)
	for what, got := range map[string]map[string]any{"ID token": id, "userinfo": info} {
		has(t, what, got, "nickname", "middle_name", "website", "gender", "birthdate", "profile", "phone_number")
		if address, _ := got["address"].(map[string]any); address["formatted"] != "Bern\nCH" || got["phone_number_verified"] != false {
			t.Errorf("%s: %v", what, got)
		}
	}
	out := b.Token(Redeem(b.Code(AuthParams("scope", "openid profile email groups")))).JSON()
	lacks(t, "without its scope, userinfo", b.Userinfo(Str(out["access_token"])).JSON(), "address", "phone_number", "phone_number_verified")
}

// OpenID Connect Core §5.4: scopes release to userinfo where there is an access token; claims asked for by name stay where they
// were asked for.
func TestAClientCanHaveIDTokensWithWhatItAskedForByNameAlone(t *testing.T) {
	t.Parallel()
	b := startWithClaims(t, func(s *provider.Settings) { s.ResponseTypes = oidc.ResponseTypes })
	b.Exec(`UPDATE clients SET id_token_scope_claims = false, grant_types = '{authorization_code,refresh_token,implicit}',
		response_types = '{code,id_token,id_token token,code id_token}' WHERE client_id = 'web'`)
	b.WaitForNotify()
	b.Code(AuthParams())
	byName := AuthParams("claims", `{"id_token": {"nickname": null}}`, "scope", "openid profile email offline_access")
	out := b.Token(Redeem(b.Code(byName))).JSON()
	for range 2 {
		has(t, "ID token", Claims(Str(out["id_token"])), "nickname", "sub")
		lacks(t, "ID token", Claims(Str(out["id_token"])), "email", "name", "department", "preferred_username")
		has(t, "userinfo", b.Userinfo(Str(out["access_token"])).JSON(), "email", "name", "department", "preferred_username", "nickname")
		out = b.Token(Refresh(Str(out["refresh_token"]))).JSON()
	}
	front := func(responseType string) map[string]any {
		a := b.Authorize(withValues(byName, "response_type", responseType))
		fields, _ := url.ParseQuery(a.Location().Fragment)
		return Claims(fields.Get("id_token"))
	}
	for _, responseType := range []string{"id_token token", "code id_token"} {
		has(t, responseType, front(responseType), "nickname", "sub")
		lacks(t, responseType, front(responseType), "email", "name", "department")
	}
	has(t, "an ID token alone", front("id_token"), "nickname", "email", "name", "department")
}

// OpenID Connect Core §3.1.2.6; the parameter is bounded before it is parsed.
func TestAClaimsParameterThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	b := startWithClaims(t)
	b.Code(AuthParams())
	repeated := AuthParams("claims", `{"userinfo": {"email": null}}`)
	repeated.Add("claims", `{"userinfo": {"name": null}}`)
	list := []url.Values{repeated}
	for _, bad := range []string{"{", "[]", `"x"`, "5", "true", "email", `{"userinfo": []}`, `{"userinfo": "email"}`,
		`{"userinfo": {"email": true}}`, `{"id_token": {"email": "x"}}`,
		`{"userinfo": {"email": {"essential": "yes"}}}`, `{"id_token": {"acr": {"values": "1"}}}`, `{} {}`,
		`{"userinfo": {"email": null}},`, "{\"userinfo\": {\"\x00\": null}}",
		`{"userinfo": {"x": {"value": "` + strings.Repeat("x", 5000) + `"}}}`, strings.Repeat("[", 4000),
		strings.Repeat(`{"userinfo":`, 300) + strings.Repeat("}", 300), "\xff"} {
		list = append(list, AuthParams("claims", bad))
	}
	for _, params := range list {
		if a := b.Authorize(params); a.Location().Host != "rp.example.org" || a.Query("error") != "invalid_request" ||
			a.Query("state") != "st" || a.Query("code") != "" {
			t.Errorf("%.100q: %d %s", params["claims"], a.Status, a.Location())
		}
	}
	for _, good := range []string{"{}", "", `{"userinfo": null}`, `{"unheard_of": [[[]]]}`, "{\n\t\"userinfo\": {\r\n\"email\": null}}",
		`{"userinfo": {"x": {"value": ` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}}}`,
		`{"userinfo": {"\u0000": null, "` + strings.Repeat("n", 200) + `": null}}`} {
		if a := b.Authorize(AuthParams("claims", good)); a.Query("code") == "" {
			t.Errorf("%.100q: %d %s", good, a.Status, a.Location())
		}
	}
}

// A number is not made into a double and back: it has the digits that it was written with, wherever it comes out.
func TestNumbersOfCustomClaimsKeepTheirDigits(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec(`UPDATE users SET claims = '{"badge": 12345678901234567890, "share": 0.1000000000000000055, "price": 1.10}'`)
	out := b.Token(Redeem(b.Code(AuthParams("scope", "openid profile")))).JSON()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(Str(out["id_token"]), ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"badge":12345678901234567890`, `"share":0.1000000000000000055`, `"price":1.10`} {
		if got := b.Userinfo(Str(out["access_token"])).Body; !strings.Contains(got, want) {
			t.Errorf("userinfo has no %s: %s", want, got)
		}
		if !strings.Contains(string(payload), want) {
			t.Errorf("the ID token has no %s: %s", want, payload)
		}
	}
}

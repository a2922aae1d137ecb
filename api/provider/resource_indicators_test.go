package provider_test

import (
	"net/url"
	"slices"
	"testing"

	. "gatehouse/api/apitest"
	"gatehouse/api/oidc"
	"gatehouse/api/provider"
)

const (
	archive = "https://archive.example.org"
	data    = "https://data.example.org/api"
)

// startWithResources is start, with a client "web" whose access tokens are for two services.
func startWithResources(t *testing.T, change ...func(*provider.Settings)) *browser {
	t.Helper()
	r := start(t, change...)
	r.Exec(`UPDATE clients SET audiences = $1, scope = 'openid email offline_access read:data',
		grant_types = '{authorization_code,refresh_token,client_credentials,implicit}', response_types = '{code,token}'
		WHERE client_id = 'web'`, []string{archive, data})
	r.WaitForNotify()
	return r.browser()
}

// withResources adds resource to a request, once for each.
func withResources(params url.Values, resources ...string) url.Values {
	params = withValues(params)
	params["resource"] = resources
	return params
}

// audience is whom an access token is for.
func audience(token string) (list []string) {
	switch aud := Claims(token)["aud"].(type) {
	case string:
		return []string{aud}
	case []any:
		for _, one := range aud {
			list = append(list, Str(one))
		}
	}
	return list
}

// RFC 8707 §2.1, §2.2, RFC 9068 §3: what the authorization request asks for is granted, and each access token is for that or for less.
func TestAnAccessTokenIsForTheResourcesThatWereAskedFor(t *testing.T) {
	t.Parallel()
	b := startWithResources(t, func(s *provider.Settings) { s.ResponseTypes = oidc.ResponseTypes })
	b.Code(AuthParams())
	for _, c := range []struct {
		what       string
		scope      string
		authorized []string
		wanted     []string // at the token endpoint
		want       []string
	}{
		{"nothing asked for", "openid", nil, nil, []string{b.Issuer, archive, data}},
		{"nothing asked for, narrowed", "openid", nil, []string{data}, []string{data}},
		{"nothing asked for, narrowed to userinfo", "openid", nil, []string{b.Issuer}, []string{b.Issuer}},
		{"empty", "openid", []string{""}, []string{""}, []string{b.Issuer, archive, data}},
		{"one", "openid", []string{data}, nil, []string{b.Issuer, data}},
		{"one, and wanted", "openid", []string{data}, []string{data}, []string{data}},
		{"one, and userinfo wanted", "openid", []string{data}, []string{b.Issuer}, []string{b.Issuer}},
		{"one, without openid", "read:data", []string{data}, nil, []string{data}},
		{"userinfo", "openid", []string{b.Issuer}, nil, []string{b.Issuer}},
		{"two", "openid", []string{data, archive}, nil, []string{b.Issuer, data, archive}},
		{"two and userinfo", "openid", []string{data, b.Issuer, archive}, nil, []string{data, b.Issuer, archive}},
		{"one twice", "read:data", []string{data, data}, []string{data, data}, []string{data}},
		{"two, narrowed", "openid", []string{data, archive}, []string{archive}, []string{archive}},
	} {
		code := b.Code(withResources(AuthParams("scope", c.scope), c.authorized...))
		a := b.Token(withResources(Redeem(code), c.wanted...))
		if got := audience(Str(a.JSON()["access_token"])); a.Status != 200 || !slices.Equal(got, c.want) {
			t.Errorf("%s: %d for %v, want %v", c.what, a.Status, got, c.want)
		}
		// RFC 9068 §4: who gets a token that is for others refuses it, userinfo as any other.
		if isFor, info := slices.Contains(c.want, b.Issuer), b.Userinfo(Str(a.JSON()["access_token"])); isFor != (info.Status == 200) ||
			!isFor && info.Status != 401 {
			t.Errorf("%s: userinfo %d %s", c.what, info.Status, info.Body)
		}
		if c.wanted != nil {
			continue
		}
		front := b.Authorize(withResources(AuthParams("scope", c.scope, "response_type", "token"), c.authorized...))
		fields, _ := url.ParseQuery(front.Location().Fragment)
		if got := audience(fields.Get("access_token")); !slices.Equal(got, c.want) {
			t.Errorf("%s, in the front channel: %s for %v, want %v", c.what, front.Location(), got, c.want)
		}
	}
}

// RFC 8707 §2: invalid_target, and what was not good for one resource is good for another: neither a code nor a refresh token is spent.
func TestAResourceThatWasNotGrantedIsAnInvalidTargetAndSpendsNothing(t *testing.T) {
	t.Parallel()
	b := startWithResources(t)
	b.Code(AuthParams())
	invalid := func(what string, a Answer) {
		t.Helper()
		if a.Status != 400 || a.JSON()["error"] != "invalid_target" {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	for _, bad := range [][]string{{"https://nobody.example.org"}, {data, "https://nobody.example.org"}, {data + "/"}, {data + "#x"},
		{"https://DATA.example.org/api"}, {"web"}, {"\x00"}, {" "}} {
		if a := b.Authorize(withResources(AuthParams(), bad...)); a.Location().Host != "rp.example.org" ||
			a.Query("error") != "invalid_target" || a.Query("state") != "st" || a.Query("code") != "" {
			t.Errorf("%q: %d %s", bad, a.Status, a.Location())
		}
	}
	code := b.Code(withResources(AuthParams("scope", "openid offline_access"), data))
	invalid("not granted", b.Token(withResources(Redeem(code), archive)))
	invalid("one that is not", b.Token(withResources(Redeem(code), data, archive)))
	invalid("unknown", b.Token(withResources(Redeem(code), "https://nobody.example.org")))
	first := b.Token(withResources(Redeem(code), data))
	if first.Status != 200 || !slices.Equal(audience(Str(first.JSON()["access_token"])), []string{data}) {
		t.Fatalf("the refusals spent the code: %d %s", first.Status, first.Body)
	}
	refreshToken := Str(first.JSON()["refresh_token"])
	invalid("refreshed for what was not granted", b.Token(withResources(Refresh(refreshToken), archive)))
	invalid("refreshed for nobody", b.Token(withResources(Refresh(refreshToken), "https://nobody.example.org")))
	if n := b.Count("SELECT count(*) FROM grants WHERE refresh_seq > 0"); n != 0 {
		t.Error("the refusals spent the refresh token")
	}
	for _, c := range []struct{ wanted, want []string }{
		{[]string{data}, []string{data}}, {nil, []string{b.Issuer, data}}, {[]string{b.Issuer}, []string{b.Issuer}},
		{[]string{data, b.Issuer}, []string{data, b.Issuer}}} {
		a := b.Token(withResources(Refresh(refreshToken), c.wanted...))
		if got := audience(Str(a.JSON()["access_token"])); a.Status != 200 || !slices.Equal(got, c.want) {
			t.Fatalf("refreshed for %v: %d %v %s", c.wanted, a.Status, got, a.Body)
		}
		refreshToken = Str(a.JSON()["refresh_token"])
	}
	if a := b.Token(Redeem(code)); a.JSON()["error"] != "invalid_grant" {
		t.Errorf("the code again: %d %s", a.Status, a.Body)
	}
}

// What administrators say of a client counts at once: clients.audiences is what access tokens may be for, whatever was granted before.
func TestAServiceThatIsTakenFromAClientGetsNoMoreTokens(t *testing.T) {
	t.Parallel()
	b := startWithResources(t)
	every := b.Token(Redeem(b.Code(withResources(AuthParams("scope", "openid offline_access"), data, archive)))).JSON()
	one := b.Token(Redeem(b.Code(withResources(AuthParams("scope", "read:data offline_access"), archive)))).JSON()
	b.Exec("UPDATE clients SET audiences = $1 WHERE client_id = 'web'", []string{data})
	b.WaitForNotify()
	for _, c := range []struct {
		tokens map[string]any
		want   []string
	}{{every, []string{b.Issuer, data}}, {one, []string{b.Issuer}}} {
		refreshToken := Str(c.tokens["refresh_token"])
		if a := b.Token(withResources(Refresh(refreshToken), archive)); a.JSON()["error"] != "invalid_target" {
			t.Errorf("wanted by name: %d %s", a.Status, a.Body)
		}
		a := b.Token(Refresh(refreshToken))
		if got := audience(Str(a.JSON()["access_token"])); a.Status != 200 || !slices.Equal(got, c.want) {
			t.Errorf("%d %v, want %v", a.Status, got, c.want)
		}
	}
}

// RFC 6749 §4.4, RFC 8707 §2.2.
func TestAClientNamesTheResourceOfATokenForItself(t *testing.T) {
	t.Parallel()
	b := startWithResources(t)
	ask := func(resources ...string) Answer {
		return b.Token(withResources(url.Values{"grant_type": {"client_credentials"}}, resources...))
	}
	for _, c := range []struct{ resources, want []string }{{nil, []string{archive, data}}, {[]string{data}, []string{data}},
		{[]string{data, archive}, []string{data, archive}},
		{[]string{""}, []string{archive, data}}, {[]string{b.Issuer}, []string{b.Issuer}}} {
		a := ask(c.resources...)
		token := Str(a.JSON()["access_token"])
		if got := audience(token); a.Status != 200 || !slices.Equal(got, c.want) || Claims(token)["sub"] != "web" ||
			a.JSON()["scope"] != "read:data" {
			t.Errorf("%v: %d for %v %s", c.resources, a.Status, got, a.Body)
		}
		if info := b.Userinfo(token); info.Status != 401 {
			t.Errorf("%v: userinfo %d %s", c.resources, info.Status, info.Body)
		}
	}
	for _, bad := range [][]string{{"https://nobody.example.org"}, {data, "https://nobody.example.org"}, {"web"}} {
		if a := ask(bad...); a.Status != 400 || a.JSON()["error"] != "invalid_target" {
			t.Errorf("%v: %d %s", bad, a.Status, a.Body)
		}
	}
	b.Exec("UPDATE clients SET audiences = '{}' WHERE client_id = 'web'")
	b.WaitForNotify()
	if a := ask(); !slices.Equal(audience(Str(a.JSON()["access_token"])), []string{b.Issuer}) {
		t.Errorf("without services: %d %s", a.Status, a.Body)
	}
}

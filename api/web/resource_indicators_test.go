package web_test

import (
	"net/url"
	"slices"
	"testing"

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
	r.exec(`UPDATE clients SET audiences = $1, scope = 'openid email offline_access read:data',
		grant_types = '{authorization_code,refresh_token,client_credentials,implicit}', response_types = '{code,token}' WHERE client_id = 'web'`, []string{archive, data})
	waitForNotify()
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
	switch aud := claims(token)["aud"].(type) {
	case string:
		return []string{aud}
	case []any:
		for _, one := range aud {
			list = append(list, str(one))
		}
	}
	return list
}

// RFC 8707 §2.1, §2.2, RFC 9068 §3: what the authorization request asks for is granted, and each access token is for that or for less.
func TestAnAccessTokenIsForTheResourcesThatWereAskedFor(t *testing.T) {
	b := startWithResources(t, func(s *provider.Settings) { s.ResponseTypes = oidc.ResponseTypes })
	b.code(authParams())
	for _, c := range []struct {
		what       string
		scope      string
		authorized []string
		wanted     []string // at the token endpoint
		want       []string
	}{
		{"nothing asked for", "openid", nil, nil, []string{b.issuer, archive, data}},
		{"nothing asked for, narrowed", "openid", nil, []string{data}, []string{data}},
		{"nothing asked for, narrowed to userinfo", "openid", nil, []string{b.issuer}, []string{b.issuer}},
		{"empty", "openid", []string{""}, []string{""}, []string{b.issuer, archive, data}},
		{"one", "openid", []string{data}, nil, []string{b.issuer, data}},
		{"one, and wanted", "openid", []string{data}, []string{data}, []string{data}},
		{"one, and userinfo wanted", "openid", []string{data}, []string{b.issuer}, []string{b.issuer}},
		{"one, without openid", "read:data", []string{data}, nil, []string{data}},
		{"userinfo", "openid", []string{b.issuer}, nil, []string{b.issuer}},
		{"two", "openid", []string{data, archive}, nil, []string{b.issuer, data, archive}},
		{"two and userinfo", "openid", []string{data, b.issuer, archive}, nil, []string{data, b.issuer, archive}},
		{"one twice", "read:data", []string{data, data}, []string{data, data}, []string{data}},
		{"two, narrowed", "openid", []string{data, archive}, []string{archive}, []string{archive}},
	} {
		code := b.code(withResources(authParams("scope", c.scope), c.authorized...))
		a := b.token(withResources(redeem(code), c.wanted...))
		if got := audience(str(a.json()["access_token"])); a.status != 200 || !slices.Equal(got, c.want) {
			t.Errorf("%s: %d for %v, want %v", c.what, a.status, got, c.want)
		}
		// RFC 9068 §4: who gets a token that is for others refuses it, userinfo as any other.
		if isFor, info := slices.Contains(c.want, b.issuer), b.userinfo(str(a.json()["access_token"])); isFor != (info.status == 200) || !isFor && info.status != 401 {
			t.Errorf("%s: userinfo %d %s", c.what, info.status, info.body)
		}
		if c.wanted != nil {
			continue
		}
		front := b.authorize(withResources(authParams("scope", c.scope, "response_type", "token"), c.authorized...))
		fields, _ := url.ParseQuery(front.location().Fragment)
		if got := audience(fields.Get("access_token")); !slices.Equal(got, c.want) {
			t.Errorf("%s, in the front channel: %s for %v, want %v", c.what, front.location(), got, c.want)
		}
	}
}

// RFC 8707 §2: invalid_target, and what was not good for one resource is good for another: neither a code nor a refresh token is spent.
func TestAResourceThatWasNotGrantedIsAnInvalidTargetAndSpendsNothing(t *testing.T) {
	b := startWithResources(t)
	b.code(authParams())
	invalid := func(what string, a answer) {
		t.Helper()
		if a.status != 400 || a.json()["error"] != "invalid_target" {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	for _, bad := range [][]string{{"https://nobody.example.org"}, {data, "https://nobody.example.org"}, {data + "/"}, {data + "#x"}, {"https://DATA.example.org/api"}, {"web"}, {"\x00"}, {" "}} {
		if a := b.authorize(withResources(authParams(), bad...)); a.location().Host != "rp.example.org" || a.query("error") != "invalid_target" || a.query("state") != "st" || a.query("code") != "" {
			t.Errorf("%q: %d %s", bad, a.status, a.location())
		}
	}
	code := b.code(withResources(authParams("scope", "openid offline_access"), data))
	invalid("not granted", b.token(withResources(redeem(code), archive)))
	invalid("one that is not", b.token(withResources(redeem(code), data, archive)))
	invalid("unknown", b.token(withResources(redeem(code), "https://nobody.example.org")))
	first := b.token(withResources(redeem(code), data))
	if first.status != 200 || !slices.Equal(audience(str(first.json()["access_token"])), []string{data}) {
		t.Fatalf("the refusals spent the code: %d %s", first.status, first.body)
	}
	refreshToken := str(first.json()["refresh_token"])
	invalid("refreshed for what was not granted", b.token(withResources(refresh(refreshToken), archive)))
	invalid("refreshed for nobody", b.token(withResources(refresh(refreshToken), "https://nobody.example.org")))
	if n := b.count("SELECT count(*) FROM grants WHERE refresh_seq > 0"); n != 0 {
		t.Error("the refusals spent the refresh token")
	}
	for _, c := range []struct{ wanted, want []string }{
		{[]string{data}, []string{data}}, {nil, []string{b.issuer, data}}, {[]string{b.issuer}, []string{b.issuer}}, {[]string{data, b.issuer}, []string{data, b.issuer}}} {
		a := b.token(withResources(refresh(refreshToken), c.wanted...))
		if got := audience(str(a.json()["access_token"])); a.status != 200 || !slices.Equal(got, c.want) {
			t.Fatalf("refreshed for %v: %d %v %s", c.wanted, a.status, got, a.body)
		}
		refreshToken = str(a.json()["refresh_token"])
	}
	if a := b.token(redeem(code)); a.json()["error"] != "invalid_grant" {
		t.Errorf("the code again: %d %s", a.status, a.body)
	}
}

// What administrators say of a client counts at once: clients.audiences is what access tokens may be for, whatever was granted before.
func TestAServiceThatIsTakenFromAClientGetsNoMoreTokens(t *testing.T) {
	b := startWithResources(t)
	every := b.token(redeem(b.code(withResources(authParams("scope", "openid offline_access"), data, archive)))).json()
	one := b.token(redeem(b.code(withResources(authParams("scope", "read:data offline_access"), archive)))).json()
	b.exec("UPDATE clients SET audiences = $1 WHERE client_id = 'web'", []string{data})
	waitForNotify()
	for _, c := range []struct {
		tokens map[string]any
		want   []string
	}{{every, []string{b.issuer, data}}, {one, []string{b.issuer}}} {
		refreshToken := str(c.tokens["refresh_token"])
		if a := b.token(withResources(refresh(refreshToken), archive)); a.json()["error"] != "invalid_target" {
			t.Errorf("wanted by name: %d %s", a.status, a.body)
		}
		a := b.token(refresh(refreshToken))
		if got := audience(str(a.json()["access_token"])); a.status != 200 || !slices.Equal(got, c.want) {
			t.Errorf("%d %v, want %v", a.status, got, c.want)
		}
	}
}

// RFC 6749 §4.4, RFC 8707 §2.2.
func TestAClientNamesTheResourceOfATokenForItself(t *testing.T) {
	b := startWithResources(t)
	ask := func(resources ...string) answer {
		return b.token(withResources(url.Values{"grant_type": {"client_credentials"}}, resources...))
	}
	for _, c := range []struct{ resources, want []string }{{nil, []string{archive, data}}, {[]string{data}, []string{data}}, {[]string{data, archive}, []string{data, archive}},
		{[]string{""}, []string{archive, data}}, {[]string{b.issuer}, []string{b.issuer}}} {
		a := ask(c.resources...)
		token := str(a.json()["access_token"])
		if got := audience(token); a.status != 200 || !slices.Equal(got, c.want) || claims(token)["sub"] != "web" || a.json()["scope"] != "read:data" {
			t.Errorf("%v: %d for %v %s", c.resources, a.status, got, a.body)
		}
		if info := b.userinfo(token); info.status != 401 {
			t.Errorf("%v: userinfo %d %s", c.resources, info.status, info.body)
		}
	}
	for _, bad := range [][]string{{"https://nobody.example.org"}, {data, "https://nobody.example.org"}, {"web"}} {
		if a := ask(bad...); a.status != 400 || a.json()["error"] != "invalid_target" {
			t.Errorf("%v: %d %s", bad, a.status, a.body)
		}
	}
	b.exec("UPDATE clients SET audiences = '{}' WHERE client_id = 'web'")
	waitForNotify()
	if a := ask(); !slices.Equal(audience(str(a.json()["access_token"])), []string{b.issuer}) {
		t.Errorf("without services: %d %s", a.status, a.body)
	}
}

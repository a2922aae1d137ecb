package provider_test

import (
	"net/url"
	"slices"
	"testing"

	. "gatehouse/api/apitest"
)

const (
	mcp        = "https://mcp.example.org/mcp"
	onLoopback = "http://127.0.0.1:5000/cb"
)

// openTools makes mcp a service that any client that registered itself may ask for.
func (r *rig) openTools() {
	r.Exec(`INSERT INTO resources (identifier, name, scopes, open_to)
		VALUES ($1, 'Telescope tools', '{"mcp:tools": "Use the tools"}', 'registered') ON CONFLICT DO NOTHING`, mcp)
	r.WaitForNotify()
}

// toolsClient is the request of an MCP client that has just registered itself, as the Model Context Protocol has it (Authorization,
// Resource Parameter Implementation): with resource, here and at the token endpoint.
func (b *browser) toolsClient(changes ...string) url.Values {
	b.Helper()
	a := b.register(map[string]any{"redirect_uris": []string{"http://127.0.0.1/cb"}, "token_endpoint_auth_method": "none",
		"client_name": "Assistant", "grant_types": []string{"authorization_code", "refresh_token"}})
	if a.Status != 201 {
		b.Fatalf("registration: %d %s", a.Status, a.Body)
	}
	return AuthParams(append([]string{"client_id", Str(a.JSON()["client_id"]), "redirect_uri", onLoopback,
		"scope", "openid offline_access mcp:tools", "resource", mcp}, changes...)...)
}

// redeemed gets tokens for the code of a request of its kind.
func (b *browser) redeemed(params url.Values, changes ...string) Answer {
	b.Helper()
	return b.Token(Redeem(b.Code(params), append([]string{"client_id", params.Get("client_id"), "redirect_uri", params.Get("redirect_uri"),
		"resource", mcp}, changes...)...))
}

func audienceOf(token any) (list []string) {
	switch aud := Claims(Str(token))["aud"].(type) {
	case string:
		list = []string{aud}
	case []any:
		for _, one := range aud {
			list = append(list, Str(one))
		}
	}
	return list
}

// RFC 8707 §2.
func TestAClientThatRegisteredItselfGetsTokensForAServiceThatTheOperatorOpened(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	b.openTools()
	params := b.toolsClient()
	a := b.redeemed(params)
	token := a.JSON()
	if a.Status != 200 || !slices.Contains(audienceOf(token["access_token"]), mcp) || token["scope"] != "openid offline_access mcp:tools" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if claims := Claims(Str(token["access_token"])); claims["scope"] != "openid offline_access mcp:tools" {
		t.Errorf("%v", claims)
	}
	next := b.Token(Refresh(Str(token["refresh_token"]), "client_id", params.Get("client_id"), "resource", mcp)).JSON()
	if got := audienceOf(next["access_token"]); !slices.Equal(got, []string{mcp}) {
		t.Errorf("refreshed: %v, for %q", next, got)
	}

	b.Exec("UPDATE resources SET open_to = 'listed'")
	b.WaitForNotify()
	if a := b.Token(Refresh(Str(next["refresh_token"]), "client_id", params.Get("client_id"), "resource", mcp)); a.Status != 400 ||
		a.JSON()["error"] != "invalid_target" {
		t.Errorf("a service that was closed since: %d %s", a.Status, a.Body)
	}
	if a := b.Token(Refresh(Str(next["refresh_token"]), "client_id", params.Get("client_id"))); a.Status != 200 ||
		!slices.Equal(audienceOf(a.JSON()["access_token"]), []string{b.Issuer}) {
		t.Errorf("what is left of its audience: %d %s", a.Status, a.Body)
	}
	if a := b.Authorize(params); a.Query("error") != "invalid_target" {
		t.Errorf("a new sign-in: %s", a.Location())
	}
}

func TestAServiceThatNobodyOpenedIsAnInvalidTarget(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	b.openTools()
	b.Exec(`INSERT INTO resources (identifier, scopes) VALUES ('https://archive.example.org', '{"archive:read": "Read"}')`)
	b.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris, application_type)
		VALUES ('tool', 'none', '{http://127.0.0.1/cb}', 'native')`)
	b.WaitForNotify()
	params := b.toolsClient()
	for what, p := range map[string]url.Values{
		"of others":              withResources(params, "https://nobody.example.org/mcp"),
		"listed":                 withResources(params, "https://archive.example.org"),
		"one that is and one":    withResources(params, mcp, "https://archive.example.org"),
		"with another path":      withResources(params, mcp+"/x"),
		"by an administrator's":  AuthParams("client_id", "tool", "redirect_uri", onLoopback, "scope", "openid", "resource", mcp),
		"by a first party's own": AuthParams("resource", mcp),
	} {
		if a := b.Authorize(p); a.Query("error") != "invalid_target" || a.Query("state") != "st" {
			t.Errorf("a service %s: %s", what, a.Location())
		}
	}
	// Its scopes go with it, and with nothing else; nor is a service got that people were not asked about.
	without := withResources(params)
	a := b.Token(Redeem(b.Code(without), "client_id", params.Get("client_id"), "redirect_uri", onLoopback))
	if a.Status != 200 || a.JSON()["scope"] != "openid offline_access" ||
		!slices.Equal(audienceOf(a.JSON()["access_token"]), []string{b.Issuer}) {
		t.Errorf("without resource: %d %s", a.Status, a.Body)
	}
	if a := b.Token(Refresh(Str(a.JSON()["refresh_token"]), "client_id", params.Get("client_id"), "resource", mcp)); a.Status != 400 ||
		a.JSON()["error"] != "invalid_target" {
		t.Errorf("named at the token endpoint first: %d %s", a.Status, a.Body)
	}
}

// People read which service it is, in the operator's words, and are asked again for another one.
func TestConsentNamesTheServiceAndItsScopesInWords(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	b.openTools()
	b.Exec(`INSERT INTO resources (identifier, open_to) VALUES ('https://disk.example.org', 'registered')`)
	b.WaitForNotify()
	params := b.toolsClient("redirect_uri", "https://app.example.org/cb")
	b.Exec("UPDATE clients SET redirect_uris = '{https://app.example.org/cb}' WHERE client_id = $1", params.Get("client_id"))
	b.WaitForNotify()
	a := b.Authorize(params)
	a = b.Login(a.Location(), "alice", Password)
	page := b.Interaction(a.Location().String())
	if page["page"] != "consent" || asJSON(page["services"]) != `["Telescope tools"]` ||
		asJSON(page["scope_words"]) != `{"mcp:tools":"Use the tools"}` || asJSON(page["scopes"]) != `["openid","offline_access","mcp:tools"]` {
		t.Errorf("%v", page)
	}
	b.Code(params)
	if a := b.Authorize(params); a.Query("code") == "" {
		t.Errorf("asked again for the same: %s", a.Location())
	}
	other := withResources(params, mcp, "https://disk.example.org/")
	a = b.Authorize(other)
	if page = b.Interaction(a.Location().String()); asJSON(page["services"]) != `["Telescope tools","https://disk.example.org"]` {
		t.Errorf("%v", page)
	}
	if a := b.Authorize(withResources(other, "https://disk.example.org")); a.Location().Path != "/consent" {
		t.Errorf("a service that was shown and not allowed: %s", a.Location())
	}
	b.Code(other)
	if a := b.Authorize(params); a.Query("code") == "" {
		t.Errorf("what was allowed before is forgotten: %s", a.Location())
	}

	// What a person takes back ends, and is asked for again.
	offline := b.redeemed(params).JSON()
	b.Exec("UPDATE consents SET resources = '{https://disk.example.org}' WHERE client_id = $1", params.Get("client_id"))
	if a := b.Token(Refresh(Str(offline["refresh_token"]), "client_id", params.Get("client_id"))); a.Status != 400 {
		t.Errorf("a grant for a service that was withdrawn: %d %s", a.Status, a.Body)
	}
	if a := b.Authorize(params); a.Location().Path != "/consent" {
		t.Errorf("a service that was withdrawn: %s", a.Location())
	}
}

// A client by its document is one that registered itself, and so is one with an initial access token that comes for itself.
func TestAnOpenServiceIsForDocumentsDevicesAndClientsThatComeForThemselves(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := start(t, openRegistration, documents, ReachesTestServers).browser()
	b.openTools()
	s.say("redirect_uris", []string{"http://localhost/cb"}, "scope", "openid mcp:tools unheard-of", "grant_types",
		[]string{"authorization_code", deviceGrant})
	params := AuthParams("client_id", s.URL+"/tools.json", "redirect_uri", "http://localhost:51004/cb", "scope", "openid mcp:tools",
		"resource", mcp)
	if a := b.redeemed(params); a.Status != 200 || !slices.Contains(audienceOf(a.JSON()["access_token"]), mcp) ||
		a.JSON()["scope"] != "openid mcp:tools" {
		t.Errorf("a document: %d %s", a.Status, a.Body)
	}

	// RFC 8628 §3.1, RFC 8707 §2.2: the person at the device page is told, too, and nothing else is got.
	form := url.Values{"client_id": {s.URL + "/tools.json"}, "scope": {"openid mcp:tools"}}
	for _, resource := range []string{mcp, ""} {
		if form.Del("resource"); resource != "" {
			form.Set("resource", resource)
		}
		a := b.Do("POST", "/device_authorization", form)
		if a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		d := device{b.browser(), Str(a.JSON()["device_code"]), Str(a.JSON()["user_code"])}
		at := b.typeCode(d.user)
		if page := b.Interaction(at.Location().String()); (asJSON(page["services"]) == `["Telescope tools"]`) != (resource == mcp) {
			t.Errorf("the page for %q says %v", resource, page)
		}
		b.press("yes", at)
		answer := d.poll("client_id", s.URL+"/tools.json", "resource", mcp)
		if got := audienceOf(answer.JSON()["access_token"]); (resource == mcp) != slices.Equal(got, []string{mcp}) ||
			resource == "" && answer.JSON()["error"] != "invalid_target" {
			t.Errorf("a device that asked for %q: %d %s", resource, answer.Status, answer.Body)
		}
	}
	form.Set("resource", "https://nobody.example.org")
	if a := b.Do("POST", "/device_authorization", form); a.Status != 400 || a.JSON()["error"] != "invalid_target" {
		t.Errorf("%d %s", a.Status, a.Body)
	}

	b.Exec(`INSERT INTO initial_access_tokens (name, token_sha256) VALUES ('t', sha256('initial'))`)
	trusted := b.register(map[string]any{"grant_types": []string{"client_credentials"}}, "Authorization", "Bearer initial").JSON()
	own := b.Token(url.Values{"grant_type": {"client_credentials"}, "client_id": {Str(trusted["client_id"])},
		"client_secret": {Str(trusted["client_secret"])}, "resource": {mcp}, "scope": {"mcp:tools"}})
	if own.Status != 200 || !slices.Equal(audienceOf(own.JSON()["access_token"]), []string{mcp}) || own.JSON()["scope"] != "mcp:tools" {
		t.Errorf("for itself: %d %s", own.Status, own.Body)
	}
}

// The operator's scopes are there to register for; before that, and after, they are unheard of.
func TestAClientRegistersForScopesOfOpenServices(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	if a := b.register(withCallback("scope", "mcp:tools")); a.Status != 400 {
		t.Errorf("before: %d %s", a.Status, a.Body)
	}
	b.openTools()
	if a := b.register(withCallback("scope", "mcp:tools openid x")); a.Status != 201 || a.JSON()["scope"] != "mcp:tools openid" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	b.Exec("DELETE FROM resources")
	b.WaitForNotify()
	if a := b.register(withCallback("scope", "mcp:tools")); a.Status != 400 {
		t.Errorf("after: %d %s", a.Status, a.Body)
	}
}

// Debian's oidc-agent says that it is a web application, and comes back to localhost or to a scheme of its own (RFC 8252 §7).
func TestAnAgentRegistersItselfAsWhatItIs(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	uris := []string{"http://localhost:4242", "http://localhost:8080", "edu.kit.data.oidc-agent:/redirect"}
	a := b.register(map[string]any{"application_type": "web", "client_name": "oidc-agent:work", "response_types": []string{"code"},
		"grant_types": []string{"refresh_token", "authorization_code"}, "redirect_uris": uris})
	if a.Status != 201 || a.JSON()["application_type"] != "native" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	for _, uri := range append(uris, "http://localhost:29999") {
		params := AuthParams("client_id", Str(a.JSON()["client_id"]), "redirect_uri", uri, "scope", "openid offline_access")
		tokens := b.Token(Redeem(b.Code(params), "redirect_uri", uri, "client_id", Str(a.JSON()["client_id"]),
			"client_secret", Str(a.JSON()["client_secret"])))
		if tokens.Status != 200 || Str(tokens.JSON()["refresh_token"]) == "" {
			t.Errorf("%s: %d %s", uri, tokens.Status, tokens.Body)
		}
	}
}

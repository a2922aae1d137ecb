package oidc

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

// clientOf returns a client with nothing but what is registered of it.
func clientOf(m ClientMetadata) *Client { return &Client{ClientMetadata: m} }

// OpenID Connect Core §3.1.2.1, §3.1.2.3, §3.1.2.4.
func TestDecide(t *testing.T) {
	user := &User{Username: "alice"}
	signedIn := Standing{Session: &Session{SID: "s", AuthTime: at(-10)}, User: user, Allowed: true}
	typed := func(later *time.Time) Standing {
		return Standing{Session: &Session{SID: "s", AuthTime: noon, AMR: []string{AMRPassword}}, Allowed: true,
			User: &User{Username: "alice", PasskeyLaterAt: later}}
	}
	allowed := signedIn
	allowed.Consented = Consent{Scopes: []string{"openid", "email"}, Resources: []string{"archive"}}
	outside := signedIn
	outside.Allowed = false
	first, third := clientOf(ClientMetadata{ClientID: "c"}), clientOf(ClientMetadata{ClientID: "c"})
	first.FirstParty = true
	listed := &Client{ClientMetadata: third.ClientMetadata, Audiences: []string{"archive", "disk"}}
	third.Resources = []Resource{{Identifier: "archive"}, {Identifier: "disk"}}
	forService := func(r AuthorizeRequest, identifiers ...string) AuthorizeRequest { r.Resources = identifiers; return r }
	minutes := func(m int) *int { s := m * 60; return &s }
	request := func(scope, prompt string, maxAge *int) AuthorizeRequest {
		return AuthorizeRequest{Scope: scope, Prompt: strings.Fields(prompt), MaxAge: maxAge, At: noon}
	}
	chosen := func(prompt string, maxAge *int, sid string) AuthorizeRequest {
		r := request("openid", prompt, maxAge)
		r.Chosen = sid
		return r
	}
	to := func(uri, prompt string) AuthorizeRequest {
		r := request("openid", prompt, nil)
		r.RedirectURI = uri
		return r
	}
	for _, c := range []struct {
		what      string
		req       AuthorizeRequest
		client    *Client
		standing  Standing
		consented bool
		step      Step
		code      string
	}{
		{"nobody", request("openid", "", nil), first, Standing{}, false, SignIn, ""},
		{"nobody, prompt=none", request("openid", "none", nil), first, Standing{}, false, 0, LoginRequired},
		{"single sign-on", request("openid", "", nil), first, signedIn, false, IssueCode, ""},
		{"single sign-on, prompt=none", request("openid", "none", nil), first, signedIn, false, IssueCode, ""},
		{"prompt=login", request("openid", "login", nil), first, signedIn, false, SignIn, ""},
		{"prompt=select_account", request("openid", "select_account", nil), first, signedIn, false, ChooseAccount, ""},
		{"prompt=select_account, nobody", request("openid", "select_account", nil), first, Standing{}, false, SignIn, ""},
		{"prompt=select_account, chosen", chosen("select_account", nil, "s"), first, signedIn, false, IssueCode, ""},
		{"prompt=select_account, chosen, third party", chosen("select_account", nil, "s"), third, signedIn, false, AskConsent, ""},
		{"prompt=select_account, another session chosen", chosen("select_account", nil, "t"), first, signedIn, false, ChooseAccount, ""},
		{"prompt=select_account, chosen, outside the groups", chosen("select_account", nil, "s"), first, outside, false, SayRefused, ""},
		{"prompt=select_account login", request("openid", "select_account login", nil), first, signedIn, false, SignIn, ""},
		{"prompt=select_account login, chosen", chosen("select_account login", nil, "s"), first, signedIn, false, SignIn, ""},
		{"prompt=select_account, max_age passed", request("openid", "select_account", minutes(9)), first, signedIn, false, SignIn, ""},
		{"prompt=select_account, chosen, max_age passed", chosen("select_account", minutes(9), "s"), first, signedIn, false, SignIn, ""},
		{"prompt=select_account at an upstream", AuthorizeRequest{Prompt: []string{"select_account"}, IDPHint: "up", At: noon}, first, signedIn,
			false, SignIn, ""},
		{"max_age kept", request("openid", "", minutes(10)), first, signedIn, false, IssueCode, ""},
		{"max_age passed", request("openid", "", minutes(9)), first, signedIn, false, SignIn, ""},
		{"max_age passed, prompt=none", request("openid", "none", minutes(9)), first, signedIn, false, 0, LoginRequired},
		{"third party", request("openid", "", nil), third, signedIn, false, AskConsent, ""},
		{"third party, no scope at all", request("", "", nil), third, signedIn, false, AskConsent, ""},
		{"third party, prompt=none", request("openid", "none", nil), third, signedIn, false, 0, ConsentRequired},
		{"third party, allowed earlier", request("openid email", "", nil), third, allowed, false, IssueCode, ""},
		{"third party, one scope more", request("openid email groups", "", nil), third, allowed, false, AskConsent, ""},
		{"third party, a service allowed earlier", forService(request("openid", "", nil), "archive"), third, allowed, false, IssueCode, ""},
		{"third party, a service more", forService(request("openid", "", nil), "archive", "disk"), third, allowed, false, AskConsent, ""},
		{"third party, all services", request("openid", "", nil), listed, allowed, false, AskConsent, ""},
		{"third party, its one service", forService(request("openid", "", nil), "archive"), listed, allowed, false, IssueCode, ""},
		{"on loopback, allowed earlier", to("http://127.0.0.1:4711/cb", ""), third, allowed, false, AskConsent, ""},
		{"on loopback, allowed earlier, prompt=none", to("http://127.0.0.1:4711/cb", "none"), third, allowed, false, 0, ConsentRequired},
		{"on loopback, just allowed", to("http://127.0.0.1:4711/cb", ""), third, allowed, true, IssueCode, ""},
		{"on loopback, first party", to("http://127.0.0.1:4711/cb", "none"), first, signedIn, false, IssueCode, ""},
		{"a private scheme, allowed earlier", to("org.example.app:/cb", ""), third, allowed, false, AskConsent, ""},
		{"a claimed https address, allowed earlier", to("https://app.example.org/cb", "none"), third, allowed, false, IssueCode, ""},
		{"prompt=consent, allowed earlier", request("openid", "consent", nil), third, allowed, false, AskConsent, ""},
		{"prompt=consent, first party", request("openid", "consent", nil), first, signedIn, false, AskConsent, ""},
		{"prompt=consent, just allowed", request("openid", "consent", nil), third, signedIn, true, IssueCode, ""},
		{"prompt=login consent, nobody fresh", request("openid", "login consent", nil), third, signedIn, true, SignIn, ""},
		{"outside the groups", request("openid", "", nil), first, outside, false, SayRefused, ""},
		{"outside the groups, prompt=none", request("openid", "none", nil), first, outside, false, 0, AccessDenied},
		{"a device", AuthorizeRequest{UserCode: "WDJB-MJHT", At: noon}, first, signedIn, false, AskConsent, ""},
		{"a device, just allowed", AuthorizeRequest{UserCode: "WDJB-MJHT", At: noon}, first, signedIn, true, AllowDevice, ""},
		{"a passkey to offer", AuthorizeRequest{CanMakePasskey: true, At: noon}, first, typed(nil), false, OfferPasskey, ""},
		{"a passkey to offer, prompt=none", AuthorizeRequest{CanMakePasskey: true, Prompt: []string{"none"}, At: noon}, first, typed(nil), false,
			IssueCode, ""},
		{"a passkey to offer, later", AuthorizeRequest{CanMakePasskey: true, At: noon}, first, typed(new(at(-29 * 24 * 60))), false,
			IssueCode, ""},
		{"a passkey to offer, much later", AuthorizeRequest{CanMakePasskey: true, At: noon}, first, typed(new(at(-31 * 24 * 60))), false,
			OfferPasskey, ""},
		{"a passkey to offer, not by a password", AuthorizeRequest{CanMakePasskey: true, At: noon}, first, signedIn, false, IssueCode, ""},
		{"a passkey to offer, to open the account", AuthorizeRequest{CanMakePasskey: true, Account: true, At: noon}, first, typed(nil), false,
			OpenAccount, ""},
		{"the account page", AuthorizeRequest{Account: true, At: noon}, first, signedIn, false, OpenAccount, ""},
		{"the account page, nobody", AuthorizeRequest{Account: true, At: noon}, first, Standing{}, false, SignIn, ""},
	} {
		step, refused := c.req.Decide(c.client, c.standing, c.consented, noon)
		code := ""
		if refused != nil {
			code = refused.Code
		}
		if step != c.step || code != c.code {
			t.Errorf("%s: step %d %q, want %d %q", c.what, step, code, c.step, c.code)
		}
	}
}

func TestASignInAfterTheRequestSatisfiesEveryPrompt(t *testing.T) {
	zero := 0
	r := AuthorizeRequest{Prompt: []string{"login"}, MaxAge: &zero, At: noon}
	s := Standing{Session: &Session{AuthTime: noon}, User: &User{}, Allowed: true}
	if step, refused := r.Decide(&Client{FirstParty: true}, s, false, at(25)); step != IssueCode || refused != nil {
		t.Errorf("step %d, %v", step, refused)
	}
}

func TestARequestForAnotherPersonNamesNobodyAndHasThemChoose(t *testing.T) {
	prompt := make([]string, 1, 4)
	prompt[0] = "login"
	r := AuthorizeRequest{ClientID: "c", State: "st", Prompt: prompt, LoginHint: "alice", IDPHint: "up", Chosen: "s", At: noon}
	another := r.ForAnother()
	if another.LoginHint+another.IDPHint+another.Chosen != "" || strings.Join(another.Prompt, " ") != "login select_account" ||
		another.State != "st" || another.ClientID != "c" {
		t.Errorf("%+v", another)
	}
	if again := another.ForAnother(); len(again.Prompt) != 2 || len(r.Prompt) != 1 || prompt[:2][1] != "" {
		t.Errorf("%v, %v", again.Prompt, r.Prompt)
	}
	s := Standing{Session: &Session{AuthTime: noon}, User: &User{}, Allowed: true}
	if step, refused := another.Decide(&Client{FirstParty: true}, s, false, noon); step != IssueCode || refused != nil {
		t.Errorf("after a sign-in: step %d, %v", step, refused)
	}
}

func TestScopesAreThoseThatExistAndTheClientMayHave(t *testing.T) {
	c := clientOf(ClientMetadata{Scope: "openid email offline_access",
		GrantTypes: []string{GrantAuthorizationCode, GrantRefreshToken}})
	if got := grantableScope("openid openid profile unheard-of email offline_access", c); got != "openid email offline_access" {
		t.Errorf("got %q", got)
	}
	c.GrantTypes = []string{GrantAuthorizationCode}
	if got := grantableScope("openid offline_access", c); got != "openid" {
		t.Errorf("offline_access without the refresh_token grant: %q", got)
	}
}

func TestExplainRedirectURINamesThePart(t *testing.T) {
	c := clientOf(ClientMetadata{ClientID: "it's",
		RedirectURIs: []string{"https://hub.example.org/hub/oauth_callback", "https://other.example.org/"}})
	for given, want := range map[string]string{
		"http://hub.example.org/hub/oauth_callback":       "scheme (http, not https)",
		"https://hub.example.org:8000/hub/oauth_callback": "port (8000, not none)",
		"https://hub.example.org/hub/oauth_callback/":     "the slash at the end",
		"https://hub.example.org/hub/callback":            "path (/hub/callback, not /hub/oauth_callback)",
		"https://jupyter.example.org/hub/oauth_callback":  "host (jupyter.example.org, not hub.example.org)",
		"https://hub.example.org/hub/oauth_callback?x=1":  "query",
		"https://hub.example.org/hub/%6fauth_callback":    "spelling",
	} {
		got := c.ExplainRedirectURI(given)
		if !strings.Contains(got, want) || !strings.Contains(got, `'https://hub.example.org/hub/oauth_callback'`) &&
			!strings.Contains(got, `"https://hub.example.org/hub/oauth_callback"`) ||
			!strings.Contains(got, "client_id = 'it''s'") {
			t.Errorf("%s: %s", given, got)
		}
	}
}

func TestCustomClaimsNeverReplaceThoseOfTheProtocolOrTheTable(t *testing.T) {
	u := &User{Sub: "s", Username: "alice", Custom: map[string]any{"sub": "root", "iss": "x", "email": "x@evil.example",
		"groups": "hub-admins", "department": "physics",
		"Groups": []string{"hub-admins"}, "EMAIL_VERIFIED": true, "\u017fub": "root"}} // which readers in Go take for ours
	got := ReleaseClaims(u, "openid profile", nil)
	if got["department"] != "physics" || got["preferred_username"] != "alice" {
		t.Errorf("%v", got)
	}
	released := ReleaseClaims(u, "openid", []string{"sub", "iss", "department", "preferred_username"})
	if len(released) != 2 || released["department"] != "physics" || released["preferred_username"] != "alice" {
		t.Errorf("released by name: %v", released)
	}
	for _, name := range []string{"sub", "iss", "email", "groups", "Groups", "EMAIL_VERIFIED", "\u017fub"} {
		if _, there := got[name]; there {
			t.Errorf("%s was released: %v", name, got[name])
		}
	}
	if groups := ReleaseClaims(u, "groups", nil)["groups"].([]string); groups == nil || len(groups) != 0 {
		t.Errorf("groups: %#v, want an empty list", groups)
	}
}

func TestDiscoveryPromisesWhatTheTablesHave(t *testing.T) {
	d := Discovery("https://api.example.org", ResponseTypes[:1], []string{"authorization_code"}, []string{"none"}, []string{"1"})
	if !slices.Contains(d.ScopesSupported, "groups") || !slices.Contains(d.ClaimsSupported, "preferred_username") ||
		d.TokenEndpoint != "https://api.example.org/token" {
		t.Errorf("%+v", d)
	}
}

func TestHalfHashFitsTheAlgorithm(t *testing.T) {
	// OpenID Connect Core A.3 and A.6: the c_hash and at_hash of the specification's own examples.
	if got := HalfHash("RS256", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"); got != "77QmUPtjPfzWtF2AnpK9RQ" {
		t.Errorf("at_hash: %s", got)
	}
	if got := HalfHash("EdDSA", "x"); len(got) != 43 {
		t.Errorf("EdDSA takes half of SHA-512: %s", got)
	}
}

func FuzzParseAuthorize(f *testing.F) {
	f.Add("client_id=c&redirect_uri=https://rp.example.org/cb&response_type=code&scope=openid&state=x&max_age=1&prompt=none")
	f.Add("client_id=c&redirect_uri=https://rp.example.org/cb&response_type=token+id_token&scope=openid&nonce=n&response_mode=query")
	f.Add("redirect_uri=https://rp.example.org/cb&redirect_uri=x&client_id=%00")
	f.Add("redirect_uri=https://rp.example.org/cb&response_type=code&scope=openid+read:data&resource=https://data.example.org&" +
		"resource=https://api.example.org&acr_values=1+2&dpop_jkt=x&claims=" +
		url.QueryEscape(`{"userinfo":{"nickname":null,"sub":{"value":"s"}},"id_token":{"acr":{"essential":true,"values":["1"]}}}`))
	f.Add("redirect_uri=https://rp.example.org/cb&response_type=code&resource=&resource=x&claims={}&claims={}&registration={}&id_token_hint=x")
	c := clientOf(ClientMetadata{ClientID: "c", RedirectURIs: []string{"https://rp.example.org/cb"},
		ResponseTypes: []string{"code", "token", "id_token token"}, GrantTypes: []string{GrantAuthorizationCode, GrantImplicit},
		Scope: "openid profile read:data"})
	c.Audiences = []string{"https://data.example.org"}
	f.Fuzz(func(t *testing.T, raw string) {
		v, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		req, untrusted, refusal := ParseAuthorize(v, c, "https://api.example.org", ResponseTypes, noon)
		if untrusted == nil && req.RedirectURI != c.RedirectURIs[0] {
			t.Errorf("trusted %q", req.RedirectURI)
		}
		if untrusted == nil && refusal == nil && req.ResponseType.Code() && req.CodeChallenge == "" && c.RequirePKCE {
			t.Error("no PKCE")
		}
		if untrusted != nil || refusal != nil {
			return
		}
		for _, resource := range req.Resources {
			if !slices.Contains(c.ResourcesOf("https://api.example.org"), resource) {
				t.Errorf("for %q", resource)
			}
		}
		for _, scope := range req.AsksFor() {
			if !HasScope(c.Scope, scope) {
				t.Errorf("asks for %q", scope)
			}
		}
		var back AuthorizeRequest // it travels sealed
		plain, err := json.Marshal(req)
		if err == nil {
			err = json.Unmarshal(plain, &back)
		}
		if again, _ := json.Marshal(back); err != nil || string(again) != string(plain) {
			t.Errorf("%s comes back as %s, %v", plain, again, err)
		}
	})
}

func FuzzExplainRedirectURI(f *testing.F) {
	f.Add("https://rp.example.org:x/%zz")
	c := clientOf(ClientMetadata{ClientID: "c", RedirectURIs: []string{"https://rp.example.org/cb"}})
	f.Fuzz(func(t *testing.T, given string) {
		if c.ExplainRedirectURI(given) == "" {
			t.Error("nothing said")
		}
	})
}

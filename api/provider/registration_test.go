package provider_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	. "gatehouse/api/apitest"
	"gatehouse/api/provider"
)

func openRegistration(s *provider.Settings) { s.Registration = "open" }

// sendJSON is do with a body of JSON; what is not text is encoded.
func (b *browser) sendJSON(method, path string, body any, headers ...string) Answer {
	b.Helper()
	text, ok := body.(string)
	if !ok {
		encoded, err := json.Marshal(body)
		if err != nil {
			b.Fatal(err)
		}
		text = string(encoded)
	}
	target := path
	if strings.HasPrefix(path, "/") {
		target = b.Issuer + path
	}
	req, err := http.NewRequest(method, target, strings.NewReader(text))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.HTTP.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(got)}
}

// withCallback is a registration of these members beside the usual redirect URI.
func withCallback(members ...any) map[string]any {
	m := map[string]any{"redirect_uris": []string{Callback}, "client_name": "The wiki"}
	for i := 0; i < len(members); i += 2 {
		m[members[i].(string)] = members[i+1]
	}
	return m
}

func (b *browser) register(metadata any, headers ...string) Answer {
	b.Helper()
	return b.sendJSON("POST", "/register", metadata, headers...)
}

func TestAClientRegistersItselfAndSignsIn(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	ctx := oidc.ClientContext(context.Background(), http.DefaultClient)
	op, err := oidc.NewProvider(ctx, b.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	var discovered struct {
		RegistrationEndpoint string `json:"registration_endpoint"`
	}
	if err := op.Claims(&discovered); err != nil || discovered.RegistrationEndpoint != b.Issuer+"/register" {
		t.Fatal(discovered, err)
	}
	a := b.sendJSON("POST", discovered.RegistrationEndpoint, withCallback("grant_types", []string{"authorization_code", "refresh_token"}))
	client := a.JSON()
	id, secret := Str(client["client_id"]), Str(client["client_secret"])
	issued, _ := client["client_id_issued_at"].(float64)
	if a.Status != 201 || a.Header.Get("Cache-Control") != "no-store" || len(id) != 32 || len(secret) != 43 ||
		client["client_secret_expires_at"] != 0.0 ||
		time.Since(time.Unix(int64(issued), 0)) > time.Minute || len(Str(client["registration_access_token"])) != 43 ||
		client["registration_client_uri"] != b.Issuer+"/register/"+id || client["token_endpoint_auth_method"] != "client_secret_basic" ||
		client["application_type"] != "web" || client["require_pkce"] != false || client["id_token_signed_response_alg"] != "RS256" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if b.Count(`SELECT count(*) FROM clients WHERE client_id = $1 AND registration = 'open' AND NOT first_party
		AND ARRAY(SELECT secret_sha256 FROM client_secrets s WHERE s.client_id = clients.client_id) = ARRAY[sha256($2::text::bytea)]
		AND registration_access_token_sha256 = sha256($3::text::bytea)`, id, secret, client["registration_access_token"]) != 1 {
		t.Error("the row is not what was registered")
	}

	// OpenID Connect clients of old know no PKCE.
	rp := oauth2.Config{ClientID: id, ClientSecret: secret, RedirectURL: Callback, Endpoint: op.Endpoint(),
		Scopes: []string{"openid", "email", "offline_access"}}
	a = b.Do("GET", rp.AuthCodeURL("st", oidc.Nonce("no")), nil)
	if page := b.Interaction(a.Location().String()); page["client"].(map[string]any)["name"] != "The wiki" {
		t.Errorf("login page: %v", page)
	}
	a = b.Login(a.Location(), "alice", Password)
	page := b.Interaction(a.Location().String())
	if page["page"] != "consent" || page["client"].(map[string]any)["uri"] != "https://rp.example.org" {
		t.Fatalf("people are not asked, or do not see where the answer goes: %v", page)
	}
	a = b.Do("POST", "/consent", url.Values{"request": {a.Query("request")}, "consent": {"yes"}}, "Origin", UIOrigin)
	token, err := rp.Exchange(ctx, a.Query("code"))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := op.VerifierContext(ctx, &oidc.Config{ClientID: id}).Verify(ctx, raw)
	if err != nil || idToken.Nonce != "no" || idToken.Subject != "sub-alice" {
		t.Errorf("%+v, %v", idToken, err)
	}
	expired := *token
	expired.Expiry = expired.Expiry.AddDate(-1, 0, 0)
	if fresh, err := rp.TokenSource(ctx, &expired).Token(); err != nil || fresh.AccessToken == token.AccessToken {
		t.Errorf("refresh: %v", err)
	}
}

// RFC 7591 §3.2.1: all that is registered, and nothing that only an administrator decides.
func TestARegistrationSaysWhatIsRegisteredAndNothingElseIs(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	asked := withCallback(
		"token_endpoint_auth_method", "none", "application_type", "web", "response_types", []string{"code"}, "grant_types",
		[]string{"authorization_code"},
		"post_logout_redirect_uris", []string{"https://rp.example.org/bye"}, "contacts", []string{"a@example.org"}, "scope", "openid email",
		"logo_uri", "https://rp.example.org/logo.png", "policy_uri", "https://rp.example.org/policy", "tos_uri", "https://rp.example.org/terms",
		"client_uri", "https://rp.example.org/",
		"id_token_signed_response_alg", "ES256", "userinfo_signed_response_alg", "PS256", "request_object_signing_alg", "EdDSA",
		"jwks", map[string]any{"keys": []any{map[string]any{"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "kid": "é"}}},
		"default_max_age", 3600.0, "initiate_login_uri", "https://rp.example.org/login", "backchannel_logout_uri", "https://rp.example.org/bcl",
		"backchannel_logout_session_required", true, "frontchannel_logout_uri", "https://rp.example.org/fcl",
		"frontchannel_logout_session_required", true,
		"request_uris", []string{"https://rp.example.org/ro#abc"}, "require_auth_time", true, "subject_type", "pairwise",
		"require_pushed_authorization_requests", true, "dpop_bound_access_tokens", true, "require_signed_request_object", true)
	ours := map[string]any{"first_party": true, "require_pkce": false, "audiences": []string{"x"},
		"released_claims": []string{"email"}, "allowed_upstreams": []string{"google"},
		"allowed_groups": []string{"staff"}, "security_profile": "fapi2", "access_token_signing_alg": "RS256",
		"refresh_token_format": "jwt", "client_id": "web",
		"client_secret": "chosen", "registration": "token", "disabled_at": "2026-01-01T00:00:00Z", "software_statement": "e30.e30.",
		"client_name#de": "Das Wiki"}
	both := map[string]any{}
	for _, part := range []map[string]any{asked, ours} {
		for name, value := range part {
			both[name] = value
		}
	}
	a := b.register(both)
	got := a.JSON()
	for name, want := range asked {
		wanted, _ := json.Marshal(want)
		is, _ := json.Marshal(got[name])
		if string(is) != string(wanted) {
			t.Errorf("%s: %s, want %s", name, is, wanted)
		}
	}
	if a.Status != 201 || got["client_secret"] != nil || got["client_secret_expires_at"] != nil || got["require_pkce"] != true ||
		got["client_id"] == "web" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	for name := range ours {
		if _, is := got[name]; is && !slices.Contains([]string{"client_id", "require_pkce"}, name) {
			t.Errorf("%s was taken", name)
		}
	}
	if b.Count(`SELECT count(*) FROM clients WHERE client_id = $1 AND NOT first_party AND require_pkce AND audiences = '{}'
		AND released_claims = '{}'
		AND allowed_upstreams = '{}' AND allowed_groups = '{}' AND security_profile = 'openid' AND access_token_signing_alg = 'ES256'
		AND refresh_token_format = 'opaque'
		AND disabled_at IS NULL AND NOT id_token_scope_claims AND registration = 'open'
		AND NOT EXISTS (SELECT FROM client_secrets s WHERE s.client_id = clients.client_id)`, got["client_id"]) != 1 {
		t.Error("the client decided what is not its own to decide")
	}
}

func TestHostileRegistrationsAreRefused(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	before := b.Count("SELECT count(*) FROM clients")
	deep := strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)
	for _, c := range []struct {
		body   any
		status int
		code   string
	}{
		{`{"client_name": "` + strings.Repeat("x", 1<<20) + `"}`, 413, "invalid_request"},
		{`{"jwks": ` + deep + `}`, 400, "invalid_client_metadata"},
		{strings.Repeat("[", 60_000), 400, "invalid_client_metadata"},
		{`{"redirect_uris": ["https://a.example.org/"], "redirect_uris": ["https://b.example.org/"]}`, 400, "invalid_client_metadata"},
		{"", 400, "invalid_client_metadata"},
		{"redirect_uris=https://rp.example.org/", 400, "invalid_client_metadata"},
		{withCallback("client_name", "a\x00b"), 400, "invalid_client_metadata"},
		{withCallback("redirect_uris", "https://rp.example.org/"), 400, "invalid_client_metadata"},
		{withCallback("redirect_uris", []string{"https://rp.example.org/#x"}), 400, "invalid_redirect_uri"},
		{withCallback("redirect_uris", []string{"javascript:alert(1)"}, "application_type", "native"), 400, "invalid_redirect_uri"},
		{withCallback("redirect_uris", []string{"https://*.example.org/"}), 400, "invalid_redirect_uri"},
		{withCallback("redirect_uris", []string{"HtTpS://rp.example.org/"}), 400, "invalid_redirect_uri"},
		{withCallback("redirect_uris", []string{"https://bücher.example/"}), 400, "invalid_redirect_uri"},
		{withCallback("redirect_uris", []string{}), 400, "invalid_redirect_uri"},
		{withCallback("initiate_login_uri", "http://rp.example.org/"), 400, "invalid_client_metadata"},
		{withCallback("response_types", []string{"id_token"}), 400, "invalid_client_metadata"},
		{withCallback("grant_types", []string{"authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"}), 400,
			"invalid_client_metadata"},
		{withCallback("grant_types", []string{"client_credentials"}), 400, "invalid_client_metadata"},
		{withCallback("id_token_encrypted_response_alg", "RSA-OAEP"), 400, "invalid_client_metadata"},
		{withCallback("jwks", map[string]any{"keys": []any{map[string]any{"kty": "EC", "d": "x"}}}), 400, "invalid_client_metadata"},
		{withCallback("token_endpoint_auth_method", "private_key_jwt", "jwks",
			map[string]any{"keys": []any{map[string]any{"kty": "RSA", "n": "AQAB", "e": "AQAB"}}}), 400, "invalid_client_metadata"},
		{withCallback("jwks_uri", "http://169.254.169.254/latest/meta-data"), 400, "invalid_client_metadata"},
		{withCallback("logo_uri", "http://10.0.0.1/logo.png"), 400, "invalid_client_metadata"},
	} {
		a := b.register(c.body)
		if a.Status != c.status || a.JSON()["error"] != c.code || Str(a.JSON()["error_description"]) == "" ||
			strings.ContainsAny(Str(a.JSON()["error_description"]), "\"\\") {
			t.Errorf("%.80v: %d %s", c.body, a.Status, a.Body)
		}
	}
	if a := b.register(withCallback(), "Content-Type", "text/plain"); a.Status != 400 {
		t.Errorf("a page of another origin registers clients: %d %s", a.Status, a.Body)
	}
	if n := b.Count("SELECT count(*) FROM clients"); n != before {
		t.Errorf("%d clients were registered", n-before)
	}
}

func TestRegistrationIsOffUnlessTheDeploymentHasIt(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	if a := b.register(withCallback()); a.Status != 404 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := b.Do("GET", "/register/x", nil, "Authorization", "Bearer x"); a.Status != 404 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if doc := b.Do("GET", "/.well-known/openid-configuration", nil).Body; strings.Contains(doc, "registration_endpoint") ||
		strings.Contains(doc, "client_id_metadata_document") {
		t.Errorf("discovery promises it: %s", doc)
	}
}

// RFC 7591 §3: an initial access token.
func TestWhereOnlySomeMayTheyNeedAnInitialAccessToken(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"token", "open"} {
		b := start(t, func(s *provider.Settings) { s.Registration = mode }).browser()
		b.Exec(`INSERT INTO initial_access_tokens (name, token_sha256, uses_left, expires_at)
			VALUES ('once', sha256('once'), 1, now() + interval '1 h'),
			('many', sha256('many'), NULL, now() + interval '1 h'), ('old', sha256('old'),
			NULL, now()), ('spent', sha256('spent'), 0, now() + interval '1 h')`)
		refusals := [][]string{{"Authorization", "Bearer old"}, {"Authorization", "Bearer spent"}, {"Authorization", "Bearer "},
			{"Authorization", "Bearer unknown"},
			{"Authorization", Basic("web", "web-secret")}}
		if mode == "token" {
			refusals = append(refusals, nil)
		}
		for _, headers := range refusals {
			a := b.register(withCallback(), headers...)
			if a.Status != 401 || a.JSON()["error"] != "invalid_token" || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer ") {
				t.Errorf("%s %v: %d %s", mode, headers, a.Status, a.Body)
			}
		}
		if a := b.register(withCallback("client_name", strings.Repeat("x", 200)), "Authorization", "Bearer once"); a.Status != 400 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if a := b.register(withCallback(), "Authorization", "Bearer once"); a.Status != 201 {
			t.Errorf("a refused registration has spent the token: %d %s", a.Status, a.Body)
		}
		if a := b.register(withCallback(), "Authorization", "Bearer once"); a.Status != 401 {
			t.Errorf("a second time: %d %s", a.Status, a.Body)
		}
		trusted := withCallback("grant_types", []string{"client_credentials"}, "response_types", []string{})
		if a := b.register(trusted, "Authorization", "Bearer many"); a.Status != 201 {
			t.Errorf("client_credentials of one that is trusted: %d %s", a.Status, a.Body)
		}
		for range 30 { // more than a network may without
			if a := b.register(withCallback(), "Authorization", "Bearer many"); a.Status != 201 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
		if n := b.Count("SELECT count(*) FROM clients WHERE registration = 'token'"); n != 32 {
			t.Errorf("%d clients", n)
		}
	}
}

func TestOpenRegistrationIsBoundedForEachNetwork(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	var wg sync.WaitGroup
	answers := make([]Answer, 50)
	for i := range answers {
		wg.Go(func() { answers[i] = b.register(withCallback()) })
	}
	wg.Wait()
	registered := 0
	for _, a := range answers {
		switch {
		case a.Status == 201:
			registered++
		case a.Status != 429 || a.JSON()["error"] != "temporarily_unavailable" || a.Header.Get("Retry-After") != "600":
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	if registered != 20 {
		t.Errorf("%d were registered", registered)
	}
	b.Exec(`UPDATE recent_registrations SET network_hmac = 'elsewhere'`)
	b.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, registration) SELECT 'c' || i, 'none', 'open'
		FROM generate_series(21, 1000) AS i`)
	if a := b.register(withCallback()); a.Status != 503 || a.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// OpenID Connect Dynamic Registration §5.
func TestTheSectorIdentifierIsLookedAt(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	files := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch r.URL.Path {
		case "/good":
			_ = json.NewEncoder(w).Encode([]string{"https://other.example.org/", Callback})
		case "/bad":
			_ = json.NewEncoder(w).Encode([]string{"https://other.example.org/"})
		case "/large":
			_ = json.NewEncoder(w).Encode([]string{Callback, strings.Repeat("x", 64<<10)})
		case "/away":
			http.Redirect(w, r, "/good", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(files.Close)
	r := start(t, openRegistration, ReachesTestServers)
	b := r.browser()
	for path, status := range map[string]int{"/good": 201, "/bad": 400, "/large": 400, "/away": 400, "/none": 400} {
		a := b.register(withCallback("subject_type", "pairwise", "sector_identifier_uri", files.URL+path))
		if a.Status != status || status == 400 && (a.JSON()["error"] != "invalid_client_metadata" || !strings.Contains(a.Body,
			"sector_identifier_uri")) {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}

	// Nobody has us look inside.
	inside := start(t, openRegistration).browser()
	before := asked.Load()
	for _, uri := range []string{files.URL + "/good", "https://localhost:1/", "https://[::1]/", "https://10.0.0.1/",
		"https://169.254.169.254/latest/meta-data"} {
		if a := inside.register(withCallback("sector_identifier_uri", uri)); a.Status != 400 || strings.Contains(a.Body, "private") ||
			strings.Contains(a.Body, "refused") {
			t.Errorf("%s: %d %s", uri, a.Status, a.Body)
		}
	}
	if asked.Load() != before {
		t.Error("a private address was asked")
	}
	// What nobody looks at is not fetched.
	inside.register(withCallback("jwks_uri", "https://10.0.0.1/jwks"))
	if a := inside.register(withCallback("logo_uri", files.URL+"/logo.png", "jwks_uri", files.URL+"/jwks")); a.Status != 201 ||
		asked.Load() != before {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

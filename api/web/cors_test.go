package web_test

import (
	"strings"
	"testing"

	. "gatehouse/api/apitest"
	"gatehouse/api/provider"
)

func TestCORSIsForTheOriginsOfRegisteredClientsErrorsIncluded(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	const good, evil = "https://spa.example.org", "https://evil.example"
	for _, path := range []string{"/authentication-methods", "/userinfo"} {
		if a := b.Do("GET", path, nil, "Origin", good); a.Header.Get("Access-Control-Allow-Origin") != good ||
			a.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", path, a.Header)
		}
		if a := b.Do("GET", path, nil, "Origin", evil); a.Header.Get("Access-Control-Allow-Origin") != "" || a.Header.Get("Vary") == "" {
			t.Errorf("%s from elsewhere: %v", path, a.Header)
		}
	}
	for _, path := range []string{"/token", "/revoke"} {
		if a := b.Do("POST", path, Redeem("x", "client_id", "spa"), "Origin", good); a.Header.Get("Access-Control-Allow-Origin") != good {
			t.Errorf("%s: %v", path, a.Header)
		}
		a := b.Do("OPTIONS", path, nil, "Origin", good, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers",
			"x-requested-with")
		if a.Status != 204 || !strings.Contains(strings.ToLower(a.Header.Get("Access-Control-Allow-Headers")), "x-requested-with") {
			t.Errorf("preflight of %s: %d %v", path, a.Status, a.Header)
		}
	}
	if a := b.Do("GET", "/interaction", nil, "Origin", good); a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("/interaction is open to clients")
	}
	if a := b.Do("GET", "/authorize", AuthParams(), "Origin", good); a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("/authorize is open to scripts")
	}
}

// A page registers itself before it is a client, and reads where. No cookie has a say at these endpoints, nor may one come along.
func TestWhatAProgramDoesBeforeItIsAClientIsForPagesOfAnyOrigin(t *testing.T) {
	t.Parallel()
	b := Start(t, func(s *provider.Settings) { s.Registration = "open" }).Browser()
	const stranger = "https://inspector.example.org"
	for _, endpoint := range []string{"GET /.well-known/openid-configuration", "GET /.well-known/oauth-authorization-server", "GET /jwks",
		"POST /register", "GET /register/x", "PUT /register/x", "DELETE /register/x"} {
		method, path, _ := strings.Cut(endpoint, " ")
		for _, a := range []Answer{b.Do(method, path, nil, "Origin", stranger), b.Do(method, path, nil)} {
			if a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Access-Control-Allow-Credentials") != "" ||
				a.Header.Get("Vary") != "" {
				t.Errorf("%s: %d %v", endpoint, a.Status, a.Header)
			}
		}
		a := b.Do("OPTIONS", path, nil, "Origin", stranger, "Access-Control-Request-Method", method,
			"Access-Control-Request-Headers", "content-type,mcp-protocol-version")
		if a.Status != 204 || a.Header.Get("Access-Control-Allow-Origin") != "*" ||
			!strings.Contains(a.Header.Get("Access-Control-Allow-Methods"), method) ||
			!strings.HasSuffix(a.Header.Get("Access-Control-Allow-Headers"), "content-type,mcp-protocol-version") {
			t.Errorf("preflight of %s: %d %v", endpoint, a.Status, a.Header)
		}
	}
}

// Fetch §3.3.3, RFC 9110 §5.6.2.
func TestAPageMaySendWhicheverHeadersItAsksFor(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	preflight := func(path, origin string, asked ...string) string {
		headers := []string{"Origin", origin, "Access-Control-Request-Method", "POST"}
		for _, names := range asked {
			headers = append(headers, "Access-Control-Request-Headers", names)
		}
		a := b.Do("OPTIONS", path, nil, headers...)
		if a.Status != 204 {
			t.Errorf("preflight of %s: %d", path, a.Status)
		}
		return a.Header.Get("Access-Control-Allow-Headers")
	}
	const spa, always = "https://spa.example.org", "Authorization, Content-Type, DPoP, X-Requested-With"
	for _, asked := range []string{"mcp-protocol-version", "traceparent,tracestate", "baggage, sentry-trace", "x-a",
		strings.Repeat("x-a,", 500) + "x"} {
		for _, path := range []string{"/token", "/userinfo", "/revoke", "/par", "/device_authorization"} {
			if got := preflight(path, spa, asked); got != always+", "+asked {
				t.Errorf("%s, asked for %.100s: %.100s", path, asked, got)
			}
		}
	}
	if got := preflight("/interaction", UIOrigin, "traceparent"); got != always+", traceparent" {
		t.Errorf("/interaction: %s", got)
	}
	for _, asked := range []string{"", "a b", "a,,b", "a;b", "\"a\"", "é", "a, *()", strings.Repeat("x", 2049)} {
		if got := preflight("/token", spa, asked); got != always {
			t.Errorf("asked for %.100q: %.100s", asked, got)
		}
	}
	if got := preflight("/token", "https://evil.example", "traceparent"); got != "" {
		t.Errorf("a page of another origin: %s", got)
	}
}

func TestPagesOfClientsAreThoseOfTheirRedirectURIsAndOfTheirRows(t *testing.T) {
	t.Parallel()
	r := Start(t)
	r.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris, cors_origins, application_type, registration,
		localhost_any_port) VALUES
		('view', 'none', '{com.example.app:/callback}', '{capacitor://localhost,https://localhost}', 'native', NULL, false),
		('native', 'none', '{http://127.0.0.1/cb,http://localhost:4000/cb}', '{}', 'native', NULL, false),
		('tool', 'none', '{http://localhost/cb}', '{}', 'web', NULL, true),
		('agent', 'none', '{"http://[::1]:9/cb"}', '{}', 'native', 'open', false)`)
	r.WaitForNotify()
	allowed := func(origin string) bool {
		return r.Browser().Do("POST", "/token", nil, "Origin", origin).Header.Get("Access-Control-Allow-Origin") == origin
	}
	for _, origin := range []string{"capacitor://localhost", "https://localhost", "http://localhost:4000", "http://localhost",
		"http://localhost:51234", "http://127.0.0.1", "http://127.0.0.1:51234", "http://[::1]", "http://[::1]:51234"} {
		if !allowed(origin) {
			t.Errorf("%s is no client's", origin)
		}
	}
	for _, origin := range []string{"ionic://localhost", "https://localhost:51234", "com.example.app://", "null", "http://127.0.0.2:5",
		"http://localhost.evil.example:5", "https://127.0.0.1", "http:", ":", "*"} {
		if allowed(origin) {
			t.Errorf("%s is a client's", origin)
		}
	}
	r.Exec("UPDATE clients SET disabled_at = now() WHERE client_id IN ('view', 'tool')")
	r.WaitForNotify()
	for _, origin := range []string{"capacitor://localhost", "http://localhost:51234"} {
		if allowed(origin) {
			t.Errorf("%s is that of a disabled client", origin)
		}
	}
}

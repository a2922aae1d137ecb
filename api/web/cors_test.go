package web_test

import (
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

func TestCORSIsForTheOriginsOfRegisteredClientsErrorsIncluded(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	const good, evil = "https://spa.example.org", "https://evil.example"
	for _, path := range []string{"/.well-known/openid-configuration", "/jwks", "/userinfo"} {
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

package provider_test

import (
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

func TestTheAuthenticationMethodsAreWhatTheLoginPageOffers(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec(`INSERT INTO upstreams (name, display_name, issuer, client_id, disabled_at) VALUES
		('google', 'Google', 'https://accounts.google.com', 'x', NULL), ('old', 'Old', 'https://old.example.org', 'x', now())`)
	b.WaitForNotify()
	a := b.Do("GET", "/authentication-methods", nil, "Origin", "https://spa.example.org")
	if a.Status != 200 || a.Header.Get("Access-Control-Allow-Origin") != "https://spa.example.org" ||
		a.Header.Get("Cache-Control") != "public, max-age=60" {
		t.Errorf("%d %v", a.Status, a.Header)
	}
	want := `{"issuer":"` + b.Issuer + `","name":"Gatehouse","methods":[{"method":"password","display_name":"Gatehouse"},` +
		`{"method":"upstream","name":"google","display_name":"Google","authorization_params":{"idp_hint":"google"}},` +
		`{"method":"device","display_name":"Gatehouse","url":"` + UIOrigin + `/device"},` +
		`{"method":"personal_access_token","display_name":"Gatehouse","url":"` + b.Issuer + `/account"}]}`
	if strings.TrimSpace(a.Body) != want {
		t.Errorf("%s, want %s", a.Body, want)
	}
	a = b.Do("GET", "/authentication-methods", nil, "Origin", "https://evil.example.org")
	if a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("read by a page that is no client's")
	}
}

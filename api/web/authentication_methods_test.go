package web_test

import (
	"strings"
	"testing"
)

func TestTheAuthenticationMethodsAreWhatTheLoginPageOffers(t *testing.T) {
	b := start(t).browser()
	b.exec(`INSERT INTO upstreams (name, display_name, issuer, client_id, disabled_at) VALUES
		('google', 'Google', 'https://accounts.google.com', 'x', NULL), ('old', 'Old', 'https://old.example.org', 'x', now())`)
	waitForNotify()
	a := b.do("GET", "/authentication-methods", nil, "Origin", "https://spa.example.org")
	if a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "https://spa.example.org" ||
		a.header.Get("Cache-Control") != "public, max-age=60" {
		t.Errorf("%d %v", a.status, a.header)
	}
	want := `{"issuer":"` + b.issuer + `","name":"Gatehouse","methods":[{"method":"password","display_name":"Gatehouse"},` +
		`{"method":"upstream","name":"google","display_name":"Google","authorization_params":{"idp_hint":"google"}},` +
		`{"method":"device","display_name":"Gatehouse","url":"` + uiOrigin + `/device"},` +
		`{"method":"personal_access_token","display_name":"Gatehouse","url":"` + b.issuer + `/account"}]}`
	if strings.TrimSpace(a.body) != want {
		t.Errorf("%s, want %s", a.body, want)
	}
	a = b.do("GET", "/authentication-methods", nil, "Origin", "https://evil.example.org")
	if a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("read by a page that is no client's")
	}
}

package oidc

import (
	"strings"
	"testing"
)

// OpenID Connect Front-Channel Logout 1.0 §2.
func TestAFrontchannelLogoutAddsIssAndSidToTheQueryThatIsThere(t *testing.T) {
	for uri, want := range map[string]string{
		"https://rp.example.org":           "https://rp.example.org?iss=https%3A%2F%2Fop.example.org&sid=s",
		"https://rp.example.org/out?a=b+c": "https://rp.example.org/out?a=b+c&iss=https%3A%2F%2Fop.example.org&sid=s",
	} {
		if got := FrontchannelLogout(uri, "https://op.example.org", "s"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// §2: scheme, host and port.
func TestAFrontchannelLogoutURIIsAtTheOriginOfARedirectURI(t *testing.T) {
	own := []string{"org.example.app:/cb", "https://rp.example.org/cb", "http://localhost:8000/cb"}
	for uri, want := range map[string]bool{
		"https://rp.example.org:443/out?x=1": true, "http://localhost:8000/": true, "https://RP.example.org/": true,
		"https://rp.example.org:8443/out": false,
		"http://rp.example.org/out":       false, "https://example.org/out": false, "org.example.app:/out": false, "": false,
	} {
		if MayTellInFront(uri, own) != want {
			t.Errorf("%q: %t", uri, !want)
		}
	}
}

func TestALogoutRequestIsBounded(t *testing.T) {
	req, refusal := ParseLogout(Params{"state": strings.Repeat("s", 4096), "ui_locales": "de-CH fr", "logout_hint": "alice"})
	if refusal != nil || len(req.State) != 4096 || len(req.UILocales) != 2 {
		t.Errorf("%v %v", req, refusal)
	}
	for _, p := range []Params{{"state": strings.Repeat("s", 4097)}, {"ui_locales": strings.Repeat("de ", 67)}} {
		if _, refusal := ParseLogout(p); refusal == nil || refusal.Code != InvalidRequest {
			t.Errorf("%.30v: %v", p, refusal)
		}
	}
}

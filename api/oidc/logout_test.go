package oidc

import (
	"net/url"
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
	req, _, flaw := ParseLogout(url.Values{"state": {strings.Repeat("s", MaxQuery)}, "ui_locales": {"de-CH fr"}, "logout_hint": {"alice"}})
	if flaw != nil || len(req.State) != MaxQuery || len(req.UILocales) != 2 {
		t.Errorf("%v %v", req, flaw)
	}
	for _, raw := range []url.Values{{"state": {strings.Repeat("s", MaxQuery+1)}}, {"ui_locales": {strings.Repeat("de ", 67)}}} {
		if req, _, flaw := ParseLogout(raw); flaw == nil || flaw.Code != LogoutUnreadable || req.State != "" || len(req.UILocales) > 0 {
			t.Errorf("%.30v: %v %.30v", raw, flaw, req)
		}
	}
}

// What programs write for a variable without a value is none; a state may be any word.
func TestAWordForNothingIsNoValueOfALogout(t *testing.T) {
	for _, word := range []string{"undefined", "null", "None"} {
		for _, name := range []string{"id_token_hint", "client_id", "post_logout_redirect_uri"} {
			req, hint, flaw := ParseLogout(url.Values{name: {word}})
			if flaw == nil || flaw.Why != name+" is the word "+word || hint+req.ClientID+req.PostLogoutRedirectURI != "" {
				t.Errorf("%s=%s: %v %v %q", name, word, flaw, req, hint)
			}
		}
		if req, _, flaw := ParseLogout(url.Values{"state": {word}}); flaw != nil || req.State != word {
			t.Errorf("state=%s: %v %v", word, flaw, req)
		}
	}
}

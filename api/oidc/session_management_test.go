package oidc

import "testing"

// OpenID Connect Session Management 1.0 §3.2.
func TestASessionStateIsOfOneClientOneOriginAndOneBrowserState(t *testing.T) {
	const want = "XAx84P1EGK70RQP00HB4AEPreJ29spCifNIsyA-ePWE.the-salt" // of "web https://rp.example.org the-state the-salt"
	same := SessionState("web", "https://RP.example.org:443/callback?x=1", "the-state", "the-salt")
	if same != want {
		t.Errorf("%s, want %s", same, want)
	}
	for what, other := range map[string]string{
		"another client":        SessionState("spa", "https://rp.example.org/callback", "the-state", "the-salt"),
		"another port":          SessionState("web", "https://rp.example.org:8443/callback", "the-state", "the-salt"),
		"another scheme":        SessionState("web", "http://rp.example.org/callback", "the-state", "the-salt"),
		"another browser state": SessionState("web", "https://rp.example.org/callback", "other", "the-salt"),
		"another salt":          SessionState("web", "https://rp.example.org/callback", "the-state", "other"),
		"no web page":           SessionState("web", "org.example.app:/callback", "the-state", "the-salt"),
	} {
		if other == want {
			t.Errorf("%s has the same", what)
		}
	}
}

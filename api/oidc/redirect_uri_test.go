package oidc

import "testing"

// RFC 8252 §7.3.
func TestANativeClientMayUseAnyPortOfItsOwnMachine(t *testing.T) {
	registered := []string{"http://127.0.0.1/cb", "http://[::1]:8000/cb?x=1", "http://localhost:9000/cb", "https://127.0.0.1/tls",
		"org.example.app:/cb"}
	native := Client{ClientMetadata: ClientMetadata{ApplicationType: "native", RedirectURIs: registered}}
	web := Client{ClientMetadata: ClientMetadata{ApplicationType: "web", RedirectURIs: registered}}
	for _, uri := range registered {
		if !native.HasRedirectURI(uri) || !web.HasRedirectURI(uri) {
			t.Errorf("%s is registered", uri)
		}
	}
	for _, uri := range []string{"http://127.0.0.1:51004/cb", "http://127.0.0.1:1/cb", "http://[::1]/cb?x=1", "http://[::1]:65000/cb?x=1"} {
		if !native.HasRedirectURI(uri) {
			t.Errorf("a native client may not use %s", uri)
		}
		if web.HasRedirectURI(uri) {
			t.Errorf("a web client may use %s", uri)
		}
	}
	for _, uri := range []string{"http://127.0.0.1:51004/", "http://127.0.0.1:51004/cb/", "http://127.0.0.1:51004/cb?x=1",
		"http://127.0.0.1:51004@evil.example/cb",
		"http://127.0.0.1:evil/cb", "http://127.0.0.1.evil.example/cb", "http://user@127.0.0.1:5/cb", "https://127.0.0.1:5/tls",
		"http://localhost:9001/cb",
		"http://127.0.0.1:51004/cb#x", "http://127.0.0.2:5/cb", "HTTP://127.0.0.1:5/cb", "http://127.0.0.1:/cb",
		"http://127.0.0.1:5\\@evil.example/cb", ""} {
		if native.HasRedirectURI(uri) {
			t.Errorf("%s is taken", uri)
		}
	}
}

package oidc

import (
	"strings"
	"testing"
)

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

// RFC 8252 §8.3: localhost is not as sure to be the person's own machine, so it takes the word of an administrator, or a native client
// that has nobody to give it.
func TestLocalhostHasAnyPortForWhoseRowSaysSo(t *testing.T) {
	registered := []string{"http://localhost/cb", "http://localhost:8000/", "http://127.0.0.1/cb"}
	for about, c := range map[string]struct {
		kind, registration string
		anyPort            bool
		want               string // of localhost, of 127.0.0.1
	}{
		"by an administrator":               {"web", "", false, "no no"},
		"native":                            {"native", "", false, "no yes"},
		"whose row says so":                 {"web", "", true, "yes no"},
		"native whose row says so":          {"native", "", true, "yes yes"},
		"that registered itself":            {"web", "open", false, "no no"},
		"native that registered itself":     {"native", "open", false, "yes yes"},
		"native that registered by token":   {"native", "token", false, "yes yes"},
		"native that registered a document": {"native", "document", false, "yes yes"},
	} {
		client := Client{ClientMetadata: ClientMetadata{ApplicationType: c.kind, RedirectURIs: registered}, Registration: c.registration,
			LocalhostAnyPort: c.anyPort}
		for i, host := range []string{"localhost", "127.0.0.1"} {
			want := strings.Fields(c.want)[i] == "yes"
			for _, uri := range []string{"http://HOST:51004/cb", "http://HOST:1/cb"} {
				if uri = strings.ReplaceAll(uri, "HOST", host); client.HasRedirectURI(uri) != want {
					t.Errorf("a client %s: %s: %v", about, uri, !want)
				}
			}
		}
		for _, uri := range []string{"http://localhost:51004", "http://localhost:51004/other", "http://localhost:x/cb", "http://localhost:/cb",
			"http://localhost.example.org:5/cb", "http://localhost:5@evil.example/cb", "https://localhost:5/cb", "http://LOCALHOST:5/cb",
			"http://localhost.:5/cb", "http://localhost:5/cb#x", "http://[::1]:5/cb"} {
			if client.HasRedirectURI(uri) {
				t.Errorf("a client %s: %s is taken", about, uri)
			}
		}
	}
}

// RFC 8252 §7, §8.6.
func TestAnyProgramReceivesWhatIsSentToLoopbackOrAPrivateScheme(t *testing.T) {
	for uri, want := range map[string]bool{
		"http://localhost:8000/cb": true, "http://LOCALHOST/cb": true, "http://localhost./cb": true, "http://127.0.0.1/cb": true,
		"http://127.8.9.1:5/cb": true, "http://[::1]:5/cb": true, "http://[::ffff:127.0.0.1]/cb": true, "http://app.localhost/cb": true,
		"https://localhost:8443/cb": true, "http://0.0.0.0:5/cb": true, "http://[::]/cb": true,
		"org.example.app:/cb": true, "capacitor://localhost/cb": true, "edu.kit.data.oidc-agent:/redirect": true,
		"com.app://x.example.org/":   true,
		"https://app.example.org/cb": false, "HTTPS://app.example.org/cb": false, "http://hub.example.org/cb": false,
		"https://localhost.example.org/cb": false, "https://notlocalhost/cb": false, "https://192.168.0.1/cb": false, "": false,
	} {
		if AnyProgramReceives(uri) != want {
			t.Errorf("%s: %v", uri, !want)
		}
	}
}

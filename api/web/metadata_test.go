package web_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// RFC 9110 §13.1.2: relying parties ask again and again for what seldom changes.
func TestDiscoveryAndTheJWKSNeedNotBeSentTwice(t *testing.T) {
	b := start(t).browser()
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"} {
		first := b.do("GET", path, nil)
		tag := first.header.Get("ETag")
		if first.status != 200 || tag == "" || first.header.Get("Content-Length") != strconv.Itoa(len(first.body)) {
			t.Fatalf("%s: %d, %v", path, first.status, first.header)
		}
		for _, has := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
			a := b.do("GET", path, nil, "If-None-Match", has)
			if a.status != 304 || a.body != "" || a.header.Get("ETag") != tag || a.header.Get("Cache-Control") != "public, max-age=300" {
				t.Errorf("%s with If-None-Match %s: %d, %v, %q", path, has, a.status, a.header, a.body)
			}
		}
		if a := b.do("GET", path, nil, "If-None-Match", `"other"`); a.status != 200 || a.body != first.body {
			t.Errorf("%s with another ETag: %d", path, a.status)
		}
	}
}

func TestTheJWKSHasAnotherETagWhenItHasAnotherKey(t *testing.T) {
	b := start(t).browser()
	before := b.do("GET", "/jwks", nil)
	b.exec(`DELETE FROM signing_keys WHERE alg = 'PS256'`)
	waitForNotify()
	after := b.do("GET", "/jwks", nil, "If-None-Match", before.header.Get("ETag"))
	if after.status != 200 || after.header.Get("ETag") == before.header.Get("ETag") {
		t.Errorf("%d, %s", after.status, after.header.Get("ETag"))
	}
}

// What programs ask for all day would drown the rest of the log, unless it fails.
func TestWhatIsPolledIsLoggedAtDebugOnly(t *testing.T) {
	log := takeLog(t)
	b := start(t).browser()
	for _, path := range []string{"/.well-known/openid-configuration", "/jwks", "/healthz", "/readyz", "/userinfo", "/no/such/path"} {
		b.do("GET", path, nil)
	}
	levels := map[string]string{}
	for line := range strings.Lines(log.String()) {
		var said struct{ Level, Msg, Path string }
		if json.Unmarshal([]byte(line), &said) == nil && said.Msg == "request" {
			levels[said.Path] = said.Level
		}
	}
	for path, want := range map[string]string{"/.well-known/openid-configuration": "DEBUG", "/jwks": "DEBUG", "/healthz": "DEBUG", "/readyz": "DEBUG",
		"/userinfo": "INFO", "(no such path)": "INFO"} {
		if levels[path] != want {
			t.Errorf("%s is logged at %q, want %q", path, levels[path], want)
		}
	}
}

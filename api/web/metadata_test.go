package web_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

// RFC 9110 §13.1.2: relying parties ask again and again for what seldom changes.
func TestDiscoveryAndTheJWKSNeedNotBeSentTwice(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"} {
		first := b.Do("GET", path, nil)
		tag := first.Header.Get("ETag")
		if first.Status != 200 || tag == "" || first.Header.Get("Content-Length") != strconv.Itoa(len(first.Body)) {
			t.Fatalf("%s: %d, %v", path, first.Status, first.Header)
		}
		for _, has := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
			a := b.Do("GET", path, nil, "If-None-Match", has)
			if a.Status != 304 || a.Body != "" || a.Header.Get("ETag") != tag || a.Header.Get("Cache-Control") != "public, max-age=300" {
				t.Errorf("%s with If-None-Match %s: %d, %v, %q", path, has, a.Status, a.Header, a.Body)
			}
		}
		if a := b.Do("GET", path, nil, "If-None-Match", `"other"`); a.Status != 200 || a.Body != first.Body {
			t.Errorf("%s with another ETag: %d", path, a.Status)
		}
	}
}

func TestTheJWKSHasAnotherETagWhenItHasAnotherKey(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	before := b.Do("GET", "/jwks", nil)
	b.API.Exec(`DELETE FROM signing_keys WHERE alg = 'PS256'`)
	b.API.WaitForNotify()
	after := b.Do("GET", "/jwks", nil, "If-None-Match", before.Header.Get("ETag"))
	if after.Status != 200 || after.Header.Get("ETag") == before.Header.Get("ETag") {
		t.Errorf("%d, %s", after.Status, after.Header.Get("ETag"))
	}
}

// What programs ask for all day would drown the rest of the log, unless it fails.
func TestWhatIsPolledIsLoggedAtDebugOnly(t *testing.T) {
	log := TakeLog(t)
	b := Start(t).Browser()
	for _, path := range []string{"/.well-known/openid-configuration", "/jwks", "/healthz", "/readyz", "/userinfo", "/no/such/path"} {
		b.Do("GET", path, nil)
	}
	levels := map[string]string{}
	for line := range strings.Lines(log.String()) {
		var said struct{ Level, Msg, Path string }
		if json.Unmarshal([]byte(line), &said) == nil && said.Msg == "request" {
			levels[said.Path] = said.Level
		}
	}
	for path, want := range map[string]string{"/.well-known/openid-configuration": "DEBUG", "/jwks": "DEBUG", "/healthz": "DEBUG",
		"/readyz":   "DEBUG",
		"/userinfo": "INFO", "(no such path)": "INFO"} {
		if levels[path] != want {
			t.Errorf("%s is logged at %q, want %q", path, levels[path], want)
		}
	}
}

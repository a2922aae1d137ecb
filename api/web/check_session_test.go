package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
	"gatehouse/api/provider"
)

func withCheckSession(s *provider.Settings) { s.SessionManagement = true }

func TestTheStateCookieIsForScriptsOfThisHostAndTellsNoSecret(t *testing.T) {
	t.Parallel()
	b := Start(t, HTTPSIssuer, withCheckSession).Browser()
	b.HTTP.Jar = nil
	states := map[string]bool{}
	for _, headers := range [][]string{{"Cookie", "__Host-gatehouse-browser=" + strings.Repeat("A", 43)}, nil} {
		for _, set := range b.Do("GET", "/authorize", AuthParams("prompt", "none"), headers...).Header.Values("Set-Cookie") {
			name, rest, _ := strings.Cut(set, "=")
			value, attributes, _ := strings.Cut(rest, "; ")
			if name != "__Host-gatehouse-state" {
				continue
			}
			if attributes != "Path=/; Secure; SameSite=None" || len(value) != 43 || states[value] || strings.HasPrefix(value, "AAA") {
				t.Errorf("Set-Cookie: %s", set)
			}
			states[value] = true
		}
	}
	if len(states) != 2 {
		t.Errorf("states %v", states)
	}
}

// OpenID Connect Session Management 1.0 §3.2.
func TestThePageOfCheckSessionIframeMayBeFramedAndKeptAndRunsItsScriptOnly(t *testing.T) {
	t.Parallel()
	b := Start(t, withCheckSession).Browser()
	b.Code(AuthParams())
	a := b.Do("GET", "/check_session", nil)
	script := regexp.MustCompile(`(?s)<script>(.*)</script>`).FindStringSubmatch(a.Body)
	if a.Status != 200 || script == nil || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("%d %v %s", a.Status, a.Header, a.Body)
	}
	sum := sha256.Sum256([]byte(script[1]))
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
		"X-Frame-Options":         "", "Set-Cookie": "", "Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if strings.Contains(a.Body, b.Cookie("gatehouse-state")) || !strings.Contains(a.Body, "gatehouse-state=") ||
		strings.Contains(a.Body, "'*'") {
		t.Error(a.Body)
	}
	if a := b.Do("POST", "/check_session", url.Values{}); a.Status != 405 {
		t.Errorf("POST: %d", a.Status)
	}
}

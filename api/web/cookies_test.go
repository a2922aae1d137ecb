package web_test

import (
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

// RFC 6265bis; the session id is rotated at sign-in.
func TestCookiesAreBoundToTheHostAndRotated(t *testing.T) {
	t.Parallel()
	b := Start(t, HTTPSIssuer).Browser()
	a := b.Authorize(AuthParams())
	for _, header := range a.Header.Values("Set-Cookie") {
		if !strings.HasPrefix(header, "__Host-gatehouse-") || !strings.Contains(header, "HttpOnly") || !strings.Contains(header, "Secure") ||
			!strings.Contains(header, "SameSite=None") || !strings.Contains(header, "Path=/") || strings.Contains(header, "Domain") {
			t.Errorf("Set-Cookie: %s", header)
		}
	}
	if len(a.Header.Values("Set-Cookie")) != 1 {
		t.Errorf("cookies: %v", a.Header.Values("Set-Cookie"))
	}
	at := a.Location()
	_, bound, _ := strings.Cut(a.Header.Get("Set-Cookie"), "=")
	bound, _, _ = strings.Cut(bound, ";")
	signedIn := b.Login(at, "alice", Password, "Cookie", "__Host-gatehouse-browser="+bound)
	if signedIn.Query("code") == "" {
		t.Fatalf("sign-in on https: %d %s", signedIn.Status, signedIn.Location())
	}
	session := ""
	for _, header := range signedIn.Header.Values("Set-Cookie") {
		if rest, ok := strings.CutPrefix(header, "__Host-gatehouse-session="); ok {
			session, _, _ = strings.Cut(rest, ";")
		}
	}
	b = b.API.Browser() // without a jar that would add to the headers below
	b.HTTP.Jar = nil
	if a := b.Do("GET", "/authorize", AuthParams(), "Cookie", "__Host-gatehouse-session="+session); a.Query("code") == "" {
		t.Errorf("the session cookie does not work: %s", a.Location())
	}
	// A neighbouring host can set gatehouse-session for the whole domain, but not __Host-gatehouse-session.
	if a := b.Do("GET", "/authorize", AuthParams(), "Cookie", "gatehouse-session="+session); a.Location().Path != "/login" {
		t.Errorf("a cookie without the prefix was believed: %s", a.Location())
	}
	if a := b.Login(at, "alice", Password, "Cookie",
		"__Host-gatehouse-browser="+bound+"; __Host-gatehouse-session="+session); a.Query("code") == "" {
		t.Errorf("second sign-in: %s", a.Location())
	}
	if a := b.Do("GET", "/authorize", AuthParams(), "Cookie", "__Host-gatehouse-session="+session); a.Location().Path != "/login" {
		t.Error("the former session of the browser outlived a new sign-in")
	}
}

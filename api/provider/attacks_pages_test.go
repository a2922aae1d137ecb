package provider_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

// ownStyle is what the policy of a page of the API allows beside nothing: its one style.
var ownStyle = regexp.MustCompile(`style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src data:; `)

// Whatever is asked of the new endpoints from another site: the answer is kept by nobody, framed by nobody, read by no stranger's page,
// tells no address to the next one, and leads to our own pages only.
func TestTheNewEndpointsGiveAnotherSiteNothing(t *testing.T) {
	t.Parallel()
	b := startWithDevices(t).browser()
	b.openAccount() // somebody is signed in
	const evil = "https://evil.example.org"
	lure := url.Values{"request": {"x"}, "client_id": {"tv"}, "user_code": {"BCDF-GHJK"}, "state": {strings.Repeat("A", 43)},
		"upstream": {"up"}}
	for _, name := range []string{"try_again", "return_to", "next", "redirect_uri", "rd", "action", "post_logout_redirect_uri"} {
		lure.Set(name, evil+"/\r\nSet-Cookie: gatehouse-session=x")
	}
	for _, endpoint := range []string{"POST /login/upstream", "GET /upstream/up/callback", "POST /upstream/up/callback", "GET /account",
		"POST /account/tokens", "POST /account/tokens/revoke", "POST /device", "POST /device_authorization", "POST /token", "GET /interaction"} {
		method, path, _ := strings.Cut(endpoint, " ")
		a := b.Do(method, path, lure, "Origin", evil, "Sec-Fetch-Site", "cross-site")
		for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"X-Content-Type-Options":  "nosniff",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Access-Control-Allow-Origin": "",
			"Access-Control-Allow-Credentials": ""} {
			if got := ownStyle.ReplaceAllString(a.Header.Get(name), ""); got != want {
				t.Errorf("%s: %s is %q, want %q", endpoint, name, got, want)
			}
		}
		to := a.Location().String() + a.LeadsTo()
		if to != "" && !strings.HasPrefix(to, UIOrigin+"/") || strings.Contains(a.Body+to, "evil.example.org") ||
			b.Count("SELECT count(*) FROM personal_access_tokens") > 0 {
			t.Errorf("%s: %d %s %s", endpoint, a.Status, to, a.Body)
		}
		for _, cookie := range a.Header.Values("Set-Cookie") {
			if strings.HasPrefix(cookie, "gatehouse-session") {
				t.Errorf("%s: sets %s", endpoint, cookie)
			}
		}
	}
}

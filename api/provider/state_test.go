package provider_test

import (
	"net/url"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
	"gatehouse/api/oidc"
)

// Some applications keep a deep link in it, and more (RFC 6749 §4.1.1 has no bound).
func TestAStateMayBeAsLongAsTheQuery(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	room := oidc.MaxQuery - len(AuthParams("state", "x").Encode()) // with the state as it is written there
	long := map[string]string{
		"4097": strings.Repeat("s", 4097), "6000": strings.Repeat("s", 6000), "all of it": strings.Repeat("s", room),
		"percent-encoded": strings.Repeat(`<"&é`, room/18), "JSON": strings.Repeat(`{"to":"/a?b=c&d"}`, room/40),
	}
	for what, state := range long {
		fresh := b.rig.browser()
		a := fresh.Authorize(AuthParams("state", state))
		if a.Location().Path != "/login" || len(a.Header.Get("Location")) > 30<<10 {
			t.Fatalf("%s: %d, %d bytes, %.100s", what, a.Status, len(a.Header.Get("Location")), a.Body)
		}
		if page := fresh.Interaction(a.Location().String()); page["page"] != "login" {
			t.Errorf("%s: the page is %.100v", what, page)
		}
		a = fresh.Login(a.Location(), "alice", Password)
		if a.Query("code") == "" || a.Query("state") != state {
			t.Errorf("%s: %d %.100s", what, a.Status, a.Location())
		}
		if a := fresh.Do("POST", "/authorize", AuthParams("state", state, "response_mode", "form_post")); a.Status != 200 ||
			!strings.Contains(a.Body, `name="state"`) {
			t.Errorf("%s, form_post: %d %.100s", what, a.Status, a.Body)
		}
	}
	if a := b.Authorize(AuthParams("state", strings.Repeat("s", oidc.MaxQuery))); a.Status != 414 {
		t.Errorf("beyond the query: %d", a.Status)
	}
	for _, state := range []string{strings.Repeat("s", oidc.MaxQuery+1), strings.Repeat("<", oidc.MaxQuery/2)} {
		a := b.Do("POST", "/authorize", AuthParams("state", state))
		if a.Query("error") != "invalid_request" || !strings.Contains(a.Query("error_description"), "state") || a.Query("state") != "" {
			t.Errorf("in a form: %d %.200s", a.Status, a.Location())
		}
	}
}

// The request lies in cookies on the way to an upstream.
func TestALongStateComesBackFromAnUpstream(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) VALUES ('up', $1, 'sub-bob', 'alice')`, n.there.Issuer)
	state := strings.Repeat("s", 15<<10)
	a := n.Authorize(AuthParams("state", state))
	for range 3 { // from as many tabs
		a = n.signInThere(n.choose(a.Location(), "up"), "bob")
		if a = n.Do("GET", a.Location().String(), nil); a.Query("code") == "" || a.Query("state") != state {
			t.Fatalf("%d %.200s %.200s", a.Status, a.Location(), a.Body)
		}
		for range 2 { // begun and left
			n.choose(n.Authorize(AuthParams("state", state, "prompt", "login")).Location(), "up")
		}
		a = n.Authorize(AuthParams("state", state, "prompt", "login"))
	}
}

// RFC 6749 §4.1.2.1: "the exact value received from the client", also where it is what is wrong.
func TestAnErrorForABadStateCarriesItWhereItCan(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	bad := func(values ...string) url.Values {
		params := AuthParams()
		params["state"] = values
		return params
	}
	for want, params := range map[string]url.Values{"a\nb": bad("a\nb"), "\x00": bad("\x00"), "\xff\xfe": bad("\xff\xfe"),
		"same": bad("same", "same"), "": bad("one", "another")} {
		for _, method := range []string{"GET", "POST"} {
			a := b.Do(method, "/authorize", params)
			if a.Query("error") != "invalid_request" || a.Query("state") != want || a.Query("iss") != b.Issuer ||
				a.Location().Query().Has("state") != (want != "") {
				t.Errorf("%s %q: %d %s", method, params["state"], a.Status, a.Location())
			}
		}
	}
	other := bad("good")
	other.Set("nonce", strings.Repeat("n", 2000))
	if a := b.Authorize(other); a.Query("state") != "good" || a.Query("error") != "invalid_request" {
		t.Errorf("%s", a.Location())
	}
}

// A page names what is wrong.
func TestAMissingRedirectURIIsNotOneThatIsNotRegistered(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	for code, params := range map[string]url.Values{"redirect_uri_missing": AuthParams("redirect_uri", ""),
		"invalid_redirect_uri": AuthParams("redirect_uri", "https://rp.example.org/other")} {
		if a := b.Authorize(params); a.Status != 400 || b.errorOf(a) != code {
			t.Errorf("%d %s, want %s", a.Status, b.errorOf(a), code)
		}
		want := map[string]string{"redirect_uri_missing": "redirect_uri is missing", "invalid_redirect_uri": "redirect_uri is not registered"}
		if a := b.pushRequest(params); a.Status != 400 || a.JSON()["error_description"] != want[code] {
			t.Errorf("pushed: %d %s", a.Status, a.Body)
		}
	}
	object := AuthParams("request_uri", "https://rp.example.org/unheard-of", "redirect_uri", "")
	if a := b.Authorize(object); a.Status != 400 || b.errorOf(a) != "request_uri_unregistered" {
		t.Errorf("%d %s", a.Status, b.errorOf(a))
	}
}

// OAuth 2.1 §4.1.3, §10.2: PKCE binds the code to who asked for it, so redirect_uri need not come again.
func TestACodeWithPKCEIsRedeemedWithoutRedirectURI(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	without := func(code string, changes ...string) Answer {
		form := Redeem(code, changes...)
		form.Del("redirect_uri")
		return b.Token(form)
	}
	if a := without(b.Code(AuthParams())); a.Status != 200 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	for what, a := range map[string]Answer{
		"another redirect_uri": b.Token(Redeem(b.Code(AuthParams()), "redirect_uri", "https://rp.example.org/other")),
		"another verifier":     without(b.Code(AuthParams()), "code_verifier", strings.Repeat("x", 43)),
		"no verifier":          without(b.Code(AuthParams()), "code_verifier", ""),
	} {
		if a.Status != 400 || a.JSON()["error"] != "invalid_grant" {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	b.Exec("UPDATE clients SET require_pkce = false WHERE client_id = 'web'")
	b.WaitForNotify()
	code := b.Code(AuthParams("code_challenge", "", "code_challenge_method", ""))
	for _, verifier := range []string{"", Verifier} {
		if a := without(code, "code_verifier", verifier); a.Status != 400 || verifier == "" &&
			(a.JSON()["error"] != "invalid_request" || a.JSON()["error_description"] != "redirect_uri is missing") {
			t.Errorf("without PKCE, verifier %q: %d %s", verifier, a.Status, a.Body)
		}
	}
	if a := b.Token(Redeem(code, "code_verifier", "")); a.Status != 200 {
		t.Errorf("the refusals spent it: %d %s", a.Status, a.Body)
	}
}

// A page that was kept says so when it is opened, not after somebody has typed a password into it.
func TestAPageThatIsTooOldSaysSoWhenItIsOpened(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.StopClock()
	at := b.Authorize(AuthParams()).Location().String()
	if page := b.Interaction(at); page["page"] != "login" || page["expires_in"] != 1800.0 {
		t.Errorf("%v", page)
	}
	b.Later(1799e9)
	if page := b.Interaction(at); page["page"] != "login" || page["expires_in"] != 1.0 {
		t.Errorf("%v", page)
	}
	b.Later(1e9)
	page := b.Interaction(at)
	if e, _ := page["error"].(map[string]any); page["page"] != "error" || e["code"] != "request_expired" ||
		page["return_to"] != "https://rp.example.org/" || page["expires_in"] != nil {
		t.Errorf("%v", page)
	}
}

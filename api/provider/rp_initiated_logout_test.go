package provider_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// OpenID Connect RP-Initiated Logout §2, §3: state comes back as it was, and nothing beside it.
func TestALogoutGoesBackWithTheStateAndNothingElse(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	for _, state := range []string{"", "s", strings.Repeat("A1-._~b2", 16), `"a b+c&d=e%2F#ü`} {
		params := url.Values{"id_token_hint": {b.SignedIn(AuthParams())}, "post_logout_redirect_uri": {Bye}, "ui_locales": {"de"},
			"logout_hint": {"alice"}}
		if state != "" {
			params.Set("state", state)
		}
		a := b.Do("POST", "/logout", params)
		query := a.Location().Query()
		if a.Status != 303 || !strings.HasPrefix(a.Location().String(), Bye) || query.Get("state") != state || len(query) > 1 ||
			state == "" && a.Location().RawQuery != "" {
			t.Errorf("%q: %d %s", state, a.Status, a.Location())
		}
		if a := b.Authorize(AuthParams("prompt", "none")); a.Query("error") != "login_required" {
			t.Errorf("still signed in: %s", a.Location())
		}
	}
}

// §2, §3, §4, §6: whoever wants to sign out can, whatever is wrong with the request. They are asked, told what was wrong, and not sent
// to where it says.
func TestALogoutWithAnyFlawAsksSignsOutTellsAndStays(t *testing.T) {
	log := TakeLog(t)
	b := start(t).browser()
	b.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris, post_logout_redirect_uris, disabled_at)
		SELECT 'off', 'none', redirect_uris, post_logout_redirect_uris, now() FROM clients WHERE client_id = 'web'`)
	b.WaitForNotify()
	hint := b.SignedIn(AuthParams())
	good := func(changes ...string) url.Values {
		v := url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {Bye}, "state": {"st"}}
		for i := 0; i < len(changes); i += 2 {
			v.Set(changes[i], changes[i+1])
		}
		return v
	}
	parts := strings.Split(hint, ".")
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	header, _ := base64.RawURLEncoding.DecodeString(parts[0])
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	signature, err := rsa.SignPKCS1v15(rand.Reader, stranger, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	symmetric := encode(strings.Replace(string(header), "RS256", "HS256", 1)) + "." + parts[1]
	mac := hmac.New(sha256.New, []byte("web-secret"))
	mac.Write([]byte(symmetric))
	altered := parts[0] + "." + encode(`{"iss":"`+b.Issuer+`","aud":"web"}`) + "." + parts[2]
	repeated := good()
	repeated.Add("post_logout_redirect_uri", Bye)
	for what, is := range map[string]struct {
		params url.Values
		flaw   string
	}{
		"alg none":             {good("id_token_hint", encode(`{"alg":"none"}`)+"."+parts[1]+"."), "logout_hint_invalid"},
		"another's signature":  {good("id_token_hint", parts[0]+"."+parts[1]+"."+encode(string(signature))), "logout_hint_invalid"},
		"HS256 of the secret":  {good("id_token_hint", symmetric+"."+encode(string(mac.Sum(nil)))), "logout_hint_invalid"},
		"altered claims":       {good("id_token_hint", altered), "logout_hint_invalid"},
		"no token":             {good("id_token_hint", "x"), "logout_hint_invalid"},
		"a bad hint, a client": {good("id_token_hint", "x", "client_id", "web"), "logout_hint_invalid"},
		"hint undefined":       {good("id_token_hint", "undefined", "client_id", "web"), "logout_request_unreadable"},
		"hint null":            {good("id_token_hint", "null"), "logout_request_unreadable"},
		"URI undefined":        {good("post_logout_redirect_uri", "undefined"), "logout_request_unreadable"},
		"client undefined":     {url.Values{"client_id": {"undefined"}, "post_logout_redirect_uri": {Bye}}, "logout_request_unreadable"},
		"no hint":              {url.Values{"post_logout_redirect_uri": {Bye}, "state": {"st"}}, "logout_client_missing"},
		"another client's":     {good("client_id", "spa"), "logout_client_differs"},
		"unknown client":       {url.Values{"client_id": {"nobody"}, "post_logout_redirect_uri": {Bye}}, "logout_client_unknown"},
		"unknown, no URI":      {url.Values{"client_id": {"nobody"}}, "logout_client_unknown"},
		"disabled client":      {url.Values{"client_id": {"off"}, "post_logout_redirect_uri": {Bye}}, "logout_client_disabled"},
		"unregistered URI":     {good("post_logout_redirect_uri", "https://evil.example.org/"), "logout_uri_unregistered"},
		"query added":          {good("post_logout_redirect_uri", Bye+"?x=1"), "logout_uri_unregistered"},
		"slash added":          {good("post_logout_redirect_uri", Bye+"/"), "logout_uri_unregistered"},
		"a redirect URI":       {good("post_logout_redirect_uri", Callback), "logout_uri_unregistered"},
		"repeated URI":         {repeated, "logout_request_unreadable"},
		"long state":           {good("state", strings.Repeat("s", 16<<10+1)), "logout_request_unreadable"},
		"control character":    {good("state", "a\nb"), "logout_request_unreadable"},
		"many languages":       {good("ui_locales", strings.Repeat("de ", 100)), "logout_request_unreadable"},
		"URI with a NUL":       {good("post_logout_redirect_uri", Bye+"\x00"), "logout_request_unreadable"},
		"client_id with a NUL": {good("client_id", "web\x00"), "logout_request_unreadable"},
		"an endless query":     {good("x", strings.Repeat("x", 17<<10)), "logout_request_unreadable"},
	} {
		for _, method := range []string{"GET", "POST"} {
			if method == "POST" && what == "an endless query" {
				continue // a form may be that long
			}
			b.flawedLogout(t, what+", "+method, b.Do(method, "/logout", is.params), is.flaw)
			b.SignedIn(AuthParams())
		}
	}
	b.flawedLogout(t, "broken escapes", b.Do("GET", "/logout?state=%zz", nil), "logout_request_unreadable")
	for _, flaw := range []string{"hint_invalid", "client_missing", "client_differs", "client_unknown", "client_disabled",
		"uri_unregistered", "request_unreadable"} {
		if !strings.Contains(log.String(), `"event":"logout_return_refused"`) || !strings.Contains(log.String(), `"error":"logout_`+flaw+`"`) {
			t.Errorf("the log does not say %s", flaw)
		}
	}
	other := b.rig.browser()
	for what, flaw := range map[string]string{"x": "logout_hint_invalid", "": ""} {
		a := other.Do("GET", "/logout", url.Values{"id_token_hint": {what}})
		page := other.Interaction(a.Location().String())
		if a.Status != 303 || page["page"] != "signed_out" || (page["error"] != nil) != (flaw != "") ||
			flaw != "" && page["error"].(map[string]any)["code"] != flaw {
			t.Errorf("without a session, hint %q: %d %v", what, a.Status, page)
		}
	}
}

// flawedLogout holds that the answer asks, says what was wrong, and signs out when that is pressed, without leaving for elsewhere.
func (b *browser) flawedLogout(t *testing.T, what string, a Answer, flaw string) {
	t.Helper()
	code := func(page map[string]any) any {
		failed, _ := page["error"].(map[string]any)
		return failed["code"]
	}
	page := b.Interaction(a.LeadsTo())
	if a.Status != 200 || page["page"] != "logout" || code(page) != flaw || len(a.Frames()) > 0 {
		t.Errorf("%s: %d %v", what, a.Status, page)
		return
	}
	if a := b.Authorize(AuthParams("prompt", "none")); a.Query("code") == "" {
		t.Errorf("%s: signed out without being asked", what)
	}
	sealed := MustParse(a.LeadsTo()).Query().Get("request")
	out := b.Do("POST", "/logout/confirm", url.Values{"request": {sealed}, "logout": {"yes"}}, "Origin", UIOrigin)
	if page := b.Interaction(out.Location().String()); page["page"] != "signed_out" || code(page) != flaw || page["request_id"] == "" {
		t.Errorf("%s, signed out: %d %v", what, out.Status, page)
	}
	if a := b.Authorize(AuthParams("prompt", "none")); a.Query("error") != "login_required" {
		t.Errorf("%s: still signed in: %s", what, a.Location())
	}
}

// Whoever left the question open for too long, or was signed in again meanwhile, is led to a new one.
func TestALogoutThatWasLeftOpenLeadsToANewOne(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.SignedIn(AuthParams())
	sealed := MustParse(b.Do("GET", "/logout", nil).LeadsTo()).Query().Get("request")
	confirm := url.Values{"request": {sealed}, "logout": {"yes"}}
	b.Later(31 * time.Minute)
	for _, code := range []string{"request_expired", "request_from_another_browser"} {
		a := b.Do("POST", "/logout/confirm", confirm, "Origin", UIOrigin)
		if page := b.Interaction(a.LeadsTo()); page["page"] != "error" || page["try_again"] != b.Issuer+"/logout" ||
			page["error"].(map[string]any)["code"] != code {
			t.Errorf("%s: %d %v", code, a.Status, page)
		}
		sealed := MustParse(b.Do("GET", "/logout", nil).LeadsTo()).Query().Get("request")
		confirm.Set("request", sealed)
		b.Authorize(AuthParams("prompt", "login"))
		b.Login(b.Authorize(AuthParams("prompt", "login")).Location(), "alice", Password)
	}
}

// §2: without a hint that names this very session the person is asked, in a language that was asked for.
func TestALogoutThatIsNotOfThisSessionAsksInTheLanguagesThatWereAskedFor(t *testing.T) {
	t.Parallel()
	r := start(t)
	b, other := r.browser(), r.browser()
	foreign := other.SignedIn(AuthParams())
	b.SignedIn(AuthParams())
	for what, params := range map[string]url.Values{
		"nothing":           {},
		"only state":        {"state": {"st"}},
		"only logout_hint":  {"logout_hint": {"alice"}},
		"another's session": {"id_token_hint": {foreign}, "post_logout_redirect_uri": {Bye}},
		"client_id":         {"client_id": {"web"}, "post_logout_redirect_uri": {Bye}},
	} {
		params.Set("ui_locales", "fr-CH de")
		a := b.Do("GET", "/logout", params)
		page := b.Interaction(a.LeadsTo())
		if locales, _ := page["ui_locales"].([]any); a.Status != 200 || page["page"] != "logout" || len(locales) != 2 || locales[0] != "fr-CH" {
			t.Errorf("%s: %d %v", what, a.Status, page)
		}
		if params.Get("post_logout_redirect_uri") != "" {
			continue
		}
		sealed, _ := url.Parse(a.LeadsTo())
		out := b.Do("POST", "/logout/confirm", url.Values{"request": {sealed.Query().Get("request")}, "logout": {"yes"}}, "Origin", UIOrigin)
		if page := b.Interaction(out.Location().String()); page["page"] != "signed_out" || page["ui_locales"].([]any)[0] != "fr-CH" {
			t.Errorf("%s, signed out: %d %v", what, out.Status, page)
		}
		b.SignedIn(AuthParams())
	}
}

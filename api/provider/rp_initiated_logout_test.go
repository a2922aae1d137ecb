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

// §2, §4, §6: what does not verify leads nowhere, and signs nobody out.
func TestALogoutWithABadHintAddressOrParameterIsAnErrorPage(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
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
	repeated := good()
	repeated.Add("post_logout_redirect_uri", Bye)
	for what, params := range map[string]url.Values{
		"alg none":             good("id_token_hint", encode(`{"alg":"none"}`)+"."+parts[1]+"."),
		"another's signature":  good("id_token_hint", parts[0]+"."+parts[1]+"."+encode(string(signature))),
		"HS256 of the secret":  good("id_token_hint", symmetric+"."+encode(string(mac.Sum(nil)))),
		"altered claims":       good("id_token_hint", parts[0]+"."+encode(`{"iss":"`+b.Issuer+`","aud":"web"}`)+"."+parts[2]),
		"no token":             good("id_token_hint", "x"),
		"no hint":              {"post_logout_redirect_uri": {Bye}, "state": {"st"}},
		"another client's":     good("client_id", "spa"),
		"unknown client":       {"client_id": {"nobody"}, "post_logout_redirect_uri": {Bye}},
		"unregistered URI":     good("post_logout_redirect_uri", "https://evil.example.org/"),
		"query added":          good("post_logout_redirect_uri", Bye+"?x=1"),
		"slash added":          good("post_logout_redirect_uri", Bye+"/"),
		"a redirect URI":       good("post_logout_redirect_uri", Callback),
		"repeated URI":         repeated,
		"long state":           good("state", strings.Repeat("s", 4097)),
		"control character":    good("state", "a\nb"),
		"many languages":       good("ui_locales", strings.Repeat("de ", 100)),
		"URI with a NUL":       good("post_logout_redirect_uri", Bye+"\x00"),
		"client_id with a NUL": good("client_id", "web\x00"),
	} {
		a := b.Do("GET", "/logout", params)
		if a.Status != 400 || a.Header.Get("Location") != "" || !strings.HasPrefix(a.LeadsTo(), UIOrigin+"/error?request=") ||
			len(a.Frames()) > 0 {
			t.Errorf("%s: %d %s %s", what, a.Status, a.Location(), a.LeadsTo())
		}
	}
	if a := b.Authorize(AuthParams("prompt", "none")); a.Query("code") == "" {
		t.Errorf("one of them signed the person out: %s", a.Location())
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

package provider_test

import (
	"log/slog"
	"net/url"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

func TestNoPasswordCodeTokenOrSecretIsEverLogged(t *testing.T) {
	log := TakeLog(t)

	b := startWithDevices(t).browser()
	at := b.Authorize(AuthParams("scope", "openid offline_access")).Location()
	b.Login(at, "alice", "wrong-password-4711")
	b.Login(at, "typed-my-password-here", "x")
	signedIn := b.Login(at, "alice", Password)
	code := signedIn.Query("code")
	tokens := b.Token(Redeem(code)).JSON()
	b.Token(Redeem("guessed-code-0815"))
	b.Token(Redeem("x", "client_id", "web", "client_secret", "wrong-secret-42"))
	next := Str(b.Token(Refresh(Str(tokens["refresh_token"]))).JSON()["refresh_token"])
	b.Token(Refresh("guessed-refresh-0815"))
	b.Userinfo(Str(tokens["access_token"]))
	b.Userinfo("guessed-access-0815")
	b.Do("GET", "/userinfo?access_token="+Str(tokens["access_token"]), nil)
	b.Do("POST", "/revoke", url.Values{"token": {next}, "client_id": {"web"}, "client_secret": {"web-secret"}})
	b.Token(Redeem(code))
	personal := b.personalAccessToken()
	b.Userinfo(personal)
	b.Userinfo("gatehouse_pat_guessed-0815")
	b.Do("POST", "/introspect", url.Values{"token": {personal}, "client_id": {"web"}, "client_secret": {"web-secret"}})
	b.Do("GET", "/logout", url.Values{"id_token_hint": {Str(tokens["id_token"])}})
	d := b.waiting("openid offline_access")
	b.typeCode("BCDF-GHJK")
	consent := b.toConsent(d.user)
	d.poll()
	b.press("yes", consent)
	device := d.poll().JSON()
	d.poll()
	b.Do("GET", "/no/such/path/"+code, nil)

	secrets := []string{Password, "wrong-password-4711", "typed-my-password-here", code, "guessed-code-0815", "web-secret",
		"wrong-secret-42", "guessed-refresh-0815",
		"guessed-access-0815", personal, "gatehouse_pat_guessed-0815", next, Verifier, at.Query().Get("request"),
		d.code, d.user, "BCDF-GHJK", consent.Query("request"),
		Str(device["access_token"]), Str(device["refresh_token"])}
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		secrets = append(secrets, Str(tokens[name]))
	}
	for _, cookie := range b.HTTP.Jar.Cookies(MustParse(b.Issuer)) {
		secrets = append(secrets, cookie.Value)
	}
	text := log.String()
	for _, secret := range secrets {
		if len(secret) < 5 {
			t.Errorf("the test lost a secret: %q", secret)
		} else if strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) {
			t.Errorf("%q is in the log", secret)
		}
	}
	for _, event := range []string{"signed in", "sign-in failed", `"used before"`, "request_id"} {
		if !strings.Contains(text, event) {
			t.Errorf("the log does not say %s", event)
		}
	}
}

func TestTheLogSaysWhichPartOfARedirectURIDiffersAndHowToRegisterIt(t *testing.T) {
	var log LockedBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	b := start(t).browser()
	page := b.Interaction(b.Authorize(AuthParams("redirect_uri", "http://rp.example.org/callback?fixed=1")).LeadsTo())
	for _, want := range []string{"scheme (http, not https)",
		"UPDATE clients SET redirect_uris = array_append(redirect_uris, 'http://rp.example.org/callback?fixed=1')",
		Str(page["request_id"])} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not have %q:\n%s", want, log.String())
		}
	}
}

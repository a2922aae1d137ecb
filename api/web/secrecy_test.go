package web_test

import (
	"bytes"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// lockedBuffer takes the log of several requests at once.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// takeLog has all of the log, whatever its level, until the test ends.
func takeLog(t *testing.T) *lockedBuffer {
	t.Helper()
	var log lockedBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}

func TestNoPasswordCodeTokenOrSecretIsEverLogged(t *testing.T) {
	log := takeLog(t)

	b := startWithDevices(t).browser()
	at := b.authorize(authParams("scope", "openid offline_access")).location()
	b.login(at, "alice", "wrong-password-4711")
	b.login(at, "typed-my-password-here", "x")
	signedIn := b.login(at, "alice", password)
	code := signedIn.query("code")
	tokens := b.token(redeem(code)).json()
	b.token(redeem("guessed-code-0815"))
	b.token(redeem("x", "client_id", "web", "client_secret", "wrong-secret-42"))
	next := str(b.token(refresh(str(tokens["refresh_token"]))).json()["refresh_token"])
	b.token(refresh("guessed-refresh-0815"))
	b.userinfo(str(tokens["access_token"]))
	b.userinfo("guessed-access-0815")
	b.do("GET", "/userinfo?access_token="+str(tokens["access_token"]), nil)
	b.do("POST", "/revoke", url.Values{"token": {next}, "client_id": {"web"}, "client_secret": {"web-secret"}})
	b.token(redeem(code))
	personal := b.personalAccessToken()
	b.userinfo(personal)
	b.userinfo("gatehouse_pat_guessed-0815")
	b.do("POST", "/introspect", url.Values{"token": {personal}, "client_id": {"web"}, "client_secret": {"web-secret"}})
	b.do("GET", "/logout", url.Values{"id_token_hint": {str(tokens["id_token"])}})
	d := b.waiting("openid offline_access")
	b.typeCode("BCDF-GHJK")
	consent := b.toConsent(d.user)
	d.poll()
	b.press("yes", consent)
	device := d.poll().json()
	d.poll()
	b.do("GET", "/no/such/path/"+code, nil)

	secrets := []string{password, "wrong-password-4711", "typed-my-password-here", code, "guessed-code-0815", "web-secret", "wrong-secret-42", "guessed-refresh-0815",
		"guessed-access-0815", personal, "gatehouse_pat_guessed-0815", next, verifier, at.Query().Get("request"),
		d.code, d.user, "BCDF-GHJK", consent.query("request"),
		str(device["access_token"]), str(device["refresh_token"])}
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		secrets = append(secrets, str(tokens[name]))
	}
	for _, cookie := range b.http.Jar.Cookies(mustParse(b.issuer)) {
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
	var log lockedBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	b := start(t).browser()
	page := b.interaction(b.authorize(authParams("redirect_uri", "http://rp.example.org/callback?fixed=1")).leadsTo())
	for _, want := range []string{"scheme (http, not https)", "UPDATE clients SET redirect_uris = redirect_uris || 'http://rp.example.org/callback?fixed=1'", str(page["request_id"])} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not have %q:\n%s", want, log.String())
		}
	}
}

func mustParse(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

package provider_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/mail"
	"gatehouse/api/provider"
)

// whereTokensAreHad starts the API with an SMTP server that takes the tokens for which taken returns true, and a token endpoint that
// answers as answer does; asked returns what it was asked.
func whereTokensAreHad(
	t *testing.T, taken func(token string) bool, answer func(form url.Values) (status int, body string), more ...func(*provider.Settings),
) (r *rig, asked func() []url.Values) {
	t.Helper()
	var mu sync.Mutex
	var forms []url.Values
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		mu.Lock()
		forms = append(forms, r.PostForm)
		mu.Unlock()
		status, body := answer(r.PostForm)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(endpoint.Close)
	server := StartSMTP(t)
	server.Answers(func(command string) string {
		switch verb, rest, _ := strings.Cut(command, " "); {
		case verb == "EHLO":
			return "250-mail.example.org\r\n250 AUTH PLAIN XOAUTH2"
		case verb == "AUTH":
			said, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "XOAUTH2 "))
			token, ok := strings.CutPrefix(string(said), "user=gatehouse@example.org\x01auth=Bearer ")
			if ok && taken(strings.TrimSuffix(token, "\x01\x01")) {
				return "235 welcome"
			}
			return "535 5.7.3 authentication unsuccessful"
		}
		return ""
	})
	set := func(s *provider.Settings) {
		s.Mail.Username, s.Mail.TokenURL, s.Mail.ClientID = "gatehouse@example.org", endpoint.URL, "mailer"
		s.Mail.ClientSecret, s.Mail.TokenScope = "s3cret-of-mailer", "smtp.send"
	}
	return start(t, append([]func(*provider.Settings){server.Settings, set, ReachesTestServers}, more...)...), func() []url.Values {
		mu.Lock()
		defer mu.Unlock()
		return append([]url.Values(nil), forms...)
	}
}

func TestATokenForMailIsHadAndRenewedBeforeItEnds(t *testing.T) {
	t.Parallel()
	n := 0
	r, asked := whereTokensAreHad(t, func(string) bool { return true }, func(url.Values) (int, string) {
		n++
		return 200, fmt.Sprintf(`{"access_token": "t%d", "expires_in": 3600, "token_type": "Bearer"}`, n)
	})
	r.StopClock()
	logIn := func(want int) {
		t.Helper()
		var all sync.WaitGroup
		for range 5 { // at the same time
			all.Go(func() {
				if err := r.Provider.ExamineMail(t.Context(), ""); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := len(asked()); got != want {
			t.Errorf("%d tokens, want %d", got, want)
		}
	}
	logIn(1)
	r.Later(58 * time.Minute)
	logIn(1)
	r.Later(time.Minute)
	logIn(2)
	form := asked()[0]
	if form.Get("grant_type") != "client_credentials" || form.Get("client_id") != "mailer" || form.Get("scope") != "smtp.send" ||
		form.Get("client_secret") != "s3cret-of-mailer" || form.Has("refresh_token") {
		t.Errorf("%v", form)
	}
}

func TestATokenForMailIsHadWithTheLatestRefreshToken(t *testing.T) {
	t.Parallel()
	n := 0
	r, asked := whereTokensAreHad(t, func(string) bool { return true }, func(url.Values) (int, string) {
		n++
		return 200, fmt.Sprintf(`{"access_token": "t%d", "expires_in": "60", "refresh_token": "r%d"}`, n, n)
	}, func(s *provider.Settings) { s.Mail.RefreshToken, s.Mail.ClientSecret = "r0", "" })
	for i := range 3 { // they are good for a minute, which is too short to keep them
		if err := r.Provider.ExamineMail(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		form := asked()[i]
		if form.Get("grant_type") != "refresh_token" || form.Get("refresh_token") != fmt.Sprintf("r%d", i) || form.Has("client_secret") {
			t.Errorf("%v", form)
		}
	}
}

func TestATokenThatTheServerDoesNotTakeIsUsedNoMore(t *testing.T) {
	t.Parallel()
	n := 0
	r, asked := whereTokensAreHad(t, func(token string) bool { return token == "t2" }, func(url.Values) (int, string) {
		n++
		return 200, fmt.Sprintf(`{"access_token": "t%d", "expires_in": 3600}`, n)
	})
	var f mail.Failure
	if err := r.Provider.ExamineMail(t.Context(), ""); !errors.As(err, &f) || f.Step != mail.AtLogin || f.Final {
		t.Errorf("%v", err)
	}
	for range 2 {
		if err := r.Provider.ExamineMail(t.Context(), ""); err != nil {
			t.Error(err)
		}
	}
	if len(asked()) != 2 {
		t.Errorf("%d tokens", len(asked()))
	}
}

func TestWhyNoTokenForMailIsHadIsSaidWithoutSecrets(t *testing.T) {
	t.Parallel()
	status, body := 0, ""
	r, _ := whereTokensAreHad(t, func(string) bool { return true }, func(url.Values) (int, string) { return status, body })
	for _, test := range []struct {
		status     int
		body, want string
	}{
		{400, `{"error": "invalid_client", "error_description": "The secret has\r\nexpired."}`, "400 invalid_client: The secret has"},
		{500, `oops`, "answers 500, and no access token"},
		{200, `{}`, "answers 200, and no access token"},
		{200, `<html>`, "answers 200, and no access token"},
		{302, ``, "answers 302, and no access token"},
		{200, `{"access_token": "t\u0001\u0001auth=x", "expires_in": 3600}`, "answers 200, and no access token"},
		{200, `{"access_token": "` + strings.Repeat("x", 2<<20) + `"}`, "answers 200, and no access token"},
	} {
		status, body = test.status, test.body
		err := r.Provider.ExamineMail(t.Context(), "")
		var f mail.Failure
		if !errors.As(err, &f) || f.Step != mail.AtLogin || f.Final || !strings.Contains(err.Error(), test.want) ||
			strings.Contains(err.Error(), "s3cret") || strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%d %.40s: %v", test.status, test.body, err)
		}
	}
}

package authn

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"gatehouse/api/oidc"
)

// aGitHub answers as GitHub documents it: "Authorizing OAuth apps", "Get the authenticated user", "List email addresses".
type aGitHub struct {
	*httptest.Server
	user, emails string
	status       int // of the addresses
}

func newGitHub(t *testing.T) *aGitHub {
	g := &aGitHub{user: `{"login": "Octo-Cat", "id": 583231, "name": "The Octocat", "email": "public@example.org"}`, status: 200,
		emails: `[{"email": "other@example.org", "primary": false, "verified": true}, {"email": "octocat@example.org", ` +
			`"primary": true, "verified": true}]`}
	mux := http.NewServeMux()
	g.Server = httptest.NewServer(mux)
	t.Cleanup(g.Close)
	mux.HandleFunc("POST /login/oauth/access_token", func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("client_id") != "us" || r.PostFormValue("client_secret") != "secret" || r.PostFormValue("code_verifier") != "v" {
			t.Errorf("token request: %v", r.PostForm)
		}
		w.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		if r.PostFormValue("code") != "c" { // with status 200
			io.WriteString(w, "error=bad_verification_code&error_description=The+code+passed+is+incorrect+or+expired.")
			return
		}
		io.WriteString(w, "access_token=gho_16C7e42F292c6912E7710c838347Ae178B4a&expires_in=28800&scope=read%3Auser%2Cuser%3Aemail&"+
			"token_type=bearer")
	})
	api := func(path string, answer func(w http.ResponseWriter)) {
		mux.HandleFunc("GET /api/v3"+path, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer gho_16C7e42F292c6912E7710c838347Ae178B4a" {
				t.Errorf("%s with %q", path, r.Header.Get("Authorization"))
			}
			answer(w)
		})
	}
	api("/user", func(w http.ResponseWriter) { io.WriteString(w, g.user) })
	api("/user/emails", func(w http.ResponseWriter) { w.WriteHeader(g.status); io.WriteString(w, g.emails) })
	return g
}

func (g *aGitHub) row() *oidc.Upstream {
	return &oidc.Upstream{Name: "github", Kind: "github", Issuer: g.URL, ClientID: "us", ClientSecret: "secret", Scope: "read:user user:email"}
}

func TestGitHubSaysWhoSignedInByNumberAndVerifiedPrimaryAddress(t *testing.T) {
	t.Parallel()
	g := newGitHub(t)
	s := NewUpstreams(g.Client(), time.Now)
	redeem := func(code string) (UpstreamPerson, error) {
		return s.Redeem(context.Background(), g.row(), UpstreamAnswer{RedirectURI: "https://us/cb", Code: code, Verifier: "v"})
	}
	who, err := redeem("c")
	if err != nil || who.Sub != "583231" || who.Email != "octocat@example.org" || !who.EmailVerified || who.Username != "Octo-Cat" ||
		who.Name != "The Octocat" ||
		who.Tokens.Scope != "read:user,user:email" || time.Until(who.Tokens.ExpiresAt).Round(time.Minute) != 8*time.Hour {
		t.Errorf("%+v, %v", who, err)
	}
	g.emails = `[{"email": "octocat@example.org", "primary": true, "verified": false}]`
	if who, err := redeem("c"); err != nil || who.Email != "" || who.EmailVerified {
		t.Errorf("an address that is not verified: %+v, %v", who, err)
	}
	g.status = 404
	if who, err := redeem("c"); err != nil || who.Email != "" {
		t.Errorf("without the scope for addresses: %+v, %v", who, err)
	}
	g.user = `{"login": "nobody"}`
	if _, err := redeem("c"); !errors.Is(err, ErrUpstreamFailed) {
		t.Errorf("without a number: %v", err)
	}
	if _, err := redeem("wrong"); !errors.Is(err, ErrUpstreamFailed) {
		t.Errorf("a wrong code: %v", err)
	}
}

func TestGitHubsEndpointsAreBelowItsIssuer(t *testing.T) {
	t.Parallel()
	s := NewUpstreams(http.DefaultClient, time.Now)
	row := &oidc.Upstream{Kind: "github", Issuer: "https://github.com", ClientID: "us", Scope: "read:user"}
	at, err := s.AuthorizationURL(context.Background(), row, UpstreamRequest{State: "s", Nonce: "n", Verifier: "v",
		LoginHint: "octocat", Prompt: []string{"login"}})
	u, _ := url.Parse(at)
	q := u.Query()
	if err != nil || u.Host != "github.com" || u.Path != "/login/oauth/authorize" || q.Get("login") != "octocat" ||
		q.Get("prompt") != "select_account" ||
		q.Get("code_challenge_method") != "S256" || q.Has("nonce") {
		t.Errorf("%s, %v", at, err)
	}
	for issuer, api := range map[string]string{"https://github.com": "https://api.github.com/user",
		"https://git.example.org/": "https://git.example.org/api/v3/user"} {
		if e, _ := s.githubEndpoints(context.Background(), &oidc.Upstream{Issuer: issuer}, 0); e.userinfo != api {
			t.Errorf("%s: %s", issuer, e.userinfo)
		}
	}
	for iss, want := range map[string]bool{"": true, "https://github.com": true, "https://github.com/login/oauth": true,
		"https://op.example.org": false} {
		if err := s.CheckIssuer(context.Background(), row, iss); (err == nil) != want {
			t.Errorf("%q: %v", iss, err)
		}
	}
}

package authn

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"gatehouse/api/oidc"
)

// githubEndpoints returns those of GitHub's documentation, "Authorizing OAuth apps". GitHub Enterprise Server has its API below
// the issuer.
func (s *Upstreams) githubEndpoints(_ context.Context, u *oidc.Upstream, _ time.Duration) (*endpoints, error) {
	base := strings.TrimSuffix(u.Issuer, "/")
	api := base + "/api/v3"
	if base == "https://github.com" {
		api = "https://api.github.com"
	}
	return &endpoints{Endpoint: oauth2.Endpoint{AuthURL: base + "/login/oauth/authorize", TokenURL: base + "/login/oauth/access_token",
		AuthStyle: oauth2.AuthStyleInParams}, userinfo: api + "/user", issuers: []string{u.Issuer, base + "/login/oauth"}}, nil
}

// githubWords returns the parameters of GitHub, whose hint is called login, and which knows one prompt.
func githubWords(r UpstreamRequest) url.Values {
	v := url.Values{}
	if r.LoginHint != "" {
		v.Set("login", r.LoginHint)
	}
	if slices.Contains(r.Prompt, "select_account") || slices.Contains(r.Prompt, "login") {
		v.Set("prompt", "select_account")
	}
	return v
}

// githubPerson fetches the user of the token. The number is the subject: names there can change hands.
func (s *Upstreams) githubPerson(ctx context.Context, _ *oidc.Upstream, e *endpoints, _ UpstreamAnswer,
	token *oauth2.Token) (UpstreamPerson, error) {
	var user claimSet
	if err := s.getJSON(ctx, "user", e.userinfo, token.AccessToken, &user); err != nil {
		return UpstreamPerson{}, err
	}
	var addresses []struct {
		Email    string `json:"email"`
		Primary  bool   `json:"primary"`
		Verified bool   `json:"verified"`
	}
	var person UpstreamPerson
	var id int64
	for name, into := range map[string]any{"id": &id, "login": &person.Username, "name": &person.Name} {
		user.read(name, into, &person.LeftOut)
	}
	// Without the scope user:email it is 403 or 404; whatever it is, a sign-in can do without.
	if err := s.getJSON(ctx, "list of addresses", e.userinfo+"/emails", token.AccessToken, &addresses); err != nil {
		person.LeftOut = append(person.LeftOut, "email: "+err.Error())
	}
	if id > 0 {
		person.Sub = strconv.FormatInt(id, 10)
	}
	for _, address := range addresses {
		if address.Primary && address.Verified {
			person.Email, person.EmailVerified = address.Email, true
		}
	}
	return person.bounded()
}

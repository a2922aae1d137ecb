package admin

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"gatehouse/api/oidc"
	"gatehouse/deploy"
)

// AddHub is a JupyterHub to register. On the command line it is client add with a template, and whatever else can be said of a client.
type AddHub struct {
	ClientID      string   `json:"client_id" help:"What it is called here, such as jupyterhub."`
	URL           string   `json:"url" help:"Where people find it, such as https://hub.example.org."`
	Template      string   `json:"template" enum:"jupyterhub,z2jh,tljh" help:"What its configuration is for (${enum})."`
	ClientName    string   `json:"client_name,omitempty" name:"name" help:"What people are shown."`
	AllowedGroups []string `json:"allowed_groups,omitempty" name:"group" help:"Only their members may use it."`
}

// AddedHub has the whole configuration of a Hub, with a secret that is shown only now.
type AddedHub struct {
	ClientID string `json:"client_id"`
	Config   string `json:"config"`
}

// AddHub registers a Hub. Errors: Invalid, Refusal.
func (a *Admin) AddHub(ctx context.Context, in AddHub) (AddedHub, error) {
	r := NewRegistration()
	r.ClientID, r.ClientName, r.AllowedGroups = in.ClientID, in.ClientName, in.AllowedGroups
	r, err := ForHub(r, in.URL)
	if err != nil {
		return AddedHub{}, err
	}
	return a.RegisterHub(ctx, r, in.Template)
}

// HubTemplates are what a configuration of a Hub can be for.
var HubTemplates = []string{"jupyterhub", "z2jh", "tljh"}

// RegisterHub registers what ForHub returned, and writes the configuration that a template is for. Errors: Invalid, Refusal.
func (a *Admin) RegisterHub(ctx context.Context, in Registration, template string) (AddedHub, error) {
	if !slices.Contains(HubTemplates, template) {
		return AddedHub{}, invalid("%s must be one of %s, not %q", member("template"), strings.Join(HubTemplates, ", "), template)
	}
	numbers, err := a.store.PosixRanges(ctx)
	if err != nil {
		return AddedHub{}, err
	}
	if numbers.UIDs != nil && !oidc.HasScope(in.Scope, "posix") {
		in.Scope = strings.TrimSpace(in.Scope + " posix")
	}
	hub, err := a.HubOf(ctx, in.Client, in.RedirectURIs[0], "") // before there is a secret that is shown once
	if err != nil {
		return AddedHub{}, err
	}
	added, err := a.AddClient(ctx, in)
	if err != nil {
		return AddedHub{}, err
	}
	hub.ClientSecret = added.ClientSecret
	var config strings.Builder
	err = hub.Write(&config, template)
	return AddedHub{in.ClientID, config.String()}, err
}

// HubOf returns what the configuration of a Hub is filled with, which is registered as c. Its key of cookies is new.
func (a *Admin) HubOf(ctx context.Context, c oidc.Client, redirect, secret string) (deploy.JupyterHub, error) {
	courses, err := a.coursesOf(ctx)
	var cryptKey [32]byte
	rand.Read(cryptKey[:]) // never fails (Go 1.24)
	logout := [][2]string{{"client_id", c.ClientID}}
	if len(c.PostLogoutRedirectURIs) > 0 {
		logout = append(logout, [2]string{"post_logout_redirect_uri", c.PostLogoutRedirectURIs[0]})
	}
	return deploy.JupyterHub{
		Issuer:               a.Issuer,
		ClientID:             c.ClientID,
		ClientSecret:         secret,
		CallbackURL:          redirect,
		LogoutURL:            oidc.WithParams(a.Issuer+"/logout", logout),
		BackchannelLogoutURL: c.BackchannelLogoutURI,
		LoginService:         a.Name,
		AllowedGroups:        c.AllowedGroups,
		Posix:                oidc.HasScope(c.Scope, "posix"),
		CryptKey:             hex.EncodeToString(cryptKey[:]),
		Courses:              courses,
	}, err
}

// ForHub returns the registration of a JupyterHub at address: what in leaves out is what oauthenticator expects.
func ForHub(in Registration, address string) (Registration, error) {
	hub, err := hubURL(address)
	if err != nil {
		return in, err
	}
	in.ClientName = cmp.Or(in.ClientName, "JupyterHub")
	in.ClientURI = hub + "/"
	// Links and invitations end behind the Hub's sign-in button rather than before it.
	in.InitiateLoginURI = cmp.Or(in.InitiateLoginURI, hub+"/hub/oauth_login")
	in.RedirectURIs = append([]string{hub + "/hub/oauth_callback"}, in.RedirectURIs...)
	// After its own logout the Hub sends the browser to logout_redirect_url, without an ID token. It comes back to the
	// login page: /hub/logout would send it away again.
	in.PostLogoutRedirectURIs = append([]string{hub + "/hub/login"}, in.PostLogoutRedirectURIs...)
	in.BackchannelLogoutURI = cmp.Or(in.BackchannelLogoutURI, hub+"/hub/backchannel_logout")
	in.TokenEndpointAuthMethod = "client_secret_post" // what oauthenticator does unless told otherwise
	in.IDTokenSignedResponseAlg = "ES256"             // it asks userinfo, and RS256 is two thirds of a sign-in's cost
	in.FirstParty = true
	return in, nil
}

// hubURL returns the Hub's address without what comes after its base URL.
func hubURL(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		return "", invalid("%s must be the address of the Hub, such as https://hub.example.org, not %q", member("url"), address)
	}
	return strings.TrimSuffix(strings.TrimSuffix(address, "/"), "/hub"), nil
}

package admin

import (
	"cmp"
	"context"

	"gatehouse/api/store"
)

// Upstream is an upstream as an administrator sees one, without its secret.
type Upstream = store.UpstreamRow

// UpstreamName names an upstream.
type UpstreamName struct {
	Name string `json:"name" arg:""`
}

// AddUpstream is an upstream to add.
type AddUpstream struct {
	Name                string            `json:"name" help:"What it is called in addresses."`
	DisplayName         string            `json:"display_name,omitempty" help:"What people are shown."`
	Kind                string            `json:"kind,omitempty" help:"oidc unless given, or github."`
	Issuer              string            `json:"issuer" help:"As its discovery document says."`
	ClientID            string            `json:"client_id" help:"Ours there."`
	ClientSecret        string            `json:"client_secret,omitempty" help:"Ours there; none for a public client."`
	Scope               string            `json:"scope,omitempty" help:"What is asked for, separated by spaces."`
	AuthorizationParams map[string]string `json:"authorization_params,omitempty" help:"More parameters of the authorization request."`
	EmailDomains        []string          `json:"email_domains,omitempty" help:"Addresses of these domains go there."`
	TrustsEmail         bool              `json:"trusts_email,omitempty" help:"A verified address of these is linked to whoever has it."`
	CreatesUsers        bool              `json:"creates_users,omitempty" help:"An account that belongs to nobody becomes a new user."`
	UsernamePrefix      string            `json:"username_prefix,omitempty" help:"What the usernames of these begin with."`
	UsernamePattern     string            `json:"username_pattern,omitempty" help:"What the usernames of these are."`
	MFAValues           []string          `json:"mfa_values,omitempty" help:"Of its acr and amr, which say that two factors were proven."`
	Position            int               `json:"position,omitempty" help:"Among the buttons: the lowest is the first."`
}

// AddedUpstream is what to register at the upstream.
type AddedUpstream struct {
	Name        string `json:"name"`
	RedirectURI string `json:"redirect_uri"`
}

// defaultScopes are the scopes of an upstream that is added without any, by kind.
var defaultScopes = map[string]string{"oidc": "openid email profile", "github": "read:user user:email"}

// AddUpstream adds an upstream, of kind oidc unless the input has another.
func (a *Admin) AddUpstream(ctx context.Context, in AddUpstream) (AddedUpstream, error) {
	u := Upstream{Name: in.Name, DisplayName: in.DisplayName, Kind: cmp.Or(in.Kind, "oidc"), Issuer: in.Issuer, ClientID: in.ClientID,
		AuthorizationParams: in.AuthorizationParams, EmailDomains: lowered(in.EmailDomains), TrustsEmail: in.TrustsEmail,
		CreatesUsers: in.CreatesUsers, UsernamePrefix: in.UsernamePrefix, UsernamePattern: in.UsernamePattern, MFAValues: in.MFAValues,
		Position: in.Position}
	u.Scope = cmp.Or(in.Scope, defaultScopes[u.Kind])
	err := a.store.AddUpstream(ctx, u, in.ClientSecret)
	return AddedUpstream{u.Name, a.Issuer + "/upstream/" + u.Name + "/callback"}, err
}

// ListUpstreams returns all upstreams by name: there are few.
func (a *Admin) ListUpstreams(ctx context.Context, _ Nothing) ([]Upstream, error) {
	return a.store.ListUpstreams(ctx)
}

// ShowUpstream returns one upstream.
func (a *Admin) ShowUpstream(ctx context.Context, in UpstreamName) (Upstream, error) {
	return a.store.ShowUpstream(ctx, in.Name)
}

// DisableUpstream lets nobody sign in there any more.
func (a *Admin) DisableUpstream(ctx context.Context, in UpstreamName) (Nothing, error) {
	return Nothing{}, a.store.DisableUpstream(ctx, in.Name)
}

// EnableUpstream lets people sign in there again.
func (a *Admin) EnableUpstream(ctx context.Context, in UpstreamName) (Nothing, error) {
	return Nothing{}, a.store.EnableUpstream(ctx, in.Name)
}

// RemoveUpstream removes an upstream, with its accounts and their tokens.
func (a *Admin) RemoveUpstream(ctx context.Context, in UpstreamName) (Nothing, error) {
	return Nothing{}, a.store.RemoveUpstream(ctx, in.Name)
}

// LinkAccount is an account at an upstream and the user it is for.
type LinkAccount struct {
	Upstream string `json:"upstream" arg:"" name:"name"`
	Sub      string `json:"sub" arg:"" help:"Subject of the account there; its number at GitHub."`
	Username string `json:"username" arg:"" help:"The user here."`
	Issuer   string `json:"issuer,omitempty" placeholder:"URL" help:"If it is not the upstream's own."`
}

// LinkAccount makes an account at an upstream that of a user.
func (a *Admin) LinkAccount(ctx context.Context, in LinkAccount) (Nothing, error) {
	account := store.UpstreamAccount{Upstream: in.Upstream, Issuer: in.Issuer, Sub: in.Sub}
	return Nothing{}, a.store.AddUpstreamAccount(ctx, account, in.Username)
}

// UnlinkAccount names a user's account at an upstream.
type UnlinkAccount struct {
	Upstream string `json:"upstream" arg:"" name:"name"`
	Username string `json:"username" arg:""`
}

// UnlinkAccount takes from a user the account they have at an upstream, with its tokens.
func (a *Admin) UnlinkAccount(ctx context.Context, in UnlinkAccount) (Nothing, error) {
	return Nothing{}, a.store.RemoveUpstreamAccount(ctx, in.Upstream, in.Username)
}

// LinkedAccounts are the accounts at upstreams that belong to a user.
type LinkedAccounts struct {
	Accounts []store.LinkedAccount `json:"accounts"`
}

// ListLinkedAccounts returns the accounts that a user can sign in with, the oldest first.
func (a *Admin) ListLinkedAccounts(ctx context.Context, in Username) (LinkedAccounts, error) {
	list, err := a.store.ListLinkedAccounts(ctx, in.Username)
	return LinkedAccounts{list}, err
}

package admin

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Registration is a client to register, in the names of RFC 7591 §2 and §3.2.1 and of Gatehouse's own columns.
type Registration struct {
	oidc.Client
	ClientSecret string `json:"client_secret,omitempty"` // "": a random one, if the client authenticates with one
}

// shownOnly are members of a client that no registration by an administrator has.
func (Registration) shownOnly() []string {
	return []string{"registration", "disabled_at", "managed_by", "created_at", "updated_at"}
}

// NewRegistration returns a registration with the defaults of RFC 7591 §2 and of the table.
func NewRegistration() Registration { return Registration{Client: oidc.NewClient()} }

// UnmarshalJSON keeps the defaults of what is left out. Members that it does not know are ignored.
func (r *Registration) UnmarshalJSON(text []byte) error {
	type plain Registration
	withDefaults := plain(NewRegistration())
	err := json.Unmarshal(text, &withDefaults)
	*r = Registration(withDefaults)
	return err
}

// AddedClient has the client's secret, which is shown only now.
type AddedClient struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret,omitempty"` // "" if it has none, or one that was given
}

// AddClient registers a client.
func (a *Admin) AddClient(ctx context.Context, in Registration) (AddedClient, error) {
	if err := a.checkClient(&in.Client); err != nil {
		return AddedClient{}, err
	}
	if problem := oidc.ClientSecretProblem(in.ClientSecret); in.ClientSecret != "" && problem != "" {
		return AddedClient{}, invalid("%s %s (RFC 6749 §10.10); leave it out, and a good one is made", member("client_secret"), problem)
	}
	made, sha := in.secret()
	return AddedClient{in.ClientID, made}, a.store.AddClient(ctx, in.Client, sha)
}

// secret returns what is to be stored of the client's secret, nil if it has none, and the secret if it made one.
func (r *Registration) secret() (made string, sha256 []byte) {
	switch {
	case r.ClientSecret != "":
		digest := oidc.Digest(r.ClientSecret)
		return "", digest[:]
	case r.TakesSecret():
		return newSecret()
	}
	return "", nil
}

// checkClient refuses what the database cannot know to be wrong, and writes response types with their words in one order.
func (a *Admin) checkClient(c *oidc.Client) error {
	fromFront := false
	for i, name := range c.ResponseTypes {
		t := oidc.ParseResponseType(name)
		if t == "" {
			return invalid("%s %q is not supported; there are: %s", member("response_types"), name,
				oidc.JoinResponseTypes(oidc.ResponseTypes, ", "))
		}
		c.ResponseTypes[i] = string(t)
		fromFront = fromFront || t.FrontChannel()
	}
	for _, grant := range c.GrantTypes {
		if !slices.Contains(a.GrantTypes, grant) && !(fromFront && grant == oidc.GrantImplicit) {
			return invalid("%s %q is not supported; there are: %s", member("grant_types"), grant, strings.Join(a.GrantTypes, " "))
		}
	}
	if uri := c.FrontchannelLogoutURI; uri != "" && !oidc.MayTellInFront(uri, c.RedirectURIs) {
		return invalid("%s must have the scheme, host and port of a %s", member("frontchannel_logout_uri"), member("redirect_uris"))
	}
	return nil
}

// ListClients is which clients are wanted.
type ListClients struct {
	Paging
	Search string `json:"q,omitempty" help:"In the client_id or the name."`
}

// ListClients returns clients by id.
func (a *Admin) ListClients(ctx context.Context, in ListClients) (Page[oidc.Client], error) {
	return page(in.Paging, func(c oidc.Client) string { return c.ClientID }, func(p store.Page) ([]oidc.Client, error) {
		return a.store.ListClients(ctx, store.ClientQuery{Page: p, Search: in.Search})
	})
}

// ClientID names a client.
type ClientID struct {
	ClientID string `json:"client_id" arg:"" name:"id"`
}

// ShowClient returns all that is known of a client but its secrets.
func (a *Admin) ShowClient(ctx context.Context, in ClientID) (store.ClientDetails, error) {
	return a.store.ShowClient(ctx, in.ClientID)
}

// DisableClient refuses a client and all it holds, from the next request on.
func (a *Admin) DisableClient(ctx context.Context, in ClientID) (Nothing, error) {
	return Nothing{}, a.store.DisableClient(ctx, in.ClientID)
}

// EnableClient accepts a client again.
func (a *Admin) EnableClient(ctx context.Context, in ClientID) (Nothing, error) {
	return Nothing{}, a.store.EnableClient(ctx, in.ClientID)
}

// RemoveClient removes a client with its consents and tokens.
func (a *Admin) RemoveClient(ctx context.Context, in ClientID) (Nothing, error) {
	return Nothing{}, a.store.RemoveClient(ctx, in.ClientID)
}

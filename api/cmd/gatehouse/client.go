package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"gatehouse/api/config"
	"gatehouse/api/oidc"
	"gatehouse/api/provider"
	"gatehouse/api/store"
)

type clientCmd struct {
	Add          clientAddCmd          `cmd:"" help:"Register a client; prints its secret, once."`
	Import       clientImportCmd       `cmd:"" help:"Register or update clients from JSON in the names of RFC 7591, ids and secrets included."`
	List         clientListCmd         `cmd:"" help:"List the clients."`
	Logouts      clientLogoutsCmd      `cmd:"" help:"Show what became of the latest back-channel logouts."`
	Show         clientShowCmd         `cmd:"" help:"Print a client as JSON, without its secret."`
	RotateSecret clientRotateSecretCmd `cmd:"" help:"Replace a client's secret at once; prints the new one, once."`
	Disable      clientDisableCmd      `cmd:"" help:"Refuse a client and all it holds, from the next request on."`
	Enable       clientEnableCmd       `cmd:"" help:"Take a client in again."`
	Remove       clientRemoveCmd       `cmd:"" help:"Remove a client with its consents and tokens."`
	Token        clientTokenCmd        `cmd:"" help:"Manage initial access tokens, which clients register themselves with."`
}

// newSecret has 256 random bits; a digest of it is all that is stored.
func newSecret() (secret string, sha []byte) {
	var random [32]byte
	rand.Read(random[:]) // never fails (Go 1.24)
	secret = base64.RawURLEncoding.EncodeToString(random[:])
	return secret, digest(secret)
}

func digest(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

type clientAddCmd struct {
	ID                    string   `arg:"" name:"id" help:"client_id."`
	Name                  string   `help:"What people are shown."`
	RedirectURI           []string `name:"redirect-uri" sep:"none" placeholder:"URL" help:"May be repeated; compared character for character."`
	PostLogoutRedirectURI []string `name:"post-logout-redirect-uri" sep:"none" placeholder:"URL" help:"May be repeated."`
	BackchannelLogoutURI  string   `name:"backchannel-logout-uri" placeholder:"URL" help:"Where the client hears of logouts."`
	FrontchannelLogoutURI string   `name:"frontchannel-logout-uri" placeholder:"URL" help:"What browsers load at a logout; they may keep cookies from it."`
	Public                bool     `help:"The client cannot keep a secret: a single-page or native application."`
	Native                bool     `help:"It runs on people's own machines: http://127.0.0.1 and http://[::1] may have any port there."`
	FirstParty            bool     `help:"People are not asked for consent."`
	Group                 []string `sep:"none" placeholder:"GROUP" help:"Only members of this group may use the client; may be repeated."`
	GrantType             []string `sep:"none" placeholder:"GRANT" help:"Beside authorization_code and refresh_token; may be repeated."`
	ResponseType          []string `sep:"none" placeholder:"TYPE" help:"Beside code, for an old client, such as token; may be repeated."`
	NoPKCE                bool     `name:"no-pkce" help:"The client cannot do PKCE; only for one that keeps a secret."`
	AccessTokenAlg        string   `enum:"ES256,RS256,PS256,EdDSA" default:"ES256" help:"Its access tokens are signed with it (${enum})."`
	RefreshTokenFormat    string   `enum:"opaque,jwt" default:"opaque" help:"jwt is for a client that parses its refresh tokens (${enum})."`
	ReleaseClaim          []string `sep:"none" placeholder:"CLAIM" help:"Given to the client whatever its scope; may be repeated."`
	Audience              []string `sep:"none" placeholder:"AUDIENCE" help:"A service that its access tokens are for; may be repeated."`
	clientProtocol        `embed:""`
	AllowUpstream         []string `sep:"none" placeholder:"NAME" help:"It may have its users' tokens of this upstream (token exchange); may be repeated."`
	Template              string   `enum:"jupyterhub,z2jh,tljh," default:"" placeholder:"jupyterhub" help:"Register and configure this application: jupyterhub, z2jh (Helm values) or tljh."`
	URL                   string   `name:"url" placeholder:"URL" help:"Where the application of the template is."`
}

func (c clientAddCmd) Run(ctx context.Context, a *app) error {
	if c.Template != "" {
		return c.addJupyterHub(ctx, a)
	}
	if c.URL != "" {
		return errors.New("--url belongs to --template; write --redirect-uri")
	}
	for _, grant := range c.GrantType {
		if !slices.Contains(provider.GrantTypes(), grant) {
			return fmt.Errorf("--grant-type %q is not supported; there are: %s", grant, strings.Join(provider.GrantTypes(), " "))
		}
	}
	for _, name := range c.ResponseType {
		if oidc.ParseResponseType(name) == "" {
			return fmt.Errorf("--response-type %q is not supported; there are: %s", name, oidc.JoinResponseTypes(oidc.ResponseTypes, ", "))
		}
	}
	if c.Public && (c.keyed() || c.Service) {
		return errors.New("a --public client has neither keys (--jwks, --jwks-uri) nor tokens for itself (--service)")
	}
	if uri := c.FrontchannelLogoutURI; uri != "" && !oidc.MayTellInFront(uri, c.RedirectURI) {
		return errors.New("--frontchannel-logout-uri must have the scheme, host and port of a --redirect-uri")
	}
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		row, secret := c.row(), ""
		var stored store.Secret
		if err := c.change(a, &row); err != nil {
			return err
		}
		switch {
		case c.Public:
			row.TokenEndpointAuthMethod = "none"
		case !c.keyed():
			secret, stored.SHA256 = newSecret()
		}
		if err := s.AddClient(ctx, row, stored); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "client_id %s\n", c.ID)
		if secret != "" {
			fmt.Fprintf(a.stdout, "client_secret %s\n", secret)
		}
		return nil
	})
}

func (c clientAddCmd) row() store.ClientRow {
	row := store.NewClientRow()
	row.ClientID = c.ID
	row.ClientName = c.Name
	if c.Native {
		row.ApplicationType = "native"
	}
	row.RedirectURIs = c.RedirectURI
	row.PostLogoutRedirectURIs = c.PostLogoutRedirectURI
	row.BackchannelLogoutURI = c.BackchannelLogoutURI
	row.FrontchannelLogoutURI = c.FrontchannelLogoutURI
	row.GrantTypes = append([]string{oidc.GrantAuthorizationCode, oidc.GrantRefreshToken}, c.GrantType...)
	for _, name := range c.ResponseType {
		if t := oidc.ParseResponseType(name); !slices.Contains(row.ResponseTypes, string(t)) {
			row.ResponseTypes = append(row.ResponseTypes, string(t))
		}
	}
	if len(row.ResponseTypes) > 1 {
		row.GrantTypes = append(row.GrantTypes, oidc.GrantImplicit)
	}
	row.RequirePKCE = !c.NoPKCE
	row.AccessTokenSigningAlg = c.AccessTokenAlg
	row.RefreshTokenFormat = c.RefreshTokenFormat
	row.ReleasedClaims = c.ReleaseClaim
	row.Audiences = c.Audience
	row.AllowedUpstreams = c.AllowUpstream
	row.FirstParty = c.FirstParty
	row.AllowedGroups = c.Group
	return row
}

type clientListCmd struct {
	Search string `placeholder:"TEXT" help:"Only those that have this in their id or name."`
	JSON   bool   `name:"json" help:"As JSON, which client import reads."`
}

func (c clientListCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		list := allClients(ctx, s, c.Search)
		if c.JSON {
			return printRows(a.stdout, list)
		}
		head := []string{"CLIENT_ID", "NAME", "KIND", "REGISTRATION", "STATE", "REDIRECT_URIS"}
		return printTable(a.stdout, list, head, func(row store.ClientRow) []string {
			return []string{row.ClientID, row.ClientName, kind(row), row.Registration, state(row.DisabledAt), strings.Join(row.RedirectURIs, " ")}
		})
	})
}

func allClients(ctx context.Context, s *store.Store, search string) iter.Seq2[store.ClientRow, error] {
	return walk(func(row store.ClientRow) string { return row.ClientID }, func(p store.Page) ([]store.ClientRow, error) {
		return s.ListClients(ctx, store.ClientQuery{Page: p, Search: search})
	})
}

func kind(row store.ClientRow) string {
	words := []string{"confidential", "third-party"}
	if row.TokenEndpointAuthMethod == "none" {
		words[0] = "public"
	}
	if row.FirstParty {
		words[1] = "first-party"
	}
	return strings.Join(words, " ")
}

type clientShowCmd struct {
	ID string `arg:"" name:"id"`
}

func (c clientShowCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		row, err := s.ShowClient(ctx, c.ID)
		if err != nil {
			return err
		}
		return printJSON(a.stdout, row)
	})
}

type clientRotateSecretCmd struct {
	ID string `arg:"" name:"id"`
}

func (c clientRotateSecretCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		secret, sha := newSecret()
		return a.done(s.RotateClientSecret(ctx, c.ID, sha), "client_secret %s", secret)
	})
}

type clientDisableCmd struct {
	ID string `arg:"" name:"id"`
}

func (c clientDisableCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		return a.done(s.DisableClient(ctx, c.ID), "disabled client %s", c.ID)
	})
}

type clientEnableCmd struct {
	ID string `arg:"" name:"id"`
}

func (c clientEnableCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		return a.done(s.EnableClient(ctx, c.ID), "enabled client %s", c.ID)
	})
}

type clientRemoveCmd struct {
	ID string `arg:"" name:"id"`
}

func (c clientRemoveCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		return a.done(s.RemoveClient(ctx, c.ID), "removed client %s", c.ID)
	})
}

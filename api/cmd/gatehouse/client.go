package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"gatehouse/api/admin"
	"gatehouse/api/config"
	"gatehouse/api/oidc"
)

type clientCmd struct {
	Add     clientAddCmd     `cmd:"" help:"Register a client; prints its secret, once."`
	Import  clientImportCmd  `cmd:"" help:"Register or update clients from JSON in the names of RFC 7591, ids and secrets included."`
	Print   clientPrintCmd   `cmd:"" help:"Print the settings of an application for a client that is registered, again and again."`
	List    clientListCmd    `cmd:"" help:"List the clients."`
	Logouts clientLogoutsCmd `cmd:"" help:"Show what became of the latest back-channel logouts."`

	Claim clientClaimCmd `cmd:"" help:"Manage claims that a client gets of its users beside those of scopes."`

	Refusals clientRefusalsCmd `cmd:"" help:"Show what a client sent that was refused, and what would allow it."`

	Secrets clientSecretsCmd `cmd:"" help:"List the secrets of a client: their ends and last uses, not their values."`

	ExchangePolicy plugged `cmd:"" name:"exchange-policy" help:"Manage for which services clients may exchange tokens (RFC 8693)."`

	Token clientTokenCmd `cmd:"" help:"Manage initial access tokens, which clients register themselves with."`
	kong.Plugins
}

type clientAddCmd struct {
	ID   string `arg:"" name:"id" help:"client_id."`
	Name string `help:"What people are shown." group:"people"`

	RedirectURI           []string `name:"redirect-uri" sep:"none" placeholder:"URL" help:"May be repeated; compared as it is." group:"ask"`
	PostLogoutRedirectURI []string `name:"post-logout-redirect-uri" sep:"none" placeholder:"URL" help:"May be repeated." group:"logout"`
	BackchannelLogoutURI  string   `name:"backchannel-logout-uri" placeholder:"URL" help:"Where the client hears of logouts." group:"logout"`
	FrontchannelLogoutURI string   `name:"frontchannel-logout-uri" placeholder:"URL" help:"What browsers load at a logout." group:"logout"`

	Public bool `help:"The client cannot keep a secret: a single-page or native application." group:"proof"`
	Native bool `help:"It runs on people's own machines: http://127.0.0.1 and http://[::1] may have any port there." group:"ask"`

	CORSOrigin []string `name:"cors-origin" sep:"none" placeholder:"URL" help:"Of its pages; may be repeated." group:"ask"`

	AnyPort    bool `name:"localhost-any-port" help:"http://localhost may have any port, too." group:"ask"`
	FirstParty bool `help:"People are not asked for consent." group:"decide"`

	Group []string `sep:"none" placeholder:"GROUP" help:"Only members of this group may use the client; may be repeated." group:"decide"`

	GrantType    []string `sep:"none" placeholder:"GRANT" help:"Beside authorization_code and refresh_token; may be repeated." group:"ask"`
	ResponseType []string `sep:"none" placeholder:"TYPE" help:"Beside code, for an old client, such as token; may be repeated." group:"ask"`
	NoPKCE       bool     `name:"no-pkce" help:"The client cannot do PKCE; only for one that keeps a secret." group:"proof"`

	AccessTokenAlg string `enum:"ES256,RS256,PS256,EdDSA" default:"ES256" help:"Signs its access tokens (${enum})." group:"tokens"`

	AccessTokenTyp string `enum:"at+jwt,JWT" default:"at+jwt" help:"JWT is for services that refuse at+jwt (${enum})." group:"tokens"`
	ResourceServer bool   `help:"It is sent tokens of other clients, and asks whose they are." group:"decide"`

	RefreshTokenFormat string `enum:"opaque,jwt" default:"opaque" help:"jwt is for one that parses them (${enum})." group:"tokens"`

	ReleaseClaim []string `sep:"none" placeholder:"CLAIM" help:"Given to the client whatever its scope; may be repeated." group:"tokens"`

	Audience []string `sep:"none" placeholder:"AUDIENCE" help:"A service that its access tokens are for; may be repeated." group:"tokens"`

	clientProtocol `embed:""`

	AllowUpstream []string `sep:"none" placeholder:"NAME" help:"It may get its users' tokens there; may be repeated." group:"decide"`

	Template string `placeholder:"NAME" help:"Configure it too: jupyterhub, z2jh or tljh; admin for the pages for administrators."`
	URL      string `name:"url" placeholder:"URL" help:"Where the application of the template is."`
}

// Validate is called by kong: an enum of it that may be left out names "" among what may be written.
func (c clientAddCmd) Validate() error {
	if c.Template != "" && !slices.Contains(append(slices.Clone(admin.HubTemplates), "admin"), c.Template) {
		return fmt.Errorf("--template must be one of jupyterhub, z2jh, tljh and admin, not %q", c.Template)
	}
	return nil
}

func (c clientAddCmd) Run(ctx context.Context, a *app) error {
	switch c.Template {
	case "":
	case "admin":
		return c.addAdminPages(ctx, a)
	default:
		return c.addJupyterHub(ctx, a)
	}
	if c.URL != "" {
		return errors.New("--url belongs to --template; write --redirect-uri")
	}
	if c.Public && (c.keyed() || c.Service) {
		return errors.New("a --public client has neither keys (--jwks, --jwks-uri) nor tokens for itself (--service)")
	}
	return a.withAdmin(ctx, 0, func(cfg *config.Config, adm *admin.Admin) error {
		in := c.registration()
		if err := c.change(a, &in.Client); err != nil {
			return err
		}
		if c.Public {
			in.TokenEndpointAuthMethod = "none"
		}
		added, err := adm.AddClient(ctx, in)
		if err != nil {
			return err
		}
		out := addedClient{added, addressesOf(cfg)}
		if err := a.done(out, nil, "%s", out); err != nil {
			return err
		}
		if in.LacksRedirectURI() {
			fmt.Fprintln(a.stderr, "warning: without --redirect-uri nobody can sign in to it; only a service that asks about tokens needs none")
		}
		return nil
	})
}

func (c clientAddCmd) registration() admin.Registration {
	in := admin.NewRegistration()
	in.ClientID = c.ID
	in.ClientName = c.Name
	if c.Native {
		in.ApplicationType = "native"
	}
	in.RedirectURIs = c.RedirectURI
	in.LocalhostAnyPort, in.CORSOrigins = c.AnyPort, c.CORSOrigin
	in.PostLogoutRedirectURIs = c.PostLogoutRedirectURI
	in.BackchannelLogoutURI = c.BackchannelLogoutURI
	in.FrontchannelLogoutURI = c.FrontchannelLogoutURI
	in.GrantTypes = append([]string{oidc.GrantAuthorizationCode, oidc.GrantRefreshToken}, c.GrantType...)
	for _, name := range c.ResponseType {
		name = cmp.Or(string(oidc.ParseResponseType(name)), name)
		if !slices.Contains(in.ResponseTypes, name) {
			in.ResponseTypes = append(in.ResponseTypes, name)
		}
	}
	if len(in.ResponseTypes) > 1 && !slices.Contains(in.GrantTypes, oidc.GrantImplicit) {
		in.GrantTypes = append(in.GrantTypes, oidc.GrantImplicit)
	}
	in.RequirePKCE = !c.NoPKCE
	in.AccessTokenSigningAlg = c.AccessTokenAlg
	in.AccessTokenTyp, in.ResourceServer = c.AccessTokenTyp, c.ResourceServer
	in.RefreshTokenFormat = c.RefreshTokenFormat
	in.ReleasedClaims = c.ReleaseClaim
	in.Audiences = c.Audience
	in.AllowedUpstreams = c.AllowUpstream
	in.FirstParty = c.FirstParty
	in.AllowedGroups = c.Group
	return in
}

type clientListCmd struct {
	Search string `placeholder:"TEXT" help:"Only those that have this in their id or name."`
}

func (c clientListCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		list := walk(func(p admin.Paging) (admin.Page[oidc.Client], error) {
			return adm.ListClients(ctx, admin.ListClients{Paging: p, Search: c.Search})
		})
		head := []string{"CLIENT_ID", "NAME", "KIND", "REGISTRATION", "STATE", "REDIRECT_URIS"}
		return printList(a, list, head, func(c oidc.Client) []string {
			return []string{c.ClientID, c.ClientName, kind(c), c.Registration, state(c.DisabledAt), strings.Join(c.RedirectURIs, " ")}
		})
	})
}

func kind(c oidc.Client) string {
	words := []string{"confidential", "third-party"}
	if c.TokenEndpointAuthMethod == "none" {
		words[0] = "public"
	}
	if c.FirstParty {
		words[1] = "first-party"
	}
	return strings.Join(words, " ")
}

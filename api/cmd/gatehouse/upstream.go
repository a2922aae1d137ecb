package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

type upstreamCmd struct {
	Add  upstreamAddCmd  `cmd:"" help:"Add a provider to sign in with; asks for our client secret there, or reads it from stdin."`
	List upstreamListCmd `cmd:"" help:"List the upstreams."`
	Set  upstreamSetCmd  `cmd:"" help:"Change what is named of an upstream; an empty value clears."`
	kong.Plugins
}

type upstreamAddCmd struct {
	Name        string   `arg:"" help:"In lower case; part of the redirect URI."`
	Issuer      string   `required:"" placeholder:"URL" help:"Exactly as its discovery document says, or https://github.com."`
	ClientID    string   `name:"client-id" required:"" placeholder:"ID" help:"Ours there."`
	Public      bool     `help:"We have no client secret there."`
	Kind        string   `enum:"oidc,github" default:"oidc" placeholder:"github" help:"Not an OpenID Provider, but GitHub."`
	DisplayName string   `name:"display-name" placeholder:"NAME" help:"What people are shown."`
	Scope       string   `placeholder:"SCOPE" help:"Separated by spaces."`
	EmailDomain []string `name:"email-domain" sep:"none" placeholder:"DOMAIN" help:"Its addresses go there; may be repeated."`

	TrustsEmail  bool `name:"trusts-email" help:"A verified address of these is linked to the one user who has it."`
	CreatesUsers bool `name:"creates-users" help:"An account that belongs to nobody becomes a new user; needs one of the next two."`

	UsernamePrefix  string `placeholder:"PREFIX" help:"What their usernames begin with, such as uni-."`
	UsernamePattern string `placeholder:"REGEXP" help:"What their usernames are, such as [a-z]{2}[0-9]{5}; others are not created."`

	MFAValue []string `name:"mfa-value" sep:"none" placeholder:"VALUE" help:"Its acr or amr for two factors, such as mfa; may be repeated."`

	Position int `placeholder:"N" help:"Among the buttons of the sign-in page: the lowest is the first, 0 unless given."`

	Param map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"Parameter of the authorization request; may be repeated."`
}

func (c upstreamAddCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, config.ForTemplate, func(_ *config.Config, adm *admin.Admin) (err error) {
		in := admin.AddUpstream{Name: c.Name, DisplayName: c.DisplayName, Kind: c.Kind, Issuer: c.Issuer,
			ClientID: c.ClientID, Scope: c.Scope, AuthorizationParams: c.Param, EmailDomains: c.EmailDomain, TrustsEmail: c.TrustsEmail,
			CreatesUsers: c.CreatesUsers, UsernamePrefix: c.UsernamePrefix, UsernamePattern: c.UsernamePattern,
			MFAValues: c.MFAValue, Position: c.Position}
		if !c.Public {
			if in.ClientSecret, err = a.clientSecret(ctx); err == nil && in.ClientSecret == "" {
				err = errors.New("there is no client secret on standard input; --public if we have none there")
			}
			if err != nil {
				return err
			}
		}
		added, err := adm.AddUpstream(ctx, in)
		return a.done(added, err, "added upstream %s; register this redirect URI there:\n%s\n", added.Name, added.RedirectURI)
	})
}

type upstreamSetCmd struct {
	admin.SetUpstream `embed:""`
	ReplaceSecret     bool `help:"Ask for another client secret, or read it from stdin; an empty one there is none."`
}

func (c upstreamSetCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		if c.ReplaceSecret {
			secret, err := a.clientSecret(ctx)
			if err != nil {
				return err
			}
			c.ClientSecret = &secret
		}
		out, err := adm.SetUpstream(ctx, c.SetUpstream)
		return a.done(out, err, "changed upstream %s\n", c.Name)
	})
}

// clientSecret reads one line, never from an argument, which everybody on the machine can see.
func (a *app) clientSecret(ctx context.Context) (string, error) {
	var secret string
	var err error
	if file, ok := a.stdin.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		fmt.Fprint(a.stderr, "Client secret: ")
		secret, err = readHidden(ctx, int(file.Fd()))
		fmt.Fprintln(a.stderr)
	} else {
		var text []byte
		text, err = io.ReadAll(io.LimitReader(a.stdin, 4096))
		secret = string(text)
	}
	return strings.TrimSpace(secret), err
}

type upstreamListCmd struct{}

func (c upstreamListCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		list, err := adm.ListUpstreams(ctx, admin.Nothing{})
		if err != nil {
			return err
		}
		if a.json {
			return printJSON(a.stdout, list)
		}
		t := newTable(a.stdout, "NAME", "DISPLAY_NAME", "KIND", "ISSUER", "ACCOUNTS", "STATE")
		for _, u := range list {
			t.row(u.Name, u.DisplayName, u.Kind, u.Issuer, fmt.Sprint(u.Accounts), state(u.DisabledAt))
		}
		t.flush()
		return nil
	})
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"gatehouse/api/config"
	"gatehouse/api/store"
)

type upstreamCmd struct {
	Add     upstreamAddCmd     `cmd:"" help:"Add a provider to sign in with; asks for our client secret there, or reads it from stdin."`
	List    upstreamListCmd    `cmd:"" help:"List the upstreams."`
	Show    upstreamShowCmd    `cmd:"" help:"Print an upstream as JSON, without its secret."`
	Disable upstreamDisableCmd `cmd:"" help:"Let nobody sign in there any more, from the next request on."`
	Enable  upstreamEnableCmd  `cmd:"" help:"Take an upstream in again."`
	Remove  upstreamRemoveCmd  `cmd:"" help:"Remove an upstream with its accounts and their tokens; the users stay."`
	Link    upstreamLinkCmd    `cmd:"" help:"Say whose an account there is."`
	Unlink  upstreamUnlinkCmd  `cmd:"" help:"Take the account there from a user."`
}

// scopes are asked for where nothing else is said.
var scopes = map[string]string{"oidc": "openid email profile", "github": "read:user user:email"}

type upstreamAddCmd struct {
	Name         string            `arg:"" help:"In lower case; part of the redirect URI."`
	Issuer       string            `required:"" placeholder:"URL" help:"Exactly as its discovery document says, or https://github.com."`
	ClientID     string            `name:"client-id" required:"" placeholder:"ID" help:"Ours there."`
	Public       bool              `help:"We have no client secret there."`
	Kind         string            `enum:"oidc,github" default:"oidc" placeholder:"github" help:"Not an OpenID Provider, but GitHub."`
	DisplayName  string            `name:"display-name" placeholder:"NAME" help:"What people are shown."`
	Scope        string            `placeholder:"SCOPE" help:"Separated by spaces."`
	EmailDomain  []string          `name:"email-domain" sep:"none" placeholder:"DOMAIN" help:"Its addresses go there; may be repeated."`
	TrustsEmail  bool              `name:"trusts-email" help:"A verified address of these is linked to the one user who has it."`
	CreatesUsers bool              `name:"creates-users" help:"An account that belongs to nobody becomes a new user."`
	Param        map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"Parameter of the authorization request; may be repeated."`
}

func (c upstreamAddCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, config.ForTemplate, func(cfg *config.Config, s *store.Store) (err error) {
		secret := ""
		if !c.Public {
			if secret, err = a.clientSecret(ctx); err != nil {
				return err
			}
		}
		if c.Scope == "" {
			c.Scope = scopes[c.Kind]
		}
		for i, domain := range c.EmailDomain {
			c.EmailDomain[i] = strings.ToLower(domain)
		}
		row := store.UpstreamRow{Name: c.Name, DisplayName: c.DisplayName, Kind: c.Kind, Issuer: c.Issuer, ClientID: c.ClientID,
			Scope: c.Scope, AuthorizationParams: c.Param, EmailDomains: c.EmailDomain, TrustsEmail: c.TrustsEmail, CreatesUsers: c.CreatesUsers}
		err = s.AddUpstream(ctx, row, secret)
		return a.done(err, "added upstream %s; register this redirect URI there:\n%s/upstream/%s/callback", c.Name, cfg.Issuer, c.Name)
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
	if secret = strings.TrimSpace(secret); err == nil && secret == "" {
		err = errors.New("there is no client secret on standard input; --public if we have none there")
	}
	return secret, err
}

type upstreamListCmd struct {
	JSON bool `name:"json" help:"As JSON."`
}

func (c upstreamListCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		list, err := s.ListUpstreams(ctx)
		if err != nil || c.JSON {
			return orJSON(a, list, err)
		}
		t := newTable(a.stdout, "NAME", "DISPLAY_NAME", "KIND", "ISSUER", "ACCOUNTS", "STATE")
		for _, u := range list {
			t.row(u.Name, u.DisplayName, u.Kind, u.Issuer, fmt.Sprint(u.Accounts), state(u.DisabledAt))
		}
		t.flush()
		return nil
	})
}

type upstreamShowCmd struct {
	Name string `arg:""`
}

func (c upstreamShowCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		row, err := s.ShowUpstream(ctx, c.Name)
		if err != nil {
			return err
		}
		return printJSON(a.stdout, row)
	})
}

type upstreamDisableCmd struct {
	Name string `arg:""`
}

func (c upstreamDisableCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		return a.done(s.DisableUpstream(ctx, c.Name), "disabled upstream %s", c.Name)
	})
}

type upstreamEnableCmd struct {
	Name string `arg:""`
}

func (c upstreamEnableCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		return a.done(s.EnableUpstream(ctx, c.Name), "enabled upstream %s", c.Name)
	})
}

type upstreamRemoveCmd struct {
	Name string `arg:""`
}

func (c upstreamRemoveCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		return a.done(s.RemoveUpstream(ctx, c.Name), "removed upstream %s", c.Name)
	})
}

type upstreamLinkCmd struct {
	Name     string `arg:""`
	Sub      string `arg:"" help:"Subject of the account there; its number at GitHub."`
	Username string `arg:"" help:"The user here."`
	Issuer   string `placeholder:"URL" help:"If it is not the upstream's own."`
}

func (c upstreamLinkCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		account := store.UpstreamAccount{Upstream: c.Name, Issuer: c.Issuer, Sub: c.Sub}
		return a.done(s.AddUpstreamAccount(ctx, account, c.Username), "linked account %s of %s to %s", c.Sub, c.Name, c.Username)
	})
}

type upstreamUnlinkCmd struct {
	Name     string `arg:""`
	Username string `arg:""`
}

func (c upstreamUnlinkCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		return a.done(s.RemoveUpstreamAccount(ctx, c.Name, c.Username), "unlinked %s from %s", c.Username, c.Name)
	})
}

package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"gatehouse/api/admin"
	"gatehouse/api/config"
	"gatehouse/api/oidc"
	"gatehouse/deploy"
)

// hubs are the templates that are a Hub's.
var hubs = []string{"jupyterhub", "z2jh", "tljh"}

// noSecret stands where the secret of a client belongs.
const noSecret = "CLIENT_SECRET"

type clientPrintCmd struct {
	ID           string `arg:"" name:"id"`
	Template     string `required:"" placeholder:"NAME" help:"jupyterhub, z2jh, tljh, grafana, oauth2-proxy or mod-auth-openidc."`
	RotateSecret bool   `help:"With a new secret; the old one is refused at once. Else its place is left."`
}

// Validate is called by kong.
func (c clientPrintCmd) Validate() error {
	if all := slices.Concat(hubs, deploy.Applications()); !slices.Contains(all, c.Template) {
		return fmt.Errorf("--template must be one of %s, not %q", strings.Join(all, ", "), c.Template)
	}
	return nil
}

// Run prints the settings of an application that is registered; only they go to stdout, so that they can be a file.
func (c clientPrintCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, config.ForTemplate, func(cfg *config.Config, adm *admin.Admin) error {
		shown, err := adm.ShowClient(ctx, admin.ClientID{ClientID: c.ID})
		if err != nil {
			return err
		}
		redirect, err := c.redirectURI(shown.RedirectURIs)
		if err != nil {
			return err
		}
		secret := ""
		if c.RotateSecret {
			rotated, err := adm.RotateClientSecret(ctx, admin.RotateClientSecret{ClientID: c.ID})
			if err != nil {
				return err
			}
			secret = rotated.ClientSecret
		} else {
			fmt.Fprintln(a.stderr, "The secret is stored as a digest only: put it in its place, or have a new one with --rotate-secret.")
		}
		if slices.Contains(hubs, c.Template) {
			return hubOf(cfg, shown.Client, redirect, cmp.Or(secret, noSecret)).Write(a.stdout, c.Template)
		}
		return deploy.Application{Issuer: cfg.Issuer, ClientID: c.ID, ClientSecret: secret, RedirectURI: redirect}.Write(a.stdout, c.Template)
	})
}

// redirectURI returns the one that is the template's, or else the first.
func (c clientPrintCmd) redirectURI(list []string) (string, error) {
	if len(list) == 0 {
		return "", fmt.Errorf("client %s has no redirect URI: gatehouse client set %s --add-redirect-uri URL", c.ID, c.ID)
	}
	path := "/hub/oauth_callback"
	if !slices.Contains(hubs, c.Template) {
		path = deploy.RedirectPath(c.Template)
	}
	i := slices.IndexFunc(list, func(uri string) bool { return strings.HasSuffix(uri, path) })
	return list[max(i, 0)], nil
}

// hubOf returns what the configuration of a Hub is filled with, which is registered as c.
func hubOf(cfg *config.Config, c oidc.Client, redirect, secret string) deploy.JupyterHub {
	var cryptKey [32]byte
	rand.Read(cryptKey[:]) // never fails (Go 1.24)
	logout := [][2]string{{"client_id", c.ClientID}}
	if len(c.PostLogoutRedirectURIs) > 0 {
		logout = append(logout, [2]string{"post_logout_redirect_uri", c.PostLogoutRedirectURIs[0]})
	}
	return deploy.JupyterHub{
		Issuer:               cfg.Issuer,
		ClientID:             c.ClientID,
		ClientSecret:         secret,
		CallbackURL:          redirect,
		LogoutURL:            oidc.WithParams(cfg.Issuer+"/logout", logout),
		BackchannelLogoutURL: c.BackchannelLogoutURI,
		LoginService:         cfg.Name,
		AllowedGroups:        c.AllowedGroups,
		CryptKey:             hex.EncodeToString(cryptKey[:]),
	}
}

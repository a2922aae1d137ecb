package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"gatehouse/api/admin"
	"gatehouse/api/config"
	"gatehouse/deploy"
)

// hubs are the templates that are a Hub's.
var hubs = []string{"jupyterhub", "z2jh", "tljh"}

// noSecret stands where the secret of a client belongs.
const noSecret = "CLIENT_SECRET"

type clientPrintCmd struct {
	ID           string `arg:"" name:"id"`
	Template     string `required:"" placeholder:"NAME" help:"Of a Hub: jupyterhub, z2jh or tljh; or of a recipe, such as grafana."`
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
		hub, err := adm.HubOf(ctx, shown.Client, redirect, "") // before there is a secret that is shown once
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
			hub.ClientSecret = cmp.Or(secret, noSecret)
			return hub.Write(a.stdout, c.Template)
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

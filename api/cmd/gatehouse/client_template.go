package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

// addJupyterHub registers a Hub and prints its whole configuration. Only that goes to stdout, so that it can be a file.
func (c clientAddCmd) addJupyterHub(ctx context.Context, a *app) error {
	if c.Public || c.keyed() || c.Service {
		return errors.New("a JupyterHub has a secret and signs people in: leave out --public, --jwks, --jwks-uri and --service")
	}
	in := c.registration()
	if err := c.change(a, &in.Client); err != nil {
		return err
	}
	in, err := admin.ForHub(in, c.URL)
	if err != nil {
		return err
	}
	in.IDTokenSignedResponseAlg = cmp.Or(c.IDTokenAlg, in.IDTokenSignedResponseAlg)
	return a.withAdmin(ctx, config.ForTemplate, func(_ *config.Config, adm *admin.Admin) error {
		added, err := adm.RegisterHub(ctx, in, c.Template)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.stderr, "registered client %s. Below is its configuration, with a secret that is shown only now.\n"+
			"An administrator of the Hub: gatehouse group add hub-admins; gatehouse group add-member hub-admins USERNAME\n"+
			"If the Hub is at a private address, name its host in GATEHOUSE_PRIVATE_HOSTS, or logouts do not reach it.\n", c.ID)
		_, err = io.WriteString(a.stdout, added.Config)
		return err
	})
}

// addAdminPages registers the pages for administrators, and says what is left to do.
func (c clientAddCmd) addAdminPages(ctx context.Context, a *app) error {
	if c.URL != "" || c.Public || c.keyed() || c.Service || len(c.RedirectURI) > 0 {
		return errors.New("all of it follows from the settings: leave out the other flags")
	}
	return a.withAdmin(ctx, 0, func(cfg *config.Config, adm *admin.Admin) error {
		in := admin.NewRegistration()
		in.ClientID = c.ID
		in, err := adm.ForPages(ctx, in)
		if err != nil {
			return err
		}
		if _, err := adm.AddClient(ctx, in); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "client_id %s\n", in.ClientID)
		fmt.Fprintf(a.stderr, "open %s; an administrator: gatehouse group add-member %s USERNAME\n", in.ClientURI, cfg.AdminGroup)
		if cfg.AdminACR != "1" {
			fmt.Fprintf(a.stderr, "they sign in with %s at least: whoever has not set that up is led to it (GATEHOUSE_ADMIN_ACR)\n", cfg.AdminACR)
		}
		return nil
	})
}

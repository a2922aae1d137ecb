package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"gatehouse/api/admin"
	"gatehouse/api/config"
	"gatehouse/api/oidc"
	"gatehouse/deploy"
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
	return a.withAdmin(ctx, config.ForTemplate, func(cfg *config.Config, adm *admin.Admin) error {
		added, err := adm.AddClient(ctx, in)
		if err != nil {
			return err
		}
		var cryptKey [32]byte
		rand.Read(cryptKey[:]) // never fails (Go 1.24)
		fmt.Fprintf(a.stderr, "registered client %s. Below is its configuration, with a secret that is shown only now.\n"+
			"An administrator of the Hub: gatehouse group add hub-admins; gatehouse group add-member hub-admins USERNAME\n"+
			"If the Hub is at a private address, name its host in GATEHOUSE_PRIVATE_HOSTS, or logouts do not reach it.\n", c.ID)
		return deploy.JupyterHub{
			Issuer:       cfg.Issuer,
			ClientID:     c.ID,
			ClientSecret: added.ClientSecret,
			CallbackURL:  in.RedirectURIs[0],
			LogoutURL: oidc.WithParams(cfg.Issuer+"/logout",
				[][2]string{{"client_id", c.ID}, {"post_logout_redirect_uri", in.PostLogoutRedirectURIs[0]}}),
			BackchannelLogoutURL: in.BackchannelLogoutURI,
			LoginService:         cfg.Name,
			AllowedGroups:        c.Group,
			CryptKey:             hex.EncodeToString(cryptKey[:]),
		}.Write(a.stdout, c.Template)
	})
}

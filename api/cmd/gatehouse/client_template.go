package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"gatehouse/api/config"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
	"gatehouse/deploy"
)

// addJupyterHub registers a Hub and prints its whole configuration. Only that goes to stdout, so that it can be a file.
func (c clientAddCmd) addJupyterHub(ctx context.Context, a *app) error {
	hub, err := hubURL(c.URL)
	if err != nil {
		return err
	}
	if c.Public {
		return errors.New("a JupyterHub keeps a secret: leave out --public")
	}
	return a.withStore(ctx, config.ForTemplate, func(cfg *config.Config, s *store.Store) error {
		// After its own logout the Hub sends the browser to logout_redirect_url, without an ID token. It comes back to the
		// login page: /hub/logout would send it away again.
		signedOut := hub + "/hub/login"
		callback := hub + "/hub/oauth_callback"
		row := c.row()
		if row.ClientName == "" {
			row.ClientName = "JupyterHub"
		}
		row.ClientURI = hub + "/"
		row.RedirectURIs = append([]string{callback}, row.RedirectURIs...)
		row.PostLogoutRedirectURIs = append([]string{signedOut}, row.PostLogoutRedirectURIs...)
		row.TokenEndpointAuthMethod = "client_secret_post" // what oauthenticator does unless told otherwise
		row.FirstParty = true
		if row.BackchannelLogoutURI == "" {
			row.BackchannelLogoutURI = hub + "/hub/backchannel_logout"
		}
		secret, sha := newSecret()
		if err := s.AddClient(ctx, row, store.Secret{SHA256: sha}); err != nil {
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
			ClientSecret: secret,
			CallbackURL:  callback,
			LogoutURL: oidc.WithParams(cfg.Issuer+"/logout",
				[][2]string{{"client_id", c.ID}, {"post_logout_redirect_uri", signedOut}}),
			BackchannelLogoutURL: row.BackchannelLogoutURI,
			LoginService:         cfg.Name,
			AllowedGroups:        c.Group,
			CryptKey:             hex.EncodeToString(cryptKey[:]),
		}.Write(a.stdout, c.Template)
	})
}

// hubURL gives the Hub's address without what comes after its base URL.
func hubURL(address string) (string, error) {
	u, err := url.Parse(address)
	if address == "" || err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("--url must be the address of the Hub, such as https://hub.example.org, not %q", address)
	}
	return strings.TrimSuffix(strings.TrimSuffix(address, "/"), "/hub"), nil
}

package admin

import (
	"cmp"
	"net/url"
	"strings"
)

// ForHub returns the registration of a JupyterHub at address: what in leaves out is what oauthenticator expects.
func ForHub(in Registration, address string) (Registration, error) {
	hub, err := hubURL(address)
	if err != nil {
		return in, err
	}
	in.ClientName = cmp.Or(in.ClientName, "JupyterHub")
	in.ClientURI = hub + "/"
	in.RedirectURIs = append([]string{hub + "/hub/oauth_callback"}, in.RedirectURIs...)
	// After its own logout the Hub sends the browser to logout_redirect_url, without an ID token. It comes back to the
	// login page: /hub/logout would send it away again.
	in.PostLogoutRedirectURIs = append([]string{hub + "/hub/login"}, in.PostLogoutRedirectURIs...)
	in.BackchannelLogoutURI = cmp.Or(in.BackchannelLogoutURI, hub+"/hub/backchannel_logout")
	in.TokenEndpointAuthMethod = "client_secret_post" // what oauthenticator does unless told otherwise
	in.IDTokenSignedResponseAlg = "ES256"             // it asks userinfo, and RS256 is two thirds of a sign-in's cost
	in.FirstParty = true
	return in, nil
}

// hubURL returns the Hub's address without what comes after its base URL.
func hubURL(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		return "", invalid("%s must be the address of the Hub, such as https://hub.example.org, not %q", member("url"), address)
	}
	return strings.TrimSuffix(strings.TrimSuffix(address, "/"), "/hub"), nil
}

package provider

import (
	"net/url"
	"strings"

	"gatehouse/api/oidc"
)

// clientView is what people are shown of a client, in the names of OpenID Connect Dynamic Client Registration §2.
type clientView struct {
	Name      string `json:"name"`
	URI       string `json:"uri,omitempty"`
	LogoURI   string `json:"logo_uri,omitempty"`
	PolicyURI string `json:"policy_uri,omitempty"`
	TOSURI    string `json:"tos_uri,omitempty"`
	Unchecked bool   `json:"unchecked,omitempty"` // it registered itself: what it says it is, nobody here has looked at
}

// viewOfClient is for every page that names a client. What one that registered itself says of itself is worth nothing: people see where
// its metadata are, or where the answer goes, which is redirectURI, "" where it goes nowhere. That is all there is of it where neither
// is known, for any client can register the addresses of another one; and links and its logo count at that host only.
func viewOfClient(c *oidc.Client, redirectURI string) *clientView {
	if c == nil {
		return nil
	}
	view := &clientView{Name: c.DisplayName(), URI: c.Home(), LogoURI: c.LogoURI, PolicyURI: c.PolicyURI, TOSURI: c.TOSURI}
	switch c.Registration {
	case "":
		return view
	case oidc.RegistrationDocument:
		view.URI = oidc.Origin(c.ClientID)
	default:
		view.URI = oidc.Origin(redirectURI)
	}
	view.Unchecked = true
	for _, link := range []*string{&view.LogoURI, &view.PolicyURI, &view.TOSURI} {
		if !haveOneHost(*link, view.URI) {
			*link = ""
		}
	}
	return view
}

func haveOneHost(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX == nil && errY == nil && x.Hostname() != "" && strings.EqualFold(x.Hostname(), y.Hostname())
}

type userView struct {
	Username string `json:"username"`
	Name     string `json:"name"`
}

func viewOfUser(u *oidc.User) *userView { return &userView{u.Username, u.DisplayName()} }

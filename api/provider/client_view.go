package provider

import "gatehouse/api/oidc"

// clientView is what people are shown of a client, in the names of OpenID Connect Dynamic Client Registration §2.
type clientView struct {
	Name      string `json:"name"`
	URI       string `json:"uri,omitempty"`
	LogoURI   string `json:"logo_uri,omitempty"`
	PolicyURI string `json:"policy_uri,omitempty"`
	TOSURI    string `json:"tos_uri,omitempty"`
}

func viewOfClient(c *oidc.Client) *clientView {
	if c == nil {
		return nil
	}
	return &clientView{Name: c.DisplayName(), URI: c.Home(), LogoURI: c.LogoURI, PolicyURI: c.PolicyURI, TOSURI: c.TOSURI}
}

// viewOfAsking is viewOfClient for a page that asks for something in the client's name. What a client that registered
// itself calls its home is worth nothing there: people see where its metadata are, or where the answer goes.
func viewOfAsking(c *oidc.Client, req oidc.AuthorizeRequest) *clientView {
	view := viewOfClient(c)
	switch c.Registration {
	case "":
	case oidc.RegistrationDocument:
		view.URI = oidc.Origin(c.ClientID)
	default:
		view.URI = oidc.Origin(req.RedirectURI)
	}
	return view
}

type userView struct {
	Username string `json:"username"`
	Name     string `json:"name"`
}

func viewOfUser(u *oidc.User) *userView { return &userView{u.Username, u.DisplayName()} }

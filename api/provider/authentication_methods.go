package provider

import (
	"context"
	"time"
)

// methodsAge is how long the document of authentication methods may be kept.
const methodsAge = time.Minute

// authenticationMethods is how people can sign in here, so that a frontend can draw its buttons before anybody has.
type authenticationMethods struct {
	Issuer  string                 `json:"issuer"`
	Name    string                 `json:"name"` // what the pages call this place
	Methods []authenticationMethod `json:"methods"`
}

// authenticationMethod is a button: password and upstream lead to the authorization endpoint with authorization_params added,
// the others to url.
type authenticationMethod struct {
	Method              string            `json:"method"` // password, upstream, device, personal_access_token
	Name                string            `json:"name,omitempty"`
	DisplayName         string            `json:"display_name"`
	AuthorizationParams map[string]string `json:"authorization_params,omitempty"`
	URL                 string            `json:"url,omitempty"`
}

// AuthenticationMethods is public: what it says is on the login page as well.
func (p *Provider) AuthenticationMethods(ctx context.Context, _ Request) Answer {
	var offers []authenticationMethod
	for _, m := range methods() {
		if m.offers == nil {
			continue
		}
		list, err := m.offers(p, ctx)
		if err != nil {
			return p.failed(ctx, err)
		}
		offers = append(offers, list...)
	}
	offers = append(offers, authenticationMethod{Method: "device", DisplayName: p.Name, URL: p.UIOrigin + "/device"},
		authenticationMethod{Method: "personal_access_token", DisplayName: p.Name, URL: p.Issuer + "/account"})
	return Answer{Status: 200, JSON: authenticationMethods{p.Issuer, p.Name, offers}, Public: methodsAge}
}

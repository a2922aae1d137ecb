package admin

import "context"

// SetResource is what to change of a service: what is nil stays as it is, and what is empty is cleared.
type SetResource struct {
	Identifier string `json:"identifier" arg:"" help:"Whose row it is."`

	NewIdentifier *string `json:"new_identifier,omitempty" placeholder:"URL" help:"Another one, which clients and the service use at once."`
	Name          *string `json:"name,omitempty" help:"What people are shown."`
	OpenTo        *string `json:"open_to,omitempty" placeholder:"WHOM" help:"Which clients may name it: listed or registered."`

	Scopes *map[string]string `json:"scopes,omitempty" name:"scope" placeholder:"SCOPE=WORDS" help:"All its scopes; may be repeated."`

	AccessTokenLifetime *int      `json:"access_token_lifetime,omitempty" placeholder:"SECONDS" help:"Of access tokens for it; 0: as usual."`
	AllowedGroups       *[]string `json:"allowed_groups,omitempty" name:"group" placeholder:"GROUP" help:"All groups that get tokens for it."`
	MinACR              *string   `json:"min_acr,omitempty" name:"min-acr" placeholder:"ACR" help:"What sign-ins have to reach: mfa, phr, …"`
}

// SetResource changes what is named of a service.
func (a *Admin) SetResource(ctx context.Context, in SetResource) (Nothing, error) {
	changes := changesOf(in)
	if in.AccessTokenLifetime != nil && *in.AccessTokenLifetime == 0 {
		changes["access_token_lifetime"] = nil
	}
	return Nothing{}, a.store.Set(ctx, "resources", in.Identifier, changes)
}

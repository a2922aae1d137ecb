package admin

import (
	"cmp"
	"context"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Resource is a service that access tokens are for (RFC 8707).
type Resource = oidc.Resource

// AddResource is a service to add.
type AddResource struct {
	Identifier string `json:"identifier" arg:"" help:"Its address, as clients name it and as it looks for itself in tokens (aud)."`
	Name       string `json:"name,omitempty" help:"What people are shown."`
	OpenTo     string `json:"open_to,omitempty" enum:"listed,registered" default:"listed" help:"Which clients may name it (${enum})."`

	Scopes map[string]string `json:"scopes,omitempty" name:"scope" mapsep:"none" placeholder:"SCOPE=WORDS" help:"May be repeated."`

	AccessTokenLifetime int      `json:"access_token_lifetime,omitempty" placeholder:"SECONDS" help:"Of access tokens for it."`
	AllowedGroups       []string `json:"allowed_groups,omitempty" name:"group" sep:"none" placeholder:"GROUP" help:"Only for its members."`
	MinACR              string   `json:"min_acr,omitempty" name:"min-acr" placeholder:"ACR" help:"What sign-ins have to reach: mfa, phr, …"`
}

// AddResource adds a service.
func (a *Admin) AddResource(ctx context.Context, in AddResource) (Nothing, error) {
	scopes := in.Scopes
	if scopes == nil {
		scopes = map[string]string{}
	}
	if in.AccessTokenLifetime < 0 { // 0 is none
		return Nothing{}, invalid("%s must be 1 to 86400 seconds, a day: %d", member("access_token_lifetime"), in.AccessTokenLifetime)
	}
	return Nothing{}, a.store.AddResource(ctx, oidc.Resource{Identifier: in.Identifier, Name: in.Name, Scopes: scopes,
		OpenTo: cmp.Or(in.OpenTo, oidc.OpenToListed), AccessTokenLifetime: in.AccessTokenLifetime, AllowedGroups: in.AllowedGroups,
		MinACR: in.MinACR})
}

// ShowResource returns a service. Errors: Missing.
func (a *Admin) ShowResource(ctx context.Context, in ResourceIdentifier) (Resource, error) {
	return a.store.ShowResource(ctx, in.Identifier)
}

// DisableResource lets nobody get a token for a service, from the next request on. Errors: Missing.
func (a *Admin) DisableResource(ctx context.Context, in ResourceIdentifier) (Nothing, error) {
	return Nothing{}, a.store.DisableResource(ctx, in.Identifier)
}

// EnableResource opens a service again to whom its row says. Errors: Missing.
func (a *Admin) EnableResource(ctx context.Context, in ResourceIdentifier) (Nothing, error) {
	return Nothing{}, a.store.EnableResource(ctx, in.Identifier)
}

// ListResources is which services are wanted.
type ListResources struct {
	Paging
}

// ListResources returns services by identifier.
func (a *Admin) ListResources(ctx context.Context, in ListResources) (Page[Resource], error) {
	return page(in.Paging, func(r Resource) string { return r.Identifier }, func(p store.Page) ([]Resource, error) {
		return a.store.ListResources(ctx, p)
	})
}

// ResourceIdentifier names a service.
type ResourceIdentifier struct {
	Identifier string `json:"identifier" arg:""`
}

// RemoveResource removes a service: clients that nobody listed get no more tokens for it. Errors: Missing.
func (a *Admin) RemoveResource(ctx context.Context, in ResourceIdentifier) (Nothing, error) {
	return Nothing{}, a.store.RemoveResource(ctx, in.Identifier)
}

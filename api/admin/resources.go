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
}

// AddResource adds a service.
func (a *Admin) AddResource(ctx context.Context, in AddResource) (Nothing, error) {
	scopes := in.Scopes
	if scopes == nil {
		scopes = map[string]string{}
	}
	return Nothing{}, a.store.AddResource(ctx, oidc.Resource{Identifier: in.Identifier, Name: in.Name, Scopes: scopes,
		OpenTo: cmp.Or(in.OpenTo, oidc.OpenToListed)})
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

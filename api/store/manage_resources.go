package store

import (
	"context"
	"strconv"

	"gatehouse/api/oidc"
)

const resourceColumns = `identifier, coalesce(name, '') AS name, scopes, open_to,
	coalesce(access_token_lifetime, 0) AS access_token_lifetime, allowed_groups, coalesce(min_acr, '') AS min_acr, disabled_at, created_at,
	coalesce(managed_by, '') AS managed_by`

var (
	addResource = compile(`
		INSERT INTO resources (identifier, name, scopes, open_to, access_token_lifetime, allowed_groups, min_acr)
		VALUES (@identifier, nullif(@name, ''), @scopes, @open_to, nullif(@lifetime::integer, 0), @allowed_groups, nullif(@min_acr, ''))`)
	showResource  = compile(`SELECT ` + resourceColumns + ` FROM resources WHERE identifier = @identifier`)
	listResources = compile(`SELECT ` + resourceColumns + ` FROM resources
		WHERE identifier > @after ORDER BY identifier LIMIT @limit`)
	disableResource = compile(`UPDATE resources SET disabled_at = coalesce(disabled_at, now()) WHERE identifier = @identifier RETURNING 1`)
	enableResource  = compile(`UPDATE resources SET disabled_at = NULL WHERE identifier = @identifier RETURNING 1`)
	removeResource  = compile(`DELETE FROM resources WHERE identifier = @identifier RETURNING 1`)
)

// AddResource adds a service that access tokens are for.
func (s *Store) AddResource(ctx context.Context, r oidc.Resource) error {
	_, err := addResource.run(ctx, s.pool, args{"identifier": r.Identifier, "name": r.Name, "scopes": r.Scopes, "open_to": r.OpenTo,
		"lifetime": r.AccessTokenLifetime, "allowed_groups": oidc.NotNil(r.AllowedGroups), "min_acr": r.MinACR})
	return inWords(err, values{"identifier": r.Identifier, "name": r.Name, "open_to": r.OpenTo, "min_acr": r.MinACR,
		"access_token_lifetime": strconv.Itoa(r.AccessTokenLifetime)})
}

// ShowResource returns a service; Missing if there is none.
func (s *Store) ShowResource(ctx context.Context, identifier string) (oidc.Resource, error) {
	list, err := listed[oidc.Resource](ctx, s, showResource, args{"identifier": identifier})
	if err == nil && len(list) == 0 {
		return oidc.Resource{}, Missing{"resource", identifier}
	}
	if err != nil {
		return oidc.Resource{}, err
	}
	return list[0], nil
}

// ListResources returns services by identifier, their key.
func (s *Store) ListResources(ctx context.Context, p Page) ([]oidc.Resource, error) {
	return listed[oidc.Resource](ctx, s, listResources, args{"after": p.After, "limit": p.Limit})
}

// DisableResource lets nobody get a token for a service.
func (s *Store) DisableResource(ctx context.Context, identifier string) error {
	return s.manageOne(ctx, Missing{"resource", identifier}, nil, disableResource, args{"identifier": identifier})
}

// EnableResource opens a service again to whom its row says.
func (s *Store) EnableResource(ctx context.Context, identifier string) error {
	return s.manageOne(ctx, Missing{"resource", identifier}, nil, enableResource, args{"identifier": identifier})
}

// RemoveResource removes what is known of a service: clients that nobody listed get no more tokens for it.
func (s *Store) RemoveResource(ctx context.Context, identifier string) error {
	return s.manageOne(ctx, Missing{"resource", identifier}, nil, removeResource, args{"identifier": identifier})
}

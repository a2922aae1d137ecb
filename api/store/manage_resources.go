package store

import (
	"context"

	"gatehouse/api/oidc"
)

const resourceColumns = `identifier, coalesce(name, '') AS name, scopes, open_to`

var (
	addResource = compile(`
		INSERT INTO resources (identifier, name, scopes, open_to) VALUES (@identifier, nullif(@name, ''), @scopes, @open_to)`)
	listResources = compile(`SELECT ` + resourceColumns + ` FROM resources
		WHERE identifier > @after ORDER BY identifier LIMIT @limit`)
	removeResource = compile(`DELETE FROM resources WHERE identifier = @identifier RETURNING 1`)
)

// AddResource adds a service that access tokens are for.
func (s *Store) AddResource(ctx context.Context, r oidc.Resource) error {
	_, err := addResource.run(ctx, s.pool, args{"identifier": r.Identifier, "name": r.Name, "scopes": r.Scopes, "open_to": r.OpenTo})
	return inWords(err, values{"identifier": r.Identifier, "name": r.Name, "open_to": r.OpenTo})
}

// ListResources returns services by identifier, their key.
func (s *Store) ListResources(ctx context.Context, p Page) ([]oidc.Resource, error) {
	return listed[oidc.Resource](ctx, s, listResources, args{"after": p.After, "limit": p.Limit})
}

// RemoveResource removes what is known of a service: clients that nobody listed get no more tokens for it.
func (s *Store) RemoveResource(ctx context.Context, identifier string) error {
	return s.manageOne(ctx, Missing{"resource", identifier}, nil, removeResource, args{"identifier": identifier})
}

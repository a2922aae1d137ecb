package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

var openScopes = compile(`
	SELECT DISTINCT jsonb_object_keys(scopes) FROM resources WHERE open_to = '` + oidc.OpenToRegistered + `' AND disabled_at IS NULL
	ORDER BY 1`)

// OpenScopes returns the scopes of the resources that are open to clients that register themselves, from the cache where they are.
func (s *Store) OpenScopes(ctx context.Context) ([]string, error) {
	return s.openScopes.get("", func() ([]string, error) {
		rows, err := openScopes.rows(ctx, s.pool, args{})
		if err != nil {
			return nil, failure(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		return list, failure(err)
	})
}

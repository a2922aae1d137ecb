package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// Upstreams returns those that are enabled, by position and display name, from the cache where they are. ClientSecret is as it is
// in the row.
func (s *Store) Upstreams(ctx context.Context) ([]oidc.Upstream, error) {
	return s.upstreams.get("", func() ([]oidc.Upstream, error) {
		rows, err := s.pool.Query(ctx, `
			SELECT name, coalesce(display_name, name), kind, issuer, client_id, coalesce(client_secret, ''), scope, authorization_params,
				email_domains, trusts_email, creates_users, coalesce(username_prefix, ''), coalesce(username_pattern, ''), mfa_values
			FROM upstreams WHERE disabled_at IS NULL ORDER BY position, 2, 1`)
		if err != nil {
			return nil, failure(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[oidc.Upstream])
		return list, failure(err)
	})
}

var sealUpstreamSecret = compile(`
	UPDATE upstreams SET client_secret = @sealed WHERE name = @name AND client_secret = @plain AND ` + samePassword)

// SealUpstreamSecret puts sealed in place of the plain secret, unless somebody has written another one since.
func (s *Store) SealUpstreamSecret(ctx context.Context, name, plain, sealed string) error {
	_, err := sealUpstreamSecret.run(ctx, s.pool, args{"name": name, "plain": plain, "sealed": sealed})
	return failure(err)
}

package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// ListPersonalAccessTokens gives all tokens of a user that are kept, those that can no longer be used included, the latest first.
func (s *Store) ListPersonalAccessTokens(ctx context.Context, username string) ([]PersonalAccessToken, error) {
	if err := s.manageOne(ctx, Missing{"user", username}, nil, `SELECT FROM users WHERE username = $1`, username); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `
		SELECT `+tokenColumns+` FROM personal_access_tokens t WHERE t.username = $1 ORDER BY t.created_at DESC, t.id`, username)
	if err != nil {
		return nil, inWords(err, nil)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[PersonalAccessToken])
	return list, inWords(err, nil)
}

// EndPersonalAccessToken revokes any user's token, from the next request on.
func (s *Store) EndPersonalAccessToken(ctx context.Context, id string) error {
	return s.manageOne(ctx, Missing{"personal access token", id}, nil,
		`UPDATE personal_access_tokens SET revoked_at = coalesce(revoked_at, now()) WHERE id::text = $1 RETURNING 1`, id)
}

// EndPersonalAccessTokens revokes all tokens of a user, and says how many those were.
func (s *Store) EndPersonalAccessTokens(ctx context.Context, username string) (ended int, err error) {
	err = s.pool.QueryRow(ctx, `
		WITH person AS (SELECT username FROM users WHERE username = $1),
		ended AS (
			UPDATE personal_access_tokens t SET revoked_at = now() FROM person
			WHERE t.username = person.username AND t.revoked_at IS NULL AND t.expires_at > now() RETURNING 1)
		SELECT (SELECT count(*) FROM ended) FROM person`, username).Scan(&ended)
	if failure(err) == ErrNotFound {
		return 0, Missing{"user", username}
	}
	return ended, inWords(err, nil)
}

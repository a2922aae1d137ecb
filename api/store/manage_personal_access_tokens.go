package store

import (
	"context"
	"errors"
	"time"
)

// PersonalAccessTokenQuery is which tokens are wanted; their key is what Key returns.
type PersonalAccessTokenQuery struct {
	Page
	Username string
}

// Key is where the token is among those of its user.
func (t PersonalAccessToken) Key() string {
	return t.CreatedAt.UTC().Format(time.RFC3339Nano) + " " + t.ID
}

var (
	userIsThere              = compile(`SELECT FROM users WHERE username = @username`)
	listPersonalAccessTokens = compile(`
	SELECT ` + tokenColumns + ` FROM personal_access_tokens t
	WHERE t.username = @username AND (@after = '' OR
		(t.created_at, t.id) < (nullif(split_part(@after, ' ', 1), '')::timestamptz, nullif(split_part(@after, ' ', 2), '')::uuid))
	ORDER BY t.created_at DESC, t.id DESC LIMIT @limit`)
	endPersonalAccessToken = compile(`
	UPDATE personal_access_tokens SET revoked_at = coalesce(revoked_at, now()) WHERE id::text = @id RETURNING 1`)
	endPersonalAccessTokens = compile(`
	WITH person AS (
		SELECT username FROM users WHERE username = @username
	), ended AS (
		UPDATE personal_access_tokens t SET revoked_at = now() FROM person
		WHERE t.username = person.username AND t.revoked_at IS NULL AND t.expires_at > now() RETURNING 1
	)
	SELECT (SELECT count(*) FROM ended) FROM person`)
)

// ListPersonalAccessTokens returns the tokens of a user that are kept, the latest first. Those that can no longer be used are
// included.
func (s *Store) ListPersonalAccessTokens(ctx context.Context, q PersonalAccessTokenQuery) ([]PersonalAccessToken, error) {
	if err := s.manageOne(ctx, Missing{"user", q.Username}, nil, userIsThere, args{"username": q.Username}); err != nil {
		return nil, err
	}
	return listed[PersonalAccessToken](ctx, s, listPersonalAccessTokens,
		args{"username": q.Username, "after": q.After, "limit": q.Limit})
}

// EndPersonalAccessToken revokes any user's token, from the next request on.
func (s *Store) EndPersonalAccessToken(ctx context.Context, id string) error {
	return s.manageOne(ctx, Missing{"personal access token", id}, nil, endPersonalAccessToken, args{"id": id})
}

// EndPersonalAccessTokens revokes all tokens of a user, and returns how many those were.
func (s *Store) EndPersonalAccessTokens(ctx context.Context, username string) (ended int, err error) {
	err = endPersonalAccessTokens.row(ctx, s.pool, args{"username": username}).Scan(&ended)
	if errors.Is(failure(err), ErrNotFound) {
		return 0, Missing{"user", username}
	}
	return ended, inWords(err, nil)
}

package store

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

// LoadGrantUser gives the user of a grant that may live. ErrNotFound with a reason for the log otherwise.
func (s *Store) LoadGrantUser(ctx context.Context, grantID string, now time.Time) (u oidc.User, refusal string, err error) {
	err = failure(s.pool.QueryRow(ctx, `
		SELECT `+userColumns+`, coalesce(g.refusal, CASE WHEN g.ends_at <= $2 THEN 'grant_expired' ELSE '' END)
		FROM grant_states g JOIN users u ON u.id = g.user_id WHERE g.grant_id = $1`, grantID, now).
		Scan(append(userFields(&u), &refusal)...))
	switch {
	case err == ErrNotFound:
		refusal = "unknown grant"
	case err == nil && refusal != "":
		err = ErrNotFound
	}
	return u, refusal, err
}

// RevokeGrant ends a grant and with it every token of it, if it is the client's own (RFC 7009 §2.1).
func (s *Store) RevokeGrant(ctx context.Context, grantID, clientID string, now time.Time) error {
	_, err := s.pool.Exec(ctx, `UPDATE grants SET revoked_at = $3 WHERE id = $1 AND client_id = $2 AND revoked_at IS NULL`, grantID, clientID, now)
	return failure(err)
}

// RevokeRefreshToken ends the grant of a refresh token, if it is the client's own; an unknown token is no error.
func (s *Store) RevokeRefreshToken(ctx context.Context, token Digest, clientID string, now time.Time) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE grants g SET revoked_at = $3 FROM refresh_tokens t
		WHERE t.token_sha256 = $1 AND g.id = t.grant_id AND g.client_id = $2 AND g.revoked_at IS NULL`, token[:], clientID, now)
	return failure(err)
}

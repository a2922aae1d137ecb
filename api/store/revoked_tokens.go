package store

import (
	"context"
	"time"
)

// RevokeToken ends one access token before its time; the grant that it may have goes on.
func (s *Store) RevokeToken(ctx context.Context, jti string, expiresAt time.Time) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, jti, expiresAt)
	return failure(err)
}

// IsRevoked says whether RevokeToken ended the token.
func (s *Store) IsRevoked(ctx context.Context, jti string) (revoked bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM revoked_tokens WHERE jti = $1)`, jti).Scan(&revoked)
	return revoked, failure(err)
}

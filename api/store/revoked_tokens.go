package store

import (
	"context"
	"time"
)

var (
	revokeToken = compile(`INSERT INTO revoked_tokens (jti, expires_at) VALUES (@jti, @expires_at) ON CONFLICT DO NOTHING`)
	isRevoked   = compile(`SELECT EXISTS (SELECT FROM revoked_tokens WHERE jti = @jti)`)
)

// RevokeToken ends one access token before its time; the grant that it may have goes on.
func (s *Store) RevokeToken(ctx context.Context, jti string, expiresAt time.Time) error {
	_, err := revokeToken.run(ctx, s.pool, args{"jti": jti, "expires_at": expiresAt})
	return failure(err)
}

// IsRevoked reports whether RevokeToken ended the token.
func (s *Store) IsRevoked(ctx context.Context, jti string) (revoked bool, err error) {
	err = isRevoked.row(ctx, s.pool, args{"jti": jti}).Scan(&revoked)
	return revoked, failure(err)
}

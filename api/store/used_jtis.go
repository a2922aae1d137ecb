package store

import (
	"context"
	"errors"
	"time"
)

// ErrUsed says that what may be used once was used before.
var ErrUsed = errors.New("used before")

// UseOnce notes a jti until expiresAt; ErrUsed if it is noted already. It writes a row, so whose jti it is has to be clear before.
func (s *Store) UseOnce(ctx context.Context, jti Digest, expiresAt time.Time) error {
	tag, err := s.pool.Exec(ctx, `INSERT INTO used_jtis (jti_sha256, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, jti[:], expiresAt)
	if err == nil && tag.RowsAffected() == 0 {
		return ErrUsed
	}
	return failure(err)
}

package store

import (
	"context"
	"errors"
	"time"
)

// ErrUsed means that what may be used once was used before.
var ErrUsed = errors.New("used before")

// JTI is the digest of a jti that may be used once, and until when that has to be remembered.
type JTI struct {
	SHA256    Digest
	ExpiresAt time.Time
}

var useOnce = compile(`INSERT INTO used_jtis (jti_sha256, expires_at) VALUES (@jti, @expires_at) ON CONFLICT DO NOTHING`)

// UseOnce notes a jti; ErrUsed if it is noted already. It writes a row, so whose jti it is has to be clear before.
func (s *Store) UseOnce(ctx context.Context, jti JTI) error {
	tag, err := useOnce.run(ctx, s.pool, args{"jti": jti.SHA256[:], "expires_at": jti.ExpiresAt})
	if err == nil && tag.RowsAffected() == 0 {
		return ErrUsed
	}
	return failure(err)
}

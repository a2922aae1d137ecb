package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrUsed means that what may be used once was used before.
var ErrUsed = errors.New("used before")

// JTI is the digest of a jti that may be used once, since when there is one, and until when that it was used has to be remembered.
type JTI struct {
	SHA256    Digest
	MadeAt    time.Time // or later; zero where it does not say so
	ExpiresAt time.Time
}

// madeAt is when it was made, as far as is known: where nothing says so, it counts until its end.
func (j *JTI) madeAt() time.Time {
	if j.MadeAt.IsZero() {
		return j.ExpiresAt
	}
	return j.MadeAt
}

// isRemembered is the condition that it would be known if what was made at that time had been used before.
func isRemembered(madeAt string) string {
	return madeAt + `::timestamptz >= coalesce((SELECT since FROM used_since), now())`
}

// rememberSince notes on a new connection that used_jtis was emptied, which a crash of Postgres does, and the promotion of a standby: these
// end the connections that there were. It is noted by the clock that says when codes and pushed requests were made. Where there is no such
// table, or nothing can be written, others will say so.
func (c *clock) rememberSince(ctx context.Context, conn *pgx.Conn) error {
	there, err := conn.Exec(ctx, `SELECT FROM used_since`)
	if err == nil && there.RowsAffected() == 0 {
		_, err = conn.Exec(ctx, `INSERT INTO used_since (since) VALUES ($1) ON CONFLICT DO NOTHING`, c.now())
	}
	if conn.IsClosed() {
		return err
	}
	return nil
}

var useOnce = compile(`
	INSERT INTO used_jtis (jti_sha256, expires_at) SELECT @jti, @expires_at WHERE ` + isRemembered("@made_at") + ` ON CONFLICT DO NOTHING`)

// UseOnce notes a jti; ErrUsed if it is noted already, or may have been in what Postgres lost. It writes a row, so whose jti it is has to
// be clear before.
func (s *Store) UseOnce(ctx context.Context, jti JTI) error {
	tag, err := useOnce.run(ctx, s.pool, args{"jti": jti.SHA256[:], "made_at": jti.madeAt(), "expires_at": jti.ExpiresAt})
	if err == nil && tag.RowsAffected() == 0 {
		return ErrUsed
	}
	return failure(err)
}

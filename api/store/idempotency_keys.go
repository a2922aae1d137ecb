package store

import (
	"context"
	"time"
)

// RepeatedKey is an Idempotency-Key that came before.
type RepeatedKey struct {
	Same   bool   // with the same request
	Answer []byte // to that one, sealed
}

func (RepeatedKey) Error() string { return "this Idempotency-Key came before" }

// idempotencyKeysKept is for how long a repeated request has the answer of the first.
const idempotencyKeysKept = 24 * time.Hour

var (
	claimIdempotencyKey = compile(`
		INSERT INTO idempotency_keys (key_sha256, request_sha256) VALUES (@key, @request)
		ON CONFLICT (key_sha256) DO UPDATE SET request_sha256 = excluded.request_sha256, answer = NULL, created_at = now()
		WHERE idempotency_keys.created_at < now() - @kept::interval RETURNING 1`)
	findIdempotencyKey = compile(`SELECT request_sha256 = @request, answer FROM idempotency_keys WHERE key_sha256 = @key`)
	keepAnswer         = compile(`UPDATE idempotency_keys SET answer = @answer WHERE key_sha256 = @key`)
)

// ClaimIdempotencyKey has the transaction be the one in which the request of a key is done; a second one with the same key waits for it.
// Errors: RepeatedKey.
func (s *Store) ClaimIdempotencyKey(ctx context.Context, key, request Digest) error {
	tag, err := claimIdempotencyKey.run(ctx, s.pool, args{"key": key[:], "request": request[:], "kept": idempotencyKeysKept})
	if err != nil || tag.RowsAffected() == 1 {
		return inWords(err, nil)
	}
	var before RepeatedKey
	err = findIdempotencyKey.row(ctx, s.pool, args{"key": key[:], "request": request[:]}).Scan(&before.Same, &before.Answer)
	if err != nil {
		return inWords(err, nil)
	}
	return before
}

// KeepAnswer keeps the answer to the request of a key, sealed: it may have a secret in it.
func (s *Store) KeepAnswer(ctx context.Context, key Digest, sealed []byte) error {
	_, err := keepAnswer.run(ctx, s.pool, args{"key": key[:], "answer": sealed})
	return inWords(err, nil)
}

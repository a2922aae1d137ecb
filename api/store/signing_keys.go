package store

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// SigningKey is a row of signing_keys; the private key is encrypted.
type SigningKey struct {
	KID         string
	Alg         string
	PrivateKey  []byte
	CreatedAt   time.Time
	ActivatesAt time.Time
	RetiresAt   time.Time // zero: not yet known
}

var loadSigningKeys = compile(`
	SELECT kid, alg, private_key, created_at, activates_at, coalesce(retires_at, 'epoch')
	FROM signing_keys WHERE retires_at IS NULL OR retires_at > @now ORDER BY activates_at, kid`)

// SigningKeys returns every key that has not retired.
func (s *Store) SigningKeys(ctx context.Context, now time.Time) ([]SigningKey, error) {
	return signingKeys(ctx, s.pool, now)
}

func signingKeys(ctx context.Context, db querier, now time.Time) ([]SigningKey, error) {
	rows, err := loadSigningKeys.rows(ctx, db, args{"now": now})
	if err != nil {
		return nil, failure(err)
	}
	keys, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (k SigningKey, err error) {
		err = row.Scan(&k.KID, &k.Alg, &k.PrivateKey, &k.CreatedAt, &k.ActivatesAt, &k.RetiresAt)
		if k.RetiresAt.Unix() == 0 {
			k.RetiresAt = time.Time{}
		}
		return k, err
	})
	return keys, failure(err)
}

// keysLock serialises replicas that rotate keys.
const keysLock = 0x67617465686f7573 // "gatehous"

var (
	lockKeys      = compile(`SELECT pg_advisory_xact_lock(` + strconv.Itoa(keysLock) + `)`)
	addSigningKey = compile(`
		INSERT INTO signing_keys (kid, alg, private_key, created_at, activates_at)
		VALUES (@kid, @alg, @private_key, @created_at, @activates_at)`)
	retireSigningKey = compile(`UPDATE signing_keys SET retires_at = @at WHERE kid = @kid`)
)

// PlanSigningKeys calls plan, on one replica at a time, with the keys; it returns which to add and when which retire.
func (s *Store) PlanSigningKeys(ctx context.Context, now time.Time,
	plan func([]SigningKey) (add []SigningKey, retire map[string]time.Time, err error)) error {
	return failure(pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := lockKeys.run(ctx, tx, nil); err != nil {
			return err
		}
		keys, err := signingKeys(ctx, tx, now)
		if err != nil {
			return err
		}
		add, retire, err := plan(keys)
		if err != nil {
			return err
		}
		for _, k := range add {
			if _, err := addSigningKey.run(ctx, tx, args{"kid": k.KID, "alg": k.Alg, "private_key": k.PrivateKey,
				"created_at": k.CreatedAt, "activates_at": k.ActivatesAt}); err != nil {
				return err
			}
		}
		for kid, at := range retire {
			if _, err := retireSigningKey.run(ctx, tx, args{"kid": kid, "at": at}); err != nil {
				return err
			}
		}
		return nil
	}))
}

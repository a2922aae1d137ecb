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
	// A key of a clock that is ahead retires like any other.
	retireSigningKey = compile(`
		UPDATE signing_keys SET retires_at = @at, created_at = LEAST(created_at, @at) WHERE kid = @kid`)
)

// KeyPlan looks at the keys that have not retired, and says which to add and when which retire.
type KeyPlan func([]SigningKey) (add []SigningKey, retire map[string]time.Time, err error)

// PlanSigningKeys does what plan says, on one replica at a time.
func (s *Store) PlanSigningKeys(ctx context.Context, now time.Time, plan KeyPlan) error {
	return failure(pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return planSigningKeys(ctx, tx, now, plan) }))
}

func planSigningKeys(ctx context.Context, tx pgx.Tx, now time.Time, plan KeyPlan) error {
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
}

// Ended is how much was ended at once.
type Ended struct{ Sessions, Grants, PersonalAccessTokens int }

// endAll ends what whoever had the encryption key could make, or read: codes, and with them grants; what people did on pages
// that were sealed by somebody else; personal access tokens, which are derived; what devices wait for; tokens of upstreams.
var endAll = compile(`
	WITH ended AS (
		UPDATE sessions SET ended_at = @now WHERE ended_at IS NULL AND expires_at > @now RETURNING 1
	), revoked AS (
		UPDATE grants SET revoked_at = @now WHERE revoked_at IS NULL AND expires_at > @now RETURNING 1
	), barred AS (
		UPDATE personal_access_tokens SET revoked_at = @now WHERE revoked_at IS NULL AND expires_at > @now RETURNING 1
	), forgotten AS (
		DELETE FROM device_codes
	), lost AS (
		UPDATE upstream_accounts
		SET access_token = NULL, access_token_expires_at = NULL, refresh_token = NULL, token_scope = NULL, refreshing_until = NULL
		WHERE num_nonnulls(access_token, refresh_token) > 0
	)
	SELECT (SELECT count(*) FROM ended), (SELECT count(*) FROM revoked), (SELECT count(*) FROM barred)`)

// ReplaceLeakedKeys does what plan says and ends all that cannot be told from what a thief made, in one transaction.
func (s *Store) ReplaceLeakedKeys(ctx context.Context, now time.Time, plan KeyPlan) (ended Ended, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := planSigningKeys(ctx, tx, now, plan); err != nil {
			return err
		}
		return endAll.row(ctx, tx, args{"now": now}).Scan(&ended.Sessions, &ended.Grants, &ended.PersonalAccessTokens)
	})
	return ended, failure(err)
}

package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

var spendTOTPStep = proves(`
		UPDATE totp_secrets t SET last_step = @step, used_at = @now FROM person
		WHERE t.user_id = person.user_id AND t.secret = @secret AND t.last_step < @step RETURNING t.user_id`)

// ProveTOTP spends the step of a code that is right for the sealed secret, with what prove saves. ErrNotFound, too, where a later step is
// spent.
func (s *Store) ProveTOTP(ctx context.Context, p FactorProof, secret []byte, step int64, now time.Time) error {
	return s.prove(ctx, spendTOTPStep, p, args{"secret": secret, "step": step}, now)
}

// NewTOTP is a secret that a person sets up in their session, with the first code of which the step is spent.
type NewTOTP struct {
	SID           string
	Cookie        Digest
	Secret        []byte // sealed
	Step          int64
	AMR           []string // that the session has from now on, too
	Passkey       bool     // whether they have one, as far as the caller knows
	RecoveryCodes [][]byte // for somebody who has none left; nil: none
}

var addTOTP = compile(`
	WITH ` + signedInPerson + `, added AS (
		INSERT INTO totp_secrets (user_id, secret, last_step, created_at)
		SELECT user_id, @secret, @step, @now FROM person
		WHERE EXISTS (SELECT FROM passkeys k WHERE k.user_id = person.user_id) = @passkey
		ON CONFLICT DO NOTHING RETURNING user_id
	), ` + provenInSession("added") + `, ` + recoveryCodesWithFirst("added") + `
	SELECT EXISTS (SELECT FROM added), EXISTS (SELECT FROM codes) FROM person`)

// AddTOTP saves a secret, unless the person has one: of two tabs at once the first wins. codes reports whether the recovery codes were
// saved. ErrNotFound: the session has ended.
func (s *Store) AddTOTP(ctx context.Context, n NewTOTP, now time.Time) (added, codes bool, err error) {
	err = addTOTP.row(ctx, s.pool, args{"session": n.SID, "cookie": n.Cookie[:], "secret": n.Secret, "step": n.Step, "amr": n.AMR,
		"passkey": n.Passkey, "codes": n.RecoveryCodes, "now": now}).Scan(&added, &codes)
	return added, codes, failure(err)
}

var removeTOTP = compile(`
	WITH ` + signedInPerson + `, removed AS (
		DELETE FROM totp_secrets t USING person WHERE t.user_id = person.user_id RETURNING 1
	)
	SELECT EXISTS (SELECT FROM removed) FROM person`)

// RemoveTOTP removes the secret of the person whose session it is; a trigger removes recovery codes with the last factor. removed is
// false where there was none. ErrNotFound: the session has ended.
func (s *Store) RemoveTOTP(ctx context.Context, sid string, cookie Digest, now time.Time) (removed bool, err error) {
	err = removeTOTP.row(ctx, s.pool, args{"session": sid, "cookie": cookie[:], "now": now}).Scan(&removed)
	return removed, failure(err)
}

var hasTOTP = compile(`
	SELECT EXISTS (SELECT FROM totp_secrets t WHERE t.user_id = s.user_id) FROM sessions s JOIN users u ON u.id = s.user_id
	WHERE s.sid = @session AND s.ended_at IS NULL AND s.expires_at > @now AND ` + mayAct("u"))

// HasTOTP reports whether the person whose session sid is has a secret; ErrNotFound once that has ended.
func (s *Store) HasTOTP(ctx context.Context, sid string, now time.Time) (has bool, err error) {
	err = hasTOTP.row(ctx, s.pool, args{"session": sid, "now": now}).Scan(&has)
	return has, failure(err)
}

// SealedTOTP is a secret as it is stored, and whose.
type SealedTOTP struct {
	UserID string
	Secret []byte
}

var (
	loadTOTPSealedOtherwise = compile(`
		SELECT user_id::text, secret FROM totp_secrets
		WHERE substring(secret FROM 1 FOR length(@prefix::bytea)) <> @prefix AND user_id > @after::uuid ORDER BY user_id LIMIT @limit`)
	resealTOTP = compile(`
		UPDATE totp_secrets t SET secret = fresh.sealed
		FROM unnest(@users::uuid[], @formers::bytea[], @sealed::bytea[]) AS fresh (user_id, former, sealed)
		WHERE t.user_id = fresh.user_id AND t.secret = fresh.former AND ` + samePassword)
)

// ResealTOTP has all secrets sealed again that do not begin with prefix, which names the key that seals now. What reseal returns nil for
// is left as it is.
func (s *Store) ResealTOTP(ctx context.Context, prefix []byte, reseal func(SealedTOTP) []byte) error {
	for after := orZero(""); ; {
		rows, err := loadTOTPSealedOtherwise.rows(ctx, s.pool, args{"prefix": prefix, "after": after, "limit": cleanupBatch})
		if err != nil {
			return failure(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[SealedTOTP])
		if err != nil || len(list) == 0 {
			return failure(err)
		}
		var users []string
		var formers, sealed [][]byte
		for _, t := range list {
			after = t.UserID
			if fresh := reseal(t); fresh != nil {
				users, formers, sealed = append(users, t.UserID), append(formers, t.Secret), append(sealed, fresh)
			}
		}
		if _, err := resealTOTP.run(ctx, s.pool, args{"users": users, "formers": formers, "sealed": sealed}); err != nil {
			return failure(err)
		}
	}
}

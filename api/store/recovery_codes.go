package store

import (
	"context"
	"time"
)

var spendRecoveryCode = proves(`
		UPDATE recovery_codes r SET spent_at = @now FROM person
		WHERE r.user_id = person.user_id AND r.code_pbkdf2 = @code AND r.spent_at IS NULL RETURNING r.user_id`)

// ProveRecoveryCode spends a recovery code, with what prove saves.
func (s *Store) ProveRecoveryCode(ctx context.Context, p FactorProof, code Digest, now time.Time) error {
	return s.prove(ctx, spendRecoveryCode, p, args{"code": code[:]}, now)
}

// insertRecoveryCodes is for a part of a statement that has rows with a user_id: each gets @codes in place of those before. There is a
// place for each, so that of two requests at once one has all.
func insertRecoveryCodes(from string) string {
	return `INSERT INTO recovery_codes (user_id, place, code_pbkdf2, created_at)
			SELECT p.user_id, c.place, c.code, @now FROM ` + from + `, unnest(@codes::bytea[]) WITH ORDINALITY AS c (code, place)
			ORDER BY c.place
			ON CONFLICT (user_id, place) DO UPDATE
				SET code_pbkdf2 = EXCLUDED.code_pbkdf2, created_at = EXCLUDED.created_at, shown_at = NULL, spent_at = NULL
			RETURNING 1`
}

// recoveryCodesWithFirst is the part of a statement, named codes, that gives @codes to whoever sets up a factor in the part named added
// and has no code left.
func recoveryCodesWithFirst(added string) string {
	return `codes AS (
			` + insertRecoveryCodes(`(SELECT user_id FROM `+added+` a
				WHERE NOT EXISTS (SELECT FROM recovery_codes r WHERE r.user_id = a.user_id AND r.spent_at IS NULL)) AS p`) + `
		)`
}

var replaceRecoveryCodes = compile(`
	WITH ` + signedInPerson + `, codes AS (
		` + insertRecoveryCodes(`(SELECT user_id FROM person WHERE EXISTS (SELECT FROM totp_secrets t WHERE t.user_id = person.user_id)
			OR EXISTS (SELECT FROM passkeys k WHERE k.user_id = person.user_id)) AS p`) + `
	)
	SELECT EXISTS (SELECT FROM codes) FROM person`)

// ReplaceRecoveryCodes gives the person whose session it is new codes in place of those before; replaced is false where they have no
// factor. ErrNotFound: the session has ended.
func (s *Store) ReplaceRecoveryCodes(
	ctx context.Context, sid string, cookie Digest, codes [][]byte, now time.Time,
) (replaced bool, err error) {
	err = replaceRecoveryCodes.row(ctx, s.pool, args{"session": sid, "cookie": cookie[:], "codes": codes, "now": now}).Scan(&replaced)
	return replaced, failure(err)
}

var showRecoveryCodes = compile(`
	WITH person AS (
		SELECT s.user_id FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.sid = @session AND s.ended_at IS NULL AND s.expires_at > @now AND ` + mayAct("u") + `
	), shown AS (
		UPDATE recovery_codes r SET shown_at = @now FROM person
		WHERE r.user_id = person.user_id AND r.place = 1 AND r.code_pbkdf2 = @first AND r.shown_at IS NULL AND r.created_at >= @since
		RETURNING 1
	)
	SELECT EXISTS (SELECT FROM shown) FROM person`)

// ShowRecoveryCodes marks the codes of which first is the first as shown; of any number of requests one gets true. It is false, too, where
// they were made before since, or there are others by now. ErrNotFound: the session sid has ended.
func (s *Store) ShowRecoveryCodes(ctx context.Context, sid string, first Digest, since, now time.Time) (shown bool, err error) {
	err = showRecoveryCodes.row(ctx, s.pool, args{"session": sid, "first": first[:], "since": since, "now": now}).Scan(&shown)
	return shown, failure(err)
}

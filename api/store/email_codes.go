package store

import (
	"context"
	"time"
)

// maxEmailCodes is how many mails with a code a person gets in an hour to prove that an address is theirs.
const maxEmailCodes = 5

// EmailCode is a mail with a code to an address that a person says is theirs.
type EmailCode struct {
	SID       string
	Cookie    Digest
	Email     string
	Code      Digest // keyed
	Sealed    []byte // the values of the mail
	ExpiresAt time.Time
}

var askEmailCode = compile(`
	WITH person AS (
		SELECT u.username, u.locale FROM sessions s, users u WHERE s.sid = @session AND ` + signedIn + ` AND ` + roomForMail + `
			AND (SELECT count(*) FROM mail_outbox m WHERE m.username = u.username AND m.template = 'verify' AND m.created_at > @since) < @most
	), asked AS (
		INSERT INTO email_codes AS c (username, email, code_hmac, created_at, expires_at)
		SELECT username, @email, @code, @now, @expires_at FROM person
		ON CONFLICT (username) DO UPDATE SET email = EXCLUDED.email, code_hmac = EXCLUDED.code_hmac, tries_left = EXCLUDED.tries_left,
			created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at, spent_at = NULL
	)
	INSERT INTO mail_outbox (username, recipient, template, locale, sealed, created_at, expires_at, next_attempt_at)
	SELECT username, @email, 'verify', coalesce(locale, ''), @sealed, @now, @expires_at, now() FROM person RETURNING 1`)

// AskEmailCode has a code sent to an address, in place of one from before. ErrNotFound: the session has ended, or they had as many as may.
func (s *Store) AskEmailCode(ctx context.Context, c EmailCode, now time.Time) error {
	var one int
	return failure(askEmailCode.row(ctx, s.pool, args{"session": c.SID, "cookie": c.Cookie[:], "email": c.Email, "code": c.Code[:],
		"sealed": c.Sealed, "expires_at": c.ExpiresAt, "now": now, "since": now.Add(-time.Hour), "most": maxEmailCodes,
		"most_mail": maxMail}).Scan(&one))
}

var proveEmail = compile(`
	WITH tried AS (
		UPDATE email_codes c SET tries_left = tries_left - 1, spent_at = CASE WHEN code_hmac = @code THEN @now::timestamptz END
		FROM sessions s, users u
		WHERE s.sid = @session AND ` + signedIn + ` AND c.username = u.username AND c.email = @email AND c.spent_at IS NULL AND c.tries_left > 0
			AND c.expires_at > @now
		RETURNING c.username, c.email, c.spent_at IS NOT NULL AS spent, c.tries_left
	), proven AS (
		UPDATE users u SET email = tried.email, email_verified = true FROM tried WHERE u.username = tried.username AND tried.spent
	)
	SELECT spent, tries_left FROM tried`)

// ProveEmail takes a code that was typed for an address, which is theirs and verified from then on: it counts, is looked at and is spent in
// one statement. spent is false if it is wrong, and left how often another can be tried.
// ErrNotFound: it is no good any more.
func (s *Store) ProveEmail(ctx context.Context, sid string, cookie Digest, email string, code Digest, now time.Time) (
	spent bool, left int, err error) {
	err = failure(proveEmail.row(ctx, s.pool, args{"session": sid, "cookie": cookie[:], "email": email, "code": code[:], "now": now}).
		Scan(&spent, &left))
	return spent, left, err
}

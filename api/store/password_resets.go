package store

import (
	"context"
	"errors"
	"time"
)

// What password_resets holds at most, for whoever asks for one is not signed in. Requests in parallel may go beyond by as many as there
// are connections.
const (
	maxResets           = 2_000 // within resetWindow, in all
	maxResetsPerNetwork = 30
	maxResetsPerName    = 3
	maxResetsPerPerson  = 10 // that are mailed within a day
	resetWindow         = 15 * time.Minute
)

// ErrManyResets is why a mail with which somebody sets a forgotten password is not sent.
var ErrManyResets = errors.New("as many people have asked for a mail as may; the bounds are in api/store/password_resets.go")

// PasswordReset is what somebody who has forgotten their password asks for. Whether there is such a person is looked up when the mail is
// sent, so that the answer is the same, after the same time.
type PasswordReset struct {
	ID        string
	Link      Digest // of the token in the mail
	Code      Digest // keyed; of the six digits in the mail
	Browser   Digest // of the cookie of the browser that asked
	Network   Digest // keyed; of that browser
	Name      Digest // keyed; of what was typed
	Locale    string // of the page
	Sealed    []byte // the values of the mail
	ExpiresAt time.Time
}

var askPasswordReset = compile(`
	WITH before AS (
		SELECT count(*) < @most AND count(*) FILTER (WHERE network_hmac = @network) < @most_of_network
			AND count(*) FILTER (WHERE name_hmac = @name) < @most_of_name AND ` + roomForMail + ` AS room
		FROM password_resets WHERE created_at > @since
	), asked AS (
		INSERT INTO password_resets (id, link_sha256, code_hmac, browser_sha256, network_hmac, name_hmac, created_at, expires_at)
		SELECT @id, @link, @code, @browser, @network, @name, @now, @expires_at FROM before WHERE room
	)
	INSERT INTO mail_outbox (template, locale, sealed, created_at, expires_at, next_attempt_at)
	SELECT 'reset', @locale, @sealed, @now, @expires_at, now() FROM before WHERE room RETURNING 1`)

// AskPasswordReset has a mail sent to somebody, if there is such a person. Errors: ErrManyResets.
func (s *Store) AskPasswordReset(ctx context.Context, r PasswordReset, now time.Time) error {
	var one int
	err := failure(askPasswordReset.row(ctx, s.pool, args{"id": r.ID, "link": r.Link[:], "code": r.Code[:], "browser": r.Browser[:],
		"network": r.Network[:], "name": r.Name[:], "locale": r.Locale, "sealed": r.Sealed, "now": now, "expires_at": r.ExpiresAt,
		"since": now.Add(-resetWindow), "most": maxResets, "most_of_network": maxResetsPerNetwork, "most_of_name": maxResetsPerName,
		"most_mail": maxMail}).Scan(&one))
	if errors.Is(err, ErrNotFound) {
		return ErrManyResets
	}
	return err
}

// ResetMail is whom a mail about a forgotten password goes to.
type ResetMail struct{ Username, Name, Email, Locale string }

// A person is found as at the sign-in. They get a mail where an address of theirs is verified, and where a password is how they sign in, or
// could be: not those who come by an upstream only.
var addressReset = compile(`
	WITH found AS (
		SELECT u.username, coalesce(u.name, concat_ws(' ', u.given_name, u.family_name)) AS name, u.email, u.locale FROM users u
		WHERE u.id = coalesce(
			(SELECT id FROM users WHERE username = @typed),
			(SELECT (array_agg(id))[1] FROM users
				WHERE email_verified AND lower(email COLLATE "C") = lower(@typed COLLATE "C") AND ` + mayAct("users") + ` HAVING count(*) = 1))
			AND ` + mayAct("u") + ` AND u.email_verified
			AND (u.password IS NOT NULL OR NOT EXISTS (SELECT FROM upstream_accounts a WHERE a.username = u.username))
			AND (SELECT count(*) FROM password_resets r WHERE r.username = u.username AND r.created_at > @since) < @most_of_person
	), reset AS (
		UPDATE password_resets r SET username = found.username FROM found
		WHERE r.id = @reset AND r.username IS NULL AND r.spent_at IS NULL RETURNING 1
	), addressed AS (
		UPDATE mail_outbox m SET username = found.username, recipient = found.email, locale = concat_ws(',', found.locale, nullif(m.locale, ''))
		FROM found WHERE m.id = @mail AND EXISTS (SELECT FROM reset) RETURNING found.username, found.name, found.email, m.locale
	), gone AS (
		DELETE FROM mail_outbox WHERE id = @mail AND NOT EXISTS (SELECT FROM addressed)
	)
	SELECT username, name, email, locale FROM addressed`)

// AddressReset looks up whom a mail goes to, for somebody who typed a username or an address; the reset is theirs from then on.
// ErrNotFound: nobody gets one, and the mail is gone.
func (s *Store) AddressReset(ctx context.Context, mail, reset, typed string, now time.Time) (m ResetMail, err error) {
	err = addressReset.row(ctx, s.pool, args{"mail": mail, "reset": reset, "typed": typed, "since": now.Add(-24 * time.Hour), "now": now,
		"most_of_person": maxResetsPerPerson}).Scan(&m.Username, &m.Name, &m.Email, &m.Locale)
	return m, failure(err)
}

// linkOfProven makes an account link for whom the reset is that proven has spent.
var linkOfProven = `linked AS (
		INSERT INTO account_links (token_sha256, username, created_at, expires_at)
		SELECT @token, u.username, @now, @link_expires_at FROM proven p JOIN users u USING (username) WHERE p.spent AND ` + mayAct("u") + `
		RETURNING username
	)`

const resetIsGood = `browser_sha256 = @browser AND spent_at IS NULL AND tries_left > 0 AND expires_at > @now`

var (
	proveResetByCode = compile(`
		WITH proven AS (
			UPDATE password_resets SET tries_left = tries_left - 1,
				spent_at = CASE WHEN code_hmac = @code AND username IS NOT NULL THEN @now::timestamptz END
			WHERE id = @reset AND ` + resetIsGood + ` RETURNING username, spent_at IS NOT NULL AS spent, tries_left
		), ` + linkOfProven + `
		SELECT coalesce((SELECT username FROM linked), ''), tries_left FROM proven`)
	proveResetByLink = compile(`
		WITH proven AS (
			UPDATE password_resets SET spent_at = @now WHERE link_sha256 = @link AND username IS NOT NULL AND ` + resetIsGood + `
			RETURNING username, true AS spent
		), ` + linkOfProven + `
		SELECT username FROM linked`)
)

// ResetProof is what somebody proves that they have the mail with, at the browser that asked for it, and the account link that they get.
type ResetProof struct {
	Browser     Digest
	Token       Digest // of the account link
	LinkExpires time.Time
}

func (p ResetProof) args(now time.Time) args {
	return args{"browser": p.Browser[:], "token": p.Token[:], "link_expires_at": p.LinkExpires, "now": now}
}

// ProveResetByCode takes a code that was typed: it counts, is looked at and is spent in one statement. username is "" if it is wrong, and
// left how often another can be tried. ErrNotFound: the reset is not good any more.
func (s *Store) ProveResetByCode(ctx context.Context, reset string, code Digest, p ResetProof, now time.Time) (
	username string, left int, err error) {
	a := p.args(now)
	a["reset"], a["code"] = reset, code[:]
	err = failure(proveResetByCode.row(ctx, s.pool, a).Scan(&username, &left))
	return username, left, err
}

// ProveResetByLink takes the token in a mail. ErrNotFound: it is not good any more, or another browser asked for it; then it stays good.
func (s *Store) ProveResetByLink(ctx context.Context, link Digest, p ResetProof, now time.Time) (username string, err error) {
	a := p.args(now)
	a["link"] = link[:]
	return username, failure(proveResetByLink.row(ctx, s.pool, a).Scan(&username))
}

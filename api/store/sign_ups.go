package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// What sign_up_requests holds at most, for whoever asks is not signed in: a lecture behind one address is no attack. Requests in parallel
// may go beyond by as many as there are connections.
const (
	maxSignUps           = 2_000 // within signUpWindow, in all
	maxSignUpsPerNetwork = 300
	maxSignUpsPerMailbox = 3
	maxSignUpMails       = 5   // to a mailbox within a day
	maxSignUpsWaiting    = 500 // for somebody to say yes or no
	signUpWindow         = time.Hour
)

// SignUpPatience is how long a request waits for somebody to say yes or no, and SignUpLife how long an invitation that somebody asked for
// is good.
const (
	SignUpPatience = 14 * 24 * time.Hour
	SignUpLife     = 24 * time.Hour
)

// ErrManySignUps is why a request for an account is not taken.
var ErrManySignUps = errors.New("as many people have asked for an account as may; the bounds are in api/store/sign_ups.go")

// SignUp is whether people can have an account by themselves, and whether somebody has to say yes to some of them.
type SignUp struct{ Open, Approval bool }

// SignUp returns that of the rows of sign_up_domains, from the cache where it is.
func (s *Store) SignUp(ctx context.Context) (SignUp, error) {
	return s.signUp.get("", func() (on SignUp, err error) {
		err = s.pool.QueryRow(ctx, `SELECT count(*) > 0, coalesce(bool_or(approval), false) FROM sign_up_domains`).Scan(&on.Open, &on.Approval)
		return on, failure(err)
	})
}

// SignUpRequest is what somebody types who wants an account. What becomes of it is decided when the mail is to be sent, so that the answer
// is the same, after the same time, whoever has the address.
type SignUpRequest struct {
	ID       string
	Email    string // as mail.Address returns it
	Name     string
	Reason   string
	Locale   string // of the page
	ClientID string
	Network  Digest // keyed; of the browser
	Browser  Digest // of its cookie
	Sealed   []byte // the values of the mail
}

var askSignUp = compile(`
	WITH before AS (
		SELECT count(*) < @most AND count(*) FILTER (WHERE network_hmac = @network) < @most_of_network
			AND count(*) FILTER (WHERE mailbox_of(email) = mailbox_of(@email)) < @most_of_mailbox AND ` + roomForMail + ` AS room
		FROM sign_up_requests WHERE created_at > @since
	), asked AS (
		INSERT INTO sign_up_requests (id, email, name, reason, locale, client_id, network_hmac, browser_sha256, created_at, expires_at)
		SELECT @id, @email, nullif(@name, ''), nullif(@reason, ''), @locale, nullif(@client_id, ''), @network, @browser, @now, @counts_until
		FROM before WHERE room
	)
	INSERT INTO mail_outbox (template, locale, sealed, created_at, expires_at, next_attempt_at)
	SELECT 'sign_up', @locale, @sealed, @now, @expires_at, now() FROM before WHERE room RETURNING 1`)

// AskSignUp has a mail sent to an address, if it may have an account. Errors: ErrManySignUps.
func (s *Store) AskSignUp(ctx context.Context, r SignUpRequest, now time.Time) error {
	var one int
	err := failure(askSignUp.row(ctx, s.pool, args{"id": r.ID, "email": r.Email, "name": r.Name, "reason": r.Reason, "locale": r.Locale,
		"client_id": r.ClientID, "network": r.Network[:], "browser": r.Browser[:], "sealed": r.Sealed, "now": now,
		"since": now.Add(-signUpWindow), "counts_until": now.Add(24 * time.Hour), "expires_at": now.Add(SignUpLife), "most": maxSignUps,
		"most_of_network": maxSignUpsPerNetwork, "most_of_mailbox": maxSignUpsPerMailbox, "most_mail": maxMail}).Scan(&one))
	if errors.Is(err, ErrNotFound) {
		return ErrManySignUps
	}
	return err
}

// addressSignUp decides what becomes of a request: whose mailbox is that of an account hears of that account; one that is shut out, of
// nothing. Else an invitation is made, or somebody has to say yes. The domain is compared as a whole.
var addressSignUp = compile(`
	WITH asked AS (
		SELECT r.*, (SELECT d.domain FROM sign_up_domains d WHERE d.domain IN (split_part(r.email, '@', 2), '*')
				ORDER BY d.domain = '*' LIMIT 1) AS rule
		FROM sign_up_requests r WHERE r.id = @request AND r.looked_at IS NULL FOR UPDATE
	), had AS (
		SELECT u.username, u.email, u.locale, ` + mayAct("u") + ` AS may FROM users u, asked a WHERE mailbox_of(u.email) = mailbox_of(a.email)
	), new AS (
		SELECT a.*, d.approval FROM asked a JOIN sign_up_domains d ON d.domain = a.rule WHERE NOT EXISTS (SELECT FROM had)
	), few AS (
		SELECT count(*) <= @most_mails AS ok FROM sign_up_requests r, asked a
		WHERE mailbox_of(r.email) = mailbox_of(a.email) AND r.created_at > @since AND r.created_at <= a.created_at
	), waits AS (
		SELECT n.id FROM new n WHERE n.approval
			AND (SELECT count(*) FROM sign_up_requests w WHERE w.waits_since IS NOT NULL AND w.decided_at IS NULL) < @most_waiting
			AND NOT EXISTS (SELECT FROM sign_up_requests w WHERE mailbox_of(w.email) = mailbox_of(n.email) AND w.waits_since IS NOT NULL
				AND w.decided_at IS NULL)
	), looked AS (
		UPDATE sign_up_requests r SET looked_at = @now, waits_since = CASE WHEN w.id IS NOT NULL THEN @now::timestamptz END,
			expires_at = CASE WHEN w.id IS NOT NULL THEN @patience::timestamptz ELSE r.expires_at END
		FROM asked a LEFT JOIN waits w USING (id) WHERE r.id = a.id
	), former AS (
		DELETE FROM invitations i USING new n, few
		WHERE i.browser_sha256 IS NOT NULL AND mailbox_of(i.email) = mailbox_of(n.email) AND i.uses_left > 0 AND NOT n.approval AND few.ok
	), invited AS (
		INSERT INTO invitations (token_sha256, email, name, code_hmac, browser_sha256, client_id, created_by, created_at, expires_at)
		SELECT @token, n.email, n.name, @code, n.browser_sha256, n.client_id, 'sign-up', @now, @invited_until FROM new n, few
		WHERE NOT n.approval AND few.ok RETURNING id, email
	), joined AS (
		INSERT INTO invitation_groups (invitation_id, group_name)
		SELECT i.id, g.group_name FROM invited i, new n JOIN sign_up_domain_groups g ON g.domain = n.rule
	), addressed AS (
		SELECT h.username, h.email, concat_ws(',', h.locale, nullif(a.locale, '')) AS locale FROM had h, asked a, few
		WHERE few.ok AND (SELECT bool_and(may) FROM had) LIMIT 1
	), everybody AS (
		SELECT username, email, locale FROM addressed UNION ALL
		SELECT NULL, i.email, a.locale FROM invited i, asked a
	), queued AS (
		UPDATE mail_outbox m SET username = e.username, recipient = e.email, locale = e.locale FROM everybody e WHERE m.id = @mail
	), gone AS (
		DELETE FROM mail_outbox WHERE id = @mail AND recipient IS NULL AND NOT EXISTS (SELECT FROM everybody)
	)
	SELECT coalesce(username, ''), email, locale FROM everybody`)

// SignUpMail is who gets a mail about an account: an invitation or, with a username, that they have one already.
type SignUpMail struct{ Username, Email, Locale string }

// AddressSignUp decides whether somebody who asked for an account gets an invitation, with that token and that code, waits, or hears that
// they have one. ErrNotFound: nobody gets a mail now, and it is gone.
func (s *Store) AddressSignUp(ctx context.Context, mail, request string, token, code Digest, now time.Time) (m SignUpMail, err error) {
	err = addressSignUp.row(ctx, s.pool, args{"mail": mail, "request": request, "token": token[:], "code": code[:], "now": now,
		"since": now.Add(-24 * time.Hour), "patience": now.Add(SignUpPatience), "invited_until": now.Add(SignUpLife),
		"most_mails": maxSignUpMails, "most_waiting": maxSignUpsWaiting}).Scan(&m.Username, &m.Email, &m.Locale)
	return m, failure(err)
}

// tellOfSignUps addresses a mail to each of the groups who may say yes, an hour after the last one.
var tellOfSignUps = compile(`
	WITH waiting AS (
		SELECT id FROM sign_up_requests WHERE waits_since IS NOT NULL AND decided_at IS NULL AND told_at IS NULL AND expires_at > @now
			AND NOT EXISTS (SELECT FROM mail_outbox m WHERE m.template = 'sign_up_waits' AND m.created_at > @since)
		ORDER BY id FOR UPDATE
	), told AS (
		UPDATE sign_up_requests r SET told_at = @now FROM waiting w WHERE r.id = w.id RETURNING r.id
	)
	INSERT INTO mail_outbox (username, recipient, template, locale, sealed, created_at, expires_at, next_attempt_at)
	SELECT u.username, u.email, 'sign_up_waits', coalesce(u.locale, ''), @sealed, @now, @expires, now() FROM users u
	WHERE EXISTS (SELECT FROM told) AND u.email_verified AND ` + mayAct("u") + ` AND ` + roomForMail + ` AND EXISTS (
		SELECT FROM group_members m WHERE m.username = u.username AND m.group_name = ANY (@groups::text[]) AND ` + memberNow("m") + `)
	ORDER BY u.username LIMIT 50`)

// TellOfSignUps has members of groups told by mail that somebody waits, at most each hour: of any number of replicas one does. It locks
// first, as what was told is in two tables.
func (s *Store) TellOfSignUps(ctx context.Context, groups []string, sealed []byte, now time.Time) error {
	return s.Transaction(ctx, func(tx *Store) error {
		var batch pgx.Batch
		batch.Queue(`SELECT pg_advisory_xact_lock(hashtext('gatehouse sign-ups'))`)
		tellOfSignUps.queue(&batch, args{"groups": groups, "sealed": sealed, "now": now, "since": now.Add(-time.Hour),
			"expires": now.Add(MailPatience), "most_mail": maxMail})
		return failure(tx.pool.SendBatch(ctx, &batch).Close())
	})
}

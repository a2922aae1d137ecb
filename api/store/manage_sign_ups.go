package store

import (
	"context"
	"errors"
	"time"
)

// SignUpDomainRow is a domain whose people can have accounts by themselves.
type SignUpDomainRow struct {
	Domain    string    `json:"domain" help:"What is behind the @, and that alone; * for all others."`
	Approval  bool      `json:"approval,omitempty" help:"Somebody has to say yes to each."`
	Groups    []string  `json:"groups" help:"That they become members of."`
	CreatedAt time.Time `json:"created_at" help:"When it was added."`
}

var (
	addSignUpDomain = compile(`
		WITH added AS (INSERT INTO sign_up_domains (domain, approval) VALUES (@domain, @approval) RETURNING domain)
		INSERT INTO sign_up_domain_groups (domain, group_name) SELECT DISTINCT domain, unnest(@groups::text[]) FROM added`)
	listSignUpDomains = compile(`
		SELECT d.domain, d.approval, d.created_at,
			ARRAY(SELECT g.group_name FROM sign_up_domain_groups g WHERE g.domain = d.domain ORDER BY 1) AS groups
		FROM sign_up_domains d WHERE d.domain > @after ORDER BY d.domain LIMIT @limit`)
	removeSignUpDomain = compile(`DELETE FROM sign_up_domains WHERE domain = @domain RETURNING 1`)
)

// AddSignUpDomain lets people with an address of a domain have accounts by themselves.
func (s *Store) AddSignUpDomain(ctx context.Context, d SignUpDomainRow) error {
	_, err := addSignUpDomain.run(ctx, s.pool, args{"domain": d.Domain, "approval": d.Approval, "groups": d.Groups})
	return inWords(err, values{"domain": d.Domain, "group": join(d.Groups)})
}

// ListSignUpDomains returns them by name.
func (s *Store) ListSignUpDomains(ctx context.Context, p Page) ([]SignUpDomainRow, error) {
	return listed[SignUpDomainRow](ctx, s, listSignUpDomains, args{"after": p.After, "limit": p.Limit})
}

// RemoveSignUpDomain has people of a domain have no accounts by themselves any more. Errors: Missing.
func (s *Store) RemoveSignUpDomain(ctx context.Context, domain string) error {
	return s.manageOne(ctx, Missing{"sign-up domain", domain}, nil, removeSignUpDomain, args{"domain": domain})
}

// SignUpRow is somebody who asks for an account, as those see it who say yes or no.
type SignUpRow struct {
	ID         string     `json:"id" help:"By which it is approved or refused."`
	Email      string     `json:"email" help:"Address that they typed; nobody has proven that it is theirs."`
	Name       string     `json:"name,omitempty" help:"What they say they are called."`
	Reason     string     `json:"reason,omitempty" help:"Why they say they want it."`
	Groups     []string   `json:"groups" help:"That they become members of, if it is approved now."`
	ClientID   string     `json:"client_id,omitempty" help:"Application that they came from."`
	CreatedAt  time.Time  `json:"created_at" help:"When they asked."`
	WaitsSince *time.Time `json:"waits_since,omitempty" help:"Since when somebody has to say yes or no."`
	ExpiresAt  time.Time  `json:"expires_at" help:"Until when."`
	DecidedAt  *time.Time `json:"decided_at,omitempty" help:"When somebody did."`
	DecidedBy  string     `json:"decided_by,omitempty" help:"Who that was."`
	Approved   *bool      `json:"approved,omitempty" help:"Whether they said yes."`
	Refusal    string     `json:"refusal,omitempty" help:"What the person was told of why not."`
}

// signUpRule is the domain whose rule counts for a request.
const signUpRule = `(SELECT d.domain FROM sign_up_domains d WHERE d.domain IN (split_part(r.email, '@', 2), '*')
	ORDER BY d.domain = '*' LIMIT 1)`

// signUpWaits is the condition that somebody has to say yes or no to a request.
const signUpWaits = `r.waits_since IS NOT NULL AND r.decided_at IS NULL AND r.expires_at > @now`

var (
	listSignUps = compile(`
		SELECT r.id::text AS id, r.email, coalesce(r.name, '') AS name, coalesce(r.reason, '') AS reason,
			ARRAY(SELECT g.group_name FROM sign_up_domain_groups g WHERE g.domain = ` + signUpRule + ` ORDER BY 1) AS groups,
			coalesce(r.client_id, '') AS client_id, r.created_at, r.waits_since, r.expires_at, r.decided_at,
			coalesce(r.decided_by, '') AS decided_by, r.approved, coalesce(r.refusal, '') AS refusal
		FROM sign_up_requests r
		WHERE r.waits_since IS NOT NULL AND (@all OR ` + signUpWaits + `) AND (@after = '' OR (r.created_at, r.id) >
			(SELECT a.created_at, a.id FROM sign_up_requests a WHERE a.id::text = @after))
		ORDER BY r.created_at, r.id LIMIT @limit`)
	approveSignUp = compile(`
		WITH decided AS (
			UPDATE sign_up_requests r SET decided_at = @now, decided_by = ` + actor + `, approved = true
			WHERE r.id::text = @id AND ` + signUpWaits + ` AND ` + roomForMail + `
				AND NOT EXISTS (SELECT FROM users u WHERE mailbox_of(u.email) = mailbox_of(r.email))
			RETURNING r.id, r.email, r.name, r.locale, r.client_id, r.browser_sha256, ` + signUpRule + ` AS rule
		), invited AS (
			INSERT INTO invitations (token_sha256, email, name, code_hmac, browser_sha256, client_id, created_at, expires_at)
			SELECT @token, email, name, @code, browser_sha256, client_id, @now, @expires FROM decided RETURNING id
		), joined AS (
			INSERT INTO invitation_groups (invitation_id, group_name)
			SELECT i.id, g.group_name FROM invited i, decided d JOIN sign_up_domain_groups g ON g.domain = d.rule
		), mailed AS (
			INSERT INTO mail_outbox (recipient, template, locale, sealed, created_at, expires_at, next_attempt_at)
			SELECT email, 'invitation', locale, @sealed, @now, @patience, now() FROM decided
		)
		SELECT d.email, i.id::text FROM decided d, invited i`)
	refuseSignUp = compile(`
		WITH decided AS (
			UPDATE sign_up_requests r SET decided_at = @now, decided_by = ` + actor + `, approved = false, refusal = nullif(@reason, '')
			WHERE r.id::text = @id AND ` + signUpWaits + ` AND ` + roomForMail + ` RETURNING r.email, r.locale
		)
		INSERT INTO mail_outbox (recipient, template, locale, sealed, created_at, expires_at, next_attempt_at)
		SELECT email, 'sign_up_refused', locale, @sealed, @now, @patience, now() FROM decided RETURNING recipient`)
	whyNoSignUp = compile(`
		SELECT (SELECT min(u.username) FROM users u WHERE mailbox_of(u.email) = mailbox_of(r.email))
		FROM sign_up_requests r WHERE r.id::text = @id AND ` + signUpWaits)
)

// actor is who runs a statement, as the audit has it.
const actor = `coalesce(nullif(current_setting('gatehouse.actor', true), ''), session_user)`

// ListSignUps returns who waits for somebody to say yes or no, those who have waited the longest first; with all also who has an answer.
func (s *Store) ListSignUps(ctx context.Context, p Page, all bool, now time.Time) ([]SignUpRow, error) {
	return listed[SignUpRow](ctx, s, listSignUps, args{"after": p.After, "limit": p.Limit, "all": all, "now": now})
}

// ApproveSignUp has an invitation mailed to somebody who waits, with that token, until expires. It returns their address and the id of the
// invitation. Errors: Missing, and a Refusal where somebody has an account with that mailbox by now.
func (s *Store) ApproveSignUp(ctx context.Context, id string, token Digest, m InvitationMail, expires, now time.Time) (
	email, invitation string, err error) {
	err = approveSignUp.row(ctx, s.pool, args{"id": id, "token": token[:], "code": m.Code[:], "sealed": m.Sealed, "expires": expires,
		"patience": now.Add(MailPatience), "now": now, "most_mail": maxMail}).Scan(&email, &invitation)
	return email, invitation, s.whyNoSignUp(ctx, id, now, err)
}

// RefuseSignUp tells somebody who waits that they get no account. It returns their address. Errors: Missing.
func (s *Store) RefuseSignUp(ctx context.Context, id, reason string, sealed []byte, now time.Time) (email string, err error) {
	err = refuseSignUp.row(ctx, s.pool, args{"id": id, "reason": reason, "sealed": sealed, "patience": now.Add(MailPatience), "now": now,
		"most_mail": maxMail}).Scan(&email)
	return email, s.whyNoSignUp(ctx, id, now, err)
}

// whyNoSignUp returns why nothing was decided.
func (s *Store) whyNoSignUp(ctx context.Context, id string, now time.Time, err error) error {
	if !errors.Is(failure(err), ErrNotFound) {
		return inWords(err, nil)
	}
	var username *string
	err = failure(whyNoSignUp.row(ctx, s.pool, args{"id": id, "now": now}).Scan(&username))
	switch {
	case errors.Is(err, ErrNotFound):
		return Missing{"request that waits", id}
	case err == nil && username != nil:
		return Refusal{Words: "there is an account with that mailbox by now: " + *username}
	case err == nil:
		return Refusal{Words: ErrMuchMail.Error(), cause: ErrMuchMail}
	}
	return err
}

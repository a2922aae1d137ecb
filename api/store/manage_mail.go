package store

import (
	"context"
	"time"
)

// MailRow is a mail as an administrator sees one: not what it says.
type MailRow struct {
	ID            string     `json:"id" help:"Its id, which its Message-ID begins with."`
	Username      string     `json:"username,omitempty" help:"Whom it is about."`
	Recipient     string     `json:"recipient,omitempty" help:"Its address."`
	Template      string     `json:"template" help:"What it is for."`
	State         string     `json:"state" help:"waits, sent or given_up."`
	Attempts      int        `json:"attempts" help:"How often it was tried to send it."`
	CreatedAt     time.Time  `json:"created_at" help:"Since when."`
	ExpiresAt     time.Time  `json:"expires_at" help:"When it is of no use any more."`
	NextAttemptAt *time.Time `json:"next_attempt_at,omitempty" help:"When it is tried again."`
	HandedAt      *time.Time `json:"handed_at,omitempty" help:"When the server had all but its last line: since then it may have been sent."`
	SentAt        *time.Time `json:"sent_at,omitempty" help:"When the server took it."`
	GivenUpAt     *time.Time `json:"given_up_at,omitempty" help:"Since when it is tried no more."`
	LastError     string     `json:"last_error,omitempty" help:"Why the last attempt failed."`
}

// MailQuery is which mails are wanted; their key is the id.
type MailQuery struct {
	Page
	Username string // about this user only
	State    string // waits, sent or given_up; "" for all
}

var (
	listMail = compile(`
		SELECT id::text AS id, coalesce(username, '') AS username, coalesce(recipient, '') AS recipient, template,
			CASE WHEN sent_at IS NOT NULL THEN 'sent' WHEN given_up_at IS NOT NULL THEN 'given_up' ELSE 'waits' END AS state, attempts,
			created_at, expires_at, next_attempt_at, handed_at, sent_at, given_up_at,
			coalesce(last_error, '') AS last_error
		FROM mail_outbox
		WHERE (@after = '' OR (created_at, id) < (SELECT l.created_at, l.id FROM mail_outbox l WHERE l.id::text = @after))
			AND @username IN ('', username)
			AND CASE @state WHEN 'waits' THEN next_attempt_at IS NOT NULL WHEN 'sent' THEN sent_at IS NOT NULL
				WHEN 'given_up' THEN given_up_at IS NOT NULL ELSE true END
		ORDER BY created_at DESC, id DESC LIMIT @limit`)
	retryMail = compile(`
		UPDATE mail_outbox SET next_attempt_at = now(), given_up_at = NULL, handed_at = NULL, expires_at = @expires
		WHERE id::text = @id AND given_up_at IS NOT NULL AND expires_at - created_at > interval '1 day' RETURNING 1`)
	retryAllMail = compile(`
		UPDATE mail_outbox SET next_attempt_at = now(), given_up_at = NULL, expires_at = @expires
		WHERE given_up_at IS NOT NULL AND handed_at IS NULL AND expires_at - created_at > interval '1 day'`)
	hurryMail = compile(`UPDATE mail_outbox SET next_attempt_at = now() WHERE next_attempt_at > now() AND handed_at IS NULL
		AND @id IN ('', id::text)`)
)

// ListMail returns the mails that wait, were sent within a week, or were given up, the latest first.
func (s *Store) ListMail(ctx context.Context, q MailQuery) ([]MailRow, error) {
	return listed[MailRow](ctx, s, listMail, args{"after": q.After, "limit": q.Limit, "username": q.Username, "state": q.State})
}

// RetryMail has a mail tried again at once, for as long as a new one, or all that wait or were given up: of these not those that may have
// been sent, and none whose code is no good any more. Errors: Missing, where there is nothing to try again of that id.
func (s *Store) RetryMail(ctx context.Context, id string, now time.Time) (tried int, err error) {
	a := args{"id": id}
	hurried, err := hurryMail.run(ctx, s.pool, a)
	if err != nil {
		return 0, inWords(err, nil)
	}
	a["expires"] = now.Add(MailPatience)
	again := retryMail
	if id == "" {
		again = retryAllMail
		delete(a, "id")
	}
	given, err := again.run(ctx, s.pool, a)
	tried = int(hurried.RowsAffected() + given.RowsAffected())
	if err == nil && id != "" && tried == 0 {
		return 0, Missing{"mail that can be tried again", id}
	}
	return tried, inWords(err, nil)
}

package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Mail is one that is to be sent.
type Mail struct {
	Username string    // whom it is about; "" for nobody who has an account
	To       string    // an address
	Template string    // of the room mail
	Locale   string    // language tags, the preferred one first, with commas; "" for English
	Sealed   []byte    // the values of the template
	Expires  time.Time // when it is of no use any more; zero for after MailPatience
}

// MailPatience is how long it is tried to send a mail that has no other end.
const MailPatience = 4 * 24 * time.Hour

// maxMail is how many mails wait at most; those in parallel may go beyond by as many as there are connections.
const maxMail = 50_000

// ErrMuchMail is why a mail is not queued.
var ErrMuchMail = errors.New("as many mails wait as may (mail_outbox): see to the SMTP server; gatehouse mail list has what is wrong")

// roomForMail is the condition that there is room for one more.
const roomForMail = `(SELECT count(*) FROM (
	SELECT FROM mail_outbox WHERE next_attempt_at IS NOT NULL LIMIT @most_mail) AS waits) < @most_mail`

var queueMail = compile(`
	INSERT INTO mail_outbox (username, recipient, template, locale, sealed, created_at, expires_at, next_attempt_at)
	SELECT nullif(@username, ''), @to, @template, @locale, @sealed, @now, @expires, now() WHERE ` + roomForMail)

// QueueMail has mails sent, in one round trip: in a Transaction only if that commits. Errors: ErrMuchMail, where not all
// are queued.
func (s *Store) QueueMail(ctx context.Context, now time.Time, mails ...Mail) error {
	var batch pgx.Batch
	var left bool
	for _, m := range mails {
		if m.Expires.IsZero() {
			m.Expires = now.Add(MailPatience)
		}
		queueMail.queue(&batch, args{"username": m.Username, "to": m.To, "template": m.Template, "locale": m.Locale, "sealed": m.Sealed,
			"expires": m.Expires, "now": now, "most_mail": maxMail}).
			Exec(func(tag pgconn.CommandTag) error { left = left || tag.RowsAffected() == 0; return nil })
	}
	err := inWords(s.pool.SendBatch(ctx, &batch).Close(), nil)
	if err == nil && left {
		return ErrMuchMail
	}
	return err
}

// DueMail is a mail for which it is time.
type DueMail struct {
	ID        string
	Username  string
	To        string
	Template  string
	Locale    string
	Sealed    []byte
	Attempts  int // this one included
	CreatedAt time.Time
	ExpiresAt time.Time
	GivenUp   string // why it is tried no more, for the log; else ""
}

// Why a mail is given up without another attempt.
const (
	mailExpired   = "it is of no use any more"
	mailUncertain = "the server had all of it when the process that sent it ended, so that it may have been sent"
)

var claimMail = compile(`
	WITH due AS (
		SELECT id, CASE WHEN handed_at IS NOT NULL THEN @uncertain::text WHEN expires_at <= @now THEN @expired::text END AS why
		FROM mail_outbox WHERE next_attempt_at <= now() ORDER BY next_attempt_at, expires_at LIMIT @limit FOR UPDATE SKIP LOCKED
	)
	UPDATE mail_outbox m SET attempts = attempts + CASE WHEN why IS NULL THEN 1 ELSE 0 END,
		next_attempt_at = CASE WHEN why IS NULL THEN now() + @lease::interval END,
		given_up_at = CASE WHEN why IS NOT NULL THEN @now::timestamptz END,
		last_error = coalesce(CASE WHEN why = @expired THEN left(why || '; ' || m.last_error, 500) END, why, m.last_error)
	FROM due WHERE m.id = due.id
	RETURNING m.id::text, coalesce(username, ''), coalesce(recipient, ''), template, locale, sealed, attempts, created_at, expires_at,
		coalesce(why, '')`)

// ClaimMail returns what is due, at most limit, of which one replica has each until lease has passed. What is of no use any more, or may
// have been sent, is given up instead, and returned as that.
func (s *Store) ClaimMail(ctx context.Context, limit int, now time.Time, lease time.Duration) ([]DueMail, error) {
	rows, err := claimMail.rows(ctx, s.pool, args{"now": now, "limit": limit, "lease": lease,
		"expired": mailExpired, "uncertain": mailUncertain})
	if err != nil {
		return nil, failure(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[DueMail])
	return list, failure(err)
}

var handMail = compile(`
	UPDATE mail_outbox SET handed_at = @now, next_attempt_at = now() + @lease::interval
	WHERE id = @id AND attempts = @attempts AND next_attempt_at IS NOT NULL AND handed_at IS NULL RETURNING 1`)

// HandMail notes that the server gets the last line of a mail now, and may take as long as lease to answer: whatever happens, it is not
// sent again by itself. ErrNotFound: the attempt took longer than its lease, and is another replica's.
func (s *Store) HandMail(ctx context.Context, id string, attempts int, now time.Time, lease time.Duration) error {
	var one int
	return failure(handMail.row(ctx, s.pool, args{"id": id, "attempts": attempts, "now": now, "lease": lease}).Scan(&one))
}

// MailResult is what became of an attempt: it was sent, is given up, or else is tried again.
type MailResult struct {
	Sent, GivenUp   time.Time     // one of them, or none
	Pause           time.Duration // before it is tried again
	Error           string        // at most 500 characters
	MayHaveBeenSent bool
}

var saveMail = compile(`
	UPDATE mail_outbox SET sent_at = @sent, given_up_at = @given_up,
		next_attempt_at = CASE WHEN @sent::timestamptz IS NULL AND @given_up::timestamptz IS NULL THEN now() + @pause::interval END,
		handed_at = CASE WHEN @sent::timestamptz IS NOT NULL OR @may_have_been_sent THEN handed_at END,
		last_error = nullif(@error, ''), sealed = CASE WHEN @sent::timestamptz IS NULL THEN sealed END
	WHERE id = (SELECT id FROM mail_outbox WHERE id = @id FOR UPDATE NOWAIT) AND attempts = @attempts AND next_attempt_at IS NOT NULL`)

// SaveMail notes what became of an attempt. It waits for nobody who has the row.
func (s *Store) SaveMail(ctx context.Context, id string, attempts int, r MailResult) error {
	_, err := saveMail.run(ctx, s.pool, args{"id": id, "attempts": attempts, "sent": orNull(r.Sent), "pause": r.Pause,
		"given_up": orNull(r.GivenUp), "error": r.Error, "may_have_been_sent": r.MayHaveBeenSent})
	return failure(err)
}

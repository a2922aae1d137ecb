package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Notice is a mail to a person about their own account.
type Notice struct {
	Username string
	To       string // a former address; "" for the one that they have
	Template string
	Sealed   []byte
	At       time.Time
}

// maxNoticesPerPerson is how many mails about their account a person gets in an hour.
const maxNoticesPerPerson = 10

var queueNotice = compile(`
	INSERT INTO mail_outbox (username, recipient, template, locale, sealed, created_at, expires_at, next_attempt_at)
	SELECT u.username, coalesce(nullif(@to, ''), u.email), @template, coalesce(u.locale, ''), @sealed, @now, @expires, now() FROM users u
	WHERE u.username = @username AND u.email_verified AND ` + mayAct("u") + ` AND ` + roomForMail + `
		AND (SELECT count(*) FROM mail_outbox m WHERE m.username = u.username AND m.created_at > @since AND m.template <> 'reset') < @most`)

// QueueNotices has notices sent, in one round trip, to those who have a verified address; not more of them in an hour than are read.
func (s *Store) QueueNotices(ctx context.Context, list []Notice) error {
	var batch pgx.Batch
	for _, n := range list {
		queueNotice.queue(&batch, args{"username": n.Username, "to": n.To, "template": n.Template, "sealed": n.Sealed, "now": n.At,
			"expires": n.At.Add(MailPatience), "since": n.At.Add(-time.Hour), "most": maxNoticesPerPerson, "most_mail": maxMail})
	}
	return failure(s.pool.SendBatch(ctx, &batch).Close())
}

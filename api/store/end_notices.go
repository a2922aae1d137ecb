package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// The values of end_notices.about.
const (
	EndOfAccount    = "account"
	EndOfMembership = "membership"
	EndByInactivity = "inactivity"
)

// EndNear is an end of which somebody is to hear.
type EndNear struct {
	UserID   string
	Username string
	Email    string // verified
	Locale   string
	About    string
	Group    string // of the membership
	EndsAt   time.Time
	Days     int // 30, 7 or 1: at most so many are left
}

// noteEnds notes which ends come within 30, 7 or 1 days, each once. What is behind by more than one of these counts once: the one that is
// reached. An account, or a time without a sign-in, has to be longer than twice that, so that nobody is warned as they come. What ends
// with the account, or after it, is not told apart.
var noteEnds = compile(`
	WITH ends AS (
		SELECT u.id, '` + EndOfAccount + `' AS about, '' AS group_name, u.expires_at AS ends_at, u.expires_at - u.created_at AS lasts
		FROM users u WHERE u.expires_at > @now AND u.expires_at <= @now::timestamptz + interval '30 days'
		UNION ALL
		SELECT u.id, '` + EndOfMembership + `', m.group_name, m.until, interval '1 year'
		FROM group_members m JOIN users u USING (username)
		WHERE m.until > @now AND m.until <= @now::timestamptz + interval '30 days' AND (u.expires_at IS NULL OR u.expires_at > m.until)
		UNION ALL
		(SELECT DISTINCT ON (u.id) u.id, '` + EndByInactivity + `', '', coalesce(u.active_at, u.created_at) + g.inactive_after,
			g.inactive_after
		FROM groups g JOIN group_members m ON m.group_name = g.name JOIN users u ON u.username = m.username
		WHERE g.inactive_after IS NOT NULL AND ` + memberNow("m") + `
			AND coalesce(u.active_at, u.created_at) + g.inactive_after > @now
			AND coalesce(u.active_at, u.created_at) + g.inactive_after <= @now::timestamptz + interval '30 days'
			AND (u.expires_at IS NULL OR u.expires_at > coalesce(u.active_at, u.created_at) + g.inactive_after)
		ORDER BY u.id, g.inactive_after, g.name)
	), due AS (
		SELECT e.*, d.days FROM ends e CROSS JOIN LATERAL (
			SELECT days FROM unnest('{1,7,30}'::int[]) AS days
			WHERE e.ends_at <= @now::timestamptz + make_interval(days => days) ORDER BY days LIMIT 1) AS d
		JOIN users u USING (id)
		WHERE e.lasts > make_interval(days => 2 * d.days) AND u.email_verified AND ` + mayAct("u") + ` AND NOT EXISTS (
			SELECT FROM end_notices n WHERE n.user_id = e.id AND n.about = e.about AND n.group_name = e.group_name
				AND n.ends_at = e.ends_at AND n.days <= d.days)
		ORDER BY e.id, e.about, e.group_name LIMIT @limit
	), noted AS (
		INSERT INTO end_notices AS n (user_id, about, group_name, ends_at, days, noted_at)
		SELECT id, about, group_name, ends_at, days, @now FROM due
		ON CONFLICT (user_id, about, group_name) DO UPDATE
			SET ends_at = excluded.ends_at, days = excluded.days, noted_at = excluded.noted_at
			WHERE n.ends_at <> excluded.ends_at OR n.days > excluded.days
		RETURNING user_id, about, group_name, ends_at, days
	)
	SELECT u.id::text, u.username, u.email, coalesce(u.locale, ''), n.about, n.group_name, n.ends_at, n.days::int
	FROM noted n JOIN users u ON u.id = n.user_id ORDER BY u.id, n.ends_at, n.about, n.group_name`)

// NoteEnds calls write with ends that are near, and queues the mails that it returns, in one transaction for some people at a time: of any
// number of replicas one has each end, and a mail that is not queued leaves no note.
func (s *Store) NoteEnds(ctx context.Context, now time.Time, write func([]EndNear) []Mail) error {
	for more := true; more; {
		err := s.Transaction(ctx, func(tx *Store) error {
			rows, err := noteEnds.rows(ctx, tx.pool, args{"now": now, "limit": endsAtOnce})
			if err != nil {
				return failure(err)
			}
			list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[EndNear])
			if more = len(list) == endsAtOnce; err != nil || len(list) == 0 {
				return failure(err)
			}
			return tx.QueueMail(ctx, now, write(list)...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

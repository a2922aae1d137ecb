package store

import (
	"context"
	"errors"
	"time"
)

// SessionRow is a session as its person and an administrator see it.
type SessionRow struct {
	SID       string    `json:"sid" db:"sid"`
	AuthTime  time.Time `json:"auth_time" db:"auth_time"`
	SeenAt    time.Time `json:"seen_at" db:"seen_at"`
	ExpiresAt time.Time `json:"expires_at" db:"expires_at"`
	AMR       []string  `json:"amr" db:"amr"`
	Addr      string    `json:"addr,omitempty" db:"addr"`
	UserAgent string    `json:"user_agent,omitempty" db:"user_agent"`
}

// sessionsShown are those of one person that are listed, the last used first.
const sessionsShown = 50

// listSessions is for a condition on the user u.
func listSessions(ofUser string) query {
	return compile(`
		SELECT s.sid::text AS sid, s.auth_time, s.seen_at, s.expires_at, s.amr, coalesce(s.addr, '') AS addr,
			coalesce(s.user_agent, '') AS user_agent
		FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE ` + ofUser + ` AND s.ended_at IS NULL AND s.expires_at > @now ORDER BY s.seen_at DESC, s.sid LIMIT @limit`)
}

var listOwnSessions = listSessions(`s.user_id = (SELECT user_id FROM sessions WHERE sid = @session)`)

var endOwnSessions = compile(`
	WITH mine AS (
		SELECT s.sid, u.id FROM sessions s, users u WHERE s.sid = @session AND ` + signedIn + `
	), ended AS (
		UPDATE sessions o SET ended_at = @now FROM mine
		WHERE o.user_id = mine.id AND o.sid <> mine.sid AND o.ended_at IS NULL AND o.expires_at > @now
			AND (@others OR o.sid::text = @ended)
		RETURNING 1
	)
	SELECT (SELECT count(*) FROM ended) FROM mine`)

// EndOwnSessions ends a session of the person whose session sid is, or all but that with "". One that is another's, or has ended, is
// none. It returns how many ended; ErrNotFound: the session sid has ended itself.
func (s *Store) EndOwnSessions(ctx context.Context, sid string, cookie Digest, ended string, now time.Time) (n int, err error) {
	err = endOwnSessions.row(ctx, s.pool, args{
		"session": sid, "cookie": cookie[:], "ended": ended, "others": ended == "", "now": now}).Scan(&n)
	return n, failure(err)
}

var endSessionsOf = compile(`
	WITH person AS (
		SELECT id FROM users WHERE username = @username
	), ended AS (
		UPDATE sessions s SET ended_at = now() FROM person
		WHERE s.user_id = person.id AND s.ended_at IS NULL
		RETURNING 1
	)
	SELECT (SELECT count(*) FROM ended) FROM person`)

// EndSessionsOf ends all sessions of a user, and returns how many. Errors: Missing.
func (s *Store) EndSessionsOf(ctx context.Context, username string) (n int, err error) {
	err = failure(endSessionsOf.row(ctx, s.pool, args{"username": username}).Scan(&n))
	if errors.Is(err, ErrNotFound) {
		return 0, Missing{"user", username}
	}
	return n, inWords(err, nil)
}

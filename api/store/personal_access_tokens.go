package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// PersonalAccessToken is one without its value, which only its holder has.
type PersonalAccessToken struct {
	ID        string     `json:"id" db:"id"`
	Name      string     `json:"name" db:"name"`
	Scope     string     `json:"scope" db:"scope"`
	CreatedAt time.Time  `json:"created_at" db:"created_at"`
	ExpiresAt time.Time  `json:"expires_at" db:"expires_at"`
	UsedAt    *time.Time `json:"used_at,omitempty" db:"used_at"`
	RevokedAt *time.Time `json:"revoked_at,omitempty" db:"revoked_at"`
}

const tokenColumns = `t.id::text AS id, t.name, t.scope, t.created_at, t.expires_at, t.used_at, t.revoked_at`

// tokensAtMost are the tokens of one user that can be used, and tokensADay those that he can make in a day: the rows of revoked ones stay
// until the tokens would have expired.
const tokensAtMost, tokensADay = 50, 200

// NewPersonalAccessToken is a token to be; its value is kept as a digest.
type NewPersonalAccessToken struct {
	ID        string
	Digest    Digest
	Name      string
	Scope     string
	ExpiresAt time.Time
}

// AddPersonalAccessToken saves a token of the person whose session sid is, if that is still alive and he has not too many of them;
// else ErrNotFound. The lock on the user makes parallel additions count each other.
func (s *Store) AddPersonalAccessToken(ctx context.Context, sid string, n NewPersonalAccessToken, now time.Time) error {
	var batch pgx.Batch
	batch.Queue(`SELECT FROM users u JOIN sessions s ON s.user_id = u.id WHERE s.sid = $1 FOR NO KEY UPDATE OF u`, sid)
	added := false
	batch.Queue(`
		INSERT INTO personal_access_tokens (id, token_sha256, username, name, scope, created_at, expires_at)
		SELECT $3, $4, u.username, $5, $6, $2, $7
		FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.sid = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND u.disabled_at IS NULL AND (
			SELECT $8 > count(*) FILTER (WHERE t.revoked_at IS NULL AND t.expires_at > $2) AND $9 > count(*) FILTER (WHERE t.created_at > $10)
			FROM personal_access_tokens t WHERE t.username = u.username)
		RETURNING true`, sid, now, n.ID, n.Digest[:], n.Name, n.Scope, n.ExpiresAt, tokensAtMost, tokensADay,
		now.AddDate(0, 0, -1)).
		QueryRow(func(row pgx.Row) error { return row.Scan(&added) })
	return failure(s.pool.SendBatch(ctx, &batch).Close())
}

// TokenToShow is a token that was made a moment ago and that nobody has seen yet.
type TokenToShow struct {
	ID     string
	Since  time.Time // made no earlier
	Digest Digest    // of what would be shown
}

// LoadPersonalAccessTokens gives the tokens that can be used of the person whose session sid is; ErrNotFound once that has ended.
// show, "" for none, is marked as shown in the same statement: of any number of requests one gets shown = true.
func (s *Store) LoadPersonalAccessTokens(ctx context.Context, sid string, show TokenToShow,
	now time.Time) (list []PersonalAccessToken, shown bool, err error) {
	rows, err := s.pool.Query(ctx, `
		WITH person AS (
			SELECT u.username FROM sessions s JOIN users u ON u.id = s.user_id
			WHERE s.sid = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND u.disabled_at IS NULL
		), shown AS (
			UPDATE personal_access_tokens t SET shown_at = $2 FROM person
			WHERE t.id = $3 AND t.username = person.username AND t.shown_at IS NULL AND t.created_at >= $4 AND t.token_sha256 = $5
				AND t.revoked_at IS NULL
			RETURNING t.id
		)
		SELECT t.id IS NOT NULL, EXISTS (SELECT FROM shown), coalesce(t.id::text, ''), coalesce(t.name, ''), coalesce(t.scope, ''),
			coalesce(t.created_at, $2), coalesce(t.expires_at, $2), t.used_at
		FROM person LEFT JOIN personal_access_tokens t ON t.username = person.username AND t.revoked_at IS NULL AND t.expires_at > $2
		ORDER BY t.created_at DESC, t.id`,
		sid, now, orZero(show.ID), show.Since, show.Digest[:])
	if err != nil {
		return nil, false, failure(err)
	}
	found, exists, t := false, false, PersonalAccessToken{}
	_, err = pgx.ForEachRow(rows, []any{&exists, &shown, &t.ID, &t.Name, &t.Scope, &t.CreatedAt, &t.ExpiresAt, &t.UsedAt}, func() error {
		found = true
		if exists {
			list = append(list, t)
		}
		return nil
	})
	if err == nil && !found {
		return nil, false, ErrNotFound
	}
	return list, shown, failure(err)
}

// RevokePersonalAccessToken ends a token of the person whose session sid is; one that is unknown, another's or ended already is no error.
func (s *Store) RevokePersonalAccessToken(ctx context.Context, sid, id string, now time.Time) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE personal_access_tokens t SET revoked_at = $3
		FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.sid = $1 AND s.ended_at IS NULL AND s.expires_at > $3 AND t.username = u.username AND t.id::text = $2 AND t.revoked_at IS NULL`,
		sid, id, now)
	return failure(err)
}

// usedAgain is how exactly used_at is known, so that a busy token costs one write in that time.
const usedAgain = time.Hour

// LoadPersonalAccessToken gives the token of a digest and its user, if it can be used: not revoked, not expired, the user enabled and
// in one of allowedGroups, where there are any. Else ErrNotFound. The statement notes the use, once an hour.
func (s *Store) LoadPersonalAccessToken(
	ctx context.Context, token Digest, allowedGroups []string, now time.Time,
) (t PersonalAccessToken, u oidc.User, err error) {
	err = s.pool.QueryRow(ctx, `
		WITH used AS (
			UPDATE personal_access_tokens t SET used_at = $2 FROM users u
			WHERE t.token_sha256 = $1 AND (t.used_at IS NULL OR t.used_at <= $3)
				AND t.revoked_at IS NULL AND t.expires_at > $2 AND u.username = t.username AND u.disabled_at IS NULL AND `+mayUse("$4")+`
		)
		SELECT `+userColumns+`, `+tokenColumns+`
		FROM personal_access_tokens t JOIN users u ON u.username = t.username
		WHERE t.token_sha256 = $1 AND t.revoked_at IS NULL AND t.expires_at > $2 AND u.disabled_at IS NULL AND `+mayUse("$4"),
		token[:], now, now.Add(-usedAgain), emptyNotNil(allowedGroups)).
		Scan(append(userFields(&u), &t.ID, &t.Name, &t.Scope, &t.CreatedAt, &t.ExpiresAt, &t.UsedAt, &t.RevokedAt)...)
	return t, u, failure(err)
}

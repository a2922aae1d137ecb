package store

import (
	"context"
	"errors"
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
	AMR       []string   `json:"-" db:"amr"` // of the session in which it was made
}

const tokenColumns = `t.id::text AS id, t.name, t.scope, t.created_at, t.expires_at, t.used_at, t.revoked_at, t.amr`

// tokensAtMost are the tokens of one user that can be used, and tokensADay those that they can make in a day: the rows of revoked ones stay
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

var (
	lockUserOfSession = compile(`SELECT FROM users u JOIN sessions s ON s.user_id = u.id WHERE s.sid = @session FOR NO KEY UPDATE OF u`)

	addPersonalAccessToken = compile(`
		INSERT INTO personal_access_tokens (id, token_sha256, username, name, scope, amr, created_at, expires_at)
		SELECT @id, @token, u.username, @name, @scope, s.amr, @now, @expires_at
		FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.sid = @session AND s.ended_at IS NULL AND s.expires_at > @now AND ` + mayAct("u") + ` AND (
			SELECT @most > count(*) FILTER (WHERE t.revoked_at IS NULL AND t.expires_at > @now)
				AND @most_a_day > count(*) FILTER (WHERE t.created_at > @yesterday)
			FROM personal_access_tokens t WHERE t.username = u.username)
		RETURNING true`)
)

// AddPersonalAccessToken saves a token of the person whose session sid is, if that is still alive and they have not too many of them;
// else ErrNotFound. The lock on the user makes parallel additions count each other.
func (s *Store) AddPersonalAccessToken(ctx context.Context, sid string, n NewPersonalAccessToken, now time.Time) error {
	var batch pgx.Batch
	added := false
	lockUserOfSession.queue(&batch, args{"session": sid})
	addPersonalAccessToken.queue(&batch, args{"session": sid, "now": now, "id": n.ID, "token": n.Digest[:], "name": n.Name,
		"scope": n.Scope, "expires_at": n.ExpiresAt, "most": tokensAtMost, "most_a_day": tokensADay, "yesterday": now.AddDate(0, 0, -1)}).
		QueryRow(func(row pgx.Row) error { return row.Scan(&added) })
	return failure(s.pool.SendBatch(ctx, &batch).Close())
}

// TokenToShow is a token that was made a moment ago and that nobody has seen yet.
type TokenToShow struct {
	ID     string
	Since  time.Time // made no earlier
	Digest Digest    // of what would be shown
}

// Account is what the account page shows.
type Account struct {
	Tokens []PersonalAccessToken // that can be used
	Shown  bool                  // the token to show was marked as shown just now

	PasswordChangedAt *time.Time // nil: they have none
	UserID            string
	Passkeys          []oidc.Passkey
	Factors           Factors
	Own
}

var loadAccount = compile(`
	WITH person AS (
		SELECT u.id, u.username, CASE WHEN u.password IS NOT NULL THEN u.password_changed_at END AS password_changed_at
		FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.sid = @session AND s.ended_at IS NULL AND s.expires_at > @now AND ` + mayAct("u") + `
	), shown AS (
		UPDATE personal_access_tokens t SET shown_at = @now FROM person
		WHERE t.id = @show AND t.username = person.username AND t.shown_at IS NULL AND t.created_at >= @since AND t.token_sha256 = @token
			AND t.revoked_at IS NULL
		RETURNING t.id
	)
	SELECT person.id::text, person.password_changed_at, t.id IS NOT NULL, EXISTS (SELECT FROM shown), coalesce(t.id::text, ''),
		coalesce(t.name, ''), coalesce(t.scope, ''), coalesce(t.created_at, @now), coalesce(t.expires_at, @now), t.used_at
	FROM person LEFT JOIN personal_access_tokens t ON t.username = person.username AND t.revoked_at IS NULL AND t.expires_at > @now
	ORDER BY t.created_at DESC, t.id`)

// LoadAccount returns what the account page shows to the person whose session sid is; ErrNotFound once that has ended.
// show, "" for none, is marked as shown in the same statement: of any number of requests one gets Shown.
func (s *Store) LoadAccount(ctx context.Context, sid string, show TokenToShow, now time.Time) (out Account, err error) {
	var batch pgx.Batch
	found := false
	loadAccount.queue(&batch, args{"session": sid, "now": now, "show": orZero(show.ID), "since": show.Since, "token": show.Digest[:]}).
		Query(func(rows pgx.Rows) error {
			exists, t := false, PersonalAccessToken{}
			fields := []any{&out.UserID, &out.PasswordChangedAt, &exists, &out.Shown, &t.ID, &t.Name, &t.Scope, &t.CreatedAt, &t.ExpiresAt,
				&t.UsedAt}
			_, err := pgx.ForEachRow(rows, fields, func() error {
				found = true
				if exists {
					out.Tokens = append(out.Tokens, t)
				}
				return nil
			})
			return err
		})
	queueOwn(&batch, &out.Own, sid, signInsShown, now)
	listOwnPasskeys.queue(&batch, args{"session": sid, "now": now}).Query(into(&out.Passkeys, scanPasskey))
	factorsOfSession.queue(&batch, args{"session": sid}).Query(func(rows pgx.Rows) (err error) {
		out.Factors, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Factors])
		return err
	})
	if err := s.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return out, failure(err)
	}
	if !found {
		return out, ErrNotFound
	}
	return out, nil
}

var revokePersonalAccessToken = compile(`
	UPDATE personal_access_tokens t SET revoked_at = @now
	FROM sessions s JOIN users u ON u.id = s.user_id
	WHERE s.sid = @session AND s.ended_at IS NULL AND s.expires_at > @now
		AND t.username = u.username AND t.id::text = @id AND t.revoked_at IS NULL
	RETURNING t.name`)

// RevokePersonalAccessToken ends a token of the person whose session sid is, and returns its name; one that is unknown, another's or
// ended already is no error and has none.
func (s *Store) RevokePersonalAccessToken(ctx context.Context, sid, id string, now time.Time) (name string, err error) {
	err = revokePersonalAccessToken.row(ctx, s.pool, args{"session": sid, "id": id, "now": now}).Scan(&name)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return name, failure(err)
}

// usedAgain is how exactly used_at is known, so that a busy token costs one write in that time.
const usedAgain = time.Hour

var loadPersonalAccessToken = compile(`
	WITH used AS (
		UPDATE personal_access_tokens t SET used_at = @now FROM users u
		WHERE t.token_sha256 = @token AND (t.used_at IS NULL OR t.used_at <= @used_before) AND t.revoked_at IS NULL AND t.expires_at > @now
			AND u.username = t.username AND ` + mayAct("u") + ` AND ` + mayUse("@allowed_groups") + `
	)
	SELECT ` + userColumns + `, ` + tokenColumns + `
	FROM personal_access_tokens t JOIN users u ON u.username = t.username
	WHERE t.token_sha256 = @token AND t.revoked_at IS NULL AND t.expires_at > @now AND ` + mayAct("u") + `
		AND ` + mayUse("@allowed_groups"))

// LoadPersonalAccessToken returns the token of a digest and its user, if it can be used: not revoked, not expired, the user enabled and
// in one of allowedGroups, where there are any. Else ErrNotFound. The statement notes the use, once an hour.
func (s *Store) LoadPersonalAccessToken(
	ctx context.Context, token Digest, allowedGroups []string, now time.Time,
) (t PersonalAccessToken, u oidc.User, err error) {
	err = loadPersonalAccessToken.row(ctx, s.pool, args{
		"token": token[:], "now": now, "used_before": now.Add(-usedAgain), "allowed_groups": oidc.NotNil(allowedGroups)}).
		Scan(append(userFields(&u), &t.ID, &t.Name, &t.Scope, &t.CreatedAt, &t.ExpiresAt, &t.UsedAt, &t.RevokedAt, &t.AMR)...)
	return t, u, failure(err)
}

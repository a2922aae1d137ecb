package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// UserDetails are all that is known of a user but the password.
type UserDetails struct {
	UserRow
	Factors Factors `json:"factors" db:"-" help:"What they have set up beside a password."`
}

var showUser = compile(userSelect + `FROM users u WHERE u.username = @username`)

// ShowUser returns one user. Errors: Missing.
func (s *Store) ShowUser(ctx context.Context, username string) (UserDetails, error) {
	u, err := one[UserDetails](ctx, s, Missing{"user", username}, showUser, args{"username": username, "now": time.Now()})
	if err != nil {
		return u, err
	}
	u.Factors, err = s.FactorsOf(ctx, username)
	return u, err
}

// SetUser changes those columns of a user. Another address is not verified unless the change says so. Errors: Missing.
func (s *Store) SetUser(ctx context.Context, username string, changes Columns) error {
	if _, verified := changes["email_verified"]; !verified && changes["email"] != nil {
		changes["email_verified"] = expression("email_verified AND email IS NOT DISTINCT FROM @email")
	}
	return s.Set(ctx, "users", username, changes)
}

// RemovedUser is what went with a user.
type RemovedUser struct {
	Groups               int `json:"groups" help:"Memberships."`
	Sessions             int `json:"sessions" help:"Places where they were signed in."`
	Grants               int `json:"grants" help:"What applications held."`
	Consents             int `json:"consents" help:"What they had allowed applications."`
	PersonalAccessTokens int `json:"personal_access_tokens" help:"Their own tokens."`
	LinkedAccounts       int `json:"linked_accounts" help:"Accounts at upstreams."`
	Passkeys             int `json:"passkeys" help:"Their passkeys."`
	OneTimeCodes         int `json:"one_time_codes" help:"1 if they had set them up."`
}

var removeUser = compile(`
	WITH gone AS (DELETE FROM users WHERE username = @username RETURNING id, username)
	SELECT (SELECT count(*) FROM group_members g WHERE g.username = gone.username) AS groups,
		(SELECT count(*) FROM sessions s WHERE s.user_id = gone.id AND s.ended_at IS NULL AND s.expires_at > now()) AS sessions,
		(SELECT count(*) FROM grants g WHERE g.user_id = gone.id AND g.revoked_at IS NULL AND g.expires_at > now()) AS grants,
		(SELECT count(*) FROM consents c WHERE c.user_id = gone.id) AS consents,
		(SELECT count(*) FROM personal_access_tokens t
			WHERE t.username = gone.username AND t.revoked_at IS NULL AND t.expires_at > now()) AS personal_access_tokens,
		(SELECT count(*) FROM upstream_accounts a WHERE a.username = gone.username) AS linked_accounts,
		(SELECT count(*) FROM passkeys k WHERE k.user_id = gone.id) AS passkeys,
		(SELECT count(*) FROM totp_secrets t WHERE t.user_id = gone.id) AS one_time_codes
	FROM gone`)

// RemoveUser removes a user with all that is theirs, and returns what that was. Errors: Missing.
func (s *Store) RemoveUser(ctx context.Context, username string) (RemovedUser, error) {
	return one[RemovedUser](ctx, s, Missing{"user", username}, removeUser, args{"username": username})
}

// one returns the row of a statement that finds one, or about.
func one[T any](ctx context.Context, s *Store, about Missing, q query, a args) (T, error) {
	rows, err := q.rows(ctx, s.pool, a)
	if err != nil {
		return *new(T), inWords(err, nil)
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
	if errors.Is(err, pgx.ErrNoRows) {
		return row, about
	}
	return row, inWords(err, nil)
}

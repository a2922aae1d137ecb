package store

import (
	"context"
	"time"
)

// UserRow is a user as an administrator sees one.
type UserRow struct {
	Username      string     `json:"username" db:"username"`
	Sub           string     `json:"sub" db:"sub"`
	Name          string     `json:"name,omitempty" db:"name"`
	Email         string     `json:"email,omitempty" db:"email"`
	EmailVerified bool       `json:"email_verified" db:"email_verified"`
	Groups        []string   `json:"groups" db:"groups"`
	HasPassword   bool       `json:"has_password" db:"has_password"`
	DisabledAt    *time.Time `json:"disabled_at,omitempty" db:"disabled_at"`
	CreatedAt     time.Time  `json:"created_at" db:"created_at"`
}

var addUser = compile(`
	WITH added AS (
		INSERT INTO users (username, sub, password, name, email, email_verified)
		VALUES (@username, coalesce(nullif(@sub, ''), gen_random_uuid()::text), nullif(@password, ''), nullif(@name, ''),
			nullif(@email, ''), @email_verified)
		RETURNING username, sub
	), joined AS (
		INSERT INTO group_members (username, group_name) SELECT DISTINCT username, unnest(@groups::text[]) FROM added
	)
	SELECT sub FROM added`)

// AddUser adds u with passwordHash, "" for none, as a member of u.Groups. It returns the subject, random where u has none.
func (s *Store) AddUser(ctx context.Context, u UserRow, passwordHash string) (sub string, err error) {
	err = addUser.row(ctx, s.pool, args{"username": u.Username, "sub": u.Sub, "password": passwordHash, "name": u.Name, "email": u.Email,
		"email_verified": u.EmailVerified, "groups": u.Groups}).Scan(&sub)
	return sub, inWords(err, values{"username": u.Username, "sub": u.Sub, "email": u.Email, "group": join(u.Groups), "user": join(u.Groups)})
}

var setPassword = compile(`
	WITH changed AS (
		UPDATE users SET password = @password WHERE username = @username RETURNING id, username
	), ended AS (
		UPDATE sessions SET ended_at = now() WHERE @sign_out AND ended_at IS NULL AND user_id IN (SELECT id FROM changed)
	), revoked AS (
		UPDATE grants SET revoked_at = now() WHERE @sign_out AND revoked_at IS NULL AND user_id IN (SELECT id FROM changed)
	), barred AS (
		UPDATE personal_access_tokens SET revoked_at = now()
		WHERE @sign_out AND revoked_at IS NULL AND username IN (SELECT username FROM changed)
	)
	SELECT FROM changed`)

// SetPassword replaces the password; with signOut it also ends the user's sessions and revokes their tokens and what
// applications hold.
func (s *Store) SetPassword(ctx context.Context, username, passwordHash string, signOut bool) error {
	return s.manageOne(ctx, Missing{"user", username}, nil, setPassword,
		args{"username": username, "password": passwordHash, "sign_out": signOut})
}

var (
	disableUser = compile(`UPDATE users SET disabled_at = coalesce(disabled_at, now()) WHERE username = @username RETURNING 1`)
	enableUser  = compile(`UPDATE users SET disabled_at = NULL WHERE username = @username RETURNING 1`)
)

// DisableUser shuts a user out, from the next request on.
func (s *Store) DisableUser(ctx context.Context, username string) error {
	return s.manageOne(ctx, Missing{"user", username}, nil, disableUser, args{"username": username})
}

// EnableUser lets a user in again.
func (s *Store) EnableUser(ctx context.Context, username string) error {
	return s.manageOne(ctx, Missing{"user", username}, nil, enableUser, args{"username": username})
}

// UserQuery is which users are wanted; their key is the username.
type UserQuery struct {
	Page
	Search string // in the username, the name or the address
	Group  string // members of this group only
}

const userSelect = `
	SELECT u.username, u.sub, coalesce(u.name, concat_ws(' ', u.given_name, u.family_name)) AS name, coalesce(u.email, '') AS email,
		u.email_verified, ARRAY(SELECT group_name FROM group_members m WHERE m.username = u.username ORDER BY 1) AS groups,
		u.password IS NOT NULL AS has_password, u.disabled_at, u.created_at`

var (
	userSearch = contains("u.username, u.name, u.given_name, u.family_name, u.email")

	listUsers = compile(userSelect + `
		FROM users u WHERE u.username > @after AND ` + userSearch + ` ORDER BY u.username LIMIT @limit`)
	listUsersOfGroup = compile(userSelect + `
		FROM group_members g JOIN users u ON u.username = g.username
		WHERE g.group_name = @group AND g.username > @after AND ` + userSearch + ` ORDER BY g.username LIMIT @limit`)
)

// ListUsers returns users by username.
func (s *Store) ListUsers(ctx context.Context, q UserQuery) ([]UserRow, error) {
	a := args{"after": q.After, "limit": q.Limit, "search": q.Search}
	if q.Group == "" {
		return listed[UserRow](ctx, s, listUsers, a)
	}
	a["group"] = q.Group
	return listed[UserRow](ctx, s, listUsersOfGroup, a)
}

// manageOne runs a statement that returns a row if it found what it is about.
func (s *Store) manageOne(ctx context.Context, about Missing, shown values, q query, a args) error {
	rows, err := q.rows(ctx, s.pool, a)
	if err != nil {
		return inWords(err, shown)
	}
	found := rows.Next()
	rows.Close()
	if err := rows.Err(); err != nil {
		return inWords(err, shown)
	}
	if !found {
		return about
	}
	return nil
}

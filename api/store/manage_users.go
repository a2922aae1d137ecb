package store

import (
	"context"
	"errors"
	"time"
)

// UserRow is a user as an administrator sees one.
type UserRow struct {
	Username           string     `json:"username" db:"username"`
	Sub                string     `json:"sub" db:"sub"`
	Name               string     `json:"name,omitempty" db:"name"`
	Email              string     `json:"email,omitempty" db:"email"`
	EmailVerified      bool       `json:"email_verified" db:"email_verified"`
	Groups             []string   `json:"groups" db:"groups"`
	MustChangePassword bool       `json:"must_change_password" db:"must_change_password"`
	HasPassword        bool       `json:"has_password" db:"has_password"`
	DisabledAt         *time.Time `json:"disabled_at,omitempty" db:"disabled_at"`
	CreatedAt          time.Time  `json:"created_at" db:"created_at"`
}

var addUser = compile(`
	WITH added AS (
		INSERT INTO users (username, sub, password, name, email, email_verified, must_change_password)
		VALUES (@username, coalesce(nullif(@sub, ''), gen_random_uuid()::text), nullif(@password, ''), nullif(@name, ''),
			nullif(@email, ''), @email_verified, @must_change)
		RETURNING username, sub
	), joined AS (
		INSERT INTO group_members (username, group_name) SELECT DISTINCT username, unnest(@groups::text[]) FROM added
	)
	SELECT sub FROM added`)

// AddUser adds u with passwordHash, "" for none, as a member of u.Groups. It returns the subject, random where u has none.
func (s *Store) AddUser(ctx context.Context, u UserRow, passwordHash string) (sub string, err error) {
	err = addUser.row(ctx, s.pool, args{"username": u.Username, "sub": u.Sub, "password": passwordHash, "name": u.Name, "email": u.Email,
		"email_verified": u.EmailVerified, "groups": u.Groups, "must_change": u.MustChangePassword}).Scan(&sub)
	return sub, inWords(err, values{"username": u.Username, "sub": u.Sub, "email": u.Email, "group": join(u.Groups), "user": join(u.Groups)})
}

var addressOf = compile(`SELECT coalesce(email, '') FROM users WHERE username = @username`)

// AddressOf returns the e-mail address of a user, "" for none.
func (s *Store) AddressOf(ctx context.Context, username string) (email string, err error) {
	err = failure(addressOf.row(ctx, s.pool, args{"username": username}).Scan(&email))
	if errors.Is(err, ErrNotFound) {
		return "", Missing{"user", username}
	}
	return email, inWords(err, nil)
}

var setPassword = compile(`
	WITH former AS (
		SELECT username, password_changed_at FROM users WHERE username = @username
	), changed AS (
		UPDATE users SET password = @password, must_change_password = @must_change
		WHERE username = @username AND ` + keepSessionsIf + ` RETURNING 1
	), revoked AS (
		UPDATE personal_access_tokens t SET revoked_at = now() FROM former f
		WHERE @sign_out AND t.revoked_at IS NULL AND t.username = f.username
	), unlinked AS (
		DELETE FROM upstream_accounts a USING former f
		WHERE @sign_out AND a.username = f.username AND a.linked_at >= f.password_changed_at
		RETURNING a.upstream, coalesce(a.label, '') AS label
	)
	SELECT ARRAY(SELECT upstream || CASE label WHEN '' THEN '' ELSE ' (' || label || ')' END FROM unlinked ORDER BY 1) FROM changed`)

// keepSessionsIf is true, and keepSessions where @keep_sessions is.
const keepSessionsIf = `CASE WHEN @keep_sessions THEN ` + keepSessions + ` ELSE true END`

// NewPassword is a new hash for a user's password, and what becomes of what was there before.
type NewPassword struct {
	Username     string
	Hash         string
	MustChange   bool // at the next sign-in with it
	KeepSessions bool // sessions and grants go on
	SignOut      bool // revoke personal access tokens, too, and unlink accounts that were linked since the former password was set
}

// SetPassword replaces a password, and returns the accounts that are linked no more.
func (s *Store) SetPassword(ctx context.Context, n NewPassword) (unlinked []string, err error) {
	err = failure(setPassword.row(ctx, s.pool, args{"username": n.Username, "password": n.Hash,
		"must_change": n.MustChange, "keep_sessions": n.KeepSessions, "sign_out": n.SignOut}).Scan(&unlinked))
	if errors.Is(err, ErrNotFound) {
		return nil, Missing{"user", n.Username}
	}
	return unlinked, inWords(err, nil)
}

var (
	disableUser = compile(`UPDATE users SET disabled_at = coalesce(disabled_at, now()) WHERE username = @username RETURNING 1`)
	enableUser  = compile(`UPDATE users SET disabled_at = NULL WHERE username = @username AND ` + keepSessionsIf + ` RETURNING 1`)
)

// DisableUser shuts a user out, from the next request on.
func (s *Store) DisableUser(ctx context.Context, username string) error {
	return s.manageOne(ctx, Missing{"user", username}, nil, disableUser, args{"username": username})
}

// EnableUser lets a user in again, with the sessions and grants of before if keepSessions.
func (s *Store) EnableUser(ctx context.Context, username string, keepSessions bool) error {
	return s.manageOne(ctx, Missing{"user", username}, nil, enableUser, args{"username": username, "keep_sessions": keepSessions})
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
		u.must_change_password, u.password IS NOT NULL AS has_password, u.disabled_at, u.created_at`

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

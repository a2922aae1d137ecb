package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// UserRow is a user as an administrator sees one.
type UserRow struct {
	Username           string          `json:"username" help:"What they type to sign in."`
	Sub                string          `json:"sub" help:"What applications know them by; it never changes."`
	Name               string          `json:"name,omitempty" help:"Full name."`
	GivenName          string          `json:"given_name,omitempty" help:"First name."`
	FamilyName         string          `json:"family_name,omitempty" help:"Surname."`
	Email              string          `json:"email,omitempty" help:"E-mail address."`
	EmailVerified      bool            `json:"email_verified" help:"Whether the address is known to be theirs."`
	Picture            string          `json:"picture,omitempty" help:"Address of a picture."`
	Zoneinfo           string          `json:"zoneinfo,omitempty" help:"Time zone, such as Europe/Paris."`
	Locale             string          `json:"locale,omitempty" help:"Language, such as de-AT."`
	Claims             json.RawMessage `json:"claims,omitempty" help:"More claims, a JSON object."`
	UID                *int64          `json:"uid,omitempty" help:"Their number on machines."`
	GID                *int64          `json:"gid,omitempty" help:"The number of their first group there."`
	Home               string          `json:"home,omitempty" help:"Their folder there."`
	Shell              string          `json:"shell,omitempty" help:"What a terminal runs there."`
	Groups             []string        `json:"groups" help:"Groups that they are in."`
	GroupsUntil        GroupsUntil     `json:"groups_until,omitempty" help:"When memberships end, by group; those that do not are not here."`
	MustChangePassword bool            `json:"must_change_password" help:"Whether they choose another password when they sign in."`
	HasPassword        bool            `json:"has_password" help:"Whether they can sign in with a password."`
	PasswordChangedAt  time.Time       `json:"password_changed_at" help:"When the password was last set."`
	DisabledAt         *time.Time      `json:"disabled_at,omitempty" help:"Since when they are shut out."`
	ExpiresAt          *time.Time      `json:"expires_at,omitempty" help:"When the account ends, if it does by itself."`
	ActiveAt           *time.Time      `json:"active_at,omitempty" help:"The hour in which they last signed in."`
	LastSignInAt       *time.Time      `json:"last_sign_in_at,omitempty" help:"When they last signed in, within what is kept of sign-ins."`
	Workshop           string          `json:"workshop,omitempty" help:"The workshop whose code the account was made with."`
	AdoptedBy          string          `json:"adopted_by,omitempty" help:"Whose account it was made part of."`
	CreatedAt          time.Time       `json:"created_at" help:"When they were added."`
	UpdatedAt          time.Time       `json:"updated_at" help:"When the row was last changed."`
	ManagedBy          string          `json:"managed_by,omitempty" help:"Where a file declares it, such as hub.yaml:14; empty: none does."`
}

// GroupsUntil are ends of memberships by the names of the groups.
type GroupsUntil map[string]time.Time

// groupsUntil are those of user u that count at @now, as a JSON object; NULL for none.
var groupsUntil = `(SELECT jsonb_object_agg(m.group_name, m.until) FROM group_members m WHERE m.username = u.username AND m.until > @now)`

var addUser = compile(`
	WITH added AS (
		INSERT INTO users (username, sub, password, name, given_name, family_name, email, email_verified, picture, zoneinfo, locale, claims,
			must_change_password, expires_at, uid, gid, home, shell)
		VALUES (@username, coalesce(nullif(@sub, ''), gen_random_uuid()::text), nullif(@password, ''), nullif(@name, ''),
			nullif(@given_name, ''), nullif(@family_name, ''), nullif(@email, ''), @email_verified, nullif(@picture, ''),
			nullif(@zoneinfo, ''), nullif(@locale, ''), coalesce(@claims::jsonb, '{}'), @must_change_password, @expires_at,
			@uid, @gid, nullif(@home, ''), nullif(@shell, ''))
		RETURNING username, sub
	), joined AS (
		INSERT INTO group_members (username, group_name, until)
		SELECT DISTINCT username, joined, (@groups_until::jsonb ->> joined)::timestamptz FROM added, unnest(@groups::text[]) AS joined
	)
	SELECT sub FROM added`)

// AddUser adds u with passwordHash, "" for none, as a member of u.Groups, of each until the time in u.GroupsUntil, if any. It returns the
// subject, random where u has none.
func (s *Store) AddUser(ctx context.Context, u UserRow, passwordHash string) (sub string, err error) {
	var claims any
	if len(u.Claims) > 0 {
		claims = u.Claims
	}
	err = addUser.row(ctx, s.pool, args{"username": u.Username, "sub": u.Sub, "password": passwordHash, "name": u.Name,
		"given_name": u.GivenName, "family_name": u.FamilyName, "email": u.Email, "email_verified": u.EmailVerified, "picture": u.Picture,
		"zoneinfo": u.Zoneinfo, "locale": u.Locale, "claims": claims, "groups": u.Groups,
		"must_change_password": u.MustChangePassword, "expires_at": u.ExpiresAt,
		"groups_until": u.GroupsUntil, "uid": u.UID, "gid": u.GID, "home": u.Home, "shell": u.Shell}).Scan(&sub)
	return sub, inWords(err, values{"username": u.Username, "sub": u.Sub, "name": u.Name, "given_name": u.GivenName,
		"family_name": u.FamilyName, "email": u.Email, "group": join(u.Groups), "user": join(u.Groups)})
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

var userSelect = `
	SELECT u.username, u.sub, coalesce(u.name, '') AS name, coalesce(u.given_name, '') AS given_name,
		coalesce(u.family_name, '') AS family_name, coalesce(u.email, '') AS email, u.email_verified, coalesce(u.picture, '') AS picture,
		coalesce(u.zoneinfo, '') AS zoneinfo, coalesce(u.locale, '') AS locale, u.claims, u.uid, u.gid, coalesce(u.home, '') AS home,
		coalesce(u.shell, '') AS shell, ` + groupsOfUser + ` AS groups,
		u.must_change_password, u.password IS NOT NULL AS has_password, u.password_changed_at, u.disabled_at, u.expires_at, u.active_at,
		coalesce(u.workshop, '') AS workshop, coalesce(u.adopted_by, '') AS adopted_by,
		u.created_at, u.updated_at, ` + groupsUntil + ` AS groups_until,
		coalesce(u.managed_by, '') AS managed_by,
		(SELECT max(i.at) FROM sign_ins i WHERE i.user_id = u.id AND i.outcome = 'signed_in') AS last_sign_in_at `

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

package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// userColumns is how a user u is read wherever claims are made of it; userFields takes them in this order.
var userColumns = `u.id::text, u.sub, u.username, coalesce(u.name, ''), coalesce(u.given_name, ''), coalesce(u.family_name, ''),
	coalesce(u.email, ''), u.email_verified, coalesce(u.picture, ''), coalesce(u.zoneinfo, ''), coalesce(u.locale, ''), u.claims, u.updated_at,
	u.must_change_password, u.passkey_later_at, u.expires_at, coalesce(u.workshop, ''),
	u.uid, u.gid, coalesce(u.home, ''), coalesce(u.shell, ''),
	` + gidsOfUser + `, ` + acceptedByUser + `, ` + groupsOfUser

// gidsOfUser are the numbers of a user's groups, looked for where the user has one.
var gidsOfUser = `CASE WHEN u.uid IS NOT NULL THEN ARRAY(SELECT g.gid FROM group_members m JOIN groups g ON g.name = m.group_name
	WHERE m.username = u.username AND g.gid IS NOT NULL AND ` + memberNow("m") + ` ORDER BY 1) END`

// The groups are always read by the user: a client may be for a group that has all users in it.
var groupsOfUser = `ARRAY(SELECT m.group_name FROM group_members m WHERE m.username = u.username AND ` + memberNow("m") + ` ORDER BY 1)`

func userFields(u *oidc.User) []any {
	return []any{&u.ID, &u.Sub, &u.Username, &u.Name, &u.GivenName, &u.FamilyName,
		&u.Email, &u.EmailVerified, &u.Picture, &u.Zoneinfo, &u.Locale, &u.Custom, &u.UpdatedAt,
		&u.MustChangePassword, &u.PasskeyLaterAt, &u.ExpiresAt, &u.Workshop,
		&u.UID, &u.GID, &u.Home, &u.Shell, &u.GIDs, &u.Accepted, &u.Groups}
}

// mayUse is the condition that user u may use a client with those allowed_groups, an argument or a column.
func mayUse(allowedGroups string) string {
	return `(cardinality(` + allowedGroups + `::text[]) = 0 OR ` + allowedGroups + `::text[] && ` + groupsOfUser + `)`
}

// Candidate is a user who tries to sign in; of one who is unknown it has the Failures alone.
type Candidate struct {
	User         *oidc.User
	WhyNot       string // UserDisabled or UserExpired: no session starts, whatever the password; "" if one may
	PasswordHash string
	Enrolled     oidc.Enrolled
	Consented    oidc.Consent
	Allowed      bool
	Failures     []Failures
}

// Failures is a row of login_throttle.
type Failures struct {
	Bucket    int32
	Count     float32
	UpdatedAt time.Time
}

var (
	loadCandidate = compile(`
		SELECT ` + userColumns + `, ` + enrolledColumns + `, coalesce(u.password, ''),
			k.scopes, k.resources, ` + mayUse("@allowed_groups") + `, ` + whyNot("u") + `
		FROM users u ` + consentOfUser + ` WHERE u.id = coalesce(
			(SELECT id FROM users WHERE username = @username),
			(SELECT (array_agg(e.id ORDER BY NOT ` + mayAct("e") + `))[1] FROM users e
				WHERE e.email_verified AND lower(e.email COLLATE "C") = lower(@username COLLATE "C")
				HAVING count(*) = 1 OR count(*) FILTER (WHERE ` + mayAct("e") + `) = 1))`)

	loadFailures = compile(`SELECT bucket, failures, updated_at FROM login_throttle WHERE bucket = ANY (@buckets)`)
)

// LoadCandidate returns in one round trip all that a sign-in needs: the user, what they allowed the client, and the failures in
// buckets. The user has that username or, where nobody has, is the only one with that verified address, those who may not
// act aside.
func (s *Store) LoadCandidate(
	ctx context.Context, username string, c *oidc.Client, buckets []int32, now time.Time,
) (Candidate, error) {
	var batch pgx.Batch
	var out Candidate
	loadCandidate.queue(&batch, args{"username": username, "client": c.ClientID, "allowed_groups": oidc.NotNil(c.AllowedGroups), "now": now}).
		QueryRow(func(row pgx.Row) error {
			c := Candidate{User: new(oidc.User)}
			err := scanAll(row, userFields(c.User), enrolledFields(&c.Enrolled),
				[]any{&c.PasswordHash, &c.Consented.Scopes, &c.Consented.Resources, &c.Allowed, &c.WhyNot})
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			out = c
			return err
		})
	loadFailures.queue(&batch, args{"buckets": buckets}).Query(func(rows pgx.Rows) error {
		var err error
		out.Failures, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Failures])
		return err
	})
	return out, failure(s.pool.SendBatch(ctx, &batch).Close())
}

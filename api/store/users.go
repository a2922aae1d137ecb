package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// userColumns is how a user u is read wherever claims are made of it; scanUser takes them in this order.
const userColumns = `u.id::text, u.sub, u.username, coalesce(u.name, ''), coalesce(u.given_name, ''), coalesce(u.family_name, ''),
	coalesce(u.email, ''), u.email_verified, coalesce(u.picture, ''), coalesce(u.zoneinfo, ''), coalesce(u.locale, ''), u.claims, u.updated_at,
	` + groupsOfUser

// The groups are always read by the user: a client may be for a group that has all users in it.
const groupsOfUser = `ARRAY(SELECT m.group_name FROM group_members m WHERE m.username = u.username ORDER BY 1)`

func userFields(u *oidc.User) []any {
	return []any{&u.ID, &u.Sub, &u.Username, &u.Name, &u.GivenName, &u.FamilyName,
		&u.Email, &u.EmailVerified, &u.Picture, &u.Zoneinfo, &u.Locale, &u.Custom, &u.UpdatedAt, &u.Groups}
}

// mayUse is the group gate of a client for user u; allowed is the parameter that has the client's allowed_groups, such as $3.
func mayUse(allowed string) string {
	return `(cardinality(` + allowed + `::text[]) = 0 OR ` + allowed + `::text[] && ` + groupsOfUser + `)`
}

// Candidate is a user who tries to sign in. A user who is unknown or disabled has no User and no PasswordHash.
type Candidate struct {
	User         *oidc.User
	PasswordHash string
	Consented    []string
	Allowed      bool
	Failures     []Failures
}

// Failures is a row of login_throttle.
type Failures struct {
	Bucket    int32
	Count     float32
	UpdatedAt time.Time
}

var candidateSQL = `
	SELECT ` + userColumns + `, coalesce(u.password, ''),
		(SELECT scopes FROM consents WHERE user_id = u.id AND client_id = $2), ` + mayUse("$3") + `
	FROM users u WHERE u.username = $1 AND u.disabled_at IS NULL`

// LoadCandidate brings in one statement all that a sign-in needs: the user, what he allowed the client, and the failures in buckets.
func (s *Store) LoadCandidate(ctx context.Context, username string, c *oidc.Client, buckets []int32) (Candidate, error) {
	var batch pgx.Batch
	var out Candidate
	batch.Queue(candidateSQL, username, c.ClientID, emptyNotNil(c.AllowedGroups)).
		QueryRow(func(row pgx.Row) error {
			var u oidc.User
			err := row.Scan(append(userFields(&u), &out.PasswordHash, &out.Consented, &out.Allowed)...)
			if err == nil {
				out.User = &u
			} else if err == pgx.ErrNoRows {
				return nil
			}
			return err
		})
	batch.Queue(`SELECT bucket, failures, updated_at FROM login_throttle WHERE bucket = ANY ($1)`, buckets).
		Query(func(rows pgx.Rows) error {
			var err error
			out.Failures, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Failures])
			return err
		})
	return out, failure(s.pool.SendBatch(ctx, &batch).Close())
}

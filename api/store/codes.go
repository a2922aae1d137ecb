package store

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

// Redemption is a code that is good, to be turned into tokens.
type Redemption struct {
	Client      *oidc.Client
	RefreshJKT  string // the key that refresh tokens are bound to, "" for none
	Refresh     Digest // of the family of refresh tokens that the grant gets if it is offline
	RefreshEnds time.Time
	OfflineEnds time.Time // absolute end of an offline grant
}

// RedeemCode makes the grant of the code, with a family of refresh tokens, and brings what the tokens are made of: one statement,
// in which the session, the user and his groups are checked together. The grant's row is what says that the code was redeemed, so
// that of any number of parallel redemptions one wins (RFC 6749 §4.1.2, §10.5). ErrNotFound: something did not fit; see
// RefuseCode.
func (s *Store) RedeemCode(ctx context.Context, c *oidc.Code, r Redemption, now time.Time) (oidc.Grant, oidc.User, error) {
	g, u, err := s.redeem(ctx, redeemSQL, c.Session, r, now, c.GrantID, c.Offline(), c.Scope, c.Claims.Userinfo, c.Claims.IDToken, c.Resources)
	g.Nonce = c.Nonce
	return g, u, err
}

// redeem runs a statement that ends in grantOfSpent; by is what it finds the session by, more are its arguments from $9 on.
func (s *Store) redeem(ctx context.Context, sql string, by []byte, r Redemption, now time.Time, more ...any) (oidc.Grant,
	oidc.User, error) {
	g, u := oidc.Grant{ClientID: r.Client.ClientID}, oidc.User{}
	args := append([]any{by, r.Client.ClientID, now, r.Refresh[:], r.RefreshEnds, r.OfflineEnds, emptyNotNil(r.Client.AllowedGroups),
		r.RefreshJKT}, more...)
	err := s.pool.QueryRow(ctx, sql, args...).
		Scan(append(userFields(&u), grantFields(&g)...)...)
	return g, u, failure(err)
}

// aliveSession is the part of a statement that finds a session s of a user u who may use the client, named session: from gives s,
// and is of $1. User and session are locked, in the order of StartSession, and looked at again where that had to wait: a logout
// either finds the grant, and tells the client, or comes first, and there is none.
func aliveSession(from, where string) string {
	return `
		WITH session AS (
			SELECT s.sid, s.user_id, s.auth_time, s.amr, s.ends_at FROM ` + from + ` JOIN users u ON u.id = s.user_id
			WHERE ` + where + ` AND s.ended_at IS NULL AND s.expires_at > $3 AND u.disabled_at IS NULL AND ` + mayUse("$7") + `
			FOR SHARE OF u, s
		)`
}

var redeemSQL = aliveSession(`sessions s`, `s.cookie_sha256 = $1`) + `, spent AS (
			SELECT $9::uuid AS grant_id, user_id, sid, $10::boolean AS offline, $11::text AS scope, auth_time, amr, ends_at,
				$12::text[] AS userinfo_claims, $13::text[] AS id_token_claims, $14::text[] AS resources
			FROM session
		)` + grantOfSpent

// grantOfSpent makes of the code in spent its grant, unless that is there; one that is offline has refresh tokens.
const grantOfSpent = `, granted AS (
			INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at,
				userinfo_claims, id_token_claims, resources, dpop_jkt, refresh_sha256, refreshed_at, refresh_expires_at)
			SELECT grant_id, user_id, $2, sid, offline, scope, auth_time, amr, $3, CASE WHEN offline THEN $6 ELSE ends_at END,
				userinfo_claims, id_token_claims, resources, nullif($8, ''),
				CASE WHEN offline THEN $4::bytea END, CASE WHEN offline THEN $3 END, CASE WHEN offline THEN LEAST($5, $6) END
			FROM spent
			ON CONFLICT (id) DO NOTHING
			RETURNING *
		)
		SELECT ` + userColumns + `, ` + grantColumns + `
		FROM granted g JOIN users u ON u.id = g.user_id`

// Misfit says why a code was not redeemed.
type Misfit struct {
	Reason  string // for the log; "unknown" tells nothing about the code
	Revoked bool   // it was a replay, and what the first redemption got has been revoked
}

// misfit runs a statement that gives a Misfit of what it finds.
func (s *Store) misfit(ctx context.Context, sql string, args ...any) (m Misfit, err error) {
	err = failure(s.pool.QueryRow(ctx, sql, args...).Scan(&m.Reason, &m.Revoked))
	if err == ErrNotFound {
		return Misfit{Reason: "unknown"}, nil
	}
	return m, err
}

// RefuseCode finds out whether the code was redeemed before, and then revokes what it got (RFC 6749 §4.1.2); why is what else is known to
// be wrong with it, "" for nothing.
func (s *Store) RefuseCode(ctx context.Context, c *oidc.Code, why string, now time.Time) (Misfit, error) {
	return s.misfit(ctx, `
		WITH revoked AS (
			UPDATE grants SET revoked_at = $3 WHERE id = $1 AND client_id = $2 AND revoked_at IS NULL RETURNING id
		)
		SELECT CASE WHEN EXISTS (SELECT FROM grants WHERE id = $1) THEN 'used before' WHEN $4 <> '' THEN $4
				ELSE 'session ended, user disabled or no longer in an allowed group' END,
			EXISTS (SELECT FROM revoked)`, c.GrantID, c.ClientID, now, why)
}

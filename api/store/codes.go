package store

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"gatehouse/api/oidc"
)

// NewGrant is what a code or device code is redeemed for, apart from what the code itself has.
type NewGrant struct {
	Client      *oidc.Client
	RefreshJKT  string // the key that refresh tokens are bound to, "" for none
	Refresh     Digest // of the family of refresh tokens that the grant gets if it is offline
	RefreshEnds time.Time
	OfflineEnds time.Time // absolute end of an offline grant
}

// RedeemCode makes the grant of the code, with a family of refresh tokens, and brings what the tokens are made of: one statement,
// in which the session, the user and their groups are checked together. The grant's row is the proof that the code was redeemed, so
// that of any number of parallel redemptions one wins (RFC 6749 §4.1.2, §10.5). ErrNotFound: something did not fit; see
// RefuseCode.
func (s *Store) RedeemCode(ctx context.Context, c *oidc.Code, r NewGrant, now time.Time) (oidc.Grant, oidc.User, error) {
	q := &redeemCode
	if c.Offline() && strings.HasSuffix(c.GrantID, "0") {
		q = &redeemCodeAndEndOldest
	}
	g, u, err := s.redeem(ctx, q, r, now, args{"cookie": c.Session, "grant": c.GrantID, "offline": c.Offline(), "scope": c.Scope,
		"userinfo_claims": c.Claims.Userinfo, "id_token_claims": c.Claims.IDToken, "resources": c.Resources,
		"acr": c.ACR, "made_at": c.MadeAt()})
	g.Nonce = c.Nonce
	return g, u, err
}

// redeem runs a statement that ends in grantOfSpent; a has what it finds the session by, and the content of the code.
func (s *Store) redeem(ctx context.Context, q *query, r NewGrant, now time.Time, a args) (oidc.Grant, oidc.User, error) {
	g, u := oidc.Grant{ClientID: r.Client.ClientID}, oidc.User{}
	maps.Copy(a, args{"client": r.Client.ClientID, "allowed_groups": oidc.NotNil(r.Client.AllowedGroups), "now": now, "jkt": r.RefreshJKT,
		"refresh_sha256": r.Refresh[:], "refresh_ends": r.RefreshEnds, "offline_ends": r.OfflineEnds})
	err := q.row(ctx, s.pool, a).Scan(append(userFields(&u), grantFields(&g)...)...)
	return g, u, failure(err)
}

// lockedSession is the part of a statement that finds the active session s of a user u who may use the client, named session.
// User and session are locked, in the order of StartSession, and looked at again where that had to wait: a logout either finds the grant,
// and tells the client, or comes first, and there is none.
func lockedSession(from, where string) string {
	return `
		WITH session AS (
			SELECT s.sid, s.user_id, s.auth_time, s.amr, s.ends_at FROM ` + from + ` JOIN users u ON u.id = s.user_id
			WHERE ` + where + ` AND s.ended_at IS NULL AND s.expires_at > @now AND ` + mayAct("u") + ` AND ` + mayUse("@allowed_groups") + `
			FOR SHARE OF u, s
		)`
}

var (
	redeemCode             = compile(spendCode + grantOfSpent(""))
	redeemCodeAndEndOldest = compile(spendCode + grantOfSpent(endOldest))
)

var spendCode = lockedSession(`sessions s`, `s.cookie_sha256 = @cookie`) + `, spent AS (
			SELECT @grant::uuid AS grant_id, user_id, sid, @offline::boolean AS offline, @scope::text AS scope, auth_time, amr, ends_at,
				@userinfo_claims::text[] AS userinfo_claims, @id_token_claims::text[] AS id_token_claims, @resources::text[] AS resources,
				nullif(@acr, '') AS acr
			FROM session WHERE NOT ` + grantWasDeleted + ` AND ` + isRemembered("@made_at") + `
		)`

// grantWasDeleted is the condition that somebody deleted the grant @grant, whose code might otherwise be redeemed a second time. A
// trigger notes it.
const grantWasDeleted = `EXISTS (SELECT FROM used_jtis WHERE jti_sha256 = sha256(uuid_send(@grant)))`

// lastingGrants is how many offline grants of a person stay at a client, so that one session cannot make rows without end. The
// oldest are revoked, and deleted once their codes have expired.
const lastingGrants = "100"

// endOldest is the part of a statement that revokes them for the code in spent. Of codes one in sixteen has it, by the last digit of the
// grant's id: also where there is nothing to revoke it is a sixth of what a redemption costs Postgres.
const endOldest = `, surplus AS (
			UPDATE grants SET revoked_at = @now, expires_at = LEAST(expires_at, @now::timestamptz + ` + revokedFor + `)
			WHERE id IN (
				SELECT o.id FROM spent p CROSS JOIN LATERAL (
					SELECT id FROM grants
					WHERE user_id = p.user_id AND client_id = @client AND offline AND revoked_at IS NULL
					ORDER BY id DESC OFFSET ` + lastingGrants + `
				) AS oldest JOIN grants o USING (id)
				WHERE p.offline
				FOR UPDATE OF o SKIP LOCKED)
		)`

// grantOfSpent makes of the code in spent its grant, unless that is there; one that is offline has refresh tokens. more is what the
// statement does besides.
func grantOfSpent(more string) string {
	return `, granted AS (
			INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at,
				userinfo_claims, id_token_claims, resources, acr, dpop_jkt, refresh_sha256, refreshed_at, refresh_expires_at)
			SELECT grant_id, user_id, @client, sid, offline, scope, auth_time, amr, @now,
				CASE WHEN offline THEN @offline_ends ELSE ends_at END,
				userinfo_claims, id_token_claims, resources, acr, nullif(@jkt, ''),
				CASE WHEN offline THEN @refresh_sha256::bytea END, CASE WHEN offline THEN @now END,
				CASE WHEN offline THEN LEAST(@refresh_ends, @offline_ends) END
			FROM spent
			ON CONFLICT (id) DO NOTHING
			RETURNING *
		)` + more + `
		SELECT ` + userColumns + `, ` + grantColumns + `
		FROM granted g JOIN users u ON u.id = g.user_id`
}

// RefusedGrant is why an authorization grant, such as a code or a refresh token, was refused (RFC 6749 §5.2).
type RefusedGrant struct {
	Reason  string // for the log; "unknown" where there is no such code
	Revoked bool   // it was a replay, and what the first redemption got has been revoked
}

// refusedGrant runs a statement that finds out why a code or token was refused.
func (s *Store) refusedGrant(ctx context.Context, q *query, a args) (r RefusedGrant, err error) {
	err = failure(q.row(ctx, s.pool, a).Scan(&r.Reason, &r.Revoked))
	if errors.Is(err, ErrNotFound) {
		return RefusedGrant{Reason: "unknown"}, nil
	}
	return r, err
}

// revokedFor is how long a code that comes again revokes what it got: as long as a code may live (RFC 6749 §4.1.2). Afterwards it is
// nothing but what lies about in histories and logs.
const revokedFor = "interval '10 minutes'"

var refuseCode = compile(`
	WITH revoked AS (
		UPDATE grants SET revoked_at = @now
		WHERE id = @grant AND client_id = @client AND revoked_at IS NULL AND @proven AND created_at > @now::timestamptz - ` + revokedFor + `
		RETURNING id
	)
	SELECT CASE WHEN EXISTS (SELECT FROM grants WHERE id = @grant) THEN 'used before'
			WHEN ` + grantWasDeleted + ` THEN 'used before, and its grant was deleted'
			WHEN @why <> '' THEN @why
			WHEN NOT ` + isRemembered("@made_at") + ` THEN 'issued before Postgres crashed or another took over, so it may have been used'
			ELSE 'session ended, user disabled or no longer in an allowed group' END,
		EXISTS (SELECT FROM revoked)`)

// RefuseCode finds out whether the code was redeemed before, and then revokes what it got where the request is proven to come from
// somebody who could have redeemed it, and comes soon (RFC 6749 §4.1.2); why is what else is known to be wrong with it, "" for nothing.
func (s *Store) RefuseCode(ctx context.Context, c *oidc.Code, why string, proven bool, now time.Time) (RefusedGrant, error) {
	return s.refusedGrant(ctx, &refuseCode,
		args{"grant": c.GrantID, "client": c.ClientID, "now": now, "why": why, "proven": proven, "made_at": c.MadeAt()})
}

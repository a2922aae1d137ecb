package store

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

// Redemption is a request to turn a code into tokens.
type Redemption struct {
	Code          Digest
	ClientID      string
	AllowedGroups []string // of the client
	RedirectURI   string
	CodeChallenge string // made of the verifier; "" if none was sent
	Bound
	RefreshToken Digest // saved if the grant is offline
	RefreshEnds  time.Time
	OfflineEnds  time.Time // absolute end of an offline grant
}

// Bound is what tokens are bound to (RFC 9449), and whom they are to be for (RFC 8707).
type Bound struct {
	JKT       string   // of the key whose proof came along, "" for none
	Refresh   bool     // refresh tokens are bound to it, too: the client has no other way to show that they are its own
	Resources []string // wanted; none for all that was granted
	Allowed   []string // what the client may want where the authorization request did not say
}

// jkt is the key that the refresh tokens are bound to.
func (b Bound) jkt() string {
	if b.Refresh {
		return b.JKT
	}
	return ""
}

// RedeemCode spends the code, makes its grant and its first refresh token, and brings what the tokens are made of: one statement,
// in which the code, its client, its redirect URI, its PKCE challenge, its expiry, the session, the user and his groups are checked together,
// so that of any number of parallel redemptions one wins (RFC 6749 §4.1.2, §10.5). ErrNotFound: something did not fit.
func (s *Store) RedeemCode(ctx context.Context, r Redemption, now time.Time) (oidc.Grant, oidc.User, error) {
	return s.redeem(ctx, redeemSQL, r, now, r.RedirectURI, r.CodeChallenge, r.JKT, emptyNotNil(r.Resources), emptyNotNil(r.Allowed))
}

// redeem runs a statement that ends in grantOfSpent; more are its arguments from $9 on.
func (s *Store) redeem(ctx context.Context, sql string, r Redemption, now time.Time, more ...any) (oidc.Grant, oidc.User, error) {
	g, u := oidc.Grant{ClientID: r.ClientID}, oidc.User{}
	args := append([]any{r.Code[:], r.ClientID, now, r.RefreshToken[:], r.RefreshEnds, r.OfflineEnds, emptyNotNil(r.AllowedGroups), r.jkt()}, more...)
	err := s.pool.QueryRow(ctx, sql, args...).
		Scan(append(userFields(&u), &g.ID, &g.SID, &g.Offline, &g.Scope, &g.EndsAt, &g.Nonce, &g.AuthTime, &g.AMR,
			&g.Claims.Userinfo, &g.Claims.IDToken, &g.Resources)...)
	return g, u, failure(err)
}

// aliveSession finds the session, named session, of the code with digest $1 in table. User and session are locked, in the order of
// StartSession: a logout either finds the grant, and tells the client, or comes first, and there is none.
func aliveSession(table, digest string) string {
	return `
		WITH person AS (
			SELECT u.id, a.sid FROM ` + table + ` a JOIN users u ON u.id = a.user_id
			WHERE a.` + digest + ` = $1 AND u.disabled_at IS NULL FOR SHARE OF u
		), session AS (
			SELECT s.sid, s.ends_at FROM person JOIN sessions s USING (sid) WHERE s.ended_at IS NULL AND s.expires_at > $3 FOR SHARE OF s
		)`
}

var redeemSQL = aliveSession("auth_codes", "code_sha256") + `, spent AS (
			UPDATE auth_codes a SET used_at = $3
			FROM session s, users u
			WHERE a.code_sha256 = $1 AND a.client_id = $2 AND a.redirect_uri = $9 AND coalesce(a.code_challenge, '') = $10
				AND coalesce(a.dpop_jkt, $11) = $11 AND $12::text[] <@ coalesce(a.resources, $13)
				AND a.used_at IS NULL AND a.expires_at > $3
				AND s.sid = a.sid AND u.id = a.user_id AND ` + mayUse("$7") + `
			RETURNING a.grant_id, a.user_id, a.sid, a.offline, a.scope, a.nonce, a.auth_time, a.amr, s.ends_at,
				a.userinfo_claims, a.id_token_claims, a.resources
		)` + grantOfSpent

// grantOfSpent makes of the code in spent its grant and, if that is offline, its first refresh token.
const grantOfSpent = `, granted AS (
			INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at,
				userinfo_claims, id_token_claims, resources, dpop_jkt)
			SELECT grant_id, user_id, $2, sid, offline, scope, auth_time, amr, $3, CASE WHEN offline THEN $6 ELSE ends_at END,
				userinfo_claims, id_token_claims, resources, nullif($8, '') FROM spent
			RETURNING expires_at
		), refreshable AS (
			INSERT INTO refresh_tokens (token_sha256, grant_id, created_at, expires_at)
			SELECT $4, grant_id, $3, LEAST($5, $6) FROM spent WHERE offline
		)
		SELECT ` + userColumns + `, p.grant_id::text, p.sid::text, p.offline, p.scope, g.expires_at, coalesce(p.nonce, ''), p.auth_time, p.amr,
			p.userinfo_claims, p.id_token_claims, p.resources
		FROM spent p, granted g, users u WHERE u.id = p.user_id`

// ResourceTooWide is the reason of a Misfit that wants a token for more than was granted (RFC 8707 §2.2); the code or token is not spent.
const ResourceTooWide = "resource too wide"

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

// revokedReplay ends the grant of a code, in the part of the statement named code, that client $2 used before; $3 is now.
const revokedReplay = `revoked AS (
			UPDATE grants g SET revoked_at = $3 FROM code
			WHERE g.id = code.grant_id AND code.client_id = $2 AND code.used_at IS NOT NULL AND g.revoked_at IS NULL
			RETURNING g.id
		)`

// RefuseCode finds out why RedeemCode found nothing, and revokes what a code that was used before had got (RFC 6749 §4.1.2).
func (s *Store) RefuseCode(ctx context.Context, r Redemption, now time.Time) (Misfit, error) {
	return s.misfit(ctx, `
		WITH code AS (SELECT * FROM auth_codes WHERE code_sha256 = $1), `+revokedReplay+`
		SELECT CASE
				WHEN client_id <> $2 THEN 'issued to another client'
				WHEN used_at IS NOT NULL THEN 'used before'
				WHEN expires_at <= $3 THEN 'expired'
				WHEN redirect_uri <> $4 THEN 'redirect_uri is not the one of the authorization request'
				WHEN coalesce(code_challenge, '') <> $5 THEN 'code_verifier does not fit'
				WHEN dpop_jkt <> $6 THEN 'bound to another DPoP key'
				WHEN NOT $7::text[] <@ coalesce(resources, $8) THEN '`+ResourceTooWide+`'
				ELSE 'session ended, user disabled or no longer in an allowed group' END,
			EXISTS (SELECT FROM revoked)
		FROM code`, r.Code[:], r.ClientID, now, r.RedirectURI, r.CodeChallenge, r.JKT, emptyNotNil(r.Resources), emptyNotNil(r.Allowed))
}

package store

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

// Bound is what tokens are bound to (RFC 9449), and whom they are to be for (RFC 8707).
type Bound struct {
	JKT       string   // of the key whose proof came along, "" for none
	Resources []string // wanted; none for all that was granted
	Allowed   []string // what the client may want where the authorization request did not say
}

// Rotation is a request to spend one refresh token and save its successor.
type Rotation struct {
	Token     Digest
	Successor Digest // Token itself where it does not rotate: then its end moves
	Client    *oidc.Client
	Scope     string // asked for; "" for all that was granted
	Bound
	IdleEnds time.Time
	Grace    time.Duration // in which a spent token still gives the same successor
}

// ScopeTooWide is the reason of a Misfit that asks for more than was granted (RFC 6749 §6); the token is not spent.
const ScopeTooWide = "scope too wide"

var rotateSQL = `
	WITH spent AS (
		UPDATE refresh_tokens t SET used_at = CASE WHEN $4 = $1 THEN t.used_at ELSE coalesce(t.used_at, $3) END,
			expires_at = CASE WHEN $4 = $1 THEN LEAST($6, ` + grantEndsAt + `) ELSE t.expires_at END
		FROM ` + grantTables + `
		WHERE t.token_sha256 = $1 AND (t.used_at IS NULL OR t.used_at > $5) AND t.expires_at > $3
			AND g.id = t.grant_id AND g.client_id = $2 AND ` + refusalOf("$11", "$3") + ` IS NULL
			AND string_to_array($7, ' ') <@ string_to_array(g.scope, ' ')
			AND coalesce(g.dpop_jkt, $8) = $8 AND $9::text[] <@ coalesce(g.resources, $10)
		RETURNING ` + userColumns + `, g.id AS grant_id, coalesce(g.sid::text, '') AS sid, g.offline, g.scope, ` + grantEndsAt + ` AS ends_at, g.auth_time, g.amr,
			g.userinfo_claims, g.id_token_claims, g.resources
	), successor AS (
		INSERT INTO refresh_tokens (token_sha256, grant_id, created_at, expires_at)
		SELECT $4, grant_id, $3, LEAST($6, ends_at) FROM spent WHERE $4 <> $1
		ON CONFLICT (token_sha256) DO NOTHING
	)
	SELECT * FROM spent`

// RotateRefreshToken spends the token and saves its successor in one statement (RFC 9700 §4.14.2). A token that was spent less than
// r.Grace ago, by a client that retries or races with itself, gives its grant again; its successor is there already.
// ErrNotFound: it is unknown, of another client, expired, or its grant may not live; see RefuseRefreshToken.
func (s *Store) RotateRefreshToken(ctx context.Context, r Rotation, now time.Time) (oidc.Grant, oidc.User, error) {
	g, u := oidc.Grant{ClientID: r.Client.ClientID}, oidc.User{}
	err := s.pool.QueryRow(ctx, rotateSQL, r.Token[:], r.Client.ClientID, now, r.Successor[:], now.Add(-r.Grace), r.IdleEnds, r.Scope,
		r.JKT, emptyNotNil(r.Resources), emptyNotNil(r.Allowed), emptyNotNil(r.Client.AllowedGroups)).
		Scan(append(userFields(&u), &g.ID, &g.SID, &g.Offline, &g.Scope, &g.EndsAt, &g.AuthTime, &g.AMR,
			&g.Claims.Userinfo, &g.Claims.IDToken, &g.Resources)...)
	return g, u, failure(err)
}

// RefuseRefreshToken finds out why RotateRefreshToken found nothing, and revokes the whole family of a token that was spent before:
// two parties have it (RFC 9700 §4.14.2).
func (s *Store) RefuseRefreshToken(ctx context.Context, r Rotation, now time.Time) (Misfit, error) {
	return s.misfit(ctx, `
		WITH token AS (
			SELECT t.*, g.client_id, `+refusalOf("$9", "$3")+` AS refusal, g.resources, g.dpop_jkt,
				t.used_at <= $4 AS replayed, NOT string_to_array($5, ' ') <@ string_to_array(g.scope, ' ') AS too_wide
			FROM `+grantTables+` JOIN refresh_tokens t ON t.grant_id = g.id WHERE t.token_sha256 = $1
		), revoked AS (
			UPDATE grants g SET revoked_at = $3 FROM token t
			WHERE g.id = t.grant_id AND t.client_id = $2 AND t.replayed AND g.revoked_at IS NULL
			RETURNING g.id
		)
		SELECT CASE
				WHEN client_id <> $2 THEN 'issued to another client'
				WHEN replayed THEN 'used before'
				WHEN refusal IS NOT NULL THEN refusal
				WHEN dpop_jkt <> $6 THEN 'bound to another DPoP key'
				WHEN too_wide THEN '`+ScopeTooWide+`'
				WHEN NOT $7::text[] <@ coalesce(resources, $8) THEN '`+oidc.ResourceTooWide+`'
				ELSE 'expired' END,
			EXISTS (SELECT FROM revoked)
		FROM token`, r.Token[:], r.Client.ClientID, now, now.Add(-r.Grace), r.Scope,
		r.JKT, emptyNotNil(r.Resources), emptyNotNil(r.Allowed), emptyNotNil(r.Client.AllowedGroups))
}

// RefreshToken is what is known of one that can still be used.
type RefreshToken struct {
	Sub, Username, Scope string
	CreatedAt, ExpiresAt time.Time
}

// LoadRefreshToken gives a client's own token that can still be used, else ErrNotFound.
func (s *Store) LoadRefreshToken(ctx context.Context, token Digest, c *oidc.Client, now time.Time) (t RefreshToken, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT u.sub, u.username, g.scope, t.created_at, t.expires_at
		FROM `+grantTables+` JOIN refresh_tokens t ON t.grant_id = g.id
		WHERE t.token_sha256 = $1 AND g.client_id = $2 AND t.used_at IS NULL AND t.expires_at > $3 AND `+refusalOf("$4", "$3")+` IS NULL`,
		token[:], c.ClientID, now, emptyNotNil(c.AllowedGroups)).Scan(&t.Sub, &t.Username, &t.Scope, &t.CreatedAt, &t.ExpiresAt)
	return t, failure(err)
}

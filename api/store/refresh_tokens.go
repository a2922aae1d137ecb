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

// Rotation is a request to spend one refresh token.
type Rotation struct {
	Token  oidc.RefreshToken
	Client *oidc.Client
	Scope  string // asked for; "" for all that was granted
	Bound
	IdleEnds time.Time
	Grace    time.Duration // in which a spent token still gives the same successor
}

// ScopeTooWide is the reason of a Misfit that asks for more than was granted (RFC 6749 §6); the token is not spent.
const ScopeTooWide = "scope too wide"

// The row of the grant is the target, so that of requests in parallel each looks at what the one before it left there.
var rotateSQL = `
	UPDATE grants g SET refresh_seq = $6, refreshed_at = CASE WHEN g.refresh_seq = $6 THEN g.refreshed_at ELSE $3 END,
		refresh_expires_at = LEAST($8, g.expires_at)
	FROM users u
	WHERE g.id = $1 AND g.refresh_sha256 = $4 AND g.refresh_expires_at > $3
		AND (g.refresh_seq = $5 OR g.refresh_seq = $6 AND g.refreshed_at > $7)
		AND u.id = g.user_id AND ` + refusalOfOffline("$2", "$13", "$3") + ` IS NULL
		AND string_to_array($9, ' ') <@ string_to_array(g.scope, ' ')
		AND coalesce(g.dpop_jkt, $10) = $10 AND $11::text[] <@ coalesce(g.resources, $12)
	RETURNING ` + userColumns + `, ` + grantColumns

// RotateRefreshToken spends the token in one statement, which moves the grant to the place of the next (RFC 9700 §4.14.2). A token that was
// spent less than r.Grace ago, by a client that retries or races with itself, gives its grant again, and the place stays.
// ErrNotFound: it is unknown, of another client, expired, or its grant may not live; see RefuseRefreshToken.
func (s *Store) RotateRefreshToken(ctx context.Context, r Rotation, now time.Time) (oidc.Grant, oidc.User, error) {
	g, u := oidc.Grant{ClientID: r.Client.ClientID}, oidc.User{}
	family := r.Token.Digest()
	err := s.pool.QueryRow(ctx, rotateSQL, r.Token.GrantID, r.Client.ClientID, now, family[:], r.Token.Place, r.Token.Next(r.Client).Place,
		now.Add(-r.Grace), r.IdleEnds, r.Scope, r.JKT, emptyNotNil(r.Resources), emptyNotNil(r.Allowed), emptyNotNil(r.Client.AllowedGroups)).
		Scan(append(userFields(&u), grantFields(&g)...)...)
	return g, u, failure(err)
}

// RefuseRefreshToken finds out why RotateRefreshToken found nothing, and revokes the whole family of a token that was spent before:
// two parties have it (RFC 9700 §4.14.2).
func (s *Store) RefuseRefreshToken(ctx context.Context, r Rotation, now time.Time) (Misfit, error) {
	family := r.Token.Digest()
	return s.misfit(ctx, `
		WITH token AS (
			SELECT g.id, g.client_id, `+refusalOfOffline("$2", "$10", "$3")+` AS refusal, g.resources, g.dpop_jkt,
				g.refresh_seq > $5 AND NOT (g.refresh_seq = $5 + 1 AND g.refreshed_at > $6) AS replayed,
				NOT string_to_array($7, ' ') <@ string_to_array(g.scope, ' ') AS too_wide
			FROM grants g JOIN users u ON u.id = g.user_id
			WHERE g.id = $1 AND g.refresh_sha256 = $4 AND g.refresh_seq >= $5
		), revoked AS (
			UPDATE grants g SET revoked_at = $3 FROM token t
			WHERE g.id = t.id AND t.client_id = $2 AND t.replayed AND g.revoked_at IS NULL
			RETURNING g.id
		)
		SELECT CASE
				WHEN client_id <> $2 THEN 'issued to another client'
				WHEN replayed THEN 'used before'
				WHEN refusal IS NOT NULL THEN refusal
				WHEN dpop_jkt <> $8 THEN 'bound to another DPoP key'
				WHEN too_wide THEN '`+ScopeTooWide+`'
				WHEN NOT $9::text[] <@ coalesce(resources, $11) THEN '`+oidc.ResourceTooWide+`'
				ELSE 'expired' END,
			EXISTS (SELECT FROM revoked)
		FROM token`, r.Token.GrantID, r.Client.ClientID, now, family[:], r.Token.Place, now.Add(-r.Grace), r.Scope,
		r.JKT, emptyNotNil(r.Resources), emptyNotNil(r.Client.AllowedGroups), emptyNotNil(r.Allowed))
}

// RefreshToken is what is known of one that can still be used.
type RefreshToken struct {
	Sub, Username, Scope string
	CreatedAt, ExpiresAt time.Time
}

// LoadRefreshToken gives a client's own token that can still be used, else ErrNotFound.
func (s *Store) LoadRefreshToken(ctx context.Context, token oidc.RefreshToken, c *oidc.Client, now time.Time) (t RefreshToken, err error) {
	family := token.Digest()
	err = s.pool.QueryRow(ctx, `
		SELECT u.sub, u.username, g.scope, g.refreshed_at, g.refresh_expires_at
		FROM grants g JOIN users u ON u.id = g.user_id
		WHERE g.id = $1 AND g.refresh_sha256 = $5 AND g.refresh_seq = $6 AND g.refresh_expires_at > $3
			AND `+refusalOfOffline("$2", "$4", "$3")+` IS NULL`,
		token.GrantID, c.ClientID, now, emptyNotNil(c.AllowedGroups), family[:], token.Place).
		Scan(&t.Sub, &t.Username, &t.Scope, &t.CreatedAt, &t.ExpiresAt)
	return t, failure(err)
}

// RevokeRefreshToken ends the grant of a refresh token, also of one that was spent, if it is the client's own; an unknown token
// is no error.
func (s *Store) RevokeRefreshToken(ctx context.Context, token oidc.RefreshToken, clientID string, now time.Time) error {
	family := token.Digest()
	_, err := s.pool.Exec(ctx, `
		UPDATE grants SET revoked_at = $3
		WHERE id = $1 AND client_id = $2 AND refresh_sha256 = $4 AND refresh_seq >= $5 AND revoked_at IS NULL`,
		token.GrantID, clientID, now, family[:], token.Place)
	return failure(err)
}

package store

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

// Restriction is what tokens are restricted to (RFC 9700 §2.2, §2.3): a key of the client (RFC 9449) and resources (RFC 8707).
type Restriction struct {
	JKT       string   // of the key whose proof came along, "" for none
	Resources []string // wanted; none for all that was granted
	Allowed   []string // what the client may want where the authorization request named none
}

// Rotation is a request to spend one refresh token.
type Rotation struct {
	Token  oidc.RefreshToken
	Client *oidc.Client
	Scope  string // asked for; "" for all that was granted
	Restriction
	IdleEnds time.Time
	Grace    time.Duration // in which a spent token still has the same successor
	From     *int32        // tells networks apart; nil where it is not known
}

// Reasons for which a request is refused whose token is not spent: it asks for more than was granted (RFC 6749 §6), or for a service whose
// allowed_groups the person is in none of.
const (
	ScopeTooWide         = "scope too wide"
	NotInGroupsOfService = "not in allowed_groups of the resource"
)

// servicesAdmit is the condition that user u is in a group of each service that the request or else the grant g names, of those in
// @groups_of_services: so a token for it is not spent. oidc.Client.AudienceFor decides the rest.
var servicesAdmit = `NOT EXISTS (
			SELECT FROM jsonb_each(@groups_of_services) AS service
			WHERE service.key = ANY (coalesce(nullif(@resources::text[], '{}'), g.resources))
				AND NOT service.value ?| ` + groupsOfUser + `)`

// The row of the grant is the target, so that of requests in parallel each looks at what the one before it left there.
var rotateRefreshToken = compile(`
	UPDATE grants g SET refresh_seq = @next_place, refreshed_at = CASE WHEN g.refresh_seq = @next_place THEN g.refreshed_at ELSE @now END,
		refreshed_from = CASE WHEN g.refresh_seq = @next_place THEN g.refreshed_from ELSE @from END,
		refresh_expires_at = LEAST(@idle_ends, g.expires_at)
	FROM users u
	WHERE g.id = @grant AND g.refresh_sha256 = @family AND g.refresh_expires_at > @now
		AND (g.refresh_seq = @place OR g.refresh_seq = @next_place AND g.refreshed_at > @spent_after)
		AND u.id = g.user_id AND ` + refusalOfOffline + ` IS NULL
		AND string_to_array(@scope, ' ') <@ string_to_array(g.scope, ' ')
		AND coalesce(g.dpop_jkt, @jkt) = @jkt AND @resources::text[] <@ coalesce(g.resources, @allowed_resources)
		AND ` + servicesAdmit + `
	RETURNING ` + userColumns + `, ` + grantColumns + `, coalesce(g.refreshed_from <> @from, false)`)

// RotateRefreshToken spends the token in one statement, which moves the grant to the place of the next (RFC 9700 §4.14.2). A token that was
// spent less than r.Grace ago, by a client that retries or races with itself, has its grant returned again, and the place stays: then
// shared reports whether another network spent it first.
// ErrNotFound: it is unknown, of another client, expired, or its grant is not valid; see RefuseRefreshToken.
func (s *Store) RotateRefreshToken(ctx context.Context, r Rotation, now time.Time) (
	g oidc.Grant, u oidc.User, shared bool, err error) {
	g.ClientID = r.Client.ClientID
	a := r.args(now)
	a["next_place"], a["idle_ends"], a["from"] = r.Token.Next(r.Client).Place, r.IdleEnds, r.From
	err = rotateRefreshToken.row(ctx, s.pool, a).Scan(append(append(userFields(&u), grantFields(&g)...), &shared)...)
	return g, u, shared, failure(err)
}

// args are those that rotateRefreshToken and refuseRefreshToken share.
func (r *Rotation) args(now time.Time) args {
	family := r.Token.Digest()
	return args{"grant": r.Token.GrantID, "client": r.Client.ClientID, "now": now, "family": family[:], "place": r.Token.Place,
		"spent_after": now.Add(-r.Grace), "scope": r.Scope, "jkt": r.JKT, "resources": oidc.NotNil(r.Resources),
		"allowed_resources": oidc.NotNil(r.Allowed), "allowed_groups": oidc.NotNil(r.Client.AllowedGroups),
		"groups_of_services": r.Client.GroupsOfServices()}
}

var refuseRefreshToken = compile(`
	WITH token AS (
		SELECT g.id, g.client_id, ` + refusalOfOffline + ` AS refusal, g.resources, g.dpop_jkt,
			g.refresh_seq > @place AND NOT (g.refresh_seq = @place + 1 AND g.refreshed_at > @spent_after) AS replayed,
			NOT string_to_array(@scope, ' ') <@ string_to_array(g.scope, ' ') AS too_wide, ` + servicesAdmit + ` AS services_admit
		FROM grants g JOIN users u ON u.id = g.user_id
		WHERE g.id = @grant AND g.refresh_sha256 = @family AND g.refresh_seq >= @place
	), revoked AS (
		UPDATE grants g SET revoked_at = @now FROM token t
		WHERE g.id = t.id AND t.client_id = @client AND t.replayed AND coalesce(t.dpop_jkt, @jkt) = @jkt AND g.revoked_at IS NULL
		RETURNING g.id
	)
	SELECT CASE
			WHEN client_id <> @client THEN 'issued to another client'
			WHEN replayed THEN 'used before'
			WHEN refusal IS NOT NULL THEN refusal
			WHEN dpop_jkt <> @jkt THEN 'bound to another DPoP key'
			WHEN too_wide THEN '` + ScopeTooWide + `'
			WHEN NOT @resources::text[] <@ coalesce(resources, @allowed_resources) THEN '` + oidc.ResourceTooWide + `'
			WHEN NOT services_admit THEN '` + NotInGroupsOfService + `'
			ELSE 'expired' END,
		EXISTS (SELECT FROM revoked)
	FROM token`)

// RefuseRefreshToken finds out why RotateRefreshToken found nothing, and revokes the whole family of a token that was spent before:
// two parties have it (RFC 9700 §4.14.2). Of one that is bound to a key both have to have that, too.
func (s *Store) RefuseRefreshToken(ctx context.Context, r Rotation, now time.Time) (RefusedGrant, error) {
	return s.refusedGrant(ctx, &refuseRefreshToken, r.args(now))
}

// RefreshToken is what is known of one that can still be used.
type RefreshToken struct {
	Sub, Username, Scope string
	CreatedAt, ExpiresAt time.Time
}

var loadRefreshToken = compile(`
	SELECT u.sub, u.username, g.scope, g.refreshed_at, g.refresh_expires_at
	FROM grants g JOIN users u ON u.id = g.user_id
	WHERE g.id = @grant AND g.refresh_sha256 = @family AND g.refresh_seq = @place AND g.refresh_expires_at > @now
		AND ` + refusalOfOffline + ` IS NULL`)

// LoadRefreshToken returns a client's own token that can still be used, else ErrNotFound.
func (s *Store) LoadRefreshToken(ctx context.Context, token oidc.RefreshToken, c *oidc.Client, now time.Time) (t RefreshToken, err error) {
	family := token.Digest()
	err = loadRefreshToken.row(ctx, s.pool, args{"grant": token.GrantID, "family": family[:], "place": token.Place, "now": now,
		"client": c.ClientID, "allowed_groups": oidc.NotNil(c.AllowedGroups)}).
		Scan(&t.Sub, &t.Username, &t.Scope, &t.CreatedAt, &t.ExpiresAt)
	return t, failure(err)
}

var revokeRefreshToken = compile(`
	UPDATE grants SET revoked_at = @now
	WHERE id = @grant AND client_id = @client AND refresh_sha256 = @family AND refresh_seq >= @place AND revoked_at IS NULL`)

// RevokeRefreshToken ends the grant of a refresh token, also of one that was spent, if it is the client's own; an unknown token
// is no error.
func (s *Store) RevokeRefreshToken(ctx context.Context, token oidc.RefreshToken, clientID string, now time.Time) error {
	family := token.Digest()
	_, err := revokeRefreshToken.run(ctx, s.pool, args{"grant": token.GrantID, "client": clientID, "now": now, "family": family[:],
		"place": token.Place})
	return failure(err)
}

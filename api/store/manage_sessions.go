package store

import (
	"context"
	"time"
)

// ListedSession is a session, and whose it is.
type ListedSession struct {
	Username string `json:"username" help:"Who is signed in."`
	SessionRow
}

// SessionQuery is which sessions are wanted; their key is the sid.
type SessionQuery struct {
	Page
	Username string // of this user only
}

const sessionSelect = `
	SELECT u.username, s.sid::text AS sid, s.auth_time, s.seen_at, s.expires_at, s.amr, coalesce(s.addr, '') AS addr,
		coalesce(s.user_agent, '') AS user_agent
	FROM sessions s JOIN users u ON u.id = s.user_id
	WHERE s.ended_at IS NULL AND s.expires_at > @now AND (@after = '' OR s.sid < nullif(@after, '')::uuid)`

var (
	listAllSessions    = compile(sessionSelect + ` ORDER BY s.sid DESC LIMIT @limit`)
	listSessionsOfUser = compile(sessionSelect + ` AND s.user_id = (SELECT id FROM users WHERE username = @username)
		ORDER BY s.sid DESC LIMIT @limit`)
	endAnySession = compile(`UPDATE sessions SET ended_at = now() WHERE sid::text = @sid AND ended_at IS NULL RETURNING 1`)
)

// ListSessions returns the sessions that are alive, the latest sign-in first: a sid begins with its time. Errors: Missing.
func (s *Store) ListSessions(ctx context.Context, q SessionQuery, now time.Time) ([]ListedSession, error) {
	a := args{"now": now, "after": q.After, "limit": q.Limit}
	if q.Username == "" {
		return listed[ListedSession](ctx, s, listAllSessions, a)
	}
	if err := s.manageOne(ctx, Missing{"user", q.Username}, nil, userIsThere, args{"username": q.Username}); err != nil {
		return nil, err
	}
	a["username"] = q.Username
	return listed[ListedSession](ctx, s, listSessionsOfUser, a)
}

// EndAnySession ends the session of whomever it is; applications hear of it. Errors: Missing.
func (s *Store) EndAnySession(ctx context.Context, sid string) error {
	return s.manageOne(ctx, Missing{"session", sid}, nil, endAnySession, args{"sid": sid})
}

// GrantRow is what an application holds of a user's.
type GrantRow struct {
	ID          string     `json:"id" help:"Its id, which access tokens name."`
	ClientID    string     `json:"client_id" help:"The application."`
	Scope       string     `json:"scope" help:"What it was given."`
	Resources   []string   `json:"resources,omitempty" help:"Services that its access tokens are for, if it asked for some."`
	Offline     bool       `json:"offline" help:"Whether it outlives the session."`
	SID         string     `json:"sid,omitempty" help:"The session that it began with."`
	ACR         string     `json:"acr,omitempty" help:"The class that was asked for and reached."`
	CreatedAt   time.Time  `json:"created_at" help:"Since when."`
	RefreshedAt *time.Time `json:"refreshed_at,omitempty" help:"When it was last refreshed."`
	ExpiresAt   time.Time  `json:"expires_at" help:"When it ends by itself, at the latest."`
}

// GrantQuery is whose grants are wanted; their key is the id.
type GrantQuery struct {
	Page
	Username string
}

var (
	listGrants = compile(`
		SELECT g.id::text AS id, g.client_id, g.scope, g.resources, g.offline, coalesce(g.sid::text, '') AS sid, coalesce(g.acr, '') AS acr,
			g.created_at, g.refreshed_at, ` + grantEndsAt + ` AS expires_at
		FROM ` + grantTables + ` ` + grantsClient + `
		WHERE g.user_id = (SELECT id FROM users WHERE username = @username) AND ` + refusalOfAny + ` IS NULL
			AND (NOT g.offline OR g.refresh_sha256 IS NULL OR coalesce(g.refresh_expires_at, g.expires_at) > @now)
			AND (@after = '' OR g.id < nullif(@after, '')::uuid)
		ORDER BY g.id DESC LIMIT @limit`)
	revokeGrantOf = compile(`UPDATE grants SET revoked_at = now()
		WHERE id::text = @id AND user_id = (SELECT id FROM users WHERE username = @username) AND revoked_at IS NULL RETURNING 1`)
)

// ListGrants returns what applications hold of a user's that is good at a time, the latest first. Errors: Missing.
func (s *Store) ListGrants(ctx context.Context, q GrantQuery, now time.Time) ([]GrantRow, error) {
	if err := s.manageOne(ctx, Missing{"user", q.Username}, nil, userIsThere, args{"username": q.Username}); err != nil {
		return nil, err
	}
	return listed[GrantRow](ctx, s, listGrants, args{"username": q.Username, "now": now, "after": q.After, "limit": q.Limit})
}

// RevokeGrantOf ends a grant of a user with all its tokens. Errors: Missing.
func (s *Store) RevokeGrantOf(ctx context.Context, username, id string) error {
	return s.manageOne(ctx, Missing{"grant of " + username, id}, nil, revokeGrantOf, args{"username": username, "id": id})
}

// ListedConsent is what a user allowed a client.
type ListedConsent struct {
	Username  string    `json:"username" help:"Who allowed it."`
	Scopes    []string  `json:"scopes" help:"What they allowed."`
	Resources []string  `json:"resources,omitempty" help:"For which services."`
	GrantedAt time.Time `json:"granted_at" help:"When they last said so."`
}

// ConsentQuery is the client whose consents are wanted; their key is the username.
type ConsentQuery struct {
	Page
	ClientID string
}

var listConsentsOfClient = compile(`
	SELECT u.username, k.scopes, k.resources, k.granted_at FROM consents k JOIN users u ON u.id = k.user_id
	WHERE k.client_id = @client AND u.username > @after ORDER BY u.username LIMIT @limit`)

// ListConsentsOfClient returns who allowed a client what, by username. Errors: Missing.
func (s *Store) ListConsentsOfClient(ctx context.Context, q ConsentQuery) ([]ListedConsent, error) {
	if err := s.manageOne(ctx, Missing{"client", q.ClientID}, nil, clientIsThere, args{"client": q.ClientID}); err != nil {
		return nil, err
	}
	return listed[ListedConsent](ctx, s, listConsentsOfClient, args{"client": q.ClientID, "after": q.After, "limit": q.Limit})
}

// AccountLinkRow is an account link without its token.
type AccountLinkRow struct {
	ClientID  string     `json:"client_id,omitempty" help:"Application where it ends."`
	CreatedAt time.Time  `json:"created_at" help:"When it was made."`
	ExpiresAt time.Time  `json:"expires_at" help:"When it ends by itself."`
	SpentAt   *time.Time `json:"spent_at,omitempty" help:"When it was used, replaced by a newer one, or revoked."`
}

var (
	listAccountLinks = compile(`
		SELECT coalesce(client_id, '') AS client_id, created_at, expires_at, spent_at FROM account_links
		WHERE username = @username ORDER BY created_at DESC LIMIT 50`)
	revokeAccountLinks = compile(`
		WITH person AS (
			SELECT username FROM users WHERE username = @username
		), revoked AS (
			UPDATE account_links l SET spent_at = now() FROM person
			WHERE l.username = person.username AND l.spent_at IS NULL AND l.expires_at > now() RETURNING 1
		)
		SELECT (SELECT count(*) FROM revoked) AS revoked FROM person`)
)

// ListAccountLinks returns those of a user, the latest first, at most 50. Errors: Missing.
func (s *Store) ListAccountLinks(ctx context.Context, username string) ([]AccountLinkRow, error) {
	if err := s.manageOne(ctx, Missing{"user", username}, nil, userIsThere, args{"username": username}); err != nil {
		return nil, err
	}
	return listed[AccountLinkRow](ctx, s, listAccountLinks, args{"username": username})
}

// Revoked is how many were.
type Revoked struct {
	Revoked int `json:"revoked" help:"How many those were."`
}

// RevokeAccountLinks has no address be good any more with which a user sets a password. Errors: Missing.
func (s *Store) RevokeAccountLinks(ctx context.Context, username string) (Revoked, error) {
	return one[Revoked](ctx, s, Missing{"user", username}, revokeAccountLinks, args{"username": username})
}

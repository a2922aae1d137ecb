package store

import (
	"context"
	"time"
)

// Issue is what an authorization request gets: a code, an access token's grant, both, or neither where it asks for an ID token alone.
type Issue struct {
	ClientID string
	Code     *Code
	Grant    *FrontGrant
}

// Code is an authorization code to be: kept as a digest, good for one redemption.
type Code struct {
	Digest        Digest
	GrantID       string // of the grant that its redemption makes
	RedirectURI   string
	CodeChallenge string
	Offline       bool
	Scope         string
	Nonce         string
	ExpiresAt     time.Time
}

// FrontGrant is what an access token of the front channel lives by: it ends with the token or with the session, and is never offline.
type FrontGrant struct {
	ID        string
	Scope     string
	ExpiresAt time.Time
}

// insertIssue is the part of a statement that stores an Issue for each row of its part named session; $1 to $13 are Issue.args.
const insertIssue = `coded AS (
			INSERT INTO auth_codes (code_sha256, grant_id, client_id, user_id, sid, redirect_uri, code_challenge, offline, scope, nonce, auth_time, amr, expires_at)
			SELECT $3, $4, $1, user_id, sid, $5, nullif($6, ''), $7, $8, nullif($9, ''), auth_time, amr, $10 FROM session WHERE $3::bytea IS NOT NULL
		), granted AS (
			INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at)
			SELECT $11, user_id, $1, sid, false, $12, auth_time, amr, $2, LEAST(ends_at, $13::timestamptz) FROM session WHERE $11::uuid IS NOT NULL
		)`

func (i *Issue) args(now time.Time) []any {
	args := make([]any, 13) // NULL for what there is not
	args[0], args[1] = i.ClientID, now
	if c := i.Code; c != nil {
		copy(args[2:], []any{c.Digest[:], c.GrantID, c.RedirectURI, c.CodeChallenge, c.Offline, c.Scope, c.Nonce, c.ExpiresAt})
	}
	if g := i.Grant; g != nil {
		copy(args[10:], []any{g.ID, g.Scope, g.ExpiresAt})
	}
	return args
}

// SaveIssue stores what the session sid gets, if it is still alive (else ErrNotFound), and what the person has just allowed
// (consented, nil for nothing). touch moves the idle end of the session to it; zero leaves the row alone.
func (s *Store) SaveIssue(ctx context.Context, sid string, i Issue, consented []string, touch, now time.Time) error {
	tag, err := s.pool.Exec(ctx, `
		WITH `+livingSession("$14")+`, `+touched("$14", "$15", "session")+`, allowed AS (
			INSERT INTO consents (user_id, client_id, scopes, granted_at)
			SELECT user_id, $1, $16::text[], $2 FROM session WHERE $16::text[] IS NOT NULL
			`+besideFormerConsent+`
		), `+insertIssue+`
		SELECT FROM session`, append(i.args(now), sid, touch, consented)...)
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNotFound
	}
	return failure(err)
}

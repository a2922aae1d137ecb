package store

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

// Issue is what an authorization request gets: a code, an access token's grant, both, or neither where it asks for an ID token alone.
type Issue struct {
	ClientID  string
	Code      *Code
	Grant     *FrontGrant
	Claims    oidc.ClaimsRequest
	Resources []string // nil for all of the client's
	Once      *Once    // nil unless the request was pushed: then it gets an answer once
}

// Code is an authorization code to be: kept as a digest, good for one redemption.
type Code struct {
	Digest        Digest
	GrantID       string // of the grant that its redemption makes
	RedirectURI   string
	CodeChallenge string
	DPoPJKT       string // the key that has to redeem it, "" for any
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

// Once is what may be used once: the digest of its jti, and how long that has to be remembered.
type Once struct {
	JTI       Digest
	ExpiresAt time.Time
}

// insertIssue is the part of a statement that stores an Issue for each row of its part named session, unless what is to be used once was
// used before: firstUse tells. $1 to $19 are Issue.args.
const insertIssue = `once AS (
			INSERT INTO used_jtis (jti_sha256, expires_at) SELECT $18, $19 FROM session WHERE $18::bytea IS NOT NULL ON CONFLICT DO NOTHING RETURNING 1
		), coded AS (
			INSERT INTO auth_codes (code_sha256, grant_id, client_id, user_id, sid, redirect_uri, code_challenge, offline, scope, nonce, auth_time, amr, expires_at,
				dpop_jkt, userinfo_claims, id_token_claims, resources)
			SELECT $3, $4, $1, user_id, sid, $5, nullif($6, ''), $7, $8, nullif($9, ''), auth_time, amr, $10, nullif($14, ''), $15, $16, $17
			FROM session WHERE $3::bytea IS NOT NULL AND ` + firstUse + `
		), granted AS (
			INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at, userinfo_claims, id_token_claims, resources)
			SELECT $11, user_id, $1, sid, false, $12, auth_time, amr, $2, LEAST(ends_at, $13::timestamptz), $15, $16, $17
			FROM session WHERE $11::uuid IS NOT NULL AND ` + firstUse + `
		)`

const firstUse = `($18::bytea IS NULL OR EXISTS (SELECT FROM once))`

// issueArgs is how many arguments Issue.args has: others follow.
const issueArgs = 19

func (i *Issue) args(now time.Time) []any {
	args := make([]any, issueArgs) // NULL for what there is not
	args[0], args[1] = i.ClientID, now
	if c := i.Code; c != nil {
		copy(args[2:], []any{c.Digest[:], c.GrantID, c.RedirectURI, c.CodeChallenge, c.Offline, c.Scope, c.Nonce, c.ExpiresAt})
		args[13] = c.DPoPJKT
	}
	if g := i.Grant; g != nil {
		copy(args[10:], []any{g.ID, g.Scope, g.ExpiresAt})
	}
	args[14], args[15], args[16] = i.Claims.Userinfo, i.Claims.IDToken, i.Resources
	if o := i.Once; o != nil {
		args[17], args[18] = o.JTI[:], o.ExpiresAt
	}
	return args
}

// SaveIssue stores what the session sid gets, if it is still alive (else ErrNotFound), and what the person has just allowed
// (consented, nil for nothing). touch moves the idle end of the session to it; zero leaves the row alone. ErrUsed: the request has had
// its answer.
func (s *Store) SaveIssue(ctx context.Context, sid string, i Issue, consented []string, touch, now time.Time) error {
	var first bool
	err := s.pool.QueryRow(ctx, `
		WITH `+livingSession("$20")+`, `+touched("$20", "$21", "session")+`, allowed AS (
			INSERT INTO consents (user_id, client_id, scopes, granted_at)
			SELECT user_id, $1, $22::text[], $2 FROM session WHERE $22::text[] IS NOT NULL
			`+besideFormerConsent+`
		), `+insertIssue+`
		SELECT `+firstUse+` FROM session`, append(i.args(now), sid, touch, consented)...).Scan(&first)
	if err == nil && !first {
		return ErrUsed
	}
	return failure(err)
}

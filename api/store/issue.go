package store

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

// Issue is what is stored when an authorization request gets its answer. Of a code nothing is.
type Issue struct {
	ClientID string
	Grant    *FrontGrant // nil where no access token is in the answer
	Once     *Once       // nil unless the request was pushed: then it gets an answer once
}

// FrontGrant is what an access token of the front channel lives by: it ends with the token or with the session, and is never offline.
type FrontGrant struct {
	ID        string
	Scope     string
	Claims    oidc.ClaimsRequest
	Resources []string // nil for all of the client's
	ExpiresAt time.Time
}

// Once is what may be used once: the digest of its jti, and how long that has to be remembered.
type Once struct {
	JTI       Digest
	ExpiresAt time.Time
}

// insertIssue is the part of a statement that stores an Issue for each row of its part named session, unless what is to be used once was
// used before: firstUse tells. $1 to $10 are Issue.args.
const insertIssue = `once AS (
			INSERT INTO used_jtis (jti_sha256, expires_at) SELECT $9, $10 FROM session WHERE $9::bytea IS NOT NULL ON CONFLICT DO NOTHING RETURNING 1
		), granted AS (
			INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at, userinfo_claims,
			id_token_claims, resources)
			SELECT $3, user_id, $1, sid, false, $4, auth_time, amr, $2, LEAST(ends_at, $5::timestamptz), $6, $7, $8
			FROM session WHERE $3::uuid IS NOT NULL AND ` + firstUse + `
		)`

const firstUse = `($9::bytea IS NULL OR EXISTS (SELECT FROM once))`

func (i *Issue) args(now time.Time) []any {
	args := make([]any, 10) // NULL for what there is not
	args[0], args[1] = i.ClientID, now
	if g := i.Grant; g != nil {
		copy(args[2:], []any{g.ID, g.Scope, g.ExpiresAt, g.Claims.Userinfo, g.Claims.IDToken, g.Resources})
	}
	if o := i.Once; o != nil {
		args[8], args[9] = o.JTI[:], o.ExpiresAt
	}
	return args
}

// SaveIssue stores what the session sid gets, if it is still alive (else ErrNotFound), and what the person has just allowed
// (consented, nil for nothing). touch moves the idle end of the session to it; zero leaves the row alone. ErrUsed: the request has had
// its answer. Where there is nothing to store, as at most single sign-ons, no statement is run.
func (s *Store) SaveIssue(ctx context.Context, sid string, i Issue, consented []string, touch, now time.Time) error {
	if i.Grant == nil && i.Once == nil && consented == nil && touch.IsZero() {
		return nil
	}
	var first bool
	err := s.pool.QueryRow(ctx, `
		WITH `+livingSession("$11")+`, `+touched("$11", "$12", "session")+`, allowed AS (
			INSERT INTO consents (user_id, client_id, scopes, granted_at)
			SELECT user_id, $1, $13::text[], $2 FROM session WHERE $13::text[] IS NOT NULL
			`+besideFormerConsent+`
		), `+insertIssue+`
		SELECT `+firstUse+` FROM session`, append(i.args(now), sid, touch, consented)...).Scan(&first)
	if err == nil && !first {
		return ErrUsed
	}
	return failure(err)
}

package store

import (
	"context"
	"maps"
	"time"

	"gatehouse/api/oidc"
)

// Issue is what is stored when an authorization request gets its answer. Of a code nothing is.
type Issue struct {
	ClientID string
	Grant    *FrontGrant // nil where no access token is in the answer
	JTI      *JTI        // nil unless the request was pushed: then it gets an answer once
}

// FrontGrant is what an access token of the front channel lives by: it ends with the token or with the session, and is never offline.
type FrontGrant struct {
	ID        string
	Scope     string
	Claims    oidc.ClaimsRequest
	Resources []string // nil for all of the client's
	ACR       string   // one that was asked for and reached, "" for none
	ExpiresAt time.Time
}

// insertIssue is the part of a statement that stores an Issue for each row of its part named session, unless its jti was used before:
// firstUse is that condition. Its arguments are Issue.args.
var insertIssue = `used AS (
			INSERT INTO used_jtis (jti_sha256, expires_at)
			SELECT @jti, @jti_expires_at FROM session WHERE @jti::bytea IS NOT NULL AND ` + isRemembered("@jti_made_at") + `
			ON CONFLICT DO NOTHING RETURNING 1
		), granted AS (
			INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at,
				userinfo_claims, id_token_claims, resources, acr)
			SELECT @grant, user_id, @client, sid, false, @scope, auth_time, amr, @now, LEAST(ends_at, @grant_expires_at::timestamptz),
				@userinfo_claims, @id_token_claims, @resources, nullif(@acr, '')
			FROM session WHERE @grant::uuid IS NOT NULL AND ` + firstUse + `
		)`

const firstUse = `(@jti::bytea IS NULL OR EXISTS (SELECT FROM used))`

func (i *Issue) args(now time.Time) args {
	a := args{"client": i.ClientID, "now": now, "grant": nil, "scope": nil, "grant_expires_at": nil, "userinfo_claims": nil,
		"id_token_claims": nil, "resources": nil, "jti": nil, "jti_made_at": nil, "jti_expires_at": nil, "acr": nil}
	if g := i.Grant; g != nil {
		a["grant"], a["scope"], a["grant_expires_at"], a["resources"] = g.ID, g.Scope, g.ExpiresAt, g.Resources
		a["userinfo_claims"], a["id_token_claims"], a["acr"] = g.Claims.Userinfo, g.Claims.IDToken, g.ACR
	}
	if j := i.JTI; j != nil {
		a["jti"], a["jti_made_at"], a["jti_expires_at"] = j.SHA256[:], j.madeAt(), j.ExpiresAt
	}
	return a
}

var saveIssue = compile(`
	WITH ` + activeSession + `, ` + extendedIf("session") + `, allowed AS (
		INSERT INTO consents (user_id, client_id, scopes, resources, granted_at)
		SELECT user_id, @client, @consented::text[], @consented_resources::text[], @now FROM session
		WHERE @consented::text[] IS NOT NULL
		` + besideFormerConsent + `
	), ` + insertIssue + `
	SELECT ` + firstUse + ` FROM session`)

// SaveIssue stores what the session sid gets, if it is still alive (else ErrNotFound), and what the person has just allowed
// (consented, nil for nothing). idleEnd moves the idle end of the session to it; zero leaves the row alone. ErrUsed: the
// request has had its answer. Where there is nothing to store, as at most single sign-ons, no statement is run.
func (s *Store) SaveIssue(ctx context.Context, sid string, i Issue, consented *oidc.Consent, idleEnd, now time.Time) error {
	if i.Grant == nil && i.JTI == nil && consented == nil && idleEnd.IsZero() {
		return nil
	}
	var first bool
	a := i.args(now)
	maps.Copy(a, args{"session": sid, "idle_end": idleEnd, "consented": nil, "consented_resources": nil})
	if consented != nil {
		a["consented"], a["consented_resources"] = oidc.NotNil(consented.Scopes), oidc.NotNil(consented.Resources)
	}
	err := saveIssue.row(ctx, s.pool, a).Scan(&first)
	if err == nil && !first {
		return ErrUsed
	}
	return failure(err)
}

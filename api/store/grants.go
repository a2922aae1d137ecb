package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// TokenUse is a use of an access token.
type TokenUse struct {
	GrantID string
	Client  *oidc.Client // whose the grant is, too; nil for a token that was got by an exchange
	ID      string       // its jti where it can be revoked without its grant, else ""
	Proof   *JTI         // of the key that it is bound to, nil for none
	Name    bool         // nothing but the username of the user is wanted
}

// grantTables are the tables that decide whether a grant g is valid; no session is looked for where it does not count.
const grantTables = `grants g JOIN users u ON u.id = g.user_id LEFT JOIN sessions s ON s.sid = g.sid AND NOT g.offline`

// grantEndsAt is when such a grant ends by itself: with its session, unless it is offline.
const grantEndsAt = `CASE WHEN g.offline THEN g.expires_at ELSE LEAST(g.expires_at, s.expires_at) END`

// grantRefusal is the one predicate of whether such a grant is valid at @now: NULL if it is, else a reason for the log. byClient
// (a case) and allowedGroups are of its client: a client that is in memory has been checked, and its groups are an argument;
// another is joined. ended and endsAt are of the session, on which an offline grant does not depend.
func grantRefusal(byClient, allowedGroups, ended, endsAt string) string {
	return `CASE
				` + byClient + `
				WHEN g.revoked_at IS NOT NULL THEN 'grant_revoked'
				WHEN NOT ` + mayAct("u") + ` THEN 'user_' || ` + whyNot("u") + `
				WHEN ` + ended + ` THEN 'session_ended'
				WHEN NOT ` + mayUse(allowedGroups) + ` THEN 'not_in_allowed_groups'
				WHEN ` + endsAt + ` <= @now THEN 'grant_expired'
			END`
}

const (
	sessionEnded = `NOT g.offline AND (s.sid IS NULL OR s.ended_at IS NOT NULL)`
	ofAnother    = `WHEN g.client_id <> @client THEN 'issued to another client'`
)

var (
	// refusalOfOwn is grantRefusal for the client @client, which is in memory and enabled and for @allowed_groups. It is not for a WHERE,
	// or Postgres might look through all grants of the client for the one.
	refusalOfOwn = grantRefusal(ofAnother, "@allowed_groups", sessionEnded, grantEndsAt)

	// refusalOfOffline is that for a grant that has refresh tokens, and hence is offline: no session is joined.
	refusalOfOffline = grantRefusal(ofAnother, "@allowed_groups", "false", "g.expires_at")

	// refusalOfAny is grantRefusal for whichever client it is, which grantsClient joins.
	refusalOfAny = grantRefusal("WHEN c.disabled_at IS NOT NULL THEN 'client_disabled'", "c.allowed_groups", sessionEnded, grantEndsAt)
)

const grantsClient = `JOIN clients c ON c.client_id = g.client_id`

// grantColumns is how a grant g is read wherever tokens are made of it; grantFields takes them in this order.
const grantColumns = `g.id::text, coalesce(g.sid::text, ''), g.offline, g.scope, g.expires_at, g.auth_time, g.amr, coalesce(g.acr, ''),
	g.userinfo_claims, g.id_token_claims, g.resources`

func grantFields(g *oidc.Grant) []any {
	return []any{&g.ID, &g.SID, &g.Offline, &g.Scope, &g.EndsAt, &g.AuthTime, &g.AMR, &g.ACR,
		&g.Claims.Userinfo, &g.Claims.IDToken, &g.Resources}
}

// ProofUsed is the reason for a use whose proof came before, or came with another token.
const ProofUsed = "proof_used_before"

// GrantUser is the user of a valid grant, and which claims were asked for by name.
type GrantUser struct {
	oidc.User
	Claims oidc.ClaimsRequest
}

// grantUserOf is a statement that loads the user of @grant, and more columns from what is joined.
func grantUserOf(refusal, columns, joined string) string {
	return `
		SELECT ` + userColumns + `, g.userinfo_claims, g.id_token_claims, coalesce(` + refusal + `, '')` + columns + `
		FROM ` + grantTables + ` ` + joined + ` WHERE g.id = @grant`
}

// scan reads a row of such a statement. ErrNotFound with a reason for the log where the grant is not valid.
func (u *GrantUser) scan(row pgx.Row, more ...any) (refusal string, err error) {
	err = failure(row.Scan(append(append(userFields(&u.User), &u.Claims.Userinfo, &u.Claims.IDToken, &refusal), more...)...))
	return refusedFor(refusal, err)
}

// refusedFor makes the pair agree: a refusal comes with ErrNotFound, and ErrNotFound with a reason.
func refusedFor(refusal string, err error) (string, error) {
	switch {
	case errors.Is(err, ErrNotFound):
		return "unknown grant", err
	case err == nil && refusal != "":
		err = ErrNotFound
	}
	return refusal, err
}

// refusable is a GrantUser, or why there is none.
type refusable struct {
	user    GrantUser
	refusal string
}

func scanGrantUser(row pgx.Row) (r refusable, err error) {
	r.refusal, err = r.user.scan(row)
	return r, err
}

func scanGrantUsername(row pgx.Row) (r refusable, err error) {
	err = failure(row.Scan(&r.user.Username, &r.refusal))
	r.refusal, err = refusedFor(r.refusal, err)
	return r, err
}

var (
	loadGrantUser     = compile(grantUserOf(refusalOfOwn, "", ""))
	loadGrantUsername = compile(`
		SELECT u.username, coalesce(` + refusalOfOwn + `, '') FROM ` + grantTables + ` WHERE g.id = @grant`)
	loadTokenUser = compile(`
		WITH used AS (
			INSERT INTO used_jtis (jti_sha256, expires_at)
			SELECT @proof, @proof_expires_at WHERE @proof::bytea IS NOT NULL AND ` + isRemembered("@proof_made_at") + `
			ON CONFLICT DO NOTHING RETURNING 1
		)` + grantUserOf(`CASE WHEN @proof::bytea IS NOT NULL AND NOT EXISTS (SELECT FROM used) THEN '`+ProofUsed+`' END, `+
		tokenRevoked+`, `+refusalOfAny, "", grantsClient))
)

// tokenRevoked is a reason, too, for the access token @jti alone.
const tokenRevoked = `CASE WHEN EXISTS (SELECT FROM revoked_tokens WHERE jti = @jti) THEN 'token_revoked' END`

// LoadGrantUser returns the user of a valid grant, and spends the proof that came with the token. ErrNotFound with a reason for
// the log otherwise.
func (s *Store) LoadGrantUser(ctx context.Context, t TokenUse, now time.Time) (u GrantUser, refusal string, err error) {
	if t.Client != nil && t.ID == "" && t.Proof == nil {
		q, scan := &loadGrantUser, scanGrantUser
		if t.Name {
			q, scan = &loadGrantUsername, scanGrantUsername
		}
		found, err := batched(ctx, s, scan, q, args{
			"grant": t.GrantID, "now": now, "client": t.Client.ClientID, "allowed_groups": oidc.NotNil(t.Client.AllowedGroups)})
		return found.user, found.refusal, err
	}
	a := args{"grant": t.GrantID, "now": now, "jti": orZero(t.ID), "proof": nil, "proof_made_at": nil, "proof_expires_at": nil}
	if t.Proof != nil {
		a["proof"], a["proof_made_at"], a["proof_expires_at"] = t.Proof.SHA256[:], t.Proof.madeAt(), t.Proof.ExpiresAt
	}
	refusal, err = u.scan(loadTokenUser.row(ctx, s.pool, a))
	return u, refusal, err
}

var revokeGrant = compile(`UPDATE grants SET revoked_at = @now WHERE id = @grant AND client_id = @client AND revoked_at IS NULL`)

// RevokeGrant ends a grant and with it every token of it, if it is the client's own (RFC 7009 §2.1).
func (s *Store) RevokeGrant(ctx context.Context, grantID, clientID string, now time.Time) error {
	_, err := revokeGrant.run(ctx, s.pool, args{"grant": grantID, "client": clientID, "now": now})
	return failure(err)
}

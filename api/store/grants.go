package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// TokenUse is a use of an access token.
type TokenUse struct {
	GrantID string
	Client  *oidc.Client // whose the grant is, too; nil for a token that was got by an exchange
	ID      string       // its jti where it can be revoked without its grant, else ""
	Proof   *Once        // of the key that it is bound to, nil for none
	Name    bool         // nothing but the username of the user is wanted
}

// grantTables are the tables, with a grant g in them, that say whether it may live; no session is looked for where it does not count.
const grantTables = `grants g JOIN users u ON u.id = g.user_id LEFT JOIN sessions s ON s.sid = g.sid AND NOT g.offline`

// grantEndsAt is when such a grant ends by itself: with its session, unless it is offline.
const grantEndsAt = `CASE WHEN g.offline THEN g.expires_at ELSE LEAST(g.expires_at, s.expires_at) END`

// grantRefusal is the one predicate that says whether such a grant may live: NULL if it may, else a reason for the log. byClient
// (a case) and allowed are of its client: a client that is in memory has been looked at, and brings its groups as a parameter,
// such as $3; another is joined. ended and endsAt are of the session, on which an offline grant does not depend.
func grantRefusal(byClient, allowed, ended, endsAt, now string) string {
	return `CASE
				` + byClient + `
				WHEN g.revoked_at IS NOT NULL THEN 'grant_revoked'
				WHEN u.disabled_at IS NOT NULL THEN 'user_disabled'
				WHEN ` + ended + ` THEN 'session_ended'
				WHEN NOT ` + mayUse(allowed) + ` THEN 'not_in_allowed_groups'
				WHEN ` + endsAt + ` <= ` + now + ` THEN 'grant_expired'
			END`
}

const sessionEnded = `NOT g.offline AND (s.sid IS NULL OR s.ended_at IS NOT NULL)`

// refusalOf is grantRefusal for a client that is in memory and enabled, whose client_id is a parameter, too. It is not for a WHERE, or
// Postgres might look through all grants of the client for the one.
func refusalOf(client, allowed, now string) string {
	return grantRefusal(ofAnother(client), allowed, sessionEnded, grantEndsAt, now)
}

// refusalOfOffline is that for a grant that has refresh tokens, and hence is offline: no session is joined.
func refusalOfOffline(client, allowed, now string) string {
	return grantRefusal(ofAnother(client), allowed, "false", "g.expires_at", now)
}

func ofAnother(client string) string {
	return `WHEN g.client_id <> ` + client + ` THEN 'issued to another client'`
}

// refusalOfAny is grantRefusal for whichever client it is, which grantsClient joins.
func refusalOfAny(now string) string {
	return grantRefusal("WHEN c.disabled_at IS NOT NULL THEN 'client_disabled'", "c.allowed_groups", sessionEnded, grantEndsAt, now)
}

const grantsClient = `JOIN clients c ON c.client_id = g.client_id`

// grantColumns is how a grant g is read wherever tokens are made of it; grantFields takes them in this order.
const grantColumns = `g.id::text, coalesce(g.sid::text, ''), g.offline, g.scope, g.expires_at, g.auth_time, g.amr,
	g.userinfo_claims, g.id_token_claims, g.resources`

func grantFields(g *oidc.Grant) []any {
	return []any{&g.ID, &g.SID, &g.Offline, &g.Scope, &g.EndsAt, &g.AuthTime, &g.AMR, &g.Claims.Userinfo, &g.Claims.IDToken, &g.Resources}
}

// ProofUsed is the reason for a use whose proof came before, or came with another token.
const ProofUsed = "proof_used_before"

// GrantUser is the user of a grant that may live, and which claims were asked for by name.
type GrantUser struct {
	oidc.User
	Claims oidc.ClaimsRequest
}

// grantUserOf is a statement that loads the user of grant $1, and more columns from what is joined.
func grantUserOf(refusal, columns, joined string) string {
	return `
		SELECT ` + userColumns + `, g.userinfo_claims, g.id_token_claims, coalesce(` + refusal + `, '')` + columns + `
		FROM ` + grantTables + ` ` + joined + ` WHERE g.id = $1`
}

// scan reads a row of such a statement. ErrNotFound with a reason for the log where the grant may not live.
func (u *GrantUser) scan(row pgx.Row, more ...any) (refusal string, err error) {
	err = failure(row.Scan(append(append(userFields(&u.User), &u.Claims.Userinfo, &u.Claims.IDToken, &refusal), more...)...))
	return refusedFor(refusal, err)
}

// refusedFor makes ErrNotFound of a refusal, and a refusal of ErrNotFound.
func refusedFor(refusal string, err error) (string, error) {
	switch {
	case err == ErrNotFound:
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
	grantUserSQL     = grantUserOf(refusalOf("$4", "$3", "$2"), "", "")
	grantUsernameSQL = `SELECT u.username, coalesce(` + refusalOf("$4", "$3", "$2") + `, '') FROM ` + grantTables + ` WHERE g.id = $1`
	tokenUserSQL     = `
		WITH used AS (
			INSERT INTO used_jtis (jti_sha256, expires_at) SELECT $3, $4 WHERE $3::bytea IS NOT NULL ON CONFLICT DO NOTHING RETURNING 1
		)` + grantUserOf(`CASE WHEN $3::bytea IS NOT NULL AND NOT EXISTS (SELECT FROM used) THEN '`+ProofUsed+`' END, `+tokenRevoked("$5")+`,
			`+refusalOfAny("$2"), "", grantsClient)
)

// tokenRevoked is a reason, too, for the access token with that jti alone.
func tokenRevoked(jti string) string {
	return `CASE WHEN EXISTS (SELECT FROM revoked_tokens WHERE jti = ` + jti + `) THEN 'token_revoked' END`
}

// LoadGrantUser gives the user of a grant that may live, and spends the proof that came with the token. ErrNotFound with a reason for
// the log otherwise.
func (s *Store) LoadGrantUser(ctx context.Context, t TokenUse, now time.Time) (u GrantUser, refusal string, err error) {
	if t.Client != nil && t.ID == "" && t.Proof == nil {
		sql, scan := grantUserSQL, scanGrantUser
		if t.Name {
			sql, scan = grantUsernameSQL, scanGrantUsername
		}
		found, err := batched(ctx, s, scan, sql, t.GrantID, now, emptyNotNil(t.Client.AllowedGroups), t.Client.ClientID)
		return found.user, found.refusal, err
	}
	args := []any{t.GrantID, now, nil, nil, orZero(t.ID)}
	if t.Proof != nil {
		args[2], args[3] = t.Proof.JTI[:], t.Proof.ExpiresAt
	}
	refusal, err = u.scan(s.pool.QueryRow(ctx, tokenUserSQL, args...))
	return u, refusal, err
}

// RevokeGrant ends a grant and with it every token of it, if it is the client's own (RFC 7009 §2.1).
func (s *Store) RevokeGrant(ctx context.Context, grantID, clientID string, now time.Time) error {
	_, err := s.pool.Exec(ctx, `UPDATE grants SET revoked_at = $3 WHERE id = $1 AND client_id = $2 AND revoked_at IS NULL`, grantID,
		clientID, now)
	return failure(err)
}

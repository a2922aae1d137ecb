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
	ID      string // its jti where it can be revoked without its grant, else ""
	Proof   *Once  // of the key that it is bound to, nil for none
}

// ProofUsed is the reason for a use whose proof came before, or came with another token.
const ProofUsed = "proof_used_before"

// GrantUser is the user of a grant that may live, and which claims were asked for by name.
type GrantUser struct {
	oidc.User
	Claims oidc.ClaimsRequest
}

// grantUserOf is a statement that loads the user of grant $1 at $2, and more columns from what is joined; refusals are more reasons not to.
func grantUserOf(columns, joined, refusals string) string {
	return `
		SELECT ` + userColumns + `, g.userinfo_claims, g.id_token_claims,
			CASE ` + refusals + ` WHEN g.refusal IS NOT NULL THEN g.refusal WHEN g.ends_at <= $2 THEN 'grant_expired' ELSE '' END` + columns + `
		FROM grant_states g JOIN users u ON u.id = g.user_id ` + joined + ` WHERE g.grant_id = $1`
}

// scan reads a row of such a statement. ErrNotFound with a reason for the log where the grant may not live.
func (u *GrantUser) scan(row pgx.Row, more ...any) (refusal string, err error) {
	err = failure(row.Scan(append(append(userFields(&u.User), &u.Claims.Userinfo, &u.Claims.IDToken, &refusal), more...)...))
	switch {
	case err == ErrNotFound:
		return "unknown grant", err
	case err == nil && refusal != "":
		err = ErrNotFound
	}
	return refusal, err
}

var (
	grantUserSQL = grantUserOf("", "", "")
	tokenUserSQL = `
		WITH used AS (
			INSERT INTO used_jtis (jti_sha256, expires_at) SELECT $3, $4 WHERE $3::bytea IS NOT NULL ON CONFLICT DO NOTHING RETURNING 1
		)` + grantUserOf("", "", `WHEN $3::bytea IS NOT NULL AND NOT EXISTS (SELECT FROM used) THEN '`+ProofUsed+`'
			WHEN EXISTS (SELECT FROM revoked_tokens WHERE jti = $5) THEN 'token_revoked'`)
)

// LoadGrantUser gives the user of a grant that may live, and spends the proof that came with the token. ErrNotFound with a reason for
// the log otherwise.
func (s *Store) LoadGrantUser(ctx context.Context, t TokenUse, now time.Time) (u GrantUser, refusal string, err error) {
	sql, args := grantUserSQL, []any{t.GrantID, now}
	if t.ID != "" || t.Proof != nil {
		sql, args = tokenUserSQL, append(args, nil, nil, orZero(t.ID))
		if t.Proof != nil {
			args[2], args[3] = t.Proof.JTI[:], t.Proof.ExpiresAt
		}
	}
	refusal, err = u.scan(s.pool.QueryRow(ctx, sql, args...))
	return u, refusal, err
}

// RevokeGrant ends a grant and with it every token of it, if it is the client's own (RFC 7009 §2.1).
func (s *Store) RevokeGrant(ctx context.Context, grantID, clientID string, now time.Time) error {
	_, err := s.pool.Exec(ctx, `UPDATE grants SET revoked_at = $3 WHERE id = $1 AND client_id = $2 AND revoked_at IS NULL`, grantID, clientID, now)
	return failure(err)
}

// RevokeRefreshToken ends the grant of a refresh token, if it is the client's own; an unknown token is no error.
func (s *Store) RevokeRefreshToken(ctx context.Context, token Digest, clientID string, now time.Time) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE grants g SET revoked_at = $3 FROM refresh_tokens t
		WHERE t.token_sha256 = $1 AND g.id = t.grant_id AND g.client_id = $2 AND g.revoked_at IS NULL`, token[:], clientID, now)
	return failure(err)
}

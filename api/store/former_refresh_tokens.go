package store

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

// This file is for the refresh tokens of the release before, whose digests are rows of refresh_tokens; a later release drops it with the table
// and with api/provider/former_refresh_tokens.go. The first time that such a token is used, its grant gets a family, whose secret is derived
// from the token: from then on the token is place 0 of it, and what holds for a sealed one holds for it.

// FormerToken is a refresh token of the release before.
type FormerToken struct {
	Token     Digest
	Own       Digest // of the family that follows from it
	Successor Digest // of the family that follows from what the release before gave for it
}

// FormerFamily is the family that such a token belongs to now.
type FormerFamily struct {
	GrantID   [16]byte
	Successor bool // it is the one of Successor
}

// AdoptRefreshToken gives the grant of the token a family, unless it has one. A token that was spent less than grace ago, before the upgrade,
// goes on as what it had given. The Misfit has a reason if it may not be used: then what was spent before is revoked.
func (s *Store) AdoptRefreshToken(ctx context.Context, t FormerToken, clientID string, grace time.Duration, now time.Time) (
	f FormerFamily, m Misfit, err error) {
	err = failure(s.pool.QueryRow(ctx, `
		WITH token AS (
			SELECT t.grant_id, t.created_at, t.expires_at, coalesce(g.refresh_sha256, CASE WHEN t.used_at IS NULL THEN $2::bytea ELSE $3::bytea END) AS family,
				CASE WHEN g.client_id <> $4 THEN 'issued to another client'
					WHEN t.used_at <= $6 AND g.refresh_sha256 IS DISTINCT FROM $2 OR g.refresh_sha256 NOT IN ($2, $3) THEN 'used before'
					WHEN t.expires_at <= $5 THEN 'expired'
					ELSE '' END AS refusal
			FROM refresh_tokens t JOIN grants g ON g.id = t.grant_id WHERE t.token_sha256 = $1
		), adopted AS (
			UPDATE grants g SET refresh_sha256 = t.family, refreshed_at = t.created_at, refresh_expires_at = t.expires_at
			FROM token t WHERE g.id = t.grant_id AND t.refusal = '' AND g.refresh_sha256 IS NULL
		), spent AS (
			UPDATE refresh_tokens SET used_at = $5 WHERE token_sha256 = $1 AND used_at IS NULL AND EXISTS (SELECT FROM token WHERE refusal = '')
		), revoked AS (
			UPDATE grants g SET revoked_at = $5 FROM token t
			WHERE g.id = t.grant_id AND t.refusal = 'used before' AND g.revoked_at IS NULL
			RETURNING g.id
		)
		SELECT grant_id, family = $3, refusal, EXISTS (SELECT FROM revoked) FROM token`,
		t.Token[:], t.Own[:], t.Successor[:], clientID, now, now.Add(-grace)).Scan(&f.GrantID, &f.Successor, &m.Reason, &m.Revoked))
	if err == ErrNotFound {
		return f, Misfit{Reason: "unknown"}, nil
	}
	return f, m, err
}

// LoadFormerRefreshToken is LoadRefreshToken for one that was not used since the upgrade.
func (s *Store) LoadFormerRefreshToken(ctx context.Context, token Digest, c *oidc.Client, now time.Time) (t RefreshToken, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT u.sub, u.username, g.scope, t.created_at, t.expires_at
		FROM refresh_tokens t JOIN grants g ON g.id = t.grant_id JOIN users u ON u.id = g.user_id
		WHERE t.token_sha256 = $1 AND t.used_at IS NULL AND t.expires_at > $3 AND `+refusalOfOffline("$2", "$4", "$3")+` IS NULL`,
		token[:], c.ClientID, now, emptyNotNil(c.AllowedGroups)).Scan(&t.Sub, &t.Username, &t.Scope, &t.CreatedAt, &t.ExpiresAt)
	return t, failure(err)
}

// RevokeFormerRefreshToken is RevokeRefreshToken.
func (s *Store) RevokeFormerRefreshToken(ctx context.Context, token Digest, clientID string, now time.Time) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE grants g SET revoked_at = $3 FROM refresh_tokens t
		WHERE t.token_sha256 = $1 AND g.id = t.grant_id AND g.client_id = $2 AND g.revoked_at IS NULL`, token[:], clientID, now)
	return failure(err)
}

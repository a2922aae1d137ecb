package store

import (
	"context"
	"time"
)

// UpstreamTokens are what an upstream gave out for one account; the tokens themselves are sealed.
type UpstreamTokens struct {
	Upstream, Issuer, Sub string // the account; no Sub: there is none
	Username              string
	AccessToken           []byte     // nil: none
	ExpiresAt             *time.Time // of the access token; nil: the upstream never said
	RefreshToken          []byte     // nil: none
	Scope                 string
	RefreshingUntil       *time.Time // nil: nobody refreshes them
}

var upstreamTokensSQL = `
	SELECT u.username, coalesce(` + refusalOfAny("$4") + `, ''),
		coalesce(a.sub, ''), a.access_token, a.access_token_expires_at, a.refresh_token, coalesce(a.token_scope, ''), a.refreshing_until
	FROM ` + grantTables + ` ` + grantsClient + `
	LEFT JOIN upstream_accounts a ON a.upstream = $2 AND a.issuer = $3 AND a.username = u.username
	WHERE g.id = $1`

// LoadUpstreamTokens gives in one statement what an exchange needs: the tokens that the user of a grant has at an upstream.
// Without a grant that may live: ErrNotFound with a reason for the log.
func (s *Store) LoadUpstreamTokens(
	ctx context.Context, grantID, upstream, issuer string, now time.Time,
) (t UpstreamTokens, refusal string, err error) {
	t.Upstream, t.Issuer = upstream, issuer
	err = failure(s.pool.QueryRow(ctx, upstreamTokensSQL, grantID, upstream, issuer, now).
		Scan(&t.Username, &refusal, &t.Sub, &t.AccessToken, &t.ExpiresAt, &t.RefreshToken, &t.Scope, &t.RefreshingUntil))
	refusal, err = refusedFor(refusal, err)
	return t, refusal, err
}

// ClaimUpstreamRefresh makes the caller the only one to use the refresh token until the lease ends, on any replica, since an upstream
// that rotates takes each for theft but the first. false: somebody else has it, or the tokens have changed since t was loaded.
func (s *Store) ClaimUpstreamRefresh(ctx context.Context, t UpstreamTokens, lease, now time.Time) (mine bool, err error) {
	tag, err := s.pool.Exec(ctx, `
		UPDATE upstream_accounts SET refreshing_until = $5
		WHERE upstream = $1 AND issuer = $2 AND sub = $3 AND refresh_token = $4 AND (refreshing_until IS NULL OR refreshing_until <= $6)`,
		t.Upstream, t.Issuer, t.Sub, t.RefreshToken, lease, now)
	return err == nil && tag.RowsAffected() == 1, failure(err)
}

// SaveUpstreamRefresh puts fresh tokens in the place of those that were refreshed with spent, and ends the lease. A sign-in meanwhile
// has brought newer ones: they stay.
func (s *Store) SaveUpstreamRefresh(ctx context.Context, spent []byte, fresh UpstreamTokens) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE upstream_accounts SET access_token = $5, access_token_expires_at = $6, refresh_token = $7, token_scope = nullif($8, ''),
			refreshing_until = NULL
		WHERE upstream = $1 AND issuer = $2 AND sub = $3 AND refresh_token = $4`,
		fresh.Upstream, fresh.Issuer, fresh.Sub, spent, fresh.AccessToken, fresh.ExpiresAt, fresh.RefreshToken, fresh.Scope)
	return failure(err)
}

// EndUpstreamRefresh ends the lease of a refresh that brought nothing; dead says that the refresh token will never bring anything.
func (s *Store) EndUpstreamRefresh(ctx context.Context, t UpstreamTokens, lease time.Time, dead bool) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE upstream_accounts SET refreshing_until = NULL, refresh_token = CASE WHEN $6 THEN NULL ELSE refresh_token END
		WHERE upstream = $1 AND issuer = $2 AND sub = $3 AND refresh_token = $4 AND refreshing_until = $5`,
		t.Upstream, t.Issuer, t.Sub, t.RefreshToken, lease, dead)
	return failure(err)
}

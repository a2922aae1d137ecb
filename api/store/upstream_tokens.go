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
	ExpiresAt             *time.Time // of the access token; nil: the upstream did not name it
	RefreshToken          []byte     // nil: none
	Scope                 string
	RefreshingUntil       *time.Time // nil: nobody refreshes them
}

var loadUpstreamTokens = compile(`
	SELECT u.username, coalesce(` + refusalOfAny + `, ''),
		coalesce(a.sub, ''), a.access_token, a.access_token_expires_at, a.refresh_token, coalesce(a.token_scope, ''), a.refreshing_until
	FROM ` + grantTables + ` ` + grantsClient + `
	LEFT JOIN upstream_accounts a ON a.upstream = @upstream AND a.issuer = @issuer AND a.username = u.username
	WHERE g.id = @grant`)

// LoadUpstreamTokens returns in one statement what an exchange needs: the tokens that the user of a grant has at an upstream.
// Without a valid grant: ErrNotFound with a reason for the log.
func (s *Store) LoadUpstreamTokens(
	ctx context.Context, grantID, upstream, issuer string, now time.Time,
) (t UpstreamTokens, refusal string, err error) {
	t.Upstream, t.Issuer = upstream, issuer
	err = failure(loadUpstreamTokens.row(ctx, s.pool, args{"grant": grantID, "upstream": upstream, "issuer": issuer, "now": now}).
		Scan(&t.Username, &refusal, &t.Sub, &t.AccessToken, &t.ExpiresAt, &t.RefreshToken, &t.Scope, &t.RefreshingUntil))
	refusal, err = refusedFor(refusal, err)
	return t, refusal, err
}

// Whoever uses a refresh token of an account names it: another may be there by now.
const spentOfAccount = `upstream = @upstream AND issuer = @issuer AND sub = @sub AND refresh_token = @spent`

func (t *UpstreamTokens) spent(token []byte) args {
	return args{"upstream": t.Upstream, "issuer": t.Issuer, "sub": t.Sub, "spent": token}
}

var claimUpstreamRefresh = compile(`
	UPDATE upstream_accounts SET refreshing_until = @lease
	WHERE ` + spentOfAccount + ` AND (refreshing_until IS NULL OR refreshing_until <= @now)`)

// ClaimUpstreamRefresh makes the caller the only one to use the refresh token until the lease ends, on any replica, since an upstream
// that rotates takes each for theft but the first. false: somebody else has it, or the tokens have changed since t was loaded.
func (s *Store) ClaimUpstreamRefresh(ctx context.Context, t UpstreamTokens, lease, now time.Time) (mine bool, err error) {
	a := t.spent(t.RefreshToken)
	a["lease"], a["now"] = lease, now
	tag, err := claimUpstreamRefresh.run(ctx, s.pool, a)
	return err == nil && tag.RowsAffected() == 1, failure(err)
}

var saveUpstreamRefresh = compile(`
	UPDATE upstream_accounts SET access_token = @access_token, access_token_expires_at = @expires_at, refresh_token = @refresh_token,
		token_scope = nullif(@scope, ''), refreshing_until = NULL
	WHERE ` + spentOfAccount)

// SaveUpstreamRefresh puts fresh tokens in the place of those that were refreshed with spent, and ends the lease. A sign-in meanwhile
// has brought newer ones: they stay.
func (s *Store) SaveUpstreamRefresh(ctx context.Context, spent []byte, fresh UpstreamTokens) error {
	a := fresh.spent(spent)
	a["access_token"], a["expires_at"], a["refresh_token"], a["scope"] = fresh.AccessToken, fresh.ExpiresAt, fresh.RefreshToken, fresh.Scope
	_, err := saveUpstreamRefresh.run(ctx, s.pool, a)
	return failure(err)
}

var endUpstreamRefresh = compile(`
	UPDATE upstream_accounts SET refreshing_until = NULL, refresh_token = CASE WHEN @dead THEN NULL ELSE refresh_token END
	WHERE ` + spentOfAccount + ` AND refreshing_until = @lease`)

// EndUpstreamRefresh ends the lease of a refresh that brought nothing; dead means that the refresh token will never bring anything.
func (s *Store) EndUpstreamRefresh(ctx context.Context, t UpstreamTokens, lease time.Time, dead bool) error {
	a := t.spent(t.RefreshToken)
	a["lease"], a["dead"] = lease, dead
	_, err := endUpstreamRefresh.run(ctx, s.pool, a)
	return failure(err)
}

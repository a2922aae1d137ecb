package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// UpstreamRow is an upstream as an administrator sees one.
type UpstreamRow struct {
	Name                string            `json:"name" db:"name"`
	DisplayName         string            `json:"display_name,omitempty" db:"display_name"`
	Kind                string            `json:"kind" db:"kind"`
	Issuer              string            `json:"issuer" db:"issuer"`
	ClientID            string            `json:"client_id" db:"client_id"`
	HasSecret           bool              `json:"has_client_secret" db:"has_secret"`
	Scope               string            `json:"scope" db:"scope"`
	AuthorizationParams map[string]string `json:"authorization_params" db:"authorization_params"`
	EmailDomains        []string          `json:"email_domains" db:"email_domains"`
	TrustsEmail         bool              `json:"trusts_email" db:"trusts_email"`
	CreatesUsers        bool              `json:"creates_users" db:"creates_users"`
	Accounts            int               `json:"accounts" db:"accounts"`
	DisabledAt          *time.Time        `json:"disabled_at,omitempty" db:"disabled_at"`
}

// AddUpstream adds an upstream; secret is "" for a public client.
func (s *Store) AddUpstream(ctx context.Context, u UpstreamRow, secret string) error {
	if u.AuthorizationParams == nil {
		u.AuthorizationParams = map[string]string{}
	}
	_, err := s.pool.Exec(ctx, `
		INSERT INTO upstreams (name, display_name, kind, issuer, client_id, client_secret, scope, authorization_params, email_domains,
			trusts_email, creates_users)
		VALUES ($1, nullif($2, ''), $3, $4, $5, nullif($6, ''), $7, $8, $9, $10, $11)`,
		u.Name, u.DisplayName, u.Kind, u.Issuer, u.ClientID, secret, u.Scope, u.AuthorizationParams, emptyNotNil(u.EmailDomains),
		u.TrustsEmail, u.CreatesUsers)
	return inWords(err, values{"name": u.Name, "display_name": u.DisplayName, "kind": u.Kind, "issuer": u.Issuer, "client_id": u.ClientID,
		"scope": u.Scope, "email_domains": join(u.EmailDomains)})
}

const upstreamSelect = `SELECT name, coalesce(display_name, '') AS display_name, kind, issuer, client_id,
	client_secret IS NOT NULL AS has_secret, scope, authorization_params, email_domains, trusts_email, creates_users, disabled_at,
	(SELECT count(*) FROM upstream_accounts a WHERE a.upstream = u.name) AS accounts FROM upstreams u`

// ListUpstreams returns all upstreams by name.
func (s *Store) ListUpstreams(ctx context.Context) ([]UpstreamRow, error) {
	rows, err := s.pool.Query(ctx, upstreamSelect+` ORDER BY name`)
	if err != nil {
		return nil, inWords(err, nil)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[UpstreamRow])
	return list, inWords(err, nil)
}

// ShowUpstream returns one upstream. Errors: Missing.
func (s *Store) ShowUpstream(ctx context.Context, name string) (UpstreamRow, error) {
	rows, err := s.pool.Query(ctx, upstreamSelect+` WHERE name = $1`, name)
	if err != nil {
		return UpstreamRow{}, inWords(err, nil)
	}
	u, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[UpstreamRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return u, Missing{"upstream", name}
	}
	return u, inWords(err, nil)
}

// DisableUpstream lets nobody sign in there any more.
func (s *Store) DisableUpstream(ctx context.Context, name string) error {
	return s.manageOne(ctx, Missing{"upstream", name}, nil,
		`UPDATE upstreams SET disabled_at = coalesce(disabled_at, now()) WHERE name = $1 RETURNING 1`, name)
}

// EnableUpstream lets people sign in there again.
func (s *Store) EnableUpstream(ctx context.Context, name string) error {
	return s.manageOne(ctx, Missing{"upstream", name}, nil, `UPDATE upstreams SET disabled_at = NULL WHERE name = $1 RETURNING 1`, name)
}

// RemoveUpstream removes an upstream, with its accounts and their tokens.
func (s *Store) RemoveUpstream(ctx context.Context, name string) error {
	return s.manageOne(ctx, Missing{"upstream", name}, nil, `DELETE FROM upstreams WHERE name = $1 RETURNING 1`, name)
}

// AddUpstreamAccount makes an account that of a user. Without an issuer in a it is the upstream's own.
func (s *Store) AddUpstreamAccount(ctx context.Context, a UpstreamAccount, username string) error {
	return s.manageOne(ctx, Missing{"upstream", a.Upstream}, values{"sub": a.Sub, "user": username, "account": a.Sub}, `
		INSERT INTO upstream_accounts (upstream, issuer, sub, username)
		SELECT name, coalesce(nullif($2, ''), issuer), $3, $4 FROM upstreams WHERE name = $1 RETURNING 1`, a.Upstream, a.Issuer, a.Sub, username)
}

// RemoveUpstreamAccount takes from a user the account they have at an upstream, with its tokens.
func (s *Store) RemoveUpstreamAccount(ctx context.Context, upstream, username string) error {
	return s.manageOne(ctx, Missing{"account of " + upstream + " of user", username}, nil,
		`DELETE FROM upstream_accounts WHERE upstream = $1 AND username = $2 RETURNING 1`, upstream, username)
}

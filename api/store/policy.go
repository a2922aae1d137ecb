package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// policyColumn is oidc.Policy, which is cached with each client.
const policyColumn = `jsonb_build_object(
		'acr_values', (SELECT coalesce(jsonb_agg(to_jsonb(v) ORDER BY v.position), '[]') FROM acr_values v),
		'mfa_groups', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', name, 'from', mfa_from) ORDER BY mfa_from NULLS FIRST, name), '[]')
			FROM groups WHERE mfa),
		'terms', ` + termsOfPolicy + `) AS policy`

var loadPolicy = compile(`SELECT ` + policyColumn)

// Policy returns what holds where there is no client, such as on the account page, from the cache where it is.
func (s *Store) Policy(ctx context.Context) (oidc.Policy, error) {
	return s.policy.get("", func() (p oidc.Policy, err error) {
		return p, failure(loadPolicy.row(ctx, s.pool, args{}).Scan(&p))
	})
}

// enrolledColumns is what user u has set up beside a password; enrolledFields takes them in this order. Codes that are left matter only to
// somebody who has a factor.
const enrolledColumns = `EXISTS (SELECT FROM totp_secrets f WHERE f.user_id = u.id),
	EXISTS (SELECT FROM passkeys f WHERE f.user_id = u.id), EXISTS (SELECT FROM passkeys f WHERE f.user_id = u.id AND f.hardware_protected),
	(SELECT count(*) FROM recovery_codes f WHERE f.user_id = u.id AND f.spent_at IS NULL)`

func enrolledFields(e *oidc.Enrolled) []any {
	return []any{&e.TOTP, &e.Passkey, &e.HardwareKey, &e.RecoveryCodes}
}

// scanAll scans fields, then more, in one row.
func scanAll(row pgx.Row, fields ...[]any) error {
	var all []any
	for _, list := range fields {
		all = append(all, list...)
	}
	return row.Scan(all...)
}

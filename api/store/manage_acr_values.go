package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// ACRValueRow is an authentication context class that a sign-in can reach, and what it takes.
type ACRValueRow struct {
	Value             string `json:"value" help:"As applications ask for it and tokens say it."`
	Position          int    `json:"position" help:"Its place: of several that were reached, tokens say the last."`
	Factors           int    `json:"factors" help:"How many different ones it takes, 1 or 2; a passkey is two."`
	PhishingResistant bool   `json:"phishing_resistant" help:"It takes a passkey."`
	HardwareProtected bool   `json:"hardware_protected" help:"It takes a passkey that an administrator has seen to be in hardware."`
	ManagedBy         string `json:"managed_by,omitempty" help:"Where a file declares it, such as hub.yaml:14; empty: none does."`
}

var (
	listACRValues = compile(`SELECT value, position, factors, phishing_resistant, hardware_protected,
		coalesce(managed_by, '') AS managed_by FROM acr_values ORDER BY position`)
	addACRValue = compile(`
		INSERT INTO acr_values (value, position, factors, phishing_resistant, hardware_protected)
		VALUES (@value, coalesce(nullif(@position, 0), (SELECT coalesce(max(position), 0) + 10 FROM acr_values)), @factors, @phishing_resistant,
			@hardware_protected)`)
	removeACRValue = compile(`DELETE FROM acr_values WHERE value = @value RETURNING 1`)
)

// ListACRValues returns all by position: there are few.
func (s *Store) ListACRValues(ctx context.Context) ([]ACRValueRow, error) {
	return listed[ACRValueRow](ctx, s, listACRValues, nil)
}

// AddACRValue adds one, as the last if it has no position.
func (s *Store) AddACRValue(ctx context.Context, v ACRValueRow) error {
	_, err := addACRValue.run(ctx, s.pool, args{"value": v.Value, "position": v.Position, "factors": v.Factors,
		"phishing_resistant": v.PhishingResistant, "hardware_protected": v.HardwareProtected})
	return inWords(err, values{"value": v.Value})
}

// RemoveACRValue removes one that nobody has to reach. Errors: Missing.
func (s *Store) RemoveACRValue(ctx context.Context, value string) error {
	err := s.manageOne(ctx, Missing{"acr value", value}, nil, removeACRValue, args{"value": value})
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "23503" { // foreign_key_violation
		return Refusal{refused.ConstraintName, "sign-ins to a client or a service have to reach it: set another min_acr there first", err}
	}
	return err
}

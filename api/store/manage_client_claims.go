package store

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

const clientClaimColumns = `position, claim, value, coalesce(from_field, '') AS from_field, coalesce(from_group, '') AS from_group,
	coalesce(from_group_prefix, '') AS from_group_prefix, keep_prefix, shape, in_access_token`

var (
	addClientClaim = compile(`
		INSERT INTO client_claims (client_id, position, claim, value, from_field, from_group, from_group_prefix, keep_prefix, shape,
			in_access_token)
		VALUES (@client, nullif(@position::integer, 0), @claim, @value, nullif(@from_field, ''), nullif(@from_group, ''),
			nullif(@from_group_prefix, ''), @keep_prefix, @shape, @in_access_token)
		RETURNING ` + clientClaimColumns)
	listClientClaims = compile(`SELECT ` + clientClaimColumns + ` FROM client_claims
		WHERE client_id = @client AND position > @after::integer ORDER BY position LIMIT @limit`)
	removeClientClaim = compile(`DELETE FROM client_claims WHERE client_id = @client AND position = @position RETURNING 1`)
)

// AddClientClaim adds a row of claims to a client and returns it; Position 0 is the place after the others.
func (s *Store) AddClientClaim(ctx context.Context, clientID string, r oidc.ClaimRow) (oidc.ClaimRow, error) {
	var value json.RawMessage // NULL where there is none
	if len(r.Value) > 0 {
		value = r.Value
	}
	rows, err := addClientClaim.rows(ctx, s.pool, args{"client": clientID, "position": r.Position, "claim": r.Claim, "value": value,
		"from_field": r.FromField, "from_group": r.FromGroup, "from_group_prefix": r.FromGroupPrefix, "keep_prefix": r.KeepPrefix,
		"shape": r.Shape, "in_access_token": r.InAccessToken})
	var added oidc.ClaimRow
	if err == nil {
		added, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[oidc.ClaimRow])
	}
	return added, inWords(err, values{"claim": r.Claim, "from_field": r.FromField, "from_group": r.FromGroup,
		"from_group_prefix": r.FromGroupPrefix, "shape": r.Shape})
}

// ClientClaimQuery is which rows of a client are wanted; their key is the position.
type ClientClaimQuery struct {
	Page
	ClientID string
}

// ListClientClaims returns the rows of a client by position. Errors: Missing, of the client.
func (s *Store) ListClientClaims(ctx context.Context, q ClientClaimQuery) ([]oidc.ClaimRow, error) {
	if _, err := s.Client(ctx, q.ClientID); errors.Is(err, ErrNotFound) {
		return nil, Missing{"client", q.ClientID}
	} else if err != nil {
		return nil, inWords(err, nil)
	}
	after, _ := strconv.Atoi(q.After)
	return listed[oidc.ClaimRow](ctx, s, listClientClaims, args{"client": q.ClientID, "after": after, "limit": q.Limit})
}

// SetClientClaim writes those columns of a row, and no others. Errors: Missing.
func (s *Store) SetClientClaim(ctx context.Context, clientID string, position int, changes Columns) error {
	row := noun{kind: "row of claims", must: []string{"claim", "shape"}}
	return s.set(ctx, "client_claims", row, "client_id = @the_client AND position = @the_position",
		args{"the_client": clientID, "the_position": position}, missingRow(clientID, position), changes)
}

func missingRow(clientID string, position int) Missing {
	return Missing{"row of claims", clientID + " " + strconv.Itoa(position)}
}

// RemoveClientClaim removes a row of claims from a client.
func (s *Store) RemoveClientClaim(ctx context.Context, clientID string, position int) error {
	return s.manageOne(ctx, missingRow(clientID, position), nil, removeClientClaim,
		args{"client": clientID, "position": position})
}

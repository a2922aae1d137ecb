package store

import (
	"context"
	"time"
)

// ExchangePolicyRow is a row of exchange_policies: a client may exchange access tokens for one that the audience takes.
type ExchangePolicyRow struct {
	ClientID        string    `json:"client_id" help:"Who may."`
	Audience        string    `json:"audience" help:"The service that the new token is for."`
	Scope           string    `json:"scope,omitempty" help:"The widest scope of the new token."`
	SubjectAudience string    `json:"subject_audience,omitempty" help:"Tokens for this audience may be exchanged, beside the client's own."`
	Impersonation   bool      `json:"impersonation" help:"The new token need not say who acts for the person."`
	CreatedAt       time.Time `json:"created_at" help:"When it was added."`
	ManagedBy       string    `json:"managed_by,omitempty" help:"Where a file declares it, such as hub.yaml:14; empty: none does."`
}

var (
	listExchangePolicies = compile(`
		SELECT client_id, audience, scope, coalesce(subject_audience, '') AS subject_audience, impersonation, created_at,
			coalesce(managed_by, '') AS managed_by FROM exchange_policies
		WHERE client_id = @client AND audience > @after ORDER BY audience LIMIT @limit`)
	addExchangePolicy = compile(`
		INSERT INTO exchange_policies (client_id, audience, scope, subject_audience, impersonation)
		VALUES (@client, @audience, @scope, nullif(@subject_audience, ''), @impersonation)`)
	removeExchangePolicy = compile(`DELETE FROM exchange_policies WHERE client_id = @client AND audience = @audience RETURNING 1`)
	clientIsThere        = compile(`SELECT FROM clients WHERE client_id = @client`)
)

// ListExchangePolicies returns those of a client by audience, their key. Errors: Missing.
func (s *Store) ListExchangePolicies(ctx context.Context, clientID string, p Page) ([]ExchangePolicyRow, error) {
	if err := s.manageOne(ctx, Missing{"client", clientID}, nil, clientIsThere, args{"client": clientID}); err != nil {
		return nil, err
	}
	return listed[ExchangePolicyRow](ctx, s, listExchangePolicies, args{"client": clientID, "after": p.After, "limit": p.Limit})
}

// AddExchangePolicy adds one.
func (s *Store) AddExchangePolicy(ctx context.Context, x ExchangePolicyRow) error {
	_, err := addExchangePolicy.run(ctx, s.pool, args{"client": x.ClientID, "audience": x.Audience, "scope": x.Scope,
		"subject_audience": x.SubjectAudience, "impersonation": x.Impersonation})
	return inWords(err, values{"client": x.ClientID, "audience": x.Audience, "scope": x.Scope, "subject_audience": x.SubjectAudience})
}

// SetExchangePolicy changes the columns of one. Errors: Missing.
func (s *Store) SetExchangePolicy(ctx context.Context, clientID, audience string, changes Columns) error {
	row := noun{kind: "exchange policy of " + clientID + " for", must: []string{"audience", "scope"}}
	return s.set(ctx, "exchange_policies", row, "client_id = @the_client AND audience = @the_audience",
		args{"the_client": clientID, "the_audience": audience}, Missing{row.kind, audience}, changes)
}

// RemoveExchangePolicy removes one: no more tokens are exchanged by it. Errors: Missing.
func (s *Store) RemoveExchangePolicy(ctx context.Context, clientID, audience string) error {
	return s.manageOne(ctx, Missing{"exchange policy of " + clientID + " for", audience}, nil, removeExchangePolicy,
		args{"client": clientID, "audience": audience})
}

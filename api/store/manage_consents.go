package store

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
)

// ConsentRow is what a client may use of a user's, as an administrator sees it.
type ConsentRow struct {
	ClientID   string    `json:"client_id"`
	ClientName string    `json:"client_name,omitempty"`
	Scopes     []string  `json:"scopes"`
	Resources  []string  `json:"resources,omitempty"`
	Asked      bool      `json:"asked"` // the user allowed it; else it is first-party, and holds what outlives sessions
	Since      time.Time `json:"since"`
}

var (
	listAllowedBy     = listClientsOf(`u.username = @username`)
	withdrawConsentOf = withdrawOf(`SELECT id FROM users WHERE username = @username`)
)

// ListConsents returns what clients may use of a user's.
func (s *Store) ListConsents(ctx context.Context, username string, now time.Time) ([]ConsentRow, error) {
	if _, err := s.AddressOf(ctx, username); err != nil {
		return nil, err
	}
	rows, err := listAllowedBy.rows(ctx, s.pool, args{"username": username, "now": now, "limit": clientsShown})
	if err != nil {
		return nil, inWords(err, nil)
	}
	var clients []OwnClient
	if err := into(&clients, readOwnClient)(rows); err != nil {
		return nil, inWords(err, nil)
	}
	list := []ConsentRow{}
	for _, c := range clients {
		if c.Since == nil {
			continue
		}
		row := ConsentRow{ClientID: c.ClientID, ClientName: c.ClientName, Scopes: c.Lasting, Since: *c.Since}
		if c.Consented != nil {
			row.Asked, row.Scopes, row.Resources = true, oidc.NotNil(c.Consented.Scopes), c.Consented.Resources
		}
		list = append(list, row)
	}
	return list, nil
}

// WithdrawConsentOf takes from a client what a user allowed it, and all grants with it. Missing: there is no such user, or nothing to take.
func (s *Store) WithdrawConsentOf(ctx context.Context, username, clientID string) error {
	had := false
	err := failure(withdrawConsentOf.row(ctx, s.pool, args{"username": username, "client": clientID, "now": time.Now()}).Scan(&had))
	switch {
	case errors.Is(err, ErrNotFound):
		return Missing{"user", username}
	case err == nil && !had:
		return Missing{"consent", clientID}
	}
	return inWords(err, nil)
}

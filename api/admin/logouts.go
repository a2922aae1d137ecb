package admin

import (
	"context"

	"gatehouse/api/store"
)

// Logout is a back-channel logout and what became of it.
type Logout = store.LogoutRow

// ListLogouts is the client whose logouts are wanted; "" for all.
type ListLogouts struct {
	ClientID string `json:"client_id,omitempty"`
}

// logoutsShown bounds the list; the table has those of a week (docs/sql.md).
const logoutsShown = 50

// ListLogouts returns the latest back-channel logouts.
func (a *Admin) ListLogouts(ctx context.Context, in ListLogouts) ([]Logout, error) {
	if in.ClientID != "" { // a list that is empty because of a typing error would mislead
		if _, err := a.store.ShowClient(ctx, in.ClientID); err != nil {
			return nil, err
		}
	}
	return a.store.ListLogouts(ctx, in.ClientID, logoutsShown)
}

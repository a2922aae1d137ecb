package main

import (
	"context"
	"time"

	"gatehouse/api/config"
	"gatehouse/api/store"
)

// logoutsShown bounds the list; the table has those of a week (docs/sql.md).
const logoutsShown = 50

type clientLogoutsCmd struct {
	ID string `arg:"" optional:"" name:"client" help:"Only this client's."`
}

// Run shows what became of the latest back-channel logouts.
func (c clientLogoutsCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		if c.ID != "" { // a list that is empty for a typing error would mislead
			if _, err := s.ShowClient(ctx, c.ID); err != nil {
				return err
			}
		}
		list, err := s.ListLogouts(ctx, c.ID, logoutsShown)
		if err != nil {
			return err
		}
		t := newTable(a.stdout, "SINCE", "CLIENT_ID", "USER", "STATE", "LAST_ERROR")
		for _, l := range list {
			t.row(l.CreatedAt.UTC().Format(time.DateTime), l.ClientID, l.User, logoutState(l), l.LastError)
		}
		t.flush()
		return nil
	})
}

func logoutState(l store.LogoutRow) string {
	switch {
	case l.DeliveredAt != nil:
		return "delivered"
	case l.NextAttemptAt == nil:
		return "given up"
	case l.Attempts == 0:
		return "to be sent"
	}
	return "next try " + l.NextAttemptAt.UTC().Format(time.TimeOnly)
}

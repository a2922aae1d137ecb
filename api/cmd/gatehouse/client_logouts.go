package main

import (
	"context"
	"time"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

type clientLogoutsCmd struct {
	ID string `arg:"" optional:"" name:"client" help:"Only this client's."`
}

func (c clientLogoutsCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		list, err := adm.ListLogouts(ctx, admin.ListLogouts{ClientID: c.ID})
		if err != nil {
			return err
		}
		if a.json {
			return printJSON(a.stdout, list)
		}
		t := newTable(a.stdout, "SINCE", "CLIENT_ID", "USER", "STATE", "LAST_ERROR")
		for _, l := range list {
			t.row(l.CreatedAt.UTC().Format(time.DateTime), l.ClientID, l.User, logoutState(l), l.LastError)
		}
		t.flush()
		return nil
	})
}

func logoutState(l admin.Logout) string {
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

package main

import (
	"context"
	"fmt"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

type explainCmd struct {
	Username string `arg:""`
	ClientID string `arg:"" name:"client_id"`

	Resource []string `sep:"none" placeholder:"ID" help:"A service that the client names; may be repeated."`
}

func (c explainCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		explained, err := adm.Explain(ctx, admin.Explain{Username: c.Username, ClientID: c.ClientID, Resources: c.Resource})
		switch {
		case err != nil:
			return err
		case a.json:
			return printJSON(a.stdout, explained)
		}
		for i, s := range explained.Steps {
			fmt.Fprintf(a.stdout, "%d. %s\n", i+1, s.What)
			if s.Row != "" {
				fmt.Fprintf(a.stdout, "   decided by %s\n", s.Row)
			}
		}
		return nil
	})
}

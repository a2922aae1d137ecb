package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

type clientRefusalsCmd struct {
	ID string `arg:"" name:"id" help:"client_id."`
}

func (c clientRefusalsCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		list, err := adm.ListClientRefusals(ctx, admin.ListClientRefusals{ClientID: c.ID})
		switch {
		case err != nil:
			return err
		case a.json:
			return printJSON(a.stdout, list)
		case len(list) == 0:
			fmt.Fprintln(a.stdout, "nothing of it was refused within the last days")
		}
		for _, r := range list {
			fmt.Fprintf(a.stdout, "%s  %s  %s: %s\n", r.At.UTC().Format(time.RFC3339), r.Endpoint, r.Error, r.Why)
			if r.Member == "" {
				continue
			}
			fmt.Fprintf(a.stdout, "  sent     %s%s\n", r.Sent, map[bool]string{false: " …"}[r.Whole])
			if r.Nearest != "" {
				fmt.Fprintf(a.stdout, "  nearest  %s\n", r.Nearest)
			}
			if r.DiffersAt != nil {
				fmt.Fprintf(a.stdout, "           %s^\n", strings.Repeat(" ", *r.DiffersAt))
			}
			if r.Allow != "" {
				fmt.Fprintf(a.stdout, "  to allow it: %s\n", r.Allow)
			}
		}
		return nil
	})
}

package main

import (
	"context"
	"fmt"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

type clientImportCmd struct {
	File string `arg:"" help:"A JSON array of clients, or one client; - is standard input."`
}

const maxImport = 16 << 10 // KiB

func (c clientImportCmd) Run(ctx context.Context, a *app) error {
	text, err := a.readFile(c.File, maxImport)
	if err != nil {
		return err
	}
	list, err := admin.ParseRegistrations(text)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		imported, err := adm.ImportClients(ctx, admin.ImportClients{Clients: list})
		for _, w := range imported.Warnings {
			fmt.Fprintf(a.stderr, "warning: client %s: %s\n", w.ClientID, w.Text)
		}
		if err != nil {
			return err
		}
		for _, client := range imported.Clients {
			word := "updated"
			if client.New {
				word = "registered"
			}
			if client.ClientSecret != "" {
				word += ", client_secret " + client.ClientSecret
			}
			fmt.Fprintf(a.stdout, "%s: %s\n", client.ClientID, word)
		}
		return nil
	})
}

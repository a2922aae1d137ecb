package main

import (
	"context"
	"fmt"
	"slices"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

type clientImportCmd struct {
	File string `arg:"" help:"JSON: clients as in RFC 7591, or of Keycloak, Hydra, Dex or Authelia; - is standard input."`
}

const maxImport = 16 << 10 // KiB

func (c clientImportCmd) Run(ctx context.Context, a *app) error {
	text, err := a.readFile(c.File, maxImport)
	if err != nil {
		return err
	}
	in, said, err := admin.ParseRegistrations(text)
	if err != nil {
		return err
	}
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		imported, err := adm.ImportClients(ctx, in)
		for _, w := range slices.Concat(said, imported.Warnings) {
			fmt.Fprintf(a.stderr, "warning: client %s: %s\n", w.ClientID, w.Text)
		}
		if err != nil || a.json {
			return a.done(imported, err, "")
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

package main

import (
	"cmp"
	"context"
	"time"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

type clientSecretsCmd struct {
	ID string `arg:"" name:"id" help:"client_id."`
}

func (c clientSecretsCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		list := walk(func(p admin.Paging) (admin.Page[admin.ClientSecret], error) {
			return adm.ListClientSecrets(ctx, admin.ListClientSecrets{Paging: p, ClientID: c.ID})
		})
		head := []string{"NAME", "CREATED", "ENDS", "LAST_USE"}
		return printList(a, list, head, func(s admin.ClientSecret) []string {
			ends := cmp.Or(minute(s.ExpiresAt), "never")
			if s.ExpiresAt != nil && !time.Now().Before(*s.ExpiresAt) {
				ends = "ended " + ends
			}
			return []string{s.Name, minute(&s.CreatedAt), ends, cmp.Or(minute(s.UsedAt), "none known")}
		})
	})
}

func minute(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04Z")
}

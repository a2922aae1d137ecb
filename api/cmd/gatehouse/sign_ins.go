package main

import (
	"cmp"
	"context"
	"strings"
	"time"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

type signInsCmd struct {
	User   string         `placeholder:"USERNAME" help:"Of this user only."`
	Failed bool           `help:"Failures only."`
	Since  admin.Duration `placeholder:"7d" help:"Of the last days or hours only, such as 7d or 24h."`
}

func (c signInsCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		var since time.Time
		if c.Since > 0 {
			since = time.Now().Add(-time.Duration(c.Since))
		}
		list := walk(func(p admin.Paging) (admin.Page[admin.SignIn], error) {
			return adm.ListSignIns(ctx, admin.ListSignIns{Paging: p, Username: c.User, Failed: c.Failed, Since: since})
		})
		head := []string{"AT", "USERNAME", "CLIENT", "OUTCOME", "AMR", "ADDR", "REQUEST"}
		return printList(a, list, head, func(s admin.SignIn) []string {
			return []string{s.At.UTC().Format(time.RFC3339), s.Username, s.ClientID, cmp.Or(s.Why, s.Outcome), strings.Join(s.AMR, " "),
				s.Addr, s.RequestID}
		})
	})
}

package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

// resourceCmd is about services that access tokens are for (RFC 8707).
type resourceCmd struct {
	List resourceListCmd `cmd:"" help:"List the services."`
	kong.Plugins
}

type resourceListCmd struct {
}

func (c resourceListCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		list := walk(func(p admin.Paging) (admin.Page[admin.Resource], error) {
			return adm.ListResources(ctx, admin.ListResources{Paging: p})
		})
		return printList(a, list, []string{"IDENTIFIER", "NAME", "OPEN_TO", "GROUPS", "ACR", "STATE", "SCOPES"},
			func(r admin.Resource) []string {
				return []string{r.Identifier, r.Name, r.OpenTo, strings.Join(r.AllowedGroups, ", "), r.MinACR, state(r.DisabledAt),
					strings.Join(slices.Sorted(maps.Keys(r.Scopes)), " ")}
			})
	})
}

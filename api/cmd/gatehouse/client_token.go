package main

import (
	"context"
	"strconv"

	"github.com/alecthomas/kong"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

// clientTokenCmd is about initial access tokens (RFC 7591 §1.2).
type clientTokenCmd struct {
	List clientTokenListCmd `cmd:"" help:"List the tokens, not their values."`
	kong.Plugins
}

type clientTokenListCmd struct {
}

func (c clientTokenListCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		list := walk(func(p admin.Paging) (admin.Page[admin.InitialAccessToken], error) {
			return adm.ListInitialAccessTokens(ctx, admin.ListInitialAccessTokens{Paging: p})
		})
		head := []string{"NAME", "USES_LEFT", "CREATED", "EXPIRES", "USED"}
		return printList(a, list, head, func(t admin.InitialAccessToken) []string {
			uses := "any number"
			if t.UsesLeft != nil {
				uses = strconv.Itoa(*t.UsesLeft)
			}
			return []string{t.Name, uses, day(&t.CreatedAt), day(&t.ExpiresAt), day(t.UsedAt)}
		})
	})
}

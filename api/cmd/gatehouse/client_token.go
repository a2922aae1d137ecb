package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"gatehouse/api/config"
	"gatehouse/api/store"
)

// clientTokenCmd is about initial access tokens (RFC 7591 §1.2).
type clientTokenCmd struct {
	Add    clientTokenAddCmd    `cmd:"" help:"Make a token that clients register themselves with; prints it, once."`
	List   clientTokenListCmd   `cmd:"" help:"List the tokens, not their values."`
	Remove clientTokenRemoveCmd `cmd:"" help:"Remove a token; clients that were registered with it stay."`
}

type clientTokenAddCmd struct {
	Name string `arg:"" help:"What you know it by."`
	Uses int    `default:"1" help:"Clients that may be registered with it (${default}); 0 for any number."`
	Days int    `default:"30" help:"How long it is good (${default})."`
}

func (c clientTokenAddCmd) Run(ctx context.Context, a *app) error {
	if c.Uses < 0 || c.Days < 1 || c.Days > 3650 {
		return fmt.Errorf("--uses must not be negative, and --days must be from 1 to 3650")
	}
	uses := &c.Uses
	if c.Uses == 0 {
		uses = nil
	}
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		token, sha := newSecret()
		err := s.AddInitialAccessToken(ctx, c.Name, sha, uses, time.Duration(c.Days)*24*time.Hour)
		return a.done(err, "initial_access_token %s", token)
	})
}

type clientTokenListCmd struct {
	JSON bool `name:"json" help:"As JSON."`
}

func (c clientTokenListCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		list := walk(func(token store.InitialAccessToken) string { return token.Name },
			func(p store.Page) ([]store.InitialAccessToken, error) { return s.ListInitialAccessTokens(ctx, p) })
		if c.JSON {
			return printRows(a.stdout, list)
		}
		head := []string{"NAME", "USES_LEFT", "CREATED", "EXPIRES", "USED"}
		return printTable(a.stdout, list, head, func(token store.InitialAccessToken) []string {
			uses := "any number"
			if token.UsesLeft != nil {
				uses = strconv.Itoa(*token.UsesLeft)
			}
			return []string{token.Name, uses, day(&token.CreatedAt), day(&token.ExpiresAt), day(token.UsedAt)}
		})
	})
}

type clientTokenRemoveCmd struct {
	Name string `arg:""`
}

func (c clientTokenRemoveCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		return a.done(s.RemoveInitialAccessToken(ctx, c.Name), "removed token %s", c.Name)
	})
}

package main

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/config"
	"gatehouse/api/store"
)

type userTokensCmd struct {
	Username string `arg:""`
	JSON     bool   `name:"json" help:"As JSON."`
}

func (c userTokensCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		list := walk(store.PersonalAccessToken.Key, func(p store.Page) ([]store.PersonalAccessToken, error) {
			return s.ListPersonalAccessTokens(ctx, store.PersonalAccessTokenQuery{Page: p, Username: c.Username})
		})
		if c.JSON {
			return printRows(a.stdout, list)
		}
		head := []string{"ID", "NAME", "SCOPE", "CREATED", "EXPIRES", "USED", "REVOKED"}
		return printTable(a.stdout, list, head, func(token store.PersonalAccessToken) []string {
			return []string{token.ID, token.Name, token.Scope, day(&token.CreatedAt), day(&token.ExpiresAt), day(token.UsedAt), day(token.RevokedAt)}
		})
	})
}

func day(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format(time.DateOnly)
}

type userRevokeTokenCmd struct {
	ID    string `arg:"" optional:"" help:"As gatehouse user tokens shows it."`
	AllOf string `placeholder:"USERNAME" help:"All tokens of this user, in place of one."`
}

func (c userRevokeTokenCmd) Run(ctx context.Context, a *app) error {
	if (c.ID == "") == (c.AllOf == "") {
		return errors.New("name either the id of a token, as gatehouse user tokens shows it, or a user with --all-of")
	}
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		if c.ID != "" {
			return a.done(s.EndPersonalAccessToken(ctx, c.ID), "revoked token %s", c.ID)
		}
		ended, err := s.EndPersonalAccessTokens(ctx, c.AllOf)
		return a.done(err, "revoked tokens of %s: %d", c.AllOf, ended)
	})
}

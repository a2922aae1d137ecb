package main

import (
	"context"
	"fmt"
	"strings"

	"gatehouse/api/config"
	"gatehouse/api/store"
)

type userCmd struct {
	Add     userAddCmd     `cmd:"" help:"Add a user; asks for the password, or reads it from standard input."`
	Passwd  userPasswdCmd  `cmd:"" help:"Set a user's password."`
	Disable userDisableCmd `cmd:"" help:"Shut a user out, from the next request on."`
	Enable  userEnableCmd  `cmd:"" help:"Let a user in again."`
	List    userListCmd    `cmd:"" help:"List the users."`

	Tokens      userTokensCmd      `cmd:"" help:"List a user's personal access tokens."`
	RevokeToken userRevokeTokenCmd `cmd:"" help:"Revoke a personal access token, or all of a user."`
}

type userAddCmd struct {
	Username      string   `arg:"" help:"A Unix name in lower case."`
	Email         string   `placeholder:"ADDRESS"`
	EmailVerified bool     `help:"The address is known to be the user's."`
	Name          string   `help:"Full name."`
	Group         []string `sep:"none" placeholder:"GROUP" help:"Member of this group; may be repeated."`
	Sub           string   `placeholder:"ID" help:"Subject identifier, to keep the one of another provider. It never changes."`
	PasswordStdin bool     `help:"Read the password from standard input, even on a terminal."`
	NoPassword    bool     `help:"The user cannot sign in with a password."`
}

func (c userAddCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) (err error) {
		hash := ""
		if !c.NoPassword {
			if hash, err = a.newPasswordHash(ctx, c.Username, c.PasswordStdin); err != nil {
				return err
			}
		}
		sub, err := s.AddUser(ctx, store.UserRow{Username: c.Username, Sub: c.Sub, Name: c.Name, Email: c.Email,
			EmailVerified: c.EmailVerified, Groups: c.Group}, hash)
		if err == nil {
			fmt.Fprintf(a.stdout, "added user %s with sub %s\n", c.Username, sub)
		}
		return err
	})
}

type userPasswdCmd struct {
	Username      string `arg:""`
	PasswordStdin bool   `help:"Read the password from standard input, even on a terminal."`
	SignOut       bool   `help:"Also end the user's sessions and revoke what applications hold."`
}

func (c userPasswdCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		hash, err := a.newPasswordHash(ctx, c.Username, c.PasswordStdin)
		if err != nil {
			return err
		}
		return a.done(s.SetPassword(ctx, c.Username, hash, c.SignOut), "set the password of %s", c.Username)
	})
}

type userDisableCmd struct {
	Username string `arg:""`
}

func (c userDisableCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		return a.done(s.DisableUser(ctx, c.Username), "disabled user %s", c.Username)
	})
}

type userEnableCmd struct {
	Username string `arg:""`
}

func (c userEnableCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		return a.done(s.EnableUser(ctx, c.Username), "enabled user %s", c.Username)
	})
}

type userListCmd struct {
	Search string `placeholder:"TEXT" help:"Only those who have this in their username, name or address."`
	Group  string `placeholder:"GROUP" help:"Only members of this group."`
	JSON   bool   `name:"json" help:"As JSON."`
}

func (c userListCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		list := walk(func(u store.UserRow) string { return u.Username }, func(p store.Page) ([]store.UserRow, error) {
			return s.ListUsers(ctx, store.UserQuery{Page: p, Search: c.Search, Group: c.Group})
		})
		if c.JSON {
			return printRows(a.stdout, list)
		}
		return printTable(a.stdout, list, []string{"USERNAME", "NAME", "EMAIL", "GROUPS", "STATE", "SUB"}, func(u store.UserRow) []string {
			return []string{u.Username, u.Name, u.Email, strings.Join(u.Groups, " "), state(u.DisabledAt), u.Sub}
		})
	})
}

// done says what was done, unless it was not.
func (a *app) done(err error, format string, args ...any) error {
	if err == nil {
		fmt.Fprintf(a.stdout, format+"\n", args...)
	}
	return err
}

// orJSON prints a list, [] if it is empty, unless there is an error.
func orJSON[T any](a *app, list []T, err error) error {
	if err != nil {
		return err
	}
	if list == nil {
		list = []T{}
	}
	return printJSON(a.stdout, list)
}

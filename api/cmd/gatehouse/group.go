package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/alecthomas/kong"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

type groupCmd struct {
	List    groupListCmd    `cmd:"" help:"List the groups and their members."`
	Members groupMembersCmd `cmd:"" help:"List the members of a group, one on a line."`
	kong.Plugins
}

type groupListCmd struct {
	Search string `placeholder:"TEXT" help:"Only those that have this in their name or description."`
	Owner  string `placeholder:"NAME" help:"Only those that this user looks after."`
}

// group is a group with its members.
type group struct {
	admin.Group
	Members []string `json:"members"`
}

func (c groupListCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		list := withMembers(ctx, adm, walk(func(p admin.Paging) (admin.Page[admin.Group], error) {
			return adm.ListGroups(ctx, admin.ListGroups{Paging: p, Search: c.Search, Owner: c.Owner})
		}))
		return printList(a, list, []string{"NAME", "DESCRIPTION", "MEMBERS"}, func(g group) []string {
			return []string{g.Name, g.Description, strings.Join(g.Members, " ")}
		})
	})
}

func withMembers(ctx context.Context, adm *admin.Admin, groups iter.Seq2[admin.Group, error]) iter.Seq2[group, error] {
	return func(yield func(group, error) bool) {
		for g, err := range groups {
			row := group{Group: g}
			if err == nil {
				row.Members, err = usernames(members(ctx, adm, g.Name))
			}
			if errors.As(err, new(admin.Missing)) {
				continue // it was removed after its page was read
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func usernames(members iter.Seq2[admin.Member, error]) ([]string, error) {
	list := []string{}
	for m, err := range members {
		if err != nil {
			return nil, err
		}
		list = append(list, m.Username)
	}
	return list, nil
}

func members(ctx context.Context, adm *admin.Admin, group string) iter.Seq2[admin.Member, error] {
	return walk(func(p admin.Paging) (admin.Page[admin.Member], error) {
		return adm.ListGroupMembers(ctx, admin.ListGroupMembers{Paging: p, Group: group})
	})
}

type groupMembersCmd struct {
	Group string `arg:""`
}

func (c groupMembersCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		if a.json {
			return printRows(a.stdout, members(ctx, adm, c.Group))
		}
		for m, err := range members(ctx, adm, c.Group) {
			if err != nil {
				return err
			}
			fmt.Fprintln(a.stdout, m.Username)
		}
		return nil
	})
}

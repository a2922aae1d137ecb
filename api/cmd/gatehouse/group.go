package main

import (
	"cmp"
	"context"
	"iter"
	"strings"

	"gatehouse/api/config"
	"gatehouse/api/store"
)

type groupCmd struct {
	Add          groupAddCmd          `cmd:"" help:"Add a group."`
	Remove       groupRemoveCmd       `cmd:"" help:"Remove a group; its members stay users."`
	AddMember    groupAddMemberCmd    `cmd:"" help:"Make users members of a group."`
	RemoveMember groupRemoveMemberCmd `cmd:"" help:"End a membership, from the next request on."`
	List         groupListCmd         `cmd:"" help:"List the groups and their members."`
}

type groupAddCmd struct {
	Name        string `arg:""`
	Description string
}

func (c groupAddCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		return a.done(s.AddGroup(ctx, c.Name, c.Description), "added group %s", c.Name)
	})
}

type groupRemoveCmd struct {
	Name string `arg:""`
}

func (c groupRemoveCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		return a.done(s.RemoveGroup(ctx, c.Name), "removed group %s", c.Name)
	})
}

type groupAddMemberCmd struct {
	Group     string   `arg:""`
	Usernames []string `arg:"" name:"username"`
}

func (c groupAddMemberCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		return a.done(s.AddGroupMembers(ctx, c.Group, c.Usernames), "added %s to group %s", strings.Join(c.Usernames, ", "), c.Group)
	})
}

type groupRemoveMemberCmd struct {
	Group    string `arg:""`
	Username string `arg:""`
}

func (c groupRemoveMemberCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		return a.done(s.RemoveGroupMember(ctx, c.Group, c.Username), "removed %s from group %s", c.Username, c.Group)
	})
}

type groupListCmd struct {
	Search string `placeholder:"TEXT" help:"Only those that have this in their name or description."`
	JSON   bool   `name:"json" help:"As JSON."`
}

// group is a group with its members.
type group struct {
	store.GroupRow
	Members []string `json:"members"`
}

func (c groupListCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		list := withMembers(ctx, s, walk(func(g store.GroupRow) string { return g.Name }, func(p store.Page) ([]store.GroupRow, error) {
			return s.ListGroups(ctx, store.GroupQuery{Page: p, Search: c.Search})
		}))
		if c.JSON {
			return printRows(a.stdout, list)
		}
		return printTable(a.stdout, list, []string{"NAME", "DESCRIPTION", "MEMBERS"}, func(g group) []string {
			return []string{g.Name, g.Description, strings.Join(g.Members, " ")}
		})
	})
}

func withMembers(ctx context.Context, s *store.Store, rows iter.Seq2[store.GroupRow, error]) iter.Seq2[group, error] {
	return func(yield func(group, error) bool) {
		for row, err := range rows {
			g := group{row, []string{}}
			members := walk(func(name string) string { return name }, func(p store.Page) ([]string, error) {
				return s.ListGroupMembers(ctx, store.GroupMembersQuery{Page: p, Group: g.Name})
			})
			for name, failed := range members {
				g.Members = append(g.Members, name)
				err = cmp.Or(err, failed)
			}
			if !yield(g, err) || err != nil {
				return
			}
		}
	}
}

package main

import (
	"context"
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
	JSON bool `name:"json" help:"As JSON."`
}

func (c groupListCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		list, err := s.ListGroups(ctx)
		if err != nil || c.JSON {
			return orJSON(a, list, err)
		}
		t := newTable(a.stdout, "NAME", "DESCRIPTION", "MEMBERS")
		for _, g := range list {
			t.row(g.Name, g.Description, strings.Join(g.Members, " "))
		}
		t.flush()
		return nil
	})
}

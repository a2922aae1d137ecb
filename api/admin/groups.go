package admin

import (
	"context"

	"gatehouse/api/store"
)

// Group is a group without its members.
type Group = store.GroupRow

// AddGroup is a group to add.
type AddGroup struct {
	Name        string `json:"name" arg:""`
	Description string `json:"description,omitempty"`
}

// AddGroup adds a group without members.
func (a *Admin) AddGroup(ctx context.Context, in AddGroup) (Nothing, error) {
	return Nothing{}, a.store.AddGroup(ctx, in.Name, in.Description)
}

// GroupName names a group.
type GroupName struct {
	Name string `json:"name" arg:""`
}

// RemoveGroup removes a group and its memberships.
func (a *Admin) RemoveGroup(ctx context.Context, in GroupName) (Nothing, error) {
	return Nothing{}, a.store.RemoveGroup(ctx, in.Name)
}

// AddGroupMembers is who joins a group.
type AddGroupMembers struct {
	Group     string   `json:"group" arg:""`
	Usernames []string `json:"usernames" arg:"" name:"username"`
}

// AddGroupMembers makes users members of a group, all or none; those who are members already stay so.
func (a *Admin) AddGroupMembers(ctx context.Context, in AddGroupMembers) (Nothing, error) {
	return Nothing{}, a.store.AddGroupMembers(ctx, in.Group, in.Usernames)
}

// GroupMember is a membership.
type GroupMember struct {
	Group    string `json:"group" arg:""`
	Username string `json:"username" arg:""`
}

// RemoveGroupMember ends a membership, from the next request on.
func (a *Admin) RemoveGroupMember(ctx context.Context, in GroupMember) (Nothing, error) {
	return Nothing{}, a.store.RemoveGroupMember(ctx, in.Group, in.Username)
}

// ListGroups is which groups are wanted.
type ListGroups struct {
	Paging
	Search string `json:"q,omitempty" help:"In the name or the description."`
}

// ListGroups returns groups by name.
func (a *Admin) ListGroups(ctx context.Context, in ListGroups) (Page[Group], error) {
	return page(in.Paging, func(g Group) string { return g.Name }, func(p store.Page) ([]Group, error) {
		return a.store.ListGroups(ctx, store.GroupQuery{Page: p, Search: in.Search})
	})
}

// ListGroupMembers is the group whose members are wanted.
type ListGroupMembers struct {
	Paging
	Group string `json:"group"`
}

// ListGroupMembers returns the usernames of a group's members.
func (a *Admin) ListGroupMembers(ctx context.Context, in ListGroupMembers) (Page[string], error) {
	return page(in.Paging, func(username string) string { return username }, func(p store.Page) ([]string, error) {
		return a.store.ListGroupMembers(ctx, store.GroupMembersQuery{Page: p, Group: in.Group})
	})
}

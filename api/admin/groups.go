package admin

import (
	"context"
	"time"

	"gatehouse/api/store"
)

// Group is a group without its members.
type Group = store.GroupRow

// AddGroup is a group to add.
type AddGroup struct {
	Name        string     `json:"name" arg:"" help:"What it is called, also in the claim groups."`
	Description string     `json:"description,omitempty" help:"What it is for."`
	MFA         bool       `json:"mfa,omitempty" name:"mfa" help:"Its members have to prove two factors, at every application."`
	MFAFrom     *time.Time `json:"mfa_from,omitempty" name:"mfa-from" placeholder:"DATE" help:"From when, such as 2027-03-01."`
}

// AddGroup adds a group without members.
func (a *Admin) AddGroup(ctx context.Context, in AddGroup) (Nothing, error) {
	return Nothing{}, a.store.AddGroup(ctx, Group{Name: in.Name, Description: in.Description, MFA: in.MFA, MFAFrom: in.MFAFrom})
}

// SetGroup is what to change of a group: what is nil stays as it is, and what is empty is cleared.
type SetGroup struct {
	Name string `json:"name" arg:"" help:"Whose row it is."`

	NewName     *string    `json:"new_name,omitempty" placeholder:"NAME" help:"Another name, also in the claim groups and for clients."`
	Description *string    `json:"description,omitempty" help:"What it is for."`
	MFA         *bool      `json:"mfa,omitempty" name:"mfa" negatable:"" help:"Its members have to prove two factors, at every application."`
	MFAFrom     *time.Time `json:"mfa_from,omitempty" name:"mfa-from" placeholder:"DATE" help:"From when; empty for at once."`
}

// SetGroup changes what is named of a group. Who has to prove a second factor from then on and has none sets one up.
func (a *Admin) SetGroup(ctx context.Context, in SetGroup) (Nothing, error) {
	return Nothing{}, a.store.Set(ctx, "groups", in.Name, changesOf(in))
}

// ShowGroup returns one group without its members.
func (a *Admin) ShowGroup(ctx context.Context, in GroupName) (store.GroupDetails, error) {
	return a.store.ShowGroup(ctx, in.Name)
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

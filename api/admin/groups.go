package admin

import (
	"cmp"
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

	InactiveAfter Duration `json:"inactive_after,omitempty" placeholder:"365d" help:"Members who do not sign in for so long are disabled."`
	GID           *int64   `json:"gid,omitempty" name:"gid" placeholder:"NUMBER" help:"Its number on machines; without: the next one."`
}

// AddGroup adds a group without members.
func (a *Admin) AddGroup(ctx context.Context, in AddGroup) (Nothing, error) {
	inactive, err := inDays("inactive_after", in.InactiveAfter)
	if err != nil {
		return Nothing{}, err
	}
	return Nothing{}, a.store.AddGroup(ctx, Group{Name: in.Name, Description: in.Description, MFA: in.MFA, MFAFrom: in.MFAFrom,
		InactiveAfter: inactive, GID: in.GID})
}

// SetGroup is what to change of a group: what is nil stays as it is, and what is empty is cleared.
type SetGroup struct {
	Name string `json:"name" arg:"" help:"Whose row it is."`

	NewName     *string    `json:"new_name,omitempty" placeholder:"NAME" help:"Another name, also in the claim groups and for clients."`
	Description *string    `json:"description,omitempty" help:"What it is for."`
	MFA         *bool      `json:"mfa,omitempty" name:"mfa" negatable:"" help:"Its members have to prove two factors, at every application."`
	MFAFrom     *time.Time `json:"mfa_from,omitempty" name:"mfa-from" placeholder:"DATE" help:"From when; empty for at once."`

	InactiveAfter *Duration `json:"inactive_after,omitempty" placeholder:"365d" help:"Who does not sign in for so long is disabled; 0d: none."`
	GID           *int64    `json:"gid,omitempty" name:"gid" placeholder:"NUMBER" help:"Its number on machines; files keep the old one."`
}

// SetGroup changes what is named of a group. Who has to prove a second factor from then on and has none sets one up.
func (a *Admin) SetGroup(ctx context.Context, in SetGroup) (Nothing, error) {
	changes := changesOf(in)
	if in.InactiveAfter != nil {
		var err error
		if changes["inactive_after"], err = inDays("inactive_after", *in.InactiveAfter); err != nil {
			return Nothing{}, err
		}
	}
	return Nothing{}, a.store.Set(ctx, "groups", in.Name, changes)
}

// ShowGroup returns one group without its members.
func (a *Admin) ShowGroup(ctx context.Context, in GroupName) (store.GroupDetails, error) {
	return a.store.ShowGroup(ctx, in.Name, a.administration())
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

	Until *time.Time `json:"until,omitempty" placeholder:"DATE" help:"When they leave, such as 2027-03-01; not by themselves without it."`
}

// AddGroupMembers makes users members of a group, all or none; those who are members already stay so, with another end where there is one.
func (a *Admin) AddGroupMembers(ctx context.Context, in AddGroupMembers) (Nothing, error) {
	return Nothing{}, a.store.AddGroupMembers(ctx, in.Group, in.Usernames, in.Until)
}

// SetGroupMember is when a membership ends.
type SetGroupMember struct {
	GroupMember
	Until *time.Time `json:"until,omitempty" placeholder:"DATE" help:"When they leave, such as 2027-03-01; empty: not by themselves."`
}

// SetGroupMember prolongs a membership, or has it end.
func (a *Admin) SetGroupMember(ctx context.Context, in SetGroupMember) (Nothing, error) {
	if in.Until == nil {
		return Nothing{}, invalid("%s is what to change", member("until"))
	}
	return Nothing{}, a.store.SetGroupMember(ctx, in.Group, in.Username, orNil(*in.Until))
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
	Owner  string `json:"owner,omitempty" help:"That this user looks after."`
}

// ListGroups returns groups by name.
func (a *Admin) ListGroups(ctx context.Context, in ListGroups) (Page[Group], error) {
	return page(in.Paging, func(g Group) string { return g.Name }, func(p store.Page) ([]Group, error) {
		return a.store.ListGroups(ctx, store.GroupQuery{Page: p, Search: in.Search, Owner: cmp.Or(ownerOf(ctx), in.Owner)}, a.administration())
	})
}

// ListGroupMembers is the group whose members are wanted.
type ListGroupMembers struct {
	Paging
	Group string `json:"group"`
}

// Member is somebody in a group.
type Member = store.GroupMember

// ListGroupMembers returns the members of a group by username.
func (a *Admin) ListGroupMembers(ctx context.Context, in ListGroupMembers) (Page[Member], error) {
	return page(in.Paging, func(m Member) string { return m.Username }, func(p store.Page) ([]Member, error) {
		return a.store.ListGroupMembers(ctx, store.GroupMembersQuery{Page: p, Group: in.Group})
	})
}

package store

import (
	"context"
	"slices"
	"strings"
	"time"
)

// GroupRow is a group as an administrator sees one.
type GroupRow struct {
	Name        string     `json:"name" help:"What it is called, also in the claim groups."`
	Description string     `json:"description,omitempty" help:"What it is for."`
	MFA         bool       `json:"mfa,omitempty" help:"Whether its members have to prove two factors."`
	MFAFrom     *time.Time `json:"mfa_from,omitempty" help:"From when; at once without it."`
	// In days, such as 365d.
	InactiveAfter string    `json:"inactive_after,omitempty" help:"Members who do not sign in for so long are disabled, such as 365d."`
	GID           *int64    `json:"gid,omitempty" help:"Its number on machines."`
	CreatedAt     time.Time `json:"created_at" help:"When it was added."`
	ManagedBy     string    `json:"managed_by,omitempty" help:"Where a file declares it, such as hub.yaml:14; empty: none does."`
}

const groupColumns = `g.name, coalesce(g.description, '') AS description, g.mfa, g.mfa_from,
	coalesce(extract(epoch FROM g.inactive_after)::bigint / 86400 || 'd', '') AS inactive_after, g.gid, g.created_at,
	coalesce(g.managed_by, '') AS managed_by`

var (
	addGroup = compile(`
		INSERT INTO groups (name, description, mfa, mfa_from, inactive_after, gid)
		VALUES (@name, nullif(@description, ''), @mfa, @mfa_from, nullif(@inactive_after, '')::interval, @gid)`)
	removeGroup     = compile(`DELETE FROM groups WHERE name = @name RETURNING 1`)
	addGroupMembers = compile(`
		INSERT INTO group_members AS m (group_name, username, until) SELECT @group, unnest(@usernames::text[]), @until::timestamptz
		ON CONFLICT ON CONSTRAINT group_members_user_is_in_the_group_already DO UPDATE SET until = EXCLUDED.until
		WHERE EXCLUDED.until IS NOT NULL OR NOT ` + memberNow("m"))
	setGroupMember    = compile(`UPDATE group_members SET until = @until WHERE group_name = @group AND username = @username RETURNING 1`)
	removeGroupMember = compile(`DELETE FROM group_members WHERE group_name = @group AND username = @username RETURNING 1`)
)

// AddGroup adds a group without members.
func (s *Store) AddGroup(ctx context.Context, g GroupRow) error {
	_, err := addGroup.run(ctx, s.pool, args{"name": g.Name, "description": g.Description, "mfa": g.MFA, "mfa_from": g.MFAFrom,
		"inactive_after": g.InactiveAfter, "gid": g.GID})
	return inWords(err, values{"name": g.Name})
}

// GroupDetails are all that is known of a group.
type GroupDetails struct {
	GroupRow
	Members  int      `json:"members" help:"How many are in it."`
	Owners   []string `json:"owners" help:"Who looks after it."`
	NotOwned string   `json:"not_owned,omitempty" help:"Why nobody can look after it but administrators; whoever owns it may not either."`
}

var showGroup = compile(`SELECT ` + groupColumns + `, (SELECT count(*) FROM group_members m
		WHERE m.group_name = g.name AND ` + memberNow("m") + `) AS members,
		ARRAY(SELECT o.username FROM group_owners o WHERE o.group_name = g.name ORDER BY 1) AS owners,
		coalesce(` + whyNotOwned("g") + `, '') AS not_owned
	FROM groups g WHERE g.name = @name`)

// ShowGroup returns one group. Errors: Missing.
func (s *Store) ShowGroup(ctx context.Context, name string, adm Administration) (GroupDetails, error) {
	return one[GroupDetails](ctx, s, Missing{"group", name}, showGroup, adm.args(args{"name": name, "now": time.Now()}))
}

// GroupIsThere returns Missing where there is no such group.
func (s *Store) GroupIsThere(ctx context.Context, name string) error {
	return s.manageOne(ctx, Missing{"group", name}, nil, groupIsThere, args{"name": name})
}

// RemoveGroup removes a group and its memberships.
func (s *Store) RemoveGroup(ctx context.Context, name string) error {
	return s.manageOne(ctx, Missing{"group", name}, nil, removeGroup, args{"name": name})
}

// AddGroupMembers makes users members of a group, until a time or, with nil, for ever. Who is one already stays one: as long as before
// with nil, else until that time.
func (s *Store) AddGroupMembers(ctx context.Context, group string, usernames []string, until *time.Time) error {
	_, err := addGroupMembers.run(ctx, s.pool, args{"group": group, "usernames": distinct(usernames), "until": until, "now": time.Now()})
	return inWords(err, values{"group": group, "user": join(usernames)})
}

// SetGroupMember sets when a membership ends; nil: it does not by itself. Errors: Missing.
func (s *Store) SetGroupMember(ctx context.Context, group, username string, until *time.Time) error {
	return s.manageOne(ctx, Missing{"member of " + group + " called", username}, nil, setGroupMember,
		args{"group": group, "username": username, "until": until})
}

// RemoveGroupMember ends a membership, from the next request on.
func (s *Store) RemoveGroupMember(ctx context.Context, group, username string) error {
	return s.manageOne(ctx, Missing{"member of " + group + " called", username}, nil, removeGroupMember,
		args{"group": group, "username": username})
}

// GroupQuery is which groups are wanted; their key is the name.
type GroupQuery struct {
	Page
	Search string // in the name or the description
	Owner  string // of whose groups; "" for all
}

var listGroups = compile(`
	SELECT ` + groupColumns + ` FROM groups g
	WHERE g.name > @after AND ` + contains("g.name, g.description") + `
		AND (@owner = '' OR ` + owns("@owner", "g") + `) ORDER BY g.name LIMIT @limit`)

// ListGroups returns groups by name.
func (s *Store) ListGroups(ctx context.Context, q GroupQuery, adm Administration) ([]GroupRow, error) {
	return listed[GroupRow](ctx, s, listGroups, adm.args(args{"after": q.After, "limit": q.Limit, "search": q.Search, "owner": q.Owner,
		"now": time.Now()}))
}

// GroupMembersQuery is which members of a group are wanted; their key is the username.
type GroupMembersQuery struct {
	Page
	Group string
}

var (
	listGroupMembers = compile(`
		SELECT m.username, coalesce(u.name, concat_ws(' ', u.given_name, u.family_name)) AS name, m.until
		FROM group_members m JOIN users u USING (username) WHERE m.group_name = @group AND m.username > @after AND ` + memberNow("m") + `
		ORDER BY m.username LIMIT @limit`)
	groupIsThere = compile(`SELECT FROM groups WHERE name = @name`)
)

// GroupMember is somebody in a group, as far as whoever looks after it has to know them.
type GroupMember struct {
	Username string     `json:"username" help:"What they are called here."`
	Name     string     `json:"name,omitempty" help:"Full name."`
	Until    *time.Time `json:"until,omitempty" help:"When the membership ends; without it, not by itself."`
}

// ListGroupMembers returns the members of a group by username. Errors: Missing.
func (s *Store) ListGroupMembers(ctx context.Context, q GroupMembersQuery) ([]GroupMember, error) {
	list, err := listed[GroupMember](ctx, s, listGroupMembers,
		args{"group": q.Group, "after": q.After, "limit": q.Limit, "now": time.Now()})
	if err == nil && len(list) == 0 {
		return nil, s.GroupIsThere(ctx, q.Group)
	}
	return list, err
}

// distinct returns each of a list once: a statement writes no row twice.
func distinct(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func join(list []string) string { return strings.Join(list, " ") }

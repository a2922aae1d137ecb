package store

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// GroupRow is a group as an administrator sees one.
type GroupRow struct {
	Name        string `json:"name" db:"name"`
	Description string `json:"description,omitempty" db:"description"`

	MFA     bool       `json:"mfa,omitempty" db:"mfa"`           // its members have to prove two factors
	MFAFrom *time.Time `json:"mfa_from,omitempty" db:"mfa_from"` // nil: at once
}

var (
	addGroup        = compile(`INSERT INTO groups (name, description) VALUES (@name, nullif(@description, ''))`)
	removeGroup     = compile(`DELETE FROM groups WHERE name = @name RETURNING 1`)
	addGroupMembers = compile(`
		INSERT INTO group_members (group_name, username) SELECT @group, unnest(@usernames::text[])
		ON CONFLICT ON CONSTRAINT group_members_user_is_in_the_group_already DO NOTHING`)
	removeGroupMember = compile(`DELETE FROM group_members WHERE group_name = @group AND username = @username RETURNING 1`)
)

// AddGroup adds a group without members.
func (s *Store) AddGroup(ctx context.Context, name, description string) error {
	_, err := addGroup.run(ctx, s.pool, args{"name": name, "description": description})
	return inWords(err, values{"name": name})
}

// RemoveGroup removes a group and its memberships.
func (s *Store) RemoveGroup(ctx context.Context, name string) error {
	return s.manageOne(ctx, Missing{"group", name}, nil, removeGroup, args{"name": name})
}

var setGroupMFA = compile(`UPDATE groups SET mfa = @mfa, mfa_from = @from WHERE name = @name RETURNING 1`)

// SetGroupMFA has members of a group prove two factors, or not any more; from is nil for at once.
func (s *Store) SetGroupMFA(ctx context.Context, name string, mfa bool, from *time.Time) error {
	return s.manageOne(ctx, Missing{"group", name}, values{}, setGroupMFA, args{"name": name, "mfa": mfa, "from": from})
}

// AddGroupMembers makes users members of a group; who is one already stays one.
func (s *Store) AddGroupMembers(ctx context.Context, group string, usernames []string) error {
	_, err := addGroupMembers.run(ctx, s.pool, args{"group": group, "usernames": usernames})
	return inWords(err, values{"group": group, "user": join(usernames)})
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
}

var listGroups = compile(`
	SELECT g.name, coalesce(g.description, '') AS description, g.mfa, g.mfa_from
	FROM groups g WHERE g.name > @after AND ` + contains("g.name, g.description") + ` ORDER BY g.name LIMIT @limit`)

// ListGroups returns groups by name.
func (s *Store) ListGroups(ctx context.Context, q GroupQuery) ([]GroupRow, error) {
	return listed[GroupRow](ctx, s, listGroups, args{"after": q.After, "limit": q.Limit, "search": q.Search})
}

// GroupMembersQuery is which members of a group are wanted; their key is the username.
type GroupMembersQuery struct {
	Page
	Group string
}

var (
	listGroupMembers = compile(`
		SELECT m.username FROM group_members m WHERE m.group_name = @group AND m.username > @after ORDER BY m.username LIMIT @limit`)
	groupIsThere = compile(`SELECT FROM groups WHERE name = @name`)
)

// ListGroupMembers returns the usernames of members of a group, in their order. Errors: Missing.
func (s *Store) ListGroupMembers(ctx context.Context, q GroupMembersQuery) ([]string, error) {
	rows, err := listGroupMembers.rows(ctx, s.pool, args{"group": q.Group, "after": q.After, "limit": q.Limit})
	if err != nil {
		return nil, inWords(err, nil)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(list) == 0 { // is it there?
		return nil, s.manageOne(ctx, Missing{"group", q.Group}, nil, groupIsThere, args{"name": q.Group})
	}
	return list, inWords(err, nil)
}

func join(list []string) string { return strings.Join(list, " ") }

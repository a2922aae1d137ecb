package store

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// GroupRow is a group as an administrator sees one.
type GroupRow struct {
	Name        string `json:"name" db:"name"`
	Description string `json:"description,omitempty" db:"description"`
}

// AddGroup adds a group without members.
func (s *Store) AddGroup(ctx context.Context, name, description string) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO groups (name, description) VALUES ($1, nullif($2, ''))`, name, description)
	return inWords(err, values{"name": name})
}

// RemoveGroup removes a group and its memberships.
func (s *Store) RemoveGroup(ctx context.Context, name string) error {
	return s.manageOne(ctx, Missing{"group", name}, nil, `DELETE FROM groups WHERE name = $1 RETURNING 1`, name)
}

// AddGroupMembers makes users members of a group; who is one already stays one.
func (s *Store) AddGroupMembers(ctx context.Context, group string, usernames []string) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO group_members (group_name, username) SELECT $1, unnest($2::text[])
		ON CONFLICT ON CONSTRAINT group_members_user_is_in_the_group_already DO NOTHING`, group, usernames)
	return inWords(err, values{"group": group, "user": join(usernames)})
}

// RemoveGroupMember ends a membership, from the next request on.
func (s *Store) RemoveGroupMember(ctx context.Context, group, username string) error {
	return s.manageOne(ctx, Missing{"member of " + group + " called", username}, nil,
		`DELETE FROM group_members WHERE group_name = $1 AND username = $2 RETURNING 1`, group, username)
}

// GroupQuery is which groups are wanted; their key is the name.
type GroupQuery struct {
	Page
	Search string // in the name or the description
}

var listGroupsSQL = `
	SELECT g.name, coalesce(g.description, '') AS description
	FROM groups g WHERE g.name > @after AND ` + contains("g.name, g.description") + ` ORDER BY g.name LIMIT @limit`

// ListGroups returns groups by name.
func (s *Store) ListGroups(ctx context.Context, q GroupQuery) ([]GroupRow, error) {
	return listed[GroupRow](ctx, s, listGroupsSQL, pgx.NamedArgs{"after": q.After, "limit": q.Limit, "search": q.Search})
}

// GroupMembersQuery is which members of a group are wanted; their key is the username.
type GroupMembersQuery struct {
	Page
	Group string
}

const listGroupMembersSQL = `
	SELECT m.username FROM group_members m WHERE m.group_name = @group AND m.username > @after ORDER BY m.username LIMIT @limit`

// ListGroupMembers returns the usernames of members of a group, in their order. Errors: Missing.
func (s *Store) ListGroupMembers(ctx context.Context, q GroupMembersQuery) ([]string, error) {
	rows, err := s.pool.Query(ctx, listGroupMembersSQL, pgx.NamedArgs{"group": q.Group, "after": q.After, "limit": q.Limit})
	if err != nil {
		return nil, inWords(err, nil)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(list) == 0 { // is it there?
		return nil, s.manageOne(ctx, Missing{"group", q.Group}, nil, `SELECT FROM groups WHERE name = $1`, q.Group)
	}
	return list, inWords(err, nil)
}

func join(list []string) string { return strings.Join(list, " ") }

package store

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// whyNotOwned returns why a group, a row of groups under that alias, is looked after by administrators alone, NULL if it can have owners.
// Whoever adds people to such a group, or takes them out, decides who administers, or about accounts. It is asked at each act of an owner,
// so that a group which becomes such a one later is its owners' no more. Arguments are those of Administration.
func whyNotOwned(group string) string {
	return `CASE WHEN ` + group + `.name = ANY (@role_groups::text[]) THEN 'its members administer'
		WHEN ` + group + `.name = '` + oidc.OwnersGroup + `' THEN 'it has whoever owns a group'
		WHEN ` + group + `.mfa THEN 'its members have to prove two factors'
		WHEN ` + group + `.inactive_after IS NOT NULL THEN 'its members are disabled when they do not sign in'
		ELSE (SELECT min('its members may sign in to ' || c.client_id || ', which administers') FROM clients c
			WHERE ` + group + `.name = ANY (c.allowed_groups) AND (@admin_resource = ANY (c.audiences)
				OR c.scope LIKE 'admin.%' OR c.scope LIKE '% admin.%')) END`
}

// owns is the condition that a user, an expression that has their username, owns a group, a row of groups under that alias, and may act for
// it at @now.
func owns(owner, group string) string {
	return `(EXISTS (SELECT FROM group_owners o JOIN users owning USING (username)
		WHERE o.group_name = ` + group + `.name AND o.username = ` + owner + ` AND ` + mayAct("owning") + `)
		AND (` + whyNotOwned(group) + `) IS NULL)`
}

// ownsGroupsOf is the condition that a user owns all groups of an invitation, a row of invitations under that alias, and that it has some.
func ownsGroupsOf(owner, invitation string) string {
	return `(SELECT coalesce(bool_and(` + owns(owner, "og") + `), false) FROM invitation_groups ig JOIN groups og ON og.name = ig.group_name
		WHERE ig.invitation_id = ` + invitation + `.id)`
}

// goodByMaker is the condition that an invitation is good as far as whoever made it goes: an owner owns its groups still. So nobody lets
// others into a group that is theirs no more, or that became one which opens the administration.
func goodByMaker(invitation string) string {
	return `(` + invitation + `.owner IS NULL OR ` + ownsGroupsOf(invitation+".owner", invitation) + `)`
}

// AdministrationOf returns what the settings say of it.
func AdministrationOf(s *oidc.Settings) Administration {
	return Administration{Groups: s.AdminGroups(), Resource: s.AdminResource()}
}

// args adds what whyNotOwned asks for.
func (adm Administration) args(more args) args {
	a := args{"role_groups": oidc.NotNil(adm.Groups), "admin_resource": adm.Resource}
	maps.Copy(a, more)
	return a
}

var (
	findWhyNotOwned = compile(`SELECT coalesce(` + whyNotOwned("g") + `, '') FROM groups g WHERE g.name = @group`)
	addGroupOwners  = compile(`INSERT INTO group_owners (group_name, username) SELECT @group, unnest(@usernames::text[])
		ON CONFLICT ON CONSTRAINT group_owners_user_owns_the_group_already DO NOTHING`)
	removeGroupOwner = compile(`DELETE FROM group_owners WHERE group_name = @group AND username = @username RETURNING 1`)
)

// AddGroupOwners has users look after a group. Errors: Missing; a Refusal of a group that only administrators look after.
func (s *Store) AddGroupOwners(ctx context.Context, group string, usernames []string, adm Administration) error {
	var why string
	err := findWhyNotOwned.row(ctx, s.pool, adm.args(args{"group": group})).Scan(&why)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Missing{"group", group}
	case err != nil:
		return inWords(err, nil)
	case why != "":
		return Refusal{Words: "nobody can own " + group + ": " + why, Constraint: "group_owners_group_must_open_no_administration"}
	}
	_, err = addGroupOwners.run(ctx, s.pool, args{"group": group, "usernames": distinct(usernames)})
	return inWords(err, values{"group": group, "user": join(usernames)})
}

// RemoveGroupOwner takes a group from an owner, from the next request on. Errors: Missing.
func (s *Store) RemoveGroupOwner(ctx context.Context, group, username string) error {
	return s.manageOne(ctx, Missing{"owner of " + group + " called", username}, nil, removeGroupOwner,
		args{"group": group, "username": username})
}

// lockOwned keeps the rows by which somebody owns groups as they are until the transaction ends, so that who takes them away comes before
// or after it.
var lockOwned = compile(`
	SELECT o.group_name FROM group_owners o JOIN groups g ON g.name = o.group_name
	WHERE o.username = @owner AND o.group_name = ANY (@groups::text[]) AND ` + owns("@owner", "g") + ` FOR SHARE OF o`)

// OwnedOf returns which of groups somebody owns, until the transaction of this store ends.
func (s *Store) OwnedOf(ctx context.Context, owner string, groups []string, adm Administration) ([]string, error) {
	rows, err := lockOwned.rows(ctx, s.pool, adm.args(args{"owner": owner, "groups": groups, "now": time.Now()}))
	if err != nil {
		return nil, inWords(err, nil)
	}
	owned, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return owned, inWords(err, nil)
}

var groupsOfInvitation = compile(`SELECT group_name FROM invitation_groups WHERE invitation_id::text = @id ORDER BY 1`)

// GroupsOfInvitation returns the groups that an invitation lets somebody into; none where there is no such invitation.
func (s *Store) GroupsOfInvitation(ctx context.Context, id string) ([]string, error) {
	rows, err := groupsOfInvitation.rows(ctx, s.pool, args{"id": id})
	if err != nil {
		return nil, inWords(err, nil)
	}
	groups, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return groups, inWords(err, nil)
}

var ownersMaySend = compile(`
	SELECT EXISTS (SELECT FROM clients c WHERE c.client_id = @client AND c.registration IS NULL AND c.disabled_at IS NULL
		AND NOT (@admin_resource = ANY (c.audiences) OR c.scope LIKE 'admin.%' OR c.scope LIKE '% admin.%')
		AND (cardinality(c.allowed_groups) = 0 OR c.allowed_groups && @groups::text[]))`)

// OwnersMaySend reports whether an owner may have those whom they invite to groups end at a client: it is one that an administrator
// registered, which lets members of one of the groups in, and which has nothing to do with the admin API.
func (s *Store) OwnersMaySend(ctx context.Context, clientID string, groups []string, adm Administration) (may bool, err error) {
	err = ownersMaySend.row(ctx, s.pool, args{"client": clientID, "groups": groups, "admin_resource": adm.Resource}).Scan(&may)
	return may, inWords(err, nil)
}

// GroupOfWorkshop returns the group of a workshop, "" where there is none.
func (s *Store) GroupOfWorkshop(ctx context.Context, name string) (group string, err error) {
	err = groupOfWorkshop.row(ctx, s.pool, args{"name": name}).Scan(&group)
	return group, inWords(err, nil)
}

// LearnersOf returns the usernames of the accounts that were made with the code of a workshop.
func (s *Store) LearnersOf(ctx context.Context, workshop string) ([]string, error) {
	rows, err := learnersOf.rows(ctx, s.pool, args{"name": workshop})
	if err != nil {
		return nil, inWords(err, nil)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return list, inWords(err, nil)
}

var (
	groupOfWorkshop = compile(`SELECT coalesce((SELECT group_name FROM workshops WHERE name = @name), '')`)
	learnersOf      = compile(`SELECT username FROM users WHERE workshop = @name`)
)

package store

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"gatehouse/api/devdb"
)

// What opens the administration, or decides about accounts, has no owners: not when somebody is to own it, and not later.
func TestWhatGatesAdministrationHasNoOwners(t *testing.T) {
	t.Parallel()
	s := open(t, devdb.Test(t))
	exec := func(sql string) {
		t.Helper()
		if _, err := s.pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	adm := Administration{Groups: []string{"admins"}, Resource: "https://id.example.org/admin/v1"}
	exec(`INSERT INTO users (username) VALUES ('ada'); INSERT INTO groups (name) VALUES ('admins'), ('class'), ('pages'), ('robots')`)
	exec(`INSERT INTO clients (client_id, allowed_groups, audiences)
		VALUES ('gatehouse-admin', '{pages}', '{https://id.example.org/admin/v1}')`)
	exec(`INSERT INTO clients (client_id, allowed_groups, scope) VALUES ('other', '{robots}', 'openid admin.users.read')`)
	refused := func(group, why string) {
		t.Helper()
		var refusal Refusal
		err := s.AddGroupOwners(t.Context(), group, []string{"ada"}, adm)
		if !errors.As(err, &refusal) || !strings.Contains(refusal.Words, why) {
			t.Errorf("%s: %v, want %s", group, err, why)
		}
		if g, err := s.ShowGroup(t.Context(), group, adm); err != nil || !strings.Contains(g.NotOwned, why) {
			t.Errorf("%s: %+v %v, want %s", group, g, err, why)
		}
	}
	refused("admins", "its members administer")
	refused("pages", "gatehouse-admin, which administers")
	refused("robots", "other, which administers")
	if err := s.AddGroupOwners(t.Context(), "class", []string{"ada", "ada"}, adm); err != nil {
		t.Fatal(err)
	}
	refused("gatehouse-owners", "whoever owns a group")
	for _, gate := range []string{"mfa = true", "inactive_after = '30 days'"} {
		exec(`UPDATE groups SET mfa = false, inactive_after = NULL; UPDATE groups SET ` + gate + ` WHERE name = 'class'`)
		refused("class", map[bool]string{true: "two factors", false: "do not sign in"}[gate == "mfa = true"])
	}
	if err := s.AddGroupOwners(t.Context(), "gone", []string{"ada"}, adm); !errors.As(err, new(Missing)) {
		t.Errorf("no such group: %v", err)
	}
}

// Whoever owns a group is in gatehouse-owners, as long as they do, by whatever door.
func TestOwnersAreMembersOfTheirGroup(t *testing.T) {
	t.Parallel()
	s := open(t, devdb.Test(t))
	after := func(sql string, want ...string) {
		t.Helper()
		if _, err := s.pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
		owners, err := s.ListGroupMembers(t.Context(), GroupMembersQuery{Page: Page{Limit: 9}, Group: "gatehouse-owners"})
		names := []string{}
		for _, o := range owners {
			names = append(names, o.Username)
		}
		if err != nil && len(want) > 0 || !slices.Equal(names, want) {
			t.Errorf("%s: %v %v, want %v", sql, owners, err, want)
		}
	}
	after(`INSERT INTO users (username) VALUES ('ada'), ('grace'); INSERT INTO groups (name) VALUES ('a'), ('b')`)
	after(`INSERT INTO group_owners (group_name, username) VALUES ('a', 'ada'), ('b', 'ada'), ('b', 'grace')`, "ada", "grace")
	after(`DELETE FROM group_owners WHERE group_name = 'b' AND username = 'ada'`, "ada", "grace")
	after(`UPDATE users SET username = 'hopper' WHERE username = 'grace'`, "ada", "hopper")
	after(`DELETE FROM groups WHERE name = 'b'`, "ada")
	after(`UPDATE group_owners SET username = 'hopper'`, "hopper")
	after(`UPDATE group_members SET until = '2000-01-01Z'`)
	after(`DELETE FROM group_owners; INSERT INTO group_owners (group_name, username) VALUES ('a', 'hopper')`, "hopper")
	after(`DELETE FROM users WHERE username = 'hopper'`)
}

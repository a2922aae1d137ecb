package store

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestASearchFindsPeopleByNameAddressOrUsername(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	_, err := conn.Exec(t.Context(), `
		INSERT INTO users (username, email) SELECT 'a' || i, 'a' || i || '@example.com' FROM generate_series(1, 2500) AS i;
		INSERT INTO users (username, name, given_name, family_name, email) VALUES ('zoe', NULL, 'Zoë', 'Żółć', 'Zoe@Physics.example.org'),
			('zz', 'Ann 100% O''Brien_', NULL, NULL, NULL), ('zzz', 'Joann Back\slash', NULL, NULL, NULL);
		INSERT INTO groups (name) VALUES ('staff');
		INSERT INTO group_members (group_name, username) SELECT 'staff', username FROM users WHERE username <> 'zz'`,
		pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	s := open(t, conn.Config().ConnString())
	for search, want := range map[string]string{"zoe": "zoe", "ZOE": "zoe", "Żółć": "zoe", "ółć": "zoe", "@physics": "zoe",
		"physics.EXAMPLE.org": "zoe",
		" zoë Żółć ":          "zoe", "Ż": "zoe", "an": "zz", "ann": "zz zzz", "100%": "zz", "brien_": "zz", `k\s`: "zzz", "%%%": "", "___": "",
		"zoe zz": "", "o": "zz", "a2500": "a2500"} {
		for _, limit := range []int{1, 100} {
			found := inPages(t, limit, func(p Page) ([]UserRow, error) {
				return s.ListUsers(t.Context(), UserQuery{Page: p, Search: search})
			}, func(u UserRow) string { return u.Username })
			if got := strings.Join(found, " "); got != want {
				t.Errorf("%q in pages of %d: %s, want %s", search, limit, got, want)
			}
		}
		members, err := s.ListUsers(t.Context(), UserQuery{Page: all, Search: search, Group: "staff"})
		try(t, err)
		if slices.ContainsFunc(members, func(u UserRow) bool { return u.Username == "zz" }) ||
			len(members) != len(strings.Fields(strings.TrimPrefix(want, "zz "))) && want != "zz" {
			t.Errorf("%q in the group: %+v", search, members)
		}
	}
	many := inPages(t, 1000, func(p Page) ([]UserRow, error) {
		return s.ListUsers(t.Context(), UserQuery{Page: p, Search: "example.com", Group: "staff"})
	}, func(u UserRow) string { return u.Username })
	if len(many) != 2500 || !slices.IsSorted(many) {
		t.Errorf("%d have the domain", len(many))
	}
}

// What few have is found by the index, and what many have where the page begins.
func TestASearchReadsNoMoreThanItHasTo(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	_, err := conn.Exec(t.Context(), `INSERT INTO users (username) SELECT 'a' || i FROM generate_series(1, 20000) AS i;
		INSERT INTO groups (name) VALUES ('staff'); INSERT INTO group_members (group_name, username) SELECT 'staff', username FROM users;
		ANALYZE; SET plan_cache_mode = force_generic_plan`, pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	for name, test := range map[string]struct {
		query
		index string
	}{
		"near": {searchUsersNear, "users_username_must_be_unique"}, "near, of a group": {searchUsersOfGroupNear, "group_members_by_group"},
		"far": {searchUsersFar, "users_search"}, "far, of a group": {searchUsersOfGroupFar, "users_search"},
	} {
		given := args{"after": "a100", "limit": 10, "pattern": "%777%", "now": time.Now()}
		if slices.Contains(test.names, "group") {
			given["group"] = "staff"
		}
		rows, err := conn.Query(t.Context(), `EXPLAIN `+test.sql, test.values(given)...)
		try(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		try(t, err)
		// Of the sign-ins, of which there are none, Postgres knows that reading their partitions whole costs nothing.
		plan := strings.Join(lines, "\n")
		if !strings.Contains(plan, test.index) || strings.Contains(strings.ReplaceAll(plan, "Seq Scan on sign_ins_", ""), "Seq Scan") {
			t.Errorf("%s:\n%s", name, plan)
		}
	}
}

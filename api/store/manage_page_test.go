package store

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// all is a page that has all rows of a test.
var all = Page{Limit: 1000}

// inPages returns the keys of a list that is read in pages of limit rows, and fails the test if a page is larger.
func inPages[T any](t *testing.T, limit int, list func(Page) ([]T, error), key func(T) string) (keys []string) {
	t.Helper()
	p := Page{Limit: limit}
	for {
		rows, err := list(p)
		try(t, err)
		if len(rows) > limit {
			t.Errorf("%d rows after %q", len(rows), p.After)
		}
		if len(rows) == 0 {
			return keys
		}
		for _, row := range rows {
			p.After = key(row)
			keys = append(keys, p.After)
		}
	}
}

const someOfEach = `
	INSERT INTO users (username, name, email)
	SELECT 'u' || i, 'Person ' || i, 'U' || i || '@Example.org' FROM generate_series(1, 7) AS i;
	INSERT INTO groups (name, description) SELECT 'g' || i, 'Group ' || i FROM generate_series(1, 7) AS i;
	INSERT INTO group_members (username, group_name) SELECT username, 'g1' FROM users WHERE username <> 'u4';
	INSERT INTO clients (client_id, client_name, token_endpoint_auth_method)
	SELECT 'c' || i, 'Client ' || i, 'none' FROM generate_series(1, 7) AS i;
	INSERT INTO initial_access_tokens (name, token_sha256) SELECT 't' || i, sha256(i::text::bytea) FROM generate_series(1, 7) AS i;
	INSERT INTO personal_access_tokens (token_sha256, username, name, created_at, expires_at)
	SELECT sha256(i::text::bytea), 'u1', 'p' || i, '2026-01-01 00:00:00.123456Z'::timestamptz + (i / 3) * interval '1 us',
		now() + interval '1 day'
	FROM generate_series(1, 7) AS i;`

func TestListsAreReadInPages(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	_, err := conn.Exec(t.Context(), someOfEach, pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	s := open(t, conn.Config().ConnString())
	numbered := func(prefix string, numbers ...int) (keys []string) {
		for _, i := range numbers {
			keys = append(keys, fmt.Sprint(prefix, i))
		}
		return keys
	}
	for _, limit := range []int{1, 2, 7, 100} {
		users := func(q UserQuery) []string {
			return inPages(t, limit, func(p Page) ([]UserRow, error) { q.Page = p; return s.ListUsers(t.Context(), q) },
				func(u UserRow) string { return u.Username })
		}
		groups := func(q GroupQuery) []string {
			return inPages(t, limit, func(p Page) ([]GroupRow, error) { q.Page = p; return s.ListGroups(t.Context(), q, Administration{}) },
				func(g GroupRow) string { return g.Name })
		}
		clients := func(q ClientQuery) []string {
			return inPages(t, limit, func(p Page) ([]oidc.Client, error) { q.Page = p; return s.ListClients(t.Context(), q) },
				func(c oidc.Client) string { return c.ClientID })
		}
		members := func(group string) []string {
			return inPages(t, limit, func(p Page) ([]GroupMember, error) {
				return s.ListGroupMembers(t.Context(), GroupMembersQuery{p, group})
			}, func(m GroupMember) string { return m.Username })
		}
		for _, test := range []struct {
			name      string
			got, want []string
		}{
			{"users", users(UserQuery{}), numbered("u", 1, 2, 3, 4, 5, 6, 7)},
			{"users of a group", users(UserQuery{Group: "g1"}), numbered("u", 1, 2, 3, 5, 6, 7)},
			{"users by name", users(UserQuery{Search: "person 3"}), numbered("u", 3)},
			{"users by address, of a group", users(UserQuery{Search: "@example", Group: "g1"}), numbered("u", 1, 2, 3, 5, 6, 7)},
			{"users with what is no pattern", users(UserQuery{Search: "%"}), nil},
			{"groups", groups(GroupQuery{}), numbered("g", 1, 2, 3, 4, 5, 6, 7)},
			{"groups by description", groups(GroupQuery{Search: "GROUP 2"}), numbered("g", 2)},
			{"members", members("g1"), numbered("u", 1, 2, 3, 5, 6, 7)},
			{"clients", clients(ClientQuery{}), numbered("c", 1, 2, 3, 4, 5, 6, 7)},
			{"clients by name", clients(ClientQuery{Search: "client 5"}), numbered("c", 5)},
			{"initial access tokens", inPages(t, limit, func(p Page) ([]InitialAccessToken, error) {
				return s.ListInitialAccessTokens(t.Context(), p)
			}, func(i InitialAccessToken) string { return i.Name }), numbered("t", 1, 2, 3, 4, 5, 6, 7)},
		} {
			if !slices.Equal(test.got, test.want) {
				t.Errorf("%s in pages of %d: %v, want %v", test.name, limit, test.got, test.want)
			}
		}
		missing := GroupMembersQuery{Page{Limit: limit}, "g"}
		if _, err := s.ListGroupMembers(t.Context(), missing); !errors.Is(err, Missing{"group", "g"}) {
			t.Errorf("members of no group: %v", err)
		}
		tokens := func(limit int) []string {
			return inPages(t, limit, func(p Page) ([]PersonalAccessToken, error) {
				return s.ListPersonalAccessTokens(t.Context(), PersonalAccessTokenQuery{p, "u1"})
			}, PersonalAccessToken.Key)
		}
		if got := tokens(limit); len(got) != 7 || !slices.Equal(got, tokens(100)) {
			t.Errorf("personal access tokens, some of one moment, in pages of %d: %v", limit, got)
		}
	}
}

// A page is read from where it begins: the key is a condition of the index, and nothing is sorted.
func TestAPageIsReadFromWhereItBegins(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	exec := func(sql string) {
		t.Helper()
		_, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
		try(t, err)
	}
	exec(someOfEach)
	exec(`SET enable_seqscan = off; SET enable_bitmapscan = off; SET plan_cache_mode = force_generic_plan`)
	for name, test := range map[string]struct {
		query
		condition string
	}{
		"users":                  {listUsers, `username > `},
		"users of a group":       {listUsersOfGroup, `group_name = .* AND \(username > `},
		"groups":                 {listGroups, `name > `},
		"members":                {listGroupMembers, `group_name = .* AND \(username > `},
		"clients":                {listClients, `client_id > `},
		"initial access tokens":  {listInitialAccessTokens, `name > `},
		"personal access tokens": {listPersonalAccessTokens, `username = `},
	} {
		given := args{"after": "", "limit": 2, "search": "", "group": "g1", "username": "u1", "now": time.Now(),
			"owner": "", "role_groups": []string{}, "admin_resource": ""}
		maps.DeleteFunc(given, func(name string, _ any) bool { return !slices.Contains(test.names, name) })
		rows, err := conn.Query(t.Context(), `EXPLAIN `+test.sql, test.values(given)...)
		try(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		try(t, err)
		plan := strings.Join(lines, "\n")
		if !regexp.MustCompile(`Index Cond: .*`+test.condition).MatchString(plan) || strings.Contains(plan, "Sort  (") {
			t.Errorf("%s:\n%s", name, plan)
		}
	}
}

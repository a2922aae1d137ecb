package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/store"
)

func TestRowsArePrintedOneByOneAsTheyWouldBeAllAtOnce(t *testing.T) {
	t.Parallel()
	for _, list := range [][]map[string]any{{}, {{"a": "<&>"}}, {{"a": 1, "b": []string{"x", "y"}}, {}, {"c": nil}}} {
		var all, oneByOne bytes.Buffer
		if err := printJSON(&all, list); err != nil {
			t.Fatal(err)
		}
		err := printRows(&oneByOne, func(yield func(map[string]any, error) bool) {
			for _, row := range list {
				if !yield(row, nil) {
					return
				}
			}
		})
		if err != nil || oneByOne.String() != all.String() {
			t.Errorf("%v\n%swant:\n%s", err, oneByOne.String(), all.String())
		}
	}
}

func TestListsHaveTheRowsOfAllPages(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	const many = 1234
	if _, err := conn.Exec(t.Context(), fmt.Sprintf(`
		INSERT INTO users (username, email) SELECT 'u' || i, 'u' || i || '@example.org' FROM generate_series(1, %d) AS i;
		INSERT INTO groups (name) VALUES ('everybody'), ('nobody');
		INSERT INTO group_members (group_name, username) SELECT 'everybody', username FROM users`, many),
		pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{}, {"--group", "everybody"}, {"--search", "@Example"}} {
		var users []store.UserRow
		list := s.good("", append([]string{"user", "list", "--json"}, args...)...)
		if err := json.Unmarshal([]byte(list), &users); err != nil || len(users) != many {
			t.Errorf("user list %q: %d users, %v", args, len(users), err)
		}
	}
	if list := s.good("", "user", "list", "--search", "u123@"); strings.Count(list, "\n") != 2 {
		t.Errorf("user list --search:\n%s", list)
	}
	var groups []struct{ Members []string }
	list := s.good("", "group", "list", "--json")
	if err := json.Unmarshal([]byte(list), &groups); err != nil || len(groups) != 2 || len(groups[0].Members) != many ||
		groups[1].Members == nil {
		t.Errorf("group list: %v", err)
	}
}

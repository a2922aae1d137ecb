package store

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
)

// TestEveryBlockOfTheSQLPageWorks runs docs/sql.md as a reader would, from top to bottom.
func TestEveryBlockOfTheSQLPageWorks(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/sql.md")
	try(t, err)
	blocks := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 8 {
		t.Fatalf("docs/sql.md has %d blocks of SQL", len(blocks))
	}
	conn := connect(t)
	tx, err := conn.Begin(t.Context()) // a role would outlive the database of the test
	try(t, err)
	for _, block := range blocks {
		if strings.HasPrefix(block[1], "-- +goose Up") {
			continue
		}
		if _, err := tx.Exec(t.Context(), block[1], pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%v in\n%s", err, block[1])
		}
	}
	// What the role may do suffices to manage.
	for _, statement := range []string{"SET LOCAL ROLE sso_admin", "UPDATE users SET disabled_at = now() WHERE username = 'alice'",
		"UPDATE users SET name = 'A.' WHERE username = 'alice'",
		"DELETE FROM group_members", "UPDATE clients SET client_name = 'W.' WHERE client_id = 'wiki'"} {
		if tag, err := tx.Exec(t.Context(), statement); err != nil || tag.String() != "SET" && tag.RowsAffected() == 0 {
			t.Errorf("%s: %s, %v", statement, tag, err)
		}
	}
	try(t, tx.Rollback(t.Context()))

	for _, block := range blocks {
		if strings.HasPrefix(block[1], "-- +goose Up") {
			files := fstest.MapFS{"00001_physics.sql": &fstest.MapFile{Data: []byte(block[1])}}
			try(t, Migrate(t.Context(), conn.Config().ConnString(), files, LocalVersionTable, quiet))
		}
	}
	users, err := open(t, conn.Config().ConnString()).ListUsers(t.Context(), UserQuery{Page: all})
	if err != nil || len(users) != 1 || users[0].Username != "dora" {
		t.Errorf("%+v, %v", users, err)
	}
}

package store

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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

// TestTheRoleOfTheSQLPageCanDoAllOfThePage has the role that the page prints run every block of it, and what the blocks are about.
func TestTheRoleOfTheSQLPageCanDoAllOfThePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/sql.md")
	try(t, err)
	blocks := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	conn := connect(t)
	tx, err := conn.Begin(t.Context())
	try(t, err)
	run := func(statements string) {
		t.Helper()
		if _, err := tx.Exec(t.Context(), statements, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%v in\n%s", err, statements)
		}
	}
	ofOwner := regexp.MustCompile(`CREATE ROLE|set_username_rule|set_posix_ranges`)
	for _, block := range blocks {
		if strings.Contains(block[1], "CREATE ROLE") {
			run(block[1])
		}
	}
	run("SET LOCAL ROLE sso_admin")
	for _, block := range blocks {
		switch {
		case strings.HasPrefix(block[1], "-- +goose Up"):
			up, down, _ := strings.Cut(block[1], "-- +goose Down")
			run(down) // the page has these rows already
			run(up)
		case !ofOwner.MatchString(block[1]):
			run(block[1])
		}
	}
	// What Gatehouse's own rows and triggers do along with it, as its owner; then the role takes it away again.
	const someRows = `
		INSERT INTO users (id, username, password) VALUES ('00000000-0000-0000-0000-00000000000a', 'erik', password_hash('a long passphrase'));
		INSERT INTO clients (client_id, token_endpoint_auth_method, backchannel_logout_uri) VALUES ('app', 'none', 'https://app.example.org/out');
		INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
		SELECT gen_random_uuid(), sha256('x'), id, now(), '{pwd}', now(), now() + interval '1 hour', now() + interval '1 hour'
		FROM users WHERE username = 'erik';
		INSERT INTO grants (id, client_id, user_id, sid, offline, scope, auth_time, amr, created_at, expires_at)
		SELECT gen_random_uuid(), 'app', user_id, sid, false, 'openid', now(), '{pwd}', now(), now() + interval '1 hour' FROM sessions;
		INSERT INTO consents (user_id, client_id, scopes, granted_at) SELECT user_id, client_id, '{openid,email}', now() FROM grants;`
	run("RESET ROLE;" + someRows + "SET LOCAL ROLE sso_admin")
	for _, statement := range []string{
		"UPDATE sessions SET ended_at = now() WHERE ended_at IS NULL AND user_id = (SELECT id FROM users WHERE username = 'erik')",
		"UPDATE backchannel_logouts SET next_attempt_at = now(), attempts = 0 WHERE delivered_at IS NULL",
		"SELECT sid, user_id, auth_time, seen_at, ended_at FROM sessions",
		"UPDATE consents SET scopes = '{openid}'",
		"UPDATE users SET password = password_hash('another long passphrase') WHERE username = 'erik'",
		"UPDATE users SET disabled_at = now() WHERE username = 'erik'",
		"UPDATE users SET disabled_at = NULL WHERE username = 'erik'",
		"UPDATE clients SET client_id = 'app2' WHERE client_id = 'app'",
		"DELETE FROM consents", "DELETE FROM clients WHERE client_id = 'app2'", "DELETE FROM users WHERE username = 'erik'",
	} {
		if tag, err := tx.Exec(t.Context(), statement); err != nil || tag.RowsAffected() == 0 {
			t.Fatalf("%s: %s, %v", statement, tag, err)
		}
	}
	for _, statement := range []string{"SELECT cookie_sha256 FROM sessions", "SELECT * FROM grants", "SELECT * FROM signing_keys",
		"UPDATE sessions SET user_id = gen_random_uuid()", "UPDATE backchannel_logouts SET client_id = 'x'", "SELECT set_username_rule('open')"} {
		nested, err := tx.Begin(t.Context())
		try(t, err)
		var refused *pgconn.PgError
		if _, err := nested.Exec(t.Context(), statement); !errors.As(err, &refused) || refused.Code != "42501" { // insufficient_privilege
			t.Errorf("%s: %v", statement, err)
		}
		try(t, nested.Rollback(t.Context()))
	}
	try(t, tx.Rollback(t.Context()))
}

package provider_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	. "gatehouse/api/apitest"
	"gatehouse/api/store"
	"gatehouse/migrations"
)

// schemaOf is all that the catalogue has of the tables, one thing a line, and which migrations were applied.
const schemaOf = `
	SELECT coalesce(string_agg(line, E'\n' ORDER BY line), '') FROM (
		SELECT format('column %s.%s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
			pg_get_expr(adbin, adrelid)) AS line
			FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
			WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
		UNION ALL SELECT format('%s %s %s', relkind, oid::regclass, relpersistence) FROM pg_class
			WHERE relnamespace = 'public'::regnamespace
		UNION ALL SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
			WHERE connamespace = 'public'::regnamespace
		UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid
			WHERE relnamespace = 'public'::regnamespace
		UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
		UNION ALL SELECT pg_get_triggerdef(t.oid) || tgenabled::text FROM pg_trigger t WHERE NOT tgisinternal
		UNION ALL SELECT format('type %s', typname) FROM pg_type WHERE typnamespace = 'public'::regnamespace
		UNION ALL SELECT format('view %s %s', viewname, definition) FROM pg_views WHERE schemaname = 'public'
		UNION ALL SELECT format('migrated %s', version_id) FROM goose_db_version
		UNION ALL SELECT format('client %s', c) FROM clients c
	) AS line`

func TestAMigrationThatFailsAtItsLastStatementLeavesAllAsItWas(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	release := fstest.MapFS{"00002_next.sql": &fstest.MapFile{Data: []byte(`-- +goose Up
		CREATE TYPE colour AS ENUM ('red', 'green');
		ALTER TABLE clients ADD COLUMN colour colour NOT NULL DEFAULT 'red';
		ALTER TABLE users ALTER COLUMN username DROP NOT NULL, ADD COLUMN nickname text;
		ALTER TABLE grants DROP CONSTRAINT IF EXISTS grants_pkey CASCADE;
		CREATE TABLE paints (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sub uuid);
		CREATE INDEX paints_sub ON paints (sub);
		DROP TABLE pairwise_salt CASCADE;
		DROP FUNCTION password_hash CASCADE;
		CREATE VIEW painters AS SELECT username FROM users;
		UPDATE clients SET client_name = 'painted', colour = 'green';
		DELETE FROM grants;
		INSERT INTO paints (sub) VALUES ('no uuid');
	`)}}
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(migrations.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		release[file] = &fstest.MapFile{Data: text}
	}
	tokens := b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()
	schema := func() (all string) {
		t.Helper()
		if err := b.API.DB.QueryRow(t.Context(), schemaOf).Scan(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := schema()
	if strings.Count(before, "\n") < 500 {
		t.Fatalf("this is not all of it: %s", before)
	}
	ended := make(chan error, 1)
	go func() {
		for range 3 {
			err := store.Migrate(t.Context(), b.API.URL, release, store.VersionTable, func(line string) { t.Error(line) })
			if err == nil || !strings.Contains(err.Error(), "00002_next.sql: ") || !strings.Contains(err.Error(), "migrate again") {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	served := 0
	try := func(ask func() Answer) Answer { // a statement that waits for a migration, which waits for it, may have to be tried again
		t.Helper()
		for {
			a := ask()
			if a.Status != 503 || a.Header.Get("Retry-After") == "" {
				return a
			}
		}
	}
	for serving := true; serving; served++ { // meanwhile the API serves
		select {
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
			serving = false
		default:
		}
		a := try(func() Answer { return b.Token(Refresh(Str(tokens["refresh_token"]))) })
		if a.Status != 200 {
			t.Fatalf("refresh: %d %s", a.Status, a.Body)
		}
		tokens = a.JSON()
		if a := try(func() Answer { return b.Userinfo(Str(tokens["access_token"])) }); a.Status != 200 {
			t.Fatalf("userinfo: %d %s", a.Status, a.Body)
		}
		if a := try(func() Answer { return b.Authorize(AuthParams()) }); a.Query("code") == "" {
			t.Fatalf("a sign-on gets no code: %d %s", a.Status, a.Body)
		}
	}
	if served < 2 {
		t.Error("nobody was served meanwhile")
	}
	if after := schema(); after != before {
		was := strings.Split(before, "\n")
		for line := range strings.Lines(after) {
			if !strings.Contains(strings.Join(was, "\n"), strings.TrimSpace(line)) {
				t.Errorf("there is now: %s", line)
			}
		}
		t.Error("the schema has changed")
	}
}

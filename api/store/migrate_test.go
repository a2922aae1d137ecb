package store

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/devdb"
	"gatehouse/migrations"
)

// emptied is a database in which nothing was ever migrated.
func emptied(t *testing.T) string {
	t.Helper()
	url := devdb.Test(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "DROP SCHEMA public CASCADE"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "CREATE SCHEMA public"); err != nil {
		t.Fatal(err)
	}
	return url
}

func quiet(string) {}

func file(sql string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("-- +goose Up\n" + sql + "\n")}
}

func open(t *testing.T, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// withPool says in the URL how large the pool is to be, as docs/operations.md has it, also where no pool is made.
func withPool(url string) string {
	if strings.Contains(url, "?") {
		return url + "&pool_max_conns=3"
	}
	return url + "?pool_max_conns=3"
}

func TestMigrateMakesTheSchemaCurrentOnce(t *testing.T) {
	t.Parallel()
	url := withPool(emptied(t))
	s := open(t, url)
	err := s.SchemaIsCurrent(t.Context())
	if err == nil || !regexp.MustCompile("at version 0, this gatehouse needs [0-9]+: run `gatehouse migrate`$").MatchString(err.Error()) {
		t.Errorf("before: %v", err)
	}
	for _, want := range []bool{true, false} {
		var lines []string
		if err := Migrate(t.Context(), url, migrations.FS, VersionTable, func(line string) { lines = append(lines, line) }); err != nil {
			t.Fatal(err)
		}
		if applied := len(lines) > 0 && strings.HasPrefix(lines[0], "applied 00001_init.sql"); applied != want {
			t.Errorf("progress: %q", lines)
		}
	}
	if err := s.SchemaIsCurrent(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestReplicasThatStartTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	url := emptied(t)
	var replicas sync.WaitGroup
	var mu sync.Mutex
	applied := 0
	for range 4 {
		replicas.Go(func() {
			err := Migrate(t.Context(), url, migrations.FS, VersionTable, func(string) { mu.Lock(); applied++; mu.Unlock() })
			if err != nil {
				t.Error(err)
			}
		})
	}
	replicas.Wait()
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil || applied != len(files) {
		t.Errorf("%d migrations were applied, of %d", applied, len(files))
	}
}

// An operator's first migration has number 1, as ours has: the version tables keep them apart.
func TestSetsOfMigrationsAreIndependent(t *testing.T) {
	t.Parallel()
	url := devdb.Test(t)
	local := fstest.MapFS{
		"00001_staff.sql": file("INSERT INTO users (username, password) VALUES ('carol', password_hash('a long passphrase'));"),
	}
	if err := Migrate(t.Context(), url, local, LocalVersionTable, quiet); err != nil {
		t.Fatal(err)
	}
	users, err := open(t, url).ListUsers(t.Context(), UserQuery{Page: all})
	if err != nil || len(users) != 1 || users[0].Username != "carol" || !users[0].HasPassword {
		t.Errorf("%+v, %v", users, err)
	}
	local["00003_more.sql"] = file("INSERT INTO groups (name) VALUES ('staff');")
	if err := Migrate(t.Context(), url, local, LocalVersionTable, quiet); err != nil {
		t.Fatal(err)
	}
}

func TestAMigrationThatIsRefusedSaysWhereAndWhatToDo(t *testing.T) {
	t.Parallel()
	url := devdb.Test(t)
	for _, test := range []struct{ name, sql, want string }{
		{"00001_plain.sql", "INSERT INTO users (username, password) VALUES ('carol', 'hunter2 hunter2');",
			"00001_plain.sql: users: password must be a hash, which password_hash('…') makes"},
		{"00001_short.sql", "INSERT INTO users (username, password) VALUES ('carol', password_hash('hunter2'));",
			"00001_short.sql: the password must have at least 8 characters"},
		{"00001_typo.sql", "INSERT INTO user (username) VALUES ('carol');", "00001_typo.sql: "},
		{"00001_open.sql", "-- +goose StatementBegin\nSELECT 1;", "00001_open.sql"},
	} {
		err := Migrate(t.Context(), url, fstest.MapFS{test.name: file(test.sql)}, LocalVersionTable, quiet)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	both := fstest.MapFS{
		"00001_good.sql": file("INSERT INTO groups (name) VALUES ('staff');"),
		"00002_bad.sql":  file("INSERT INTO groups (name) VALUES ('');"),
	}
	var lines []string
	err := Migrate(t.Context(), url, both, LocalVersionTable, func(line string) { lines = append(lines, line) })
	if err == nil || !strings.Contains(err.Error(), "00002_bad.sql: groups: name must have 1 to 255") || len(lines) != 1 {
		t.Errorf("%q, %v", lines, err)
	}
	if err := Migrate(t.Context(), url, fstest.MapFS{"readme.txt": file("")}, LocalVersionTable, quiet); err == nil {
		t.Error("a folder without migrations is taken")
	}
}

// Whoever wants the table waits behind the migration that wants it, so it does not wait for long.
func TestAMigrationDoesNotWaitLongForATableInUse(t *testing.T) {
	t.Parallel()
	url := devdb.Test(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "BEGIN; LOCK TABLE users IN ACCESS SHARE MODE"); err != nil { // as pg_dump does
		t.Fatal(err)
	}
	alter := fstest.MapFS{"00001_alter.sql": file("CREATE TABLE more (n int); ALTER TABLE users ADD COLUMN more int;")}
	twice := []time.Duration{50 * time.Millisecond, 50 * time.Millisecond}
	err = migrate(t.Context(), withPool(url), alter, LocalVersionTable, twice, quiet)
	if err == nil || !strings.Contains(err.Error(), "00001_alter.sql: ") || !strings.Contains(err.Error(), "as by pg_dump") {
		t.Error(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- Migrate(t.Context(), url, alter, LocalVersionTable, quiet) }()
	time.Sleep(500 * time.Millisecond) // in which the first try gives up
	if _, err := conn.Exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestMigrateWithoutPostgresIsUnavailable(t *testing.T) {
	t.Parallel()
	err := Migrate(t.Context(), "postgres://gatehouse:hunter2@127.0.0.1:1/x", migrations.FS, VersionTable, quiet)
	if !errors.As(err, new(Unavailable)) || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
	err = Migrate(t.Context(), "postgres://gatehouse:hunter2@db:port/x", migrations.FS, VersionTable, quiet)
	if err == nil || !strings.HasPrefix(err.Error(), "DATABASE_URL: ") || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

func TestTheWayDownLeavesNothing(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	content, err := fs.ReadFile(migrations.FS, "00001_init.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, down, found := strings.Cut(string(content), "-- +goose Down\n")
	if !found {
		t.Fatal("there is no way down")
	}
	if _, err := conn.Exec(t.Context(), down); err != nil {
		t.Fatal(err)
	}
	var left string
	if err := conn.QueryRow(t.Context(), `
		SELECT coalesce(string_agg(name, ', '), '') FROM (
			SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v')
				AND relname NOT LIKE '%goose%'
			UNION ALL SELECT proname FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
				AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') -- pgcrypto's
		) AS here`).Scan(&left); err != nil || left != "" {
		t.Errorf("left: %s %v", left, err)
	}
}

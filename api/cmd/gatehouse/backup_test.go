package main

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// dumped returns an installation that has served, and a dump of it; nil where there is no pg_dump, which not each Postgres
// comes with.
func dumped(t *testing.T) (*drill, string) {
	for _, program := range []string{"pg_dump", "pg_restore"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Logf("there is no %s here", program)
			return nil, ""
		}
	}
	d := newDrill(t)
	d.stop()
	file := filepath.Join(t.TempDir(), "gatehouse.dump")
	config, err := pgx.ParseConfig(d.url)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("pg_dump", "--format=custom", "--no-unlogged-table-data", "--file="+file, "--dbname="+d.url)
	command.Env = append(os.Environ(), "PGPASSWORD="+config.Password)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return d, file
}

func (d *drill) databases() (n int) {
	d.t.Helper()
	made := `SELECT count(*) FROM pg_database WHERE datname LIKE 'gatehouse\_verify\_%'`
	if err := d.db.QueryRow(d.t.Context(), made).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

// Not parallel: it counts databases, which others might make.
func TestABackupIsVerifiedByUsingIt(t *testing.T) {
	d, file := dumped(t)
	if d == nil {
		return
	}
	var before, after string
	rows := `SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM (
		SELECT username FROM users UNION ALL SELECT client_id FROM clients
		UNION ALL SELECT kid FROM signing_keys UNION ALL SELECT sid::text FROM sessions) t`
	if err := d.db.QueryRow(t.Context(), rows).Scan(&before); err != nil {
		t.Fatal(err)
	}
	databases := d.databases()
	out := d.good("", "backup", "verify", file)
	if out != "The dump was restored, its 4 signing keys were opened, and somebody signed in.\n" {
		t.Error(out)
	}
	if out := d.good("", "backup", "verify", file, "--json"); !strings.Contains(out, `"signing_keys": 4`) {
		t.Error(out)
	}
	if d.databases() != databases {
		t.Error("the scratch database is still there")
	}
	if err := d.db.QueryRow(t.Context(), rows).Scan(&after); err != nil || after != before {
		t.Errorf("the real database has changed: %v", err)
	}

	key := filepath.Join(d.etc, "encryption_key")
	other := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 31) + "y"))
	if err := os.WriteFile(key, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	d.bad("GATEHOUSE_ENCRYPTION_KEY is not the key that it was made with", "", "backup", "verify", file)

	half, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	torn := filepath.Join(t.TempDir(), "torn.dump")
	if err := os.WriteFile(torn, half[:len(half)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	d.bad("the dump cannot be restored", "", "backup", "verify", torn)
	d.bad("no such file", "", "backup", "verify", filepath.Join(t.TempDir(), "none"))
	if d.databases() != databases {
		t.Error("a scratch database is left by what failed")
	}
}

func TestABackupIsRestoredIntoAnEmptyDatabaseOnly(t *testing.T) {
	t.Parallel()
	d, file := dumped(t)
	if d == nil {
		return
	}
	config, err := pgx.ParseConfig(d.url)
	if err != nil {
		t.Fatal(err)
	}
	d.bad("--scratch names the database itself", "", "backup", "verify", file, "--scratch", config.Database)
	scratch := config.Database + "_scratch"
	d.sql("CREATE DATABASE " + scratch + " TEMPLATE template0")
	t.Cleanup(func() { d.sql("DROP DATABASE " + scratch + " WITH (FORCE)") })
	d.good("", "backup", "verify", file, "--scratch", scratch)
	d.bad("the database "+scratch+" is not empty", "", "backup", "verify", file, "--scratch", scratch)
}

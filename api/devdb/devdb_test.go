package devdb

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestEachTestHasAMigratedDatabaseOfItsOwn(t *testing.T) {
	first, second := Test(t), Test(t)
	if first == second {
		t.Fatalf("both are %s", first)
	}
	for _, database := range []string{first, second} {
		if err := execute(t.Context(), database, "INSERT INTO users (username) VALUES ('alice')"); err != nil {
			t.Error(err)
		}
	}
}

// The embedded server, even where another one is installed, and as root too: then it runs as another user.
func TestTheServerOfTheNpmPackageStartsAndKeepsItsRows(t *testing.T) {
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	home, ok := npmPackage(root)
	if !ok {
		t.Skip("node_modules has no embedded Postgres: run npm ci")
	}
	major, ok := version(filepath.Join(home, "bin"))
	if !ok {
		t.Fatalf("%s is not usable", home)
	}
	dir := filepath.Join(root, ".cache/devdb-test")
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := Remove(dir); err != nil {
			t.Error(err)
		}
	}()
	who, settled, err := settle(root, dir)
	if err != nil {
		t.Fatal(err)
	}
	bin, err := who.readable(binaries{filepath.Join(home, "bin"), major})
	if err != nil {
		t.Fatal(err)
	}
	data := bin.dataDir(settled)
	if err := who.initdb(t.Context(), bin, data); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"CREATE EXTENSION pgcrypto", "CREATE EXTENSION pg_trgm", // the migrations need them
		"SELECT crypt('x', gen_salt('bf'))",
	} {
		srv, err := who.run(t.Context(), bin, data, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := execute(t.Context(), srv.url("postgres"), statement); err != nil {
			t.Error(err)
		}
		srv.stop()
		if err := execute(t.Context(), srv.url("postgres"), "SELECT 1"); err == nil {
			t.Error("still answers after stop")
		}
	}
}

func TestOpenTakesDatabaseURLAsItIs(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://db.example.org/gatehouse")
	url, stop, err := Open(t.Context(), t.TempDir(), func(string) {})
	if err != nil || url != "postgres://db.example.org/gatehouse" {
		t.Fatal(url, err)
	}
	stop()
}

func TestTheDatabaseStaysOverARestart(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	dir := emptyFolder(t, "open-test")
	for _, statement := range []string{"CREATE TABLE kept ()", "TABLE kept"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		url, stop, err := Open(ctx, dir, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		if err := execute(ctx, url, statement); err != nil {
			t.Error(err)
		}
		stop()
		cancel()
	}
}

// The server asks no password, so the folder of its socket is what keeps others out.
func TestTheSocketIsInAFolderOfTheServerAlone(t *testing.T) {
	config, err := pgx.ParseConfig(Test(t))
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("TEST_DATABASE_URL") != "" {
		t.Skip("not our server")
	}
	info, err := os.Stat(config.Host)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatal(info, err)
	}
}

func TestAnInterruptedInitdbIsNotTakenForData(t *testing.T) {
	dir := t.TempDir()
	found := []binaries{{"new", 18}, {"old", 15}}
	if err := os.MkdirAll(filepath.Join(dir, "postgres-15.part"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got := choose(found, dir); got.major != 18 {
		t.Errorf("chose %d", got.major)
	}
	if err := os.MkdirAll(filepath.Join(dir, "postgres-15"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got := choose(found, dir); got.major != 15 {
		t.Errorf("chose %d although 15 has the rows", got.major)
	}
}

func TestAFreshServerHasNothingOfTheOneBefore(t *testing.T) {
	dir := emptyFolder(t, "fresh-test")
	for range 2 {
		fresh, err := StartFresh(t.Context(), dir, func(string) {}, "max_connections=20")
		if err != nil {
			t.Fatal(err)
		}
		if err := execute(t.Context(), fresh.URL("postgres"), "CREATE DATABASE gatehouse"); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(fresh.PIDFile); err != nil {
			t.Error(err)
		}
		fresh.Stop()
	}
}

// emptyFolder is where the data of the tests' servers is, and removed at the end.
func emptyFolder(t *testing.T, name string) string {
	t.Helper()
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	within, err := testData(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(within, name)
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = Remove(dir) })
	return dir
}

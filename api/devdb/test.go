package devdb

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib" // migrations want database/sql

	"gatehouse/migrations"
)

// Test returns a migrated, empty database of the test's own and drops it afterwards. The server is TEST_DATABASE_URL's (a
// superuser of Postgres 14 or later), or one that this process starts for all its tests. DATABASE_URL is never touched.
func Test(t testing.TB) string {
	t.Helper()
	template, err := testTemplate()
	if err != nil {
		t.Fatal("devdb: ", err)
	}
	return copyOf(t, template)
}

// Filled is a migrated database with rows that many tests begin with. It is made once in a process, by Fill, which has to close
// its connections.
type Filled struct {
	Fill func(ctx context.Context, url string) error
	once sync.Once
	name string
	err  error
}

// Test is like the function Test, with the rows in it.
func (f *Filled) Test(t testing.TB) string {
	t.Helper()
	f.once.Do(func() { f.name, f.err = f.make() })
	if f.err != nil {
		t.Fatal("devdb: ", f.err)
	}
	return copyOf(t, f.name)
}

func (f *Filled) make() (string, error) {
	template, err := testTemplate()
	if err != nil {
		return "", err
	}
	srv, err := testServer()
	if err != nil {
		return "", err
	}
	name := "test_filled_" + strings.ToLower(rand.Text())
	if err := srv.create(name, template); err != nil {
		return "", err
	}
	filled.Store(name, nil)
	return name, f.Fill(context.Background(), inDatabase(srv.url, name))
}

var filled sync.Map // has the name of each

// DropFilled drops what was Filled, after the last test. What is left on a server of our own goes when that starts again.
func DropFilled() {
	for name := range filled.Range {
		if srv, err := testServer(); err == nil {
			_, _ = srv.Exec(context.Background(), "DROP DATABASE "+name.(string)+" WITH (FORCE)")
		}
	}
}

// copyOf returns a database like the template, which nobody may be connected to, and drops it after the test.
func copyOf(t testing.TB, template string) string {
	t.Helper()
	srv, err := testServer()
	if err != nil {
		t.Fatal("devdb: ", err)
	}
	name := "test_" + strings.ToLower(rand.Text())
	if err := srv.create(name, template); err != nil {
		t.Fatal("devdb: ", err)
	}
	t.Cleanup(func() {
		if _, err := srv.Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Log("devdb: ", err)
		}
	})
	return inDatabase(srv.url, name)
}

// admin makes and drops databases of the tests' server, on connections that stay open.
type admin struct {
	*pgxpool.Pool
	url string
}

// create copies the template's files. The other strategy, the default since Postgres 15, writes each page to the log too.
func (a *admin) create(name, template string) error {
	return a.AcquireFunc(context.Background(), func(conn *pgxpool.Conn) error {
		statement := "CREATE DATABASE " + name + " ENCODING 'UTF8' TEMPLATE " + template
		if major, _, _ := strings.Cut(conn.Conn().PgConn().ParameterStatus("server_version"), "."); major != "14" {
			statement += " STRATEGY FILE_COPY"
		}
		_, err := conn.Exec(context.Background(), statement)
		return err
	})
}

// testServer starts one server for this process. Its data outlives it, in one of a few folders: a folder belongs to the
// process that holds its lock, and several packages are tested at once.
var testServer = sync.OnceValues(func() (*admin, error) {
	if given := os.Getenv("TEST_DATABASE_URL"); given != "" {
		return connect(given)
	}
	root, err := Root()
	if err != nil {
		return nil, err
	}
	within, err := testData(root)
	if err != nil {
		return nil, err
	}
	dir, err := lockFolder(within)
	if err != nil {
		return nil, err
	}
	srv, err := start(context.Background(), dir, func(string) {}, "shared_preload_libraries=pg_stat_statements", "fsync=off",
		"synchronous_commit=off", "full_page_writes=off", "max_connections=500", "autovacuum=off", "shared_buffers=64MB",
		"wal_level=minimal", "max_wal_senders=0", "min_wal_size=32MB")
	if err != nil {
		return nil, err
	}
	a, err := connect(srv.url("postgres"))
	if err != nil {
		return nil, err
	}
	return a, a.dropLeftovers()
})

func connect(url string) (*admin, error) {
	pool, err := pgxpool.New(context.Background(), url)
	return &admin{pool, url}, err
}

// lockFolder makes and locks the first folder below dir that no other process has. The lock ends with the process.
func lockFolder(dir string) (string, error) {
	for n := 1; ; n++ {
		folder := filepath.Join(dir, fmt.Sprint(n))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return "", err
		}
		lock, err := syscall.Open(filepath.Join(folder, "lock"), syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o600)
		if err != nil {
			return "", err
		}
		if syscall.Flock(lock, syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			return folder, nil // and never close it
		}
		if err := syscall.Close(lock); err != nil {
			return "", err
		}
	}
}

// dropLeftovers removes the databases of tests that were killed, and the templates of other migrations.
func (a *admin) dropLeftovers() error {
	template, err := templateName()
	if err != nil {
		return err
	}
	ctx := context.Background()
	rows, err := a.Query(ctx, `SELECT datname FROM pg_database WHERE datname ~ '^(test|template)_' AND datname <> $1`, template)
	if err != nil {
		return err
	}
	leftovers, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, name := range leftovers {
		if err == nil {
			_, err = a.Exec(ctx, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
		}
	}
	return err
}

// testTemplate makes the migrated database that the tests' own are copied from, once for each state of the migrations.
var testTemplate = sync.OnceValues(func() (string, error) {
	srv, err := testServer()
	if err != nil {
		return "", err
	}
	name, err := templateName()
	if err != nil {
		return "", err
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, srv.url)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	// Other processes that make the same template wait here; the lock ends with the connection.
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtext('gatehouse/api/devdb'))"); err != nil {
		return "", err
	}
	var there bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there)
	if err != nil || there {
		return name, err
	}
	half := name + "_part"
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+half); err != nil {
		return "", err
	}
	if err := srv.create(half, "template0"); err != nil {
		return "", err
	}
	if err := migrate(ctx, inDatabase(srv.url, half)); err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+half+" RENAME TO "+name)
	return name, err
})

// templateName follows from the content of the migrations.
func templateName() (string, error) {
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, file := range files {
		text, err := fs.ReadFile(migrations.FS, file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d %s", file, len(text), text)
	}
	return "template_" + hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

func migrate(ctx context.Context, database string) error {
	db, err := sql.Open("pgx", database)
	if err != nil {
		return err
	}
	defer db.Close()
	provider, err := migrations.Provider(db, migrations.FS, migrations.VersionTable)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

func inDatabase(admin, name string) string {
	u, err := url.Parse(admin)
	if err != nil {
		return admin
	}
	u.Path = "/" + name
	return u.String()
}

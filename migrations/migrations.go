// Package migrations holds the schema, embedded so that the one binary can apply it.
package migrations

import (
	"database/sql"
	"embed"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// FS has the product's migrations at its root and the demo rows in dev.
//
//go:embed *.sql dev/*.sql
var FS embed.FS

// VersionTable is where goose notes which of the product's migrations were applied.
const VersionTable = goose.DefaultTablename

// Provider returns what applies the *.sql of fsys to db and notes it in versionTable. It takes goose's advisory lock, so that any number
// of processes may migrate at once: each tries once a second, for five minutes. goose.ErrNoMigrations if fsys has no *.sql.
func Provider(db *sql.DB, fsys fs.FS, versionTable string) (*goose.Provider, error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, fsys,
		goose.WithTableName(versionTable), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
}

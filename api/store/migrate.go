package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"gatehouse/migrations"
)

// Version tables of goose: each set of migrations has its own, so that their numbers are independent of each other.
const (
	VersionTable      = migrations.VersionTable  // ours, migrations/
	LocalVersionTable = "goose_db_version_local" // the operator's, `gatehouse migrate --dir`
	DevVersionTable   = "goose_db_version_dev"   // the demo rows, migrations/dev
)

// Migrate applies the pending *.sql of fsys in order, each in a transaction of its own unless it opts out, and reports
// each to progress. It takes an advisory lock, so that any number of replicas may start at once; url must be a direct
// connection, for a transaction pooler loses that lock. Errors name the file, and the constraint that refused it.
func Migrate(ctx context.Context, url string, fsys fs.FS, versionTable string, progress func(line string)) error {
	cfg, err := parse(url)
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	db := stdlib.OpenDB(*cfg.ConnConfig)
	defer db.Close()
	provider, err := migrations.Provider(db, fsys, versionTable)
	if errors.Is(err, goose.ErrNoMigrations) {
		return errors.New("there is no migration: name the files 00001_what_it_does.sql")
	} else if err != nil {
		return err
	}
	if err := db.PingContext(ctx); err != nil {
		return inWords(err, nil)
	}
	done, err := provider.Up(ctx)
	var partial *goose.PartialError
	if errors.As(err, &partial) {
		done = partial.Applied
	}
	for _, result := range done {
		progress(fmt.Sprintf("applied %s (%d ms)", path.Base(result.Source.Path), result.Duration.Milliseconds()))
	}
	if partial != nil {
		return fmt.Errorf("%s: %w; nothing of this file was applied unless it says NO TRANSACTION: correct it and migrate again",
			path.Base(partial.Failed.Source.Path), inWords(partial.Err, nil))
	}
	return inWords(err, nil)
}

// SchemaIsCurrent returns an error for a database that this program is too new for. A newer schema is accepted: a migration leaves the
// release before it working, so that replicas can be replaced one by one.
func (s *Store) SchemaIsCurrent(ctx context.Context) error {
	needed, err := latestMigration()
	if err != nil {
		return err
	}
	applied, err := s.schemaVersion(ctx)
	if err != nil {
		return err
	}
	if applied < needed {
		return fmt.Errorf("the database schema is at version %d, this gatehouse needs %d: run `gatehouse migrate`", applied, needed)
	}
	return nil
}

// schemaVersion is 0 where nothing was ever migrated. goose deletes the row of a version that was undone.
func (s *Store) schemaVersion(ctx context.Context) (version int64, err error) {
	err = failure(s.pool.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+VersionTable+` WHERE is_applied`).Scan(&version))
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "42P01" { // undefined_table
		return 0, nil
	}
	return version, err
}

// latestMigration is the version that this program was written for.
func latestMigration() (latest int64, err error) {
	files, err := fs.Glob(migrations.FS, "*.sql")
	for _, file := range files {
		version, err := goose.NumericComponent(file)
		if err != nil {
			return 0, err
		}
		latest = max(latest, version)
	}
	return latest, err
}

package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
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

// lockPatience is how long a migration waits for a table that is in use, at each try. Whoever wants that table meanwhile waits behind it,
// and whoever has one that it wants next may wait for it in turn, which Postgres ends after a second at the cost of either: so the first
// tries give up before that. The last waits until Postgres has sent away its own vacuum, and gives up before requests do, after 10 s.
var lockPatience = []time.Duration{300 * time.Millisecond, 300 * time.Millisecond, 600 * time.Millisecond, 5 * time.Second}

// Migrate applies the pending *.sql of fsys in order, each in a transaction of its own unless it opts out, and reports
// each to progress. It takes an advisory lock, so that any number of replicas may start at once; url must be a direct
// connection, for a transaction pooler loses that lock. It tries a file again that finds a table in use. Errors name the file, and the
// constraint that refused it.
func Migrate(ctx context.Context, url string, fsys fs.FS, versionTable string, progress func(line string)) error {
	return migrate(ctx, url, fsys, versionTable, lockPatience, progress)
}

func migrate(
	ctx context.Context, url string, fsys fs.FS, versionTable string, patience []time.Duration, progress func(line string),
) error {
	cfg, err := parse(url)
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	for try, wait := range patience {
		cfg.ConnConfig.RuntimeParams["lock_timeout"] = fmt.Sprint(wait.Milliseconds())
		var failed *goose.PartialError
		if failed, err = migrateUp(ctx, cfg.ConnConfig, fsys, versionTable, progress); failed == nil {
			return err
		}
		if err = failedMigration(failed); !isInUse(err) || try == len(patience)-1 || !sleep(ctx, time.Second) {
			break
		}
	}
	return err
}

// migrateUp returns what became of the file that failed, if one did, or what kept all of them from being applied.
func migrateUp(
	ctx context.Context, cfg *pgx.ConnConfig, fsys fs.FS, versionTable string, progress func(line string),
) (failed *goose.PartialError, err error) {
	db := stdlib.OpenDB(*cfg)
	defer db.Close()
	provider, err := migrations.Provider(db, fsys, versionTable)
	if errors.Is(err, goose.ErrNoMigrations) {
		return nil, errors.New("there is no migration: name the files 00001_what_it_does.sql")
	} else if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, inWords(err, nil)
	}
	done, err := provider.Up(ctx)
	if errors.As(err, &failed) {
		done = failed.Applied
	}
	for _, result := range done {
		progress(fmt.Sprintf("applied %s (%d ms)", path.Base(result.Source.Path), result.Duration.Milliseconds()))
	}
	return failed, inWords(err, nil)
}

// isInUse reports whether a statement waited for a table for too long, or in a circle.
func isInUse(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == lockNotAvailable || refused.Code == deadlock)
}

func failedMigration(failed *goose.PartialError) error {
	mend := "correct it and migrate again"
	if isInUse(failed.Err) {
		mend = "a table was in use for too long, as by pg_dump or a transaction that somebody left open: migrate again when that has ended"
	}
	return fmt.Errorf("%s: %w; nothing of this file was applied unless it says NO TRANSACTION: %s",
		path.Base(failed.Failed.Source.Path), inWords(failed.Err, nil), mend)
}

// SchemaTooOld is a database that a program cannot work with before it is migrated.
type SchemaTooOld struct{ At, Needs int64 }

func (e SchemaTooOld) Error() string {
	return fmt.Sprintf("the database schema is at version %d, this gatehouse needs %d: run `gatehouse migrate`", e.At, e.Needs)
}

// SchemaIsCurrent returns SchemaTooOld for a database that this program is too new for. A newer schema is accepted: a migration leaves
// the release before it working, so that replicas can be replaced one by one.
func (s *Store) SchemaIsCurrent(ctx context.Context) error {
	ours, err := s.MigrationsOf(ctx, migrations.FS, VersionTable)
	if err == nil && ours.At < ours.Needs {
		return SchemaTooOld{ours.At, ours.Needs}
	}
	return err
}

// Migrations is how far a set of migrations was applied.
type Migrations struct {
	At      int64    `json:"at"`      // the version of the database; 0 where nothing was ever migrated
	Needs   int64    `json:"needs"`   // the latest version of the set; a database may be past it
	Pending []string `json:"pending"` // files that were not applied, in order
}

// MigrationsOf returns how far the *.sql of fsys were applied, and changes nothing.
func (s *Store) MigrationsOf(ctx context.Context, fsys fs.FS, versionTable string) (m Migrations, err error) {
	applied, err := s.appliedVersions(ctx, versionTable)
	if err != nil {
		return m, err
	}
	files, err := fs.Glob(fsys, "*.sql") // in the order of their names, which begin with their versions
	m.At, m.Pending = slices.Max(applied), []string{}
	for _, file := range files {
		version, err := goose.NumericComponent(file)
		if err != nil {
			return m, fmt.Errorf("%s: %w", file, err)
		}
		m.Needs = max(m.Needs, version)
		if !slices.Contains(applied, version) {
			m.Pending = append(m.Pending, file)
		}
	}
	return m, err
}

// appliedVersions has 0, which goose begins with, also where nothing was ever migrated. goose deletes the row of a version that was undone.
func (s *Store) appliedVersions(ctx context.Context, versionTable string) (versions []int64, err error) {
	err = failure(s.pool.QueryRow(ctx, `SELECT array_agg(version_id) FROM `+versionTable+` WHERE is_applied`).Scan(&versions))
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "42P01" { // undefined_table
		err = nil
	}
	return append(versions, 0), err
}

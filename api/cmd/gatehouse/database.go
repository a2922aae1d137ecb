package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strings"
	"time"

	"gatehouse/api/admin"
	"gatehouse/api/authn"
	"gatehouse/api/config"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/provider"
	"gatehouse/api/store"
	"gatehouse/migrations"
)

// withAdmin runs do on a database with a current schema, as whoever runs the command.
func (a *app) withAdmin(ctx context.Context, need config.Need, do func(*config.Config, *admin.Admin) error) error {
	cfg, err := a.config(need | config.ForDatabase)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.SchemaIsCurrent(ctx); err != nil {
		return err
	}
	return do(cfg, newAdmin(cfg, db.As(a.actor()), authn.NewPasswords(1, 0)))
}

// actor is who runs the command, also where that is root in somebody's name.
func (a *app) actor() store.Actor {
	who := store.Actor{Door: "command line", Operation: a.command, DeclaredAnyway: a.declaredAnyway}
	for _, set := range a.environ {
		if name, found := strings.CutPrefix(set, "SUDO_USER="); found {
			who.Name = name
		}
	}
	if account, err := user.Current(); err == nil && who.Name == "" {
		who.Name = account.Username
	}
	return who
}

func openDatabase(ctx context.Context, cfg *config.Config) (*store.Store, error) {
	return store.Open(ctx, cfg.DatabaseURL)
}

// scratch is a database beside that of the configuration.
type scratch = store.Scratch

func openScratch(ctx context.Context, cfg *config.Config, name string) (*scratch, error) {
	return store.OpenScratch(ctx, cfg.MigrationURL(), name)
}

func newAdmin(cfg *config.Config, db *store.Store, passwords *authn.Passwords) *admin.Admin {
	var sealMail func(string, map[string]string) []byte
	var mailedCode func(store.Digest) (string, store.Digest)
	if sealer, err := keys.NewSealer(cfg.EncryptionKeys); err == nil && cfg.SendsMail() {
		sealMail = func(template string, values map[string]string) []byte {
			return provider.SealMail(sealer, template, values)
		}
		mailedCode = func(of store.Digest) (string, store.Digest) { return provider.NewMailedCode(sealer, of) }
	}
	var projector func(string, time.Time) string
	if sealer, err := keys.NewSealer(cfg.EncryptionKeys); err == nil {
		projector = func(workshop string, createdAt time.Time) string {
			return provider.ProjectorAddress(sealer, cfg.Settings, workshop, createdAt)
		}
	}
	return admin.New(db, admin.Settings{SealMail: sealMail, ProjectorAddress: projector, MailedCode: mailedCode,
		Settings: cfg.Settings, Version: version, GrantTypes: provider.GrantTypes(), Passwords: passwords, Tell: provider.LogEvent,
		TryUpstream: func(ctx context.Context, name string) (found bool, wrong, err error) {
			p, err := newProvider(cfg, db, passwords)
			if err != nil {
				return false, nil, err
			}
			return p.TryUpstream(ctx, name)
		},
		OpenUpstreamSecret: func(u oidc.Upstream) (string, error) {
			p, err := newProvider(cfg, db, passwords)
			if err != nil {
				return "", err
			}
			return p.OpenUpstreamSecret(u)
		},
		ReplaceKeys: func(ctx context.Context, db *store.Store, algs []string, emergency bool) (store.Ended, bool, error) {
			p, err := newProvider(cfg, db, passwords)
			if err != nil {
				return store.Ended{}, false, err
			}
			return p.ReplaceKeys(ctx, algs, emergency)
		},
	})
}

type migrateCmd struct {
	Dir    string           `placeholder:"DIR" help:"Then the *.sql of this folder, by a version table of their own (goose_db_version_local)."`
	Dev    bool             `help:"Then add the demo user and group. Never do that in production: the password is public."`
	Up     migrateUpCmd     `cmd:"" default:"withargs" help:"The same as migrate: apply what is pending."`
	Status migrateStatusCmd `cmd:"" help:"Say how far the database is, and change nothing; the exit code is 2 where something is pending."`
}

// AfterApply hands on the flags, which stand before the command as well, so that the help of migrate has them.
func (c *migrateCmd) AfterApply() error {
	c.Up.Dir, c.Up.Dev, c.Status.Dir = c.Dir, c.Dev, c.Dir
	return nil
}

type migrateUpCmd struct {
	Dir string `kong:"-"`
	Dev bool   `kong:"-"`
}

// migrationSet is a folder of migrations, with the table that has the version of it.
type migrationSet struct {
	name, table string
	files       fs.FS
}

// migrationSets begins with ours: the operator's in dir, if any, write to its tables.
func migrationSets(dir string) ([]migrationSet, error) {
	sets := []migrationSet{{"schema", store.VersionTable, migrations.FS}}
	if dir == "" {
		return sets, nil
	}
	if _, err := os.ReadDir(dir); err != nil {
		return nil, fmt.Errorf("--dir: %w", err)
	}
	return append(sets, migrationSet{dir, store.LocalVersionTable, os.DirFS(dir)}), nil
}

func (c migrateUpCmd) Run(ctx context.Context, a *app) error {
	cfg, err := a.config(config.ForDatabase)
	if err != nil {
		return err
	}
	sets, err := migrationSets(c.Dir)
	if err != nil {
		return err
	}
	if c.Dev {
		dev, err := fs.Sub(migrations.FS, "dev")
		if err != nil {
			return err
		}
		sets = append(sets, migrationSet{"demo rows", store.DevVersionTable, dev})
	}
	for _, set := range sets {
		applied := 0
		progress := func(line string) { applied++; fmt.Fprintf(a.stdout, "%s: %s\n", set.name, line) }
		if err := store.Migrate(ctx, cfg.MigrationURL(), set.files, set.table, progress); err != nil {
			return fmt.Errorf("%s: %w", set.name, err)
		}
		if applied == 0 {
			fmt.Fprintf(a.stdout, "%s: up to date\n", set.name)
		}
	}
	return nil
}

type migrateStatusCmd struct {
	Dir string `kong:"-"`
}

// Run looks at the database that gatehouse serve uses.
func (c migrateStatusCmd) Run(ctx context.Context, a *app) error {
	cfg, err := a.config(config.ForDatabase)
	if err != nil {
		return err
	}
	sets, err := migrationSets(c.Dir)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return err
	}
	defer db.Close()
	pending, all := false, []migrationStatus{}
	for _, set := range sets {
		m, err := db.MigrationsOf(ctx, set.files, set.table)
		if err != nil {
			return fmt.Errorf("%s: %w", set.name, err)
		}
		status := migrationStatus{set.name, m}
		pending = pending || len(m.Pending) > 0
		if all = append(all, status); !a.json {
			fmt.Fprintln(a.stdout, status.words())
		}
	}
	if a.json {
		if err := printJSON(a.stdout, all); err != nil {
			return err
		}
	}
	if pending {
		return differs
	}
	return nil
}

// migrationStatus is how far a set was applied.
type migrationStatus struct {
	Set string `json:"set"`
	store.Migrations
}

func (s migrationStatus) words() string {
	switch {
	case len(s.Pending) > 0:
		return fmt.Sprintf("%s: at version %d, pending: %s", s.Set, s.At, strings.Join(s.Pending, ", "))
	case s.At > s.Needs:
		return fmt.Sprintf("%s: at version %d, newer than the %d of this gatehouse, which works with it", s.Set, s.At, s.Needs)
	}
	return fmt.Sprintf("%s: up to date, at version %d", s.Set, s.At)
}

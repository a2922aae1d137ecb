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
	Dir string `placeholder:"DIR" help:"Then apply the *.sql of this folder, by a version table of their own (goose_db_version_local)."`
	Dev bool   `help:"Then add the demo user and group. Never do that in production: the password is public."`
}

// Run keeps the sets apart by their version tables. Ours goes first: the others write to its tables.
func (c migrateCmd) Run(ctx context.Context, a *app) error {
	cfg, err := a.config(config.ForDatabase)
	if err != nil {
		return err
	}
	if c.Dir != "" {
		if _, err := os.ReadDir(c.Dir); err != nil {
			return fmt.Errorf("--dir: %w", err)
		}
	}
	dev, err := fs.Sub(migrations.FS, "dev")
	if err != nil {
		return err
	}
	for _, set := range []struct {
		name, table string
		files       fs.FS
		wanted      bool
	}{
		{"schema", store.VersionTable, migrations.FS, true},
		{c.Dir, store.LocalVersionTable, os.DirFS(c.Dir), c.Dir != ""},
		{"demo rows", store.DevVersionTable, dev, c.Dev},
	} {
		if !set.wanted {
			continue
		}
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

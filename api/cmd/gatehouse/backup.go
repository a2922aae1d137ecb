package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"gatehouse/api/admin"
	"gatehouse/api/authn"
	"gatehouse/api/config"
)

type backupCmd struct {
	Verify backupVerifyCmd `cmd:"" help:"Try out whether a dump can be restored and used, in a database beside the real one."`
}

type backupVerifyCmd struct {
	Dump    string `arg:"" help:"File that pg_dump --format=custom wrote."`
	Scratch string `placeholder:"NAME" help:"An empty database of the server; without, one is made, and dropped again."`
}

// Run restores the dump, looks at the schema, opens the signing keys and signs somebody in, who is made for that. Nothing is
// sent to anybody, and the server is asked for nothing but another database.
func (c backupVerifyCmd) Run(ctx context.Context, a *app) (err error) {
	cfg, err := a.config(config.ForServe | config.ForDatabase | config.ForKeys)
	if err != nil {
		return err
	}
	if _, err := os.Stat(c.Dump); err != nil {
		return err
	}
	scratch, err := openScratch(ctx, cfg, c.Scratch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scratch.Drop(context.WithoutCancel(ctx))) }()
	if err := restore(ctx, c.Dump, scratch); err != nil {
		return err
	}
	beside := *cfg
	beside.DatabaseURL = scratch.URL
	return a.tryOut(ctx, &beside)
}

// restore runs pg_restore, which has to be of the server's version or later.
func restore(ctx context.Context, dump string, into *scratch) error {
	var said bytes.Buffer
	command := exec.CommandContext(ctx, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error",
		"--dbname="+into.Name, dump)
	command.Env = append(os.Environ(), into.Env...)
	command.Stderr = &said
	err := command.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("there is no pg_restore here: install the programs of Postgres (apt-get install postgresql-client)")
	}
	if err != nil {
		return fmt.Errorf("the dump cannot be restored: %s", strings.Join(strings.Fields(said.String()), " "))
	}
	return nil
}

// tryOut uses the database of cfg as `gatehouse serve` would, and prints what it found.
func (a *app) tryOut(ctx context.Context, cfg *config.Config) error {
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.SchemaIsCurrent(ctx); err != nil {
		return fmt.Errorf("the dump was restored, but %w", err)
	}
	passwords := authn.NewPasswords(1, 1)
	adm := newAdmin(cfg, db.As(a.actor()), passwords)
	listed, err := adm.ListSigningKeys(ctx, admin.Nothing{})
	if err != nil {
		return err
	}
	if len(listed) == 0 {
		return errors.New("the dump has no signing keys: it was made before gatehouse serve ran, or without their table")
	}
	p, err := newProvider(cfg, db, passwords)
	if err != nil {
		return err
	}
	if err := p.LoadKeys(ctx); err != nil {
		return fmt.Errorf("the dump was restored, but GATEHOUSE_ENCRYPTION_KEY is not the key that it was made with: %w", err)
	}
	if err := p.Start(ctx); err != nil {
		return err
	}
	if err := signInOnce(ctx, cfg, p, adm); err != nil {
		return fmt.Errorf("the dump was restored and its keys were opened, but nobody can sign in: %w", err)
	}
	return a.done(struct {
		Keys int `json:"signing_keys"`
	}{len(listed)}, nil, "The dump was restored, its %d signing keys were opened, and somebody signed in.\n", len(listed))
}

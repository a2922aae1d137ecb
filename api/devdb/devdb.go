// Package devdb finds or starts a Postgres, for `npm start` and for tests. Production never uses it.
package devdb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Open returns the URL of a database to develop with, and a function that stops its server. DATABASE_URL names one that runs
// already; otherwise a server with its data below dir is started: an installed one, or the one in node_modules. Its socket is in
// a folder that no other user can enter, it listens on no port, and it ends with this process, however that ends.
// Settings are postgres's -c options, such as fsync=off.
func Open(ctx context.Context, dir string, progress func(string), settings ...string) (string, func(), error) {
	if given := os.Getenv("DATABASE_URL"); given != "" {
		progress("Using the Postgres of DATABASE_URL")
		return given, func() {}, nil
	}
	srv, err := start(ctx, dir, progress, settings...)
	if err != nil {
		return "", nil, err
	}
	if err := srv.createDatabase(ctx, "gatehouse"); err != nil {
		srv.stop()
		return "", nil, err
	}
	go func() {
		<-srv.exited
		if !srv.stopping.Load() {
			progress(fmt.Sprintf("PostgreSQL stopped; the last lines of %s:\n%s", srv.log, Tail(srv.log, 8)))
		}
	}()
	return srv.url("gatehouse"), srv.stop, nil
}

// createDatabase creates the database if it does not exist.
func (s *server) createDatabase(ctx context.Context, name string) error {
	err := execute(ctx, s.url("postgres"), "CREATE DATABASE "+name)
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "42P04" { // duplicate_database
		return nil
	}
	return err
}

// url returns the address of one database of the server. There is no password: the folder of the socket is protected.
func (s *server) url(database string) string {
	return fmt.Sprintf("postgres://gatehouse@/%s?host=%s", database, url.QueryEscape(s.socketDir))
}

// waitUntilReady tries until Postgres answers, for at most a minute.
func (s *server) waitUntilReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := execute(ctx, s.url("postgres"), "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("PostgreSQL stopped at once; its last lines (%s):\n%s", s.log, Tail(s.log, 8))
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer (%w); its last lines (%s):\n%s", err, s.log, Tail(s.log, 8))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// execute runs one statement on a connection of its own.
func execute(ctx context.Context, database, statement string) error {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// Tail returns the last lines of a file, or why it can't be read.
func Tail(path string, lines int) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return "  " + strings.Join(all[max(0, len(all)-lines):], "\n  ")
}

// Root returns the checkout: the nearest folder above the working directory with this module's go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if text, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil && strings.HasPrefix(string(text), "module gatehouse\n") {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("not in a Gatehouse checkout: change to its folder first")
		}
		dir = filepath.Dir(dir)
	}
}

// Remove deletes the data that Open made for dir; the server must have stopped.
func Remove(dir string) error {
	root, err := Root()
	if err != nil {
		return err
	}
	_, settled, err := settle(root, dir)
	if err != nil {
		return err
	}
	var all []error
	for _, name := range []string{"postgres-*", noteName} {
		found, _ := filepath.Glob(filepath.Join(settled, name))
		more, _ := filepath.Glob(filepath.Join(dir, name))
		for _, path := range append(found, more...) {
			all = append(all, os.RemoveAll(path))
		}
	}
	return errors.Join(all...)
}

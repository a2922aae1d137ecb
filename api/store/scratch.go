package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Scratch is a database beside another one, for what is restored to be looked at.
type Scratch struct {
	URL  string   // of the database
	Env  []string // the same for Postgres' own programs (libpq), which so have no password among their arguments
	Name string

	owner *pgx.ConnConfig
	made  bool
}

// OpenScratch returns an empty database of the server that address leads to: the one of that name, or for "" a new one, which
// Drop removes. Errors are sentences: a database that is not empty, or is that of address itself, is refused.
func OpenScratch(ctx context.Context, address, name string) (*Scratch, error) {
	cfg, err := parse(address)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	s := &Scratch{Name: name, owner: cfg.ConnConfig, made: name == ""}
	if s.made {
		s.Name = "gatehouse_verify_" + strings.ToLower(rand.Text()[:10])
		err = s.exec(ctx, "CREATE DATABASE "+pgx.Identifier{s.Name}.Sanitize()+" TEMPLATE template0")
		var refused *pgconn.PgError
		if errors.As(err, &refused) && refused.Code == "42501" { // insufficient_privilege
			return nil, fmt.Errorf("%s may make no database: make an empty one, which %s owns, and name it with --scratch",
				cfg.ConnConfig.User, cfg.ConnConfig.User)
		}
		if err != nil {
			return nil, failure(err)
		}
	} else if name == cfg.ConnConfig.Database {
		return nil, errors.New("--scratch names the database itself, into which nothing is restored")
	}
	s.URL, s.Env = beside(address, s.Name), libpq(cfg.ConnConfig, address, s.Name)
	if err := s.isEmpty(ctx); err != nil {
		return nil, errors.Join(err, s.Drop(ctx))
	}
	return s, nil
}

// Drop removes a database that OpenScratch made, and leaves one that was there.
func (s *Scratch) Drop(ctx context.Context) error {
	if !s.made {
		return nil
	}
	return failure(s.exec(ctx, "DROP DATABASE "+pgx.Identifier{s.Name}.Sanitize()+" WITH (FORCE)"))
}

func (s *Scratch) exec(ctx context.Context, sql string) error {
	conn, err := pgx.ConnectConfig(ctx, s.owner)
	if err != nil {
		return withoutPassword(err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

func (s *Scratch) isEmpty(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return withoutPassword(err)
	}
	defer conn.Close(ctx)
	var tables int
	err = conn.QueryRow(ctx, `SELECT count(*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
		WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\_%'`).Scan(&tables)
	if err == nil && tables > 0 {
		return fmt.Errorf("the database %s is not empty: restoring would mix the dump with what is in it", s.Name)
	}
	return failure(err)
}

// beside returns the address of another database of the same server.
func beside(address, name string) string {
	if u, err := url.Parse(address); err == nil && strings.HasPrefix(u.Scheme, "postgres") {
		u.Path = "/" + name
		return u.String()
	}
	return address + " dbname=" + name
}

// libpq returns the environment by which libpq finds the database. What a URL has about TLS goes on; what only pgx knows does
// not.
func libpq(cfg *pgx.ConnConfig, address, name string) []string {
	env := []string{"PGHOST=" + cfg.Host, "PGPORT=" + strconv.Itoa(int(cfg.Port)), "PGUSER=" + cfg.User,
		"PGPASSWORD=" + cfg.Password, "PGDATABASE=" + name}
	if u, err := url.Parse(address); err == nil {
		for _, option := range []string{"sslmode", "sslrootcert", "sslcert", "sslkey"} {
			if value := u.Query().Get(option); value != "" {
				env = append(env, "PG"+strings.ToUpper(option)+"="+value)
			}
		}
	}
	return env
}

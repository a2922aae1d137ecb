package store

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatehouse/api/declared"
)

// beginDeclared has one at a time compare and change what is declared, sees times in one zone, and may change what is declared.
var beginDeclared = compile(`SELECT set_config('TimeZone', 'UTC', true), set_config('gatehouse.declared_anyway', 'on', true),
	set_config('standard_conforming_strings', 'on', true), pg_advisory_xact_lock(hashtextextended('what is declared', 0))`)

// BeginDeclared is what a transaction begins with that compares files with rows: it waits for others.
func (s *Store) BeginDeclared(ctx context.Context) error {
	_, err := beginDeclared.run(ctx, s.pool, nil)
	return inWords(err, nil)
}

// DeclaredTables returns tables as files may declare them, with their rows.
func (s *Store) DeclaredTables(ctx context.Context, nouns []*declared.Noun) ([]declared.Table, error) {
	tables := make([]declared.Table, len(nouns))
	for i, n := range nouns {
		t := declared.Table{Noun: n}
		var err error
		if t.Columns, err = s.columnsOf(ctx, n); err == nil {
			t.Rows, err = s.storedRows(ctx, n)
		}
		if err != nil {
			return nil, inWords(err, nil)
		}
		tables[i] = t
	}
	return tables, nil
}

var columnsOfTable = compile(`
	SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null,
		coalesce(pg_get_expr(d.adbin, d.adrelid), 'NULL') AS default
	FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	WHERE a.attrelid = to_regclass(quote_ident(@table)) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`)

// columnsOf returns the columns of a table, with the values of defaults that are constants.
func (s *Store) columnsOf(ctx context.Context, n *declared.Noun) (map[string]declared.Column, error) {
	rows, err := columnsOfTable.rows(ctx, s.pool, args{"table": n.Name})
	if err != nil {
		return nil, err
	}
	type column struct {
		Name, Type string
		NotNull    bool
		Default    string
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[column])
	if err != nil {
		return nil, err
	}
	columns, defaults := map[string]declared.Column{}, []string{}
	for _, c := range list {
		made := strings.Contains(c.Default, "()") || slices.Contains(n.Made, c.Name) // a function or a trigger makes it
		columns[c.Name] = declared.Column{Name: c.Name, Type: c.Type, NotNull: c.NotNull, Made: made}
		if !made {
			defaults = append(defaults, "("+c.Default+")::"+c.Type+" AS "+pgx.Identifier{c.Name}.Sanitize())
		}
	}
	var values declared.Values
	err = s.pool.QueryRow(ctx, `SELECT to_jsonb(d) FROM (SELECT `+strings.Join(defaults, ", ")+`) AS d`).Scan(&values)
	for name, value := range values {
		c := columns[name]
		c.Default = value
		columns[name] = c
	}
	return columns, err
}

// storedRows returns all rows of a table, whatever of them a file may not say left out.
func (s *Store) storedRows(ctx context.Context, n *declared.Noun) ([]declared.Stored, error) {
	secret, itself := `''`, `false`
	if n.Secret != nil {
		secret = `coalesce(` + storedSecret(n) + `, '')`
	}
	if n.Itself != "" {
		itself = n.Itself
	}
	rows, err := s.pool.Query(ctx, `SELECT to_jsonb(t), coalesce(t.managed_by, ''), `+itself+`, `+secret+`
		FROM `+pgx.Identifier{n.Name}.Sanitize()+` AS t ORDER BY `+strings.Join(n.Key, ", "))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r declared.Stored, err error) {
		err = row.Scan(&r.Values, &r.ManagedBy, &r.Itself, &r.Secret)
		maps.DeleteFunc(r.Values, func(name string, _ json.RawMessage) bool { return !slices.Contains(n.Columns, name) })
		return r, err
	})
}

// storedSecret is the expression of what is stored of the secret of a row t: its live ones with spaces between them, where they have a
// table of their own.
func storedSecret(n *declared.Noun) string {
	if n.Secret.Table == "" {
		return `t.` + n.Secret.Column + `::text`
	}
	key := strings.Join(n.Key, ", t.")
	return `(SELECT string_agg(` + n.Secret.Column + `::text, ' ') FROM ` + n.Secret.Table + `
		WHERE (` + strings.Join(n.Key, ", ") + `) = (t.` + key + `) AND ` + isLive + `)`
}

// Typed has Postgres read the values of a row of a file as its table has them: what is equal there is equal text then. A value that is
// not of its column's type is a Refusal.
func (s *Store) Typed(ctx context.Context, n *declared.Noun, list []declared.Values) ([]declared.Values, error) {
	table := pgx.Identifier{n.Name}.Sanitize()
	rows, err := s.pool.Query(ctx, `SELECT to_jsonb(jsonb_populate_record(NULL::`+table+`, r))
		FROM jsonb_array_elements($1) WITH ORDINALITY AS a(r, i) ORDER BY i`, list)
	if err != nil {
		return nil, inWords(err, nil)
	}
	typed, err := pgx.CollectRows(rows, pgx.RowTo[declared.Values])
	for i, row := range typed {
		maps.DeleteFunc(row, func(name string, _ json.RawMessage) bool { _, said := list[i][name]; return !said })
	}
	return typed, inWords(err, nil)
}

// Declare runs a statement that changes what is declared, with the value of its secret, if it has one, for $1. Errors: Refusal, with the
// column that it is about where the name of the constraint begins with one.
func (s *Store) Declare(ctx context.Context, statement string, secret any, shown map[string]string) (column string, err error) {
	if secret == nil {
		_, err = s.pool.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol)
	} else {
		_, err = s.pool.Exec(ctx, statement, pgx.QueryExecModeExec, secret)
	}
	for name, columns := range namesInConstraints {
		if value := shown[columns[0]]; value != "" {
			shown[name] = value
		}
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		column = longestStart(strings.TrimPrefix(refused.ConstraintName, refused.TableName+"_"), shown)
		if columns := namesInConstraints[column]; columns != nil {
			column = columns[0]
		}
	}
	return column, inWords(err, shown)
}

// Live is how many sessions and grants are of use now, and which groups have nobody in them.
type Live struct {
	Sessions, Grants int
	Empty            []string
}

var countLive = compile(`SELECT
	(SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.ended_at IS NULL AND s.expires_at > @now AND ` + mayAct("u") + `),
	(SELECT count(*) FROM ` + grantTables + ` ` + grantsClient + ` WHERE (` + refusalOfAny + `) IS NULL),
	ARRAY(SELECT name FROM groups
		WHERE NOT EXISTS (SELECT FROM group_members m WHERE m.group_name = name AND ` + memberNow("m") + `) ORDER BY name)`)

// CountLive looks through all sessions and grants.
func (s *Store) CountLive(ctx context.Context, now time.Time) (l Live, err error) {
	err = countLive.row(ctx, s.pool, args{"now": now}).Scan(&l.Sessions, &l.Grants, &l.Empty)
	return l, inWords(err, nil)
}

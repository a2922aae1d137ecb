package store

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatehouse/api/declared"
)

// Every table that a file may declare has the same two constraints of managed_by.
func init() {
	for _, table := range append(declared.Names(true), "client_secrets") {
		update := "UPDATE " + table + " SET managed_by = %"
		if table == "resources" { // of which there is none
			update = "INSERT INTO resources (identifier, managed_by) VALUES ('x', %)"
		}
		refused[table+"_managed_by_must_have_1_to_255_characters"] = refusedStatement{update, []string{"''", "repeat('x', 256)"}}
		refused[table+"_managed_by_must_have_no_control_characters"] = refusedStatement{update, []string{`E'a\nb:1'`}}
	}
}

// A table of the operators, or a column of it, is one that a file may declare, or there is a reason why not.
func TestEveryColumnOfTheOperatorsCanBeDeclared(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	rows, err := conn.Query(t.Context(), `
		SELECT c.relname, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
		GROUP BY 1`)
	try(t, err)
	type table struct {
		Name    string
		Columns []string
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[table])
	try(t, err)
	there := map[string]bool{}
	for _, of := range list {
		there[of.Name] = true
		n := declared.NounNamed(of.Name)
		if _, not := declared.Others[of.Name]; (n == nil) != not && !strings.HasPrefix(of.Name, "goose_") {
			t.Errorf("table %s is to be in declared.Nouns or in declared.Others", of.Name)
		}
		if n == nil {
			continue
		}
		known := slices.Concat(n.Columns, n.Except, []string{declared.ManagedBy})
		if n.Secret != nil && n.Secret.Table == "" {
			known = append(known, n.Secret.Column)
		}
		slices.Sort(known)
		if slices.Sort(of.Columns); !slices.Equal(known, of.Columns) {
			t.Errorf("%s: declared.Nouns knows\n%v, and there are\n%v", of.Name, known, of.Columns)
		}
	}
	for name := range declared.Others {
		if !there[name] {
			t.Errorf("there is no table %s", name)
		}
	}
}

// The next apply would take such a change back, so each door of administrators refuses it unless it is meant; a statement of an operator's
// own is meant.
func TestADeclaredRowIsChangedOnPurposeOnly(t *testing.T) {
	t.Parallel()
	s := open(t, connect(t).Config().ConnString())
	if _, err := s.pool.Exec(t.Context(), `INSERT INTO groups (name, managed_by) VALUES ('staff', 'hub.yaml:3')`); err != nil {
		t.Fatal(err)
	}
	for door, refuses := range map[string]bool{"api": true, "page": true, "command line": true, "registration": false, "": false} {
		for _, anyway := range []bool{false, true} {
			_, err := s.As(Actor{Name: "ada", Door: door, DeclaredAnyway: anyway}).pool.Exec(t.Context(),
				`UPDATE groups SET description = $1 WHERE name = 'staff'`, door+strconv.FormatBool(anyway))
			var refused *pgconn.PgError
			is := errors.As(err, &refused) && refused.ConstraintName == "groups_declared_rows_change_in_their_file"
			if err != nil != is || is != (refuses && !anyway) {
				t.Errorf("door %q, anyway %v: %v", door, anyway, err)
			}
		}
	}
}

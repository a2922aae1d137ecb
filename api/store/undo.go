package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// undoable are the tables whose changes can be taken back. Of the others a row is worth nothing without a secret, or is history.
var undoable = []string{"users", "groups", "group_members", "group_owners", "acr_values", "clients", "client_claims", "exchange_policies",
	"resources", "upstreams", "upstream_accounts"}

// hidden is what audit has in place of a secret.
const hidden = `"(secret)"`

var oneChange = compile(changeSelect + ` WHERE id = @id`)

// Undo takes back the change of a row of audit, if what it made is still there. Errors: Missing; Refusal where it is not, or where a
// secret would be lost.
func (s *Store) Undo(ctx context.Context, id int64) error {
	rows, err := oneChange.rows(ctx, s.pool, args{"id": id})
	if err != nil {
		return inWords(err, nil)
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByNameLax[Change])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Missing{"change", fmt.Sprint(id)}
	case err != nil:
		return inWords(err, nil)
	}
	if why := cannotUndo(c); why != nil {
		return why
	}
	statement, a, err := c.undoing()
	if err != nil {
		return err
	}
	tag, err := statement.run(ctx, s.pool, a)
	if err == nil && tag.RowsAffected() == 0 {
		return Refusal{Words: "somebody changed it since: look at what it is now", Constraint: "undo_needs_what_was_made"}
	}
	return inWords(err, values{})
}

// cannotUndo returns why a change cannot be taken back whatever is there by now, or nil.
func cannotUndo(c Change) error {
	const rule = "undo_is_for_rows_without_secrets"
	switch {
	case !slices.Contains(undoable, c.Table) || c.Action == "TRUNCATE":
		return Refusal{Words: "a change of " + c.Table + " cannot be undone", Constraint: rule}
	case c.Action == "UPDATE" && (strings.Contains(string(c.Before), hidden) || strings.Contains(string(c.After), hidden)):
		return Refusal{Words: "a secret was changed, and the former one is not kept: set another", Constraint: rule}
	}
	return nil
}

// undoing returns the statement that takes the change back. What is updated or deleted has to be as the change made it.
func (c Change) undoing() (statement query, a args, err error) {
	key, err := columnsIn(c.Key)
	if err != nil {
		return statement, nil, err
	}
	table := pgx.Identifier{c.Table}.Sanitize()
	where := fmt.Sprintf("(%s) = (SELECT %[1]s FROM jsonb_populate_record(NULL::%s, @key))", list(key), table)
	if c.Action == "DELETE" {
		columns, err := columnsIn(c.Before)
		if err != nil {
			return statement, nil, err
		}
		return compile(fmt.Sprintf("INSERT INTO %s (%s) SELECT %[2]s FROM jsonb_populate_record(NULL::%[1]s, @row)", table, list(columns))),
			args{"row": c.Before}, nil
	}
	made, err := columnsIn(c.After)
	if err != nil {
		return statement, nil, err
	}
	made = slices.DeleteFunc(made, func(name string) bool { return slices.Contains([]string{"updated_at", "created_at"}, name) })
	where += fmt.Sprintf(" AND ROW(%s) IS NOT DISTINCT FROM (SELECT ROW(%[1]s) FROM jsonb_populate_record(NULL::%s, @after))",
		list(made), table)
	if c.Action == "INSERT" {
		return compile("DELETE FROM " + table + " WHERE " + where), args{"key": c.Key, "after": c.After}, nil
	}
	return compile(fmt.Sprintf("UPDATE %s SET (%s) = (SELECT %[2]s FROM jsonb_populate_record(NULL::%[1]s, @before)) WHERE %[3]s",
		table, list(made), where)), args{"key": c.Key, "before": c.Before, "after": c.After}, nil
}

// columnsIn returns the names of a row's columns that are no secrets.
func columnsIn(row json.RawMessage) ([]string, error) {
	var columns map[string]json.RawMessage
	if err := json.Unmarshal(row, &columns); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	maps.DeleteFunc(columns, func(_ string, value json.RawMessage) bool { return string(value) == hidden })
	return slices.Sorted(maps.Keys(columns)), nil
}

func list(columns []string) string {
	names := make([]string, len(columns))
	for i, name := range columns {
		names[i] = pgx.Identifier{name}.Sanitize()
	}
	return strings.Join(names, ", ")
}

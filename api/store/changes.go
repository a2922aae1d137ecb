package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// Change is what a transaction does to a row, as audit has it.
type Change struct {
	Table    string          `json:"table"`
	Action   string          `json:"action"` // INSERT, UPDATE or DELETE
	Key      json.RawMessage `json:"key"`
	Before   json.RawMessage `json:"before,omitempty"` // of an UPDATE, what changes
	After    json.RawMessage `json:"after,omitempty"`
	Username string          `json:"username,omitempty"` // whom it is about
	ClientID string          `json:"client_id,omitempty"`
}

const changeSelect = `SELECT table_name AS table, action, key, before, after, coalesce(username, '') AS username,
	coalesce(client_id, '') AS client_id FROM audit`

var ownChanges = compile(changeSelect + ` WHERE at >= now() AND xmin = pg_current_xact_id()::xid ORDER BY id`)

// Changes returns what the transaction of the store has changed so far.
func (s *Store) Changes(ctx context.Context) ([]Change, error) {
	if _, err := s.pool.Exec(ctx, `SET CONSTRAINTS ALL IMMEDIATE`); err != nil { // which writes the rows of audit
		return nil, inWords(err, nil)
	}
	rows, err := ownChanges.rows(ctx, s.pool, args{})
	if err != nil {
		return nil, inWords(err, nil)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByNameLax[Change])
	return list, inWords(err, nil)
}

// BeginDryRun has audit see what ends as a consequence, too, until the transaction ends.
func (s *Store) BeginDryRun(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `SELECT set_config('gatehouse.dry_run', 'on', true)`)
	return inWords(err, nil)
}

// A membership that has ended counts, too: whoever could get at the account might wait for it to be prolonged.
var touchesAdministration = compile(`
	SELECT EXISTS (SELECT FROM group_members WHERE username = ANY (@usernames::text[]) AND group_name = ANY (@groups::text[]))
		OR EXISTS (SELECT FROM clients WHERE client_id = ANY (@clients::text[]) AND (@resource = ANY (audiences)
			OR scope LIKE 'admin.%' OR scope LIKE '% admin.%'))`)

// Administration is what the rights to administer depend on.
type Administration struct {
	Groups   []string // that give somebody a role
	Resource string   // the admin API
}

// Touches reports whether changes are about somebody who has a role, about a group that gives one, or about a client that may get tokens
// for the admin API.
func (s *Store) Touches(ctx context.Context, adm Administration, list []Change) (touches bool, err error) {
	a := args{"groups": adm.Groups, "resource": adm.Resource, "usernames": []string{}, "clients": []string{}}
	for _, c := range list {
		a["usernames"] = append(a["usernames"].([]string), c.Username)
		a["clients"] = append(a["clients"].([]string), c.ClientID)
		touches = touches || adm.in(c)
	}
	if touches || len(list) == 0 {
		return touches, nil
	}
	err = touchesAdministration.row(ctx, s.pool, a).Scan(&touches)
	return touches, inWords(err, nil)
}

// in reports whether the change itself names a group or scope of the administration.
func (adm Administration) in(c Change) bool {
	for _, text := range []json.RawMessage{c.Key, c.Before, c.After} {
		var row struct {
			Name       string   `json:"name"`
			Group      string   `json:"group_name"`
			Identifier string   `json:"identifier"`
			Audiences  []string `json:"audiences"`
			Scope      string   `json:"scope"`
		}
		_ = json.Unmarshal(text, &row) // what is of another form is of another table
		for _, group := range adm.Groups {
			if row.Group == group || c.Table == "groups" && row.Name == group {
				return true
			}
		}
		if row.Identifier == adm.Resource || slices.Contains(row.Audiences, adm.Resource) {
			return true
		}
		if strings.HasPrefix(row.Scope, "admin.") || strings.Contains(row.Scope, " admin.") {
			return true
		}
	}
	return false
}

// Leaving reports whether changes end a membership of a group, or the group under its name, and returns the users who are disabled or whose
// accounts get an end.
func Leaving(list []Change, group string) (ends bool, disabled []string) {
	for _, c := range list {
		var before, after struct {
			Name       *string `json:"name"`
			Group      string  `json:"group_name"`
			DisabledAt *string `json:"disabled_at"`
			ExpiresAt  *string `json:"expires_at"`
			Until      *string `json:"until"`
		}
		var key struct {
			Group string `json:"group_name"`
		}
		_ = json.Unmarshal(c.Key, &key)
		_, _ = json.Unmarshal(c.Before, &before), json.Unmarshal(c.After, &after) // what is of another form is of another table
		switch {
		case c.Table == "users" && (after.DisabledAt != nil || after.ExpiresAt != nil):
			disabled = append(disabled, c.Username)
		case c.Table == "group_members" && c.Action == "DELETE" && before.Group == group,
			c.Table == "group_members" && after.Until != nil && key.Group == group,
			c.Table == "groups" && before.Name != nil && *before.Name == group:
			ends = true
		}
	}
	return ends, disabled
}

var countMembers = compile(`
	SELECT count(*) FILTER (WHERE ` + mayAct("u") + ` AND ` + memberNow("m") + `), coalesce(bool_or(username = ANY (@users::text[])), false)
	FROM group_members m JOIN users u USING (username) WHERE m.group_name = @group`)

// EnabledMembers returns how many members of a group can sign in, and whether one of users is a member. The row of the group is locked, so
// that no two who leave at once each count the other. A group that is not there has none.
func (s *Store) EnabledMembers(ctx context.Context, group string, users []string) (n int, among bool, err error) {
	if err := s.Lock(ctx, "groups", group); err != nil {
		return 0, false, notMissing(err)
	}
	err = countMembers.row(ctx, s.pool, args{"group": group, "users": oidc.NotNil(users), "now": time.Now()}).Scan(&n, &among)
	return n, among, inWords(err, nil)
}

func notMissing(err error) error {
	if errors.As(err, new(Missing)) {
		return nil
	}
	return err
}

var columnTypes = compile(`
	SELECT c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
	WHERE c.relname = ANY (@tables::text[]) AND c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 AND NOT a.attisdropped`)

// ColumnTypes returns the types of the columns of tables, such as text[], by table.column.
func (s *Store) ColumnTypes(ctx context.Context, tables []string) (types map[string]string, err error) {
	rows, err := columnTypes.rows(ctx, s.pool, args{"tables": tables})
	if err != nil {
		return nil, inWords(err, nil)
	}
	types = map[string]string{}
	var column, of string
	_, err = pgx.ForEachRow(rows, []any{&column, &of}, func() error { types[column] = of; return nil })
	return types, inWords(err, nil)
}

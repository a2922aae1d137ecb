package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// noun is a table of an administrator whose rows have names.
type noun struct {
	kind string   // of a row
	key  string   // the column that names it
	must []string // columns that always have a value: where others become NULL, what is empty is refused, or is an empty object
}

// nouns are the tables whose rows are set and locked, by their names.
var nouns = map[string]noun{
	"users":      {"user", "username", []string{"username", "claims"}},
	"groups":     {"group", "name", []string{"name"}},
	"upstreams":  {"upstream", "name", []string{"name", "kind", "issuer", "client_id", "scope", "authorization_params"}},
	"resources":  {"resource", "identifier", []string{"identifier", "open_to", "scopes"}},
	"workshops":  {"workshop", "name", []string{"name", "code", "prefix", "created_by", "former_accounts"}},
	"acr_values": {"acr value", "value", []string{"value"}},
	"clients": {"client", "client_id", []string{"client_id", "application_type", "scope", "token_endpoint_auth_method", "security_profile",
		"id_token_signed_response_alg", "access_token_signing_alg", "access_token_typ", "refresh_token_format", "subject_type"}},
}

// Lock keeps others from changing a row until the transaction of this store ends: with it, what was read is what is changed. Sign-ins do
// not wait for it. Errors: Missing.
func (s *Store) Lock(ctx context.Context, table, key string) error {
	n, ok := nouns[table]
	if !ok {
		return fmt.Errorf("store: %s is no table of rows with names", table)
	}
	lock := compile(`SELECT FROM ` + table + ` WHERE ` + n.key + ` = @key FOR NO KEY UPDATE`)
	return s.manageOne(ctx, Missing{n.kind, key}, nil, lock, args{"key": key})
}

// Columns are values by the names of their columns. Empty text is NULL where the column may be, and so is the zero time.
type Columns map[string]any

// expression is a value of a column that is made of others, of the row or of the change (@name).
type expression string

// Set writes those columns of a row, and no others, so that two administrators who change different ones undo nothing of each other.
// Errors: Missing.
func (s *Store) Set(ctx context.Context, table, key string, changes Columns) error {
	n := nouns[table]
	return s.set(ctx, table, n, n.key+" = @the_key", args{"the_key": key}, Missing{n.kind, key}, changes)
}

// set writes columns of the row that where is about, whose arguments are in values.
func (s *Store) set(ctx context.Context, table string, n noun, where string, values args, missing Missing, changes Columns) error {
	if len(changes) == 0 {
		return s.manageOne(ctx, missing, nil, compile(`SELECT FROM `+table+` WHERE `+where), values)
	}
	var set []string
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		if e, ok := changes[name].(expression); ok {
			set = append(set, pgx.Identifier{name}.Sanitize()+" = "+string(e))
			continue
		}
		set = append(set, pgx.Identifier{name}.Sanitize()+" = @"+name)
		values[name] = n.stored(name, changes[name])
	}
	q := compile(`UPDATE ` + table + ` SET ` + strings.Join(set, ", ") + ` WHERE ` + where + ` RETURNING 1`)
	return s.manageOne(ctx, missing, shownOf(changes), q, values)
}

// stored returns what is written for a value.
func (n noun) stored(column string, value any) any {
	switch v := value.(type) {
	case string:
		if v == "" && !slices.Contains(n.must, column) {
			return nil
		}
	case time.Time:
		if v.IsZero() {
			return nil
		}
	case json.RawMessage:
		switch {
		case len(v) > 0:
		case slices.Contains(n.must, column):
			return json.RawMessage("{}")
		default:
			return nil
		}
	case map[string]string:
		if v == nil {
			return map[string]string{}
		}
	case []string:
		return oidc.NotNil(v)
	}
	return value
}

// shownOf are what a refusal may show of a change: texts and lists of text.
func shownOf(changes Columns) values {
	shown := values{}
	for name, value := range changes {
		switch value := value.(type) {
		case string:
			shown[name] = value
		case []string:
			shown[name] = join(value)
		}
	}
	addNamesInConstraints(shown)
	return shown
}

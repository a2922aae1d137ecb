package admin

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse/api/declared"
	"gatehouse/api/store"
)

// statements writes changes as SQL.
type statements struct {
	types map[string]string // of the columns, by table.column
}

// followers are tables of which rows end because others change; where nothing else changes, somebody wants it.
var followers = []string{"sessions", "grants"}

// itsOwn are columns that each row gets by itself.
var itsOwn = []string{"created_at", "updated_at", "password_changed_at"}

// written returns SQL that does the same as changes, and SQL that takes them back, each a statement on a line or more.
func (s statements) written(changes []store.Change) (do, undo string) {
	own := func(c store.Change) bool { return !slices.Contains(followers, c.Table) }
	if slices.ContainsFunc(changes, own) {
		changes = slices.DeleteFunc(slices.Clone(changes), func(c store.Change) bool { return !own(c) })
	}
	var there, back, again []string
	for _, c := range changes {
		key, before, after := members(c.Key), members(c.Before), members(c.After)
		switch c.Action {
		case "INSERT":
			there = append(there, s.insert(c.Table, after))
			back = append(back, "DELETE FROM "+c.Table+" WHERE "+s.where(c.Table, key)+";")
		case "UPDATE":
			former := maps.Clone(key)
			for name := range key { // audit has the key that the row has now
				if was, changed := before[name]; changed {
					former[name] = was
				}
			}
			there = append(there, s.update(c.Table, after, former))
			back = append(back, s.update(c.Table, before, key))
		case "DELETE":
			there = append(there, "DELETE FROM "+c.Table+" WHERE "+s.where(c.Table, key)+";")
			again = append(again, s.insert(c.Table, before))
		}
	}
	slices.Reverse(back) // and what was deleted comes back in the order in which it went: first what others refer to
	return lines(there), lines(append(back, again...))
}

func lines(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return strings.Join(list, "\n") + "\n"
}

func members(row json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	_ = json.Unmarshal(row, &m) // nothing, where there is no row
	return m
}

func (s statements) insert(table string, row map[string]json.RawMessage) string {
	var columns, values []string
	for _, name := range slices.Sorted(maps.Keys(row)) {
		if string(row[name]) == "null" || slices.Contains(itsOwn, name) {
			continue
		}
		columns, values = append(columns, name), append(values, s.literal(table+"."+name, row[name]))
	}
	return fmt.Sprintf("INSERT INTO %s (%s)\n  VALUES (%s);", table, strings.Join(columns, ", "), strings.Join(values, ", "))
}

func (s statements) update(table string, row, key map[string]json.RawMessage) string {
	var set []string
	for _, name := range slices.Sorted(maps.Keys(row)) {
		if !slices.Contains(itsOwn, name) {
			set = append(set, name+" = "+s.literal(table+"."+name, row[name]))
		}
	}
	return fmt.Sprintf("UPDATE %s SET %s\n  WHERE %s;", table, strings.Join(set, ", "), s.where(table, key))
}

func (s statements) where(table string, key map[string]json.RawMessage) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(key)) {
		list = append(list, name+" = "+s.literal(table+"."+name, key[name]))
	}
	return strings.Join(list, " AND ")
}

// literal returns a value as a constant. Of a secret it has what makes another.
func (s statements) literal(column string, value json.RawMessage) string {
	switch {
	case string(value) != `"(secret)"`:
		return declared.Constant(s.types[column], value)
	case column == "users.password":
		return "password_hash('…')"
	}
	return "sha256('…')"
}

package declared

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// SQL returns the statement that makes the change, without a semicolon; secret is the expression that stands for what is stored of its
// secret.
func (c *Change) SQL(secret string) string {
	switch c.Verb {
	case Insert:
		return c.withSecret(c.insert(c.Row.Values, c.At.Mark(), c.Secret != nil && c.Noun.Secret.Table == "", secret), secret)
	case Delete:
		return c.delete(c.Stored.Values)
	}
	set := c.assignments(c.Row.Values)
	if c.Secret != nil && c.Noun.Secret.Table == "" {
		set = append(set, c.Noun.Secret.Column+" = "+secret)
	}
	if c.Stored.ManagedBy != c.At.Mark() {
		set = append(set, ManagedBy+" = "+Literal(c.At.Mark()))
	}
	return c.withSecret(c.update(set), secret)
}

// withSecret adds to a statement, "" for none, that the secret is the only one of its row, where secrets have a table of their own.
func (c *Change) withSecret(statement, secret string) string {
	if c.Secret == nil || c.Noun.Secret.Table == "" {
		return statement
	}
	key, table := strings.Join(c.Noun.Key, ", "), c.Noun.Secret.Table
	parts, from, done := []string{}, c.Noun.Name+" WHERE "+c.where(c.rows()[0]), " AND "
	if statement != "" {
		parts, from, done = append(parts, c.Noun.One+" AS (\n"+statement+"\nRETURNING "+key+")"), c.Noun.One, " WHERE "
	}
	if c.Verb == Update {
		parts = append(parts, "former AS (\nDELETE FROM "+table+" WHERE "+c.where(c.rows()[0])+" RETURNING 1)")
		from += done + "(SELECT count(*) FROM former) >= 0"
	}
	return "WITH " + strings.Join(parts, ", ") +
		fmt.Sprintf("\nINSERT INTO %s (%s, %s) SELECT %s, %s FROM %s", table, key, c.Noun.Secret.Column, key, secret, from)
}

// Undo returns the statement that takes the change back, "" for none. Of a secret nothing is known that could be put back: it stays what
// it became, and a row that comes back has one that nobody knows, or none.
func (c *Change) Undo() string {
	switch c.Verb {
	case Insert:
		return c.delete(c.Row.Values)
	case Delete:
		return c.insert(c.Stored.Values, c.Stored.ManagedBy, false, "")
	}
	set := c.assignments(c.Stored.Values)
	if c.Stored.ManagedBy != c.At.Mark() {
		set = append(set, ManagedBy+" = "+markLiteral(c.Stored.ManagedBy))
	}
	return c.update(set)
}

func (c *Change) assignments(to Values) (set []string) {
	for _, name := range c.Columns {
		set = append(set, name+" = "+c.literal(name, to[name]))
	}
	return set
}

func (c *Change) insert(row Values, mark string, hasSecret bool, secret string) string {
	var columns, list []string
	for _, name := range c.Noun.Columns {
		value, said := row[name]
		if standard, known := c.defaults[name]; !said || known && string(standard) == string(value) && !slices.Contains(c.Noun.Key, name) {
			continue
		}
		columns, list = append(columns, name), append(list, c.literal(name, value))
	}
	if hasSecret {
		columns, list = append(columns, c.Noun.Secret.Column), append(list, secret)
	}
	columns, list = append(columns, ManagedBy), append(list, markLiteral(mark))
	return fmt.Sprintf("INSERT INTO %s (%s)\nVALUES (%s)", c.Noun.Name, strings.Join(columns, ", "), strings.Join(list, ", "))
}

// update returns "" where nothing is set.
func (c *Change) update(set []string) string {
	if len(set) == 0 {
		return ""
	}
	return fmt.Sprintf("UPDATE %s SET %s\nWHERE %s", c.Noun.Name, strings.Join(set, ", "), c.where(c.rows()[0]))
}

func (c *Change) delete(row Values) string {
	return fmt.Sprintf("DELETE FROM %s WHERE %s", c.Noun.Name, c.where(row))
}

func (c *Change) where(row Values) string {
	list := make([]string, len(c.Noun.Key))
	for i, name := range c.Noun.Key {
		list[i] = name + " = " + c.literal(name, row[name])
	}
	return strings.Join(list, " AND ")
}

// MoveSQL returns a statement for each table that has the marks of rows follow their lines.
func (d Difference) MoveSQL() (statements []string) {
	for _, n := range Nouns {
		var rows []string
		for _, c := range d.Moved {
			if c.Noun == n {
				rows = append(rows, "("+strings.Join(c.keyLiterals(), ", ")+", "+Literal(c.At.Mark())+")")
			}
		}
		if len(rows) > 0 {
			statements = append(statements, fmt.Sprintf("UPDATE %s AS t SET managed_by = m.managed_by\n"+
				"FROM (VALUES %s) AS m (%s, managed_by) WHERE (%s) = (%s)", n.Name, strings.Join(rows, ", "),
				strings.Join(n.Key, ", "), "t."+strings.Join(n.Key, ", t."), "m."+strings.Join(n.Key, ", m.")))
		}
	}
	return statements
}

func (c *Change) keyLiterals() (list []string) {
	for _, name := range c.Noun.Key {
		list = append(list, c.literal(name, c.Row.Values[name]))
	}
	return list
}

func (c *Change) literal(column string, value json.RawMessage) string {
	return Constant(c.types[column].Type, value)
}

// Constant returns a value, in the JSON that Postgres makes of it, as a constant of SQL of a type, such as text[].
func Constant(t string, value json.RawMessage) string {
	var list []string
	switch {
	case isNull(value):
		return "NULL"
	case t == "boolean" || t == "integer" || t == "bigint" || t == "smallint":
		return string(value)
	case t == "jsonb":
		return Literal(string(value))
	case t == "text[]" && json.Unmarshal(value, &list) == nil:
		return listLiteral(list)
	}
	return Literal(text(value))
}

func listLiteral(list []string) string {
	if len(list) == 0 {
		return "'{}'"
	}
	items := make([]string, len(list))
	for i, item := range list {
		items[i] = Literal(item)
	}
	return "ARRAY[" + strings.Join(items, ", ") + "]"
}

func markLiteral(mark string) string {
	if mark == "" {
		return "NULL"
	}
	return Literal(mark)
}

// Literal returns text as a constant of SQL, in one line: what could steer a terminal, or end a comment, is escaped.
func Literal(s string) string {
	// What follows a backslash is a variable to goose, unless there are two (see fromEnvironment).
	if !strings.Contains(s, `\$`) && !strings.ContainsFunc(s, func(r rune) bool { return !isShown(r) }) {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return "E'" + escaped(s, '\'') + "'"
}

// escaped returns text within quotes, as both E'…' of SQL and "…" of YAML escape what is not shown.
func escaped(s string, quote rune) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == quote || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case isShown(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			fmt.Fprintf(&b, `\u%04X`, r)
		}
	}
	return b.String()
}

// isShown reports whether a character is one that people see: no control, no format character, no space but the common one.
func isShown(r rune) bool { return unicode.IsPrint(r) }

package declared

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Colors are what a terminal is told before and after the line that says what happens.
type Colors map[Verb]string

// Terminal are colours of terminals: green, yellow, blue, red.
var Terminal = Colors{Insert: "\x1b[32m", Update: "\x1b[33m", Adopt: "\x1b[34m", Delete: "\x1b[31m"}

func (c Colors) of(v Verb, line string) string {
	if c[v] == "" {
		return line
	}
	return c[v] + line + "\x1b[0m"
}

// Text returns the changes as SQL that can be pasted into psql, each below a comment that says where it is declared, and what was and
// will be; "" where there are none. Secrets are variables of psql.
func (d Difference) Text(colors Colors) string {
	if len(d.Changes) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("BEGIN;\n\n")
	d.each(colors, &b)
	b.WriteString("COMMIT;\n")
	return b.String()
}

func (d Difference) each(colors Colors, b *strings.Builder) {
	begin, end := d.Deferred()
	if begin != "" {
		fmt.Fprintf(b, "%s;\n\n", begin)
	}
	for _, c := range d.Changes {
		fmt.Fprintln(b, colors.of(c.Verb, "-- "+c.headline()))
		for _, line := range c.details() {
			fmt.Fprintln(b, "--   "+line)
		}
		secret := ""
		if c.Secret != nil {
			fmt.Fprintf(b, "--   in psql: \\set %s to what %s is\n", c.Secret.variable(), c.Secret)
			secret = c.Noun.Secret.stored(":'" + c.Secret.variable() + "'")
		}
		fmt.Fprintf(b, "%s;\n\n", c.SQL(secret))
	}
	if end != "" {
		fmt.Fprintf(b, "%s;\n\n", end)
	}
}

// headline says in a line what happens to the row.
func (c *Change) headline() string {
	switch c.Verb {
	case Insert:
		return fmt.Sprintf("%s: %s is new", inWords(c.At.Mark()), c.Name())
	case Update:
		return fmt.Sprintf("%s: %s changes", inWords(c.At.Mark()), c.Name())
	case Delete:
		return fmt.Sprintf("%s: was declared in %s, and is no more", c.Name(), inWords(c.Stored.ManagedBy))
	}
	return fmt.Sprintf("%s: %s is there as declared, and is marked as declared here", inWords(c.At.Mark()), c.Name())
}

// details are what a line of SQL does not show: what was, and which mark.
func (c *Change) details() (lines []string) {
	if c.Verb == Update {
		for _, name := range c.Columns {
			lines = append(lines, fmt.Sprintf("%s: %s → %s", name, c.literal(name, c.Old(name)), c.literal(name, c.New(name))))
		}
	}
	if c.Secret != nil && c.Verb == Update {
		lines = append(lines, "secret changes")
	}
	if c.Verb == Update || c.Verb == Adopt {
		switch former := c.Stored.ManagedBy; {
		case former == "":
			lines = append(lines, "nobody declared it so far")
		case fileOf(former) != c.At.File:
			lines = append(lines, "it was declared in "+inWords(former)+" so far")
		}
	}
	return lines
}

// Deferred returns statements for before and after the changes, "" where there is no need: rows may swap what is unique, so that it has to
// hold at the end only.
func (d Difference) Deferred() (begin, end string) {
	var list []string
	for _, c := range d.Changes {
		if name := c.Noun.Deferred; name != "" && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	if len(list) == 0 {
		return "", ""
	}
	names := strings.Join(list, ", ")
	return "SET CONSTRAINTS " + names + " DEFERRED", "SET CONSTRAINTS " + names + " IMMEDIATE"
}

// Counts says how many rows change, such as: 2 to insert, 1 to delete.
func (d Difference) Counts(forms map[Verb]string) string {
	var parts []string
	for _, v := range []Verb{Insert, Update, Adopt, Delete} {
		n := 0
		for _, c := range d.Changes {
			if c.Verb == v {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf(forms[v], n))
		}
	}
	return strings.Join(parts, ", ")
}

// GoneNames says which rows the files declared and declare no more.
func (d Difference) GoneNames() (list []string) {
	for _, c := range d.Gone {
		list = append(list, fmt.Sprintf("%s was declared in %s, and is no more", c.Name(), inWords(c.Stored.ManagedBy)))
	}
	return list
}

func (r *Reference) String() string { return r.Kind + " " + quoted(r.Name) }

// MarshalJSON returns what happens to a row, for programs. Of a secret it says that it changes.
func (c *Change) MarshalJSON() ([]byte, error) {
	type values struct {
		Old json.RawMessage `json:"old,omitempty"`
		New json.RawMessage `json:"new,omitempty"`
	}
	out := struct {
		Verb          Verb              `json:"verb"`
		Table         string            `json:"table"`
		Key           Values            `json:"key"`
		Was           string            `json:"was_managed_by,omitempty"`
		Is            string            `json:"managed_by,omitempty"`
		Columns       map[string]values `json:"columns,omitempty"`
		SecretChanges bool              `json:"secret_changes,omitempty"`
	}{Verb: c.Verb, Table: c.Noun.Name, Key: c.Key(), SecretChanges: c.Secret != nil, Columns: map[string]values{}}
	if c.Stored != nil {
		out.Was = c.Stored.ManagedBy
	}
	if c.Row != nil {
		out.Is = c.At.Mark()
	}
	switch c.Verb {
	case Insert:
		for name, value := range c.Row.Values {
			if string(value) != string(c.defaults[name]) {
				out.Columns[name] = values{New: value}
			}
		}
	case Update:
		for _, name := range c.Columns {
			out.Columns[name] = values{c.Old(name), c.New(name)}
		}
	}
	return toJSON(out), nil
}

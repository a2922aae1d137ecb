package declared

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Values are columns of a row in the JSON that Postgres makes of them, in which equal ones are equal texts.
type Values map[string]json.RawMessage

// Column is a column of a table as the database has it.
type Column struct {
	Name    string
	Type    string          // as format_type returns it, such as text[]
	NotNull bool            //
	Default json.RawMessage // null where there is none
	Made    bool            // a value is made up where none is given: what is left out stays as it is
}

// Table is a noun as the database has it.
type Table struct {
	Noun    *Noun
	Columns map[string]Column
	Rows    []Stored
}

// Stored is a row that there is.
type Stored struct {
	Values    Values
	ManagedBy string // "": nobody declared it
	Itself    bool   // it came by itself
	Secret    string // what is stored of its secret, which nobody is shown; "": it has none
}

// Text returns a column that is text.
func (r *Row) Text(column string) string { return text(r.Values[column]) }

// Text returns a column that is text.
func (s *Stored) Text(column string) string { return text(s.Values[column]) }

// null is the JSON of NULL.
var null = json.RawMessage("null")

func isNull(value json.RawMessage) bool { return len(value) == 0 || string(value) == "null" }

// text returns a value as people would write it: a string without its quotes.
func text(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) != nil {
		return string(value)
	}
	return s
}

// key returns what names a row among those of its table.
func (n *Noun) key(values Values) string {
	list := make([]json.RawMessage, len(n.Key))
	for i, column := range n.Key {
		list[i] = values[column]
	}
	joined, _ := json.Marshal(list)
	return string(joined)
}

// name returns what a row is called in a sentence, such as: client "hub".
func (n *Noun) name(values Values) string {
	name := n.One
	for i, column := range n.Key {
		if i > 0 {
			name += " of"
		}
		name += " " + quoted(text(values[column]))
	}
	return name
}

// Complete gives a row of a file the defaults of what it leaves out. What a function makes, it keeps.
func (t *Table) Complete(r *Row) {
	for _, name := range t.Noun.Columns {
		if _, said := r.Values[name]; !said && !t.Columns[name].Made {
			r.Values[name] = t.Columns[name].Default
		}
	}
}

// WhereIs returns where a member of the row is, or the row where it does not say.
func (r *Row) WhereIs(member string) Position {
	if at, said := r.Where[member]; said {
		return at
	}
	return r.At
}

// Name returns what the row is called in a sentence, such as: client "hub".
func (c *Change) Name() string { return c.Noun.name(c.Key()) }

// Shown are the texts of the row, which a refusal may show.
func (c *Change) Shown() map[string]string {
	shown := map[string]string{}
	for name, value := range c.rows()[0] {
		var list []string
		switch c.types[name].Type {
		case "text":
			if !isNull(value) {
				shown[name] = text(value)
			}
		case "text[]":
			if json.Unmarshal(value, &list) == nil {
				shown[name] = strings.Join(list, " ")
			}
		}
	}
	return shown
}

var markForm = regexp.MustCompile(`^(.*):([0-9]+)$`)

// fileOf returns the file of a mark.
func fileOf(mark string) string {
	if m := markForm.FindStringSubmatch(mark); m != nil {
		return m[1]
	}
	return mark
}

// inWords returns where a mark is: hub.yaml, line 14.
func inWords(mark string) string {
	if m := markForm.FindStringSubmatch(mark); m != nil {
		return m[1] + ", line " + m[2]
	}
	return mark
}

package declared

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// Verb is what happens to a row.
type Verb string

// A row that is adopted is there already, as the file says, and was not declared, or in another file.
const (
	Insert Verb = "insert"
	Update Verb = "update"
	Adopt  Verb = "adopt"
	Delete Verb = "delete"
)

// Change is what happens to a row.
type Change struct {
	Noun   *Noun
	Verb   Verb
	At     Position // in the file; of a row that is deleted there is none
	Row    *Row     // nil of one that is deleted
	Stored *Stored  // nil of one that is inserted

	Columns  []string   // that change
	Secret   *Reference // nil: it stays as it is
	defaults Values
	types    map[string]Column
}

// Key returns the columns that name the row.
func (c *Change) Key() Values {
	key := Values{}
	for _, column := range c.Noun.Key {
		key[column] = c.rows()[0][column]
	}
	return key
}

// rows returns the row as it will be and as it was, or the one there is.
func (c *Change) rows() (list []Values) {
	if c.Row != nil {
		list = append(list, c.Row.Values)
	}
	if c.Stored != nil {
		list = append(list, c.Stored.Values)
	}
	return list
}

// Old returns a column as it is.
func (c *Change) Old(column string) []byte { return c.Stored.Values[column] }

// New returns a column as it will be.
func (c *Change) New(column string) []byte { return c.Row.Values[column] }

// Difference is what lies between files and the rows that there are.
type Difference struct {
	Changes []*Change `json:"changes"` // in an order in which they can be made
	Moved   []*Change `json:"moved"`   // rows that are as the file says, but stand in another line
	Gone    []*Change `json:"gone"`    // rows that the files declared and declare no more, where they are not to be deleted
}

// Options are how files are compared.
type Options struct {
	Files []string // the names of those that were read
	Prune bool     // what they declared and declare no more is deleted

	// SecretIs reports whether what is stored of a row's secret is what its reference refers to. Of a new row nothing is stored.
	SecretIs func(r *Row, s *Stored) (bool, error)
}

// Compare returns what lies between the rows of files, which are typed, and those of tables. Errors are of the files: a row that is
// there twice, a row that came by itself, a secret that cannot be read.
func Compare(tables []Table, rows []*Row, o Options) (Difference, error) {
	d := Difference{Changes: []*Change{}, Moved: []*Change{}, Gone: []*Change{}}
	var problems []error
	var deleted []*Change
	for _, t := range tables {
		stored, seen := t.byKey(), map[string]*Row{}
		for _, r := range rows {
			if r.Noun != t.Noun {
				continue
			}
			key := t.Noun.key(r.Values)
			if twin := seen[key]; twin != nil {
				problems = append(problems, Problem{r.At, fmt.Sprintf("%s is declared in %s already", r.Noun.name(r.Values),
					inWords(twin.At.Mark()))})
				continue
			}
			seen[key] = r
			c, err := t.compare(r, stored[key], o)
			if err != nil {
				problems = append(problems, err)
				continue
			}
			d.add(c)
		}
		for i := range t.Rows {
			s := &t.Rows[i]
			if s.ManagedBy == "" || seen[t.Noun.key(s.Values)] != nil || !slices.Contains(o.Files, fileOf(s.ManagedBy)) {
				continue
			}
			c := t.change(Delete, nil, s)
			if o.Prune {
				deleted = append(deleted, c)
			} else {
				d.Gone = append(d.Gone, c)
			}
		}
	}
	slices.Reverse(deleted)
	d.Changes = append(d.Changes, deleted...)
	return d, errors.Join(problems[:min(len(problems), mostProblems)]...)
}

// Differs reports whether anything differs: a row that is as the file says, and which nobody declared so far, does not.
func (d Difference) Differs() bool {
	return slices.ContainsFunc(d.Changes, func(c *Change) bool { return c.Verb != Adopt || c.Stored.ManagedBy != "" })
}

func (d *Difference) add(c *Change) {
	switch {
	case c == nil:
	case c.Verb == Adopt && fileOf(c.Stored.ManagedBy) == c.At.File:
		d.Moved = append(d.Moved, c)
	default:
		d.Changes = append(d.Changes, c)
	}
}

func (t *Table) byKey() map[string]*Stored {
	stored := make(map[string]*Stored, len(t.Rows))
	for i := range t.Rows {
		stored[t.Noun.key(t.Rows[i].Values)] = &t.Rows[i]
	}
	return stored
}

func (t *Table) change(v Verb, r *Row, s *Stored) *Change {
	c := &Change{Noun: t.Noun, Verb: v, Row: r, Stored: s, defaults: Values{}, types: t.Columns}
	for name, column := range t.Columns {
		if !column.Made {
			c.defaults[name] = column.Default
		}
	}
	if r != nil {
		c.At = r.At
	}
	return c
}

// compare returns what happens to a row; nil: nothing.
func (t *Table) compare(r *Row, s *Stored, o Options) (*Change, error) {
	if s == nil {
		c := t.change(Insert, r, nil)
		return c, c.compareSecret(o)
	}
	if s.Itself {
		return nil, Problem{r.At, r.Noun.name(r.Values) + " came by itself, by a registration or by who owns groups: no file declares it"}
	}
	c := t.change(Update, r, s)
	for _, name := range t.Noun.Columns {
		value, said := r.Values[name]
		if said && !bytes.Equal(value, s.Values[name]) {
			c.Columns = append(c.Columns, name)
		}
	}
	if err := c.compareSecret(o); err != nil {
		return nil, err
	}
	switch {
	case len(c.Columns) > 0 || c.Secret != nil:
		return c, nil
	case s.ManagedBy != r.At.Mark():
		c.Verb = Adopt
		return c, nil
	}
	return nil, nil
}

func (c *Change) compareSecret(o Options) error {
	if c.Row.Secret == nil {
		return nil
	}
	stored := c.Stored
	if stored == nil {
		stored = &Stored{}
	}
	same, err := o.SecretIs(c.Row, stored)
	if err != nil {
		return Problem{c.Row.Secret.At, err.Error()}
	}
	if !same {
		c.Secret = c.Row.Secret
	}
	return nil
}

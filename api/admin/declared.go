package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/api/declared"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// DeclaredFile is a file that declares rows.
type DeclaredFile struct {
	Name    string `json:"name"` // without its folder: what rows are marked with
	Content string `json:"content"`
}

// Declaration is what files declare. It is of the command line alone: files, their folders and what their secrets refer to are of the
// machine that it runs on.
type Declaration struct {
	Files  []DeclaredFile `json:"files"`
	People bool           `json:"people,omitempty"` // they may declare people and memberships
	Prune  bool           `json:"prune,omitempty"`  // what they declared and declare no more is deleted

	// Secret returns what a reference of a file refers to; found is false where there is nothing of that name.
	Secret func(file string, r declared.Reference) (value string, found bool, err error) `json:"-"`
}

// Declared is what lies between files and rows, and was done if it was asked for.
type Declared struct {
	declared.Difference
	Sessions int `json:"sessions"` // that end with it
	Grants   int `json:"grants"`
	// Emptied are groups that had members and have none then: whoever may do something by being in one of them can do it no more.
	Emptied []string `json:"emptied,omitempty"`
}

// errPlanned has a transaction do nothing.
var errPlanned = errors.New("planned")

// Plan returns what Apply would do: it does it, so that what the database refuses is known, and takes it back.
func (a *Admin) Plan(ctx context.Context, in Declaration) (out Declared, err error) {
	err = a.store.Transaction(ctx, func(tx *store.Store) error {
		if out, err = a.declare(ctx, tx, in); err != nil {
			return err
		}
		return errPlanned
	})
	if errors.Is(err, errPlanned) {
		err = nil
	}
	return out, err
}

// Apply makes rows what files declare, all or none.
func (a *Admin) Apply(ctx context.Context, in Declaration) (out Declared, err error) {
	err = a.store.Transaction(ctx, func(tx *store.Store) error {
		out, err = a.declare(ctx, tx, in)
		return err
	})
	return out, err
}

// declaration is one while it is compared and carried out.
type declaration struct {
	Declaration
	*Admin
	tx      *store.Store
	secrets map[*declared.Reference]string
}

func (a *Admin) declare(ctx context.Context, tx *store.Store, in Declaration) (Declared, error) {
	d := declaration{in, a, tx, map[*declared.Reference]string{}}
	if err := tx.BeginDeclared(ctx); err != nil {
		return Declared{}, err
	}
	tables, err := tx.DeclaredTables(ctx, nouns(declared.Names(in.People)))
	if err != nil {
		return Declared{}, err
	}
	rows, err := d.rows(ctx, tables)
	if err != nil {
		return Declared{}, err
	}
	options := declared.Options{Prune: in.Prune, SecretIs: d.secretIs}
	for _, f := range in.Files {
		options.Files = append(options.Files, f.Name)
	}
	diff, err := declared.Compare(tables, rows, options)
	if err != nil {
		return Declared{}, err
	}
	out, err := d.run(ctx, diff)
	if err != nil {
		return out, err
	}
	return out, d.markSecrets(ctx, rows)
}

func nouns(names []string) (list []*declared.Noun) {
	for _, name := range names {
		list = append(list, declared.NounNamed(name))
	}
	return list
}

// rows returns the rows of all files, with all their columns.
func (d *declaration) rows(ctx context.Context, tables []declared.Table) (rows []*declared.Row, err error) {
	var problems []error
	names := map[string]bool{}
	for _, f := range d.Files {
		if names[f.Name] {
			return nil, invalid("two files are called %s: rows are marked with the name of theirs", f.Name)
		}
		names[f.Name] = true
		if problem := declared.NameProblem(f.Name); problem != "" {
			return nil, invalid("the name of a file %s", problem)
		}
		list, err := declared.Parse(f.Name, []byte(f.Content), tables)
		rows, problems = append(rows, list...), append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	for i := range tables {
		if err := d.complete(ctx, &tables[i], rows); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// complete gives the rows of a table their defaults, and has the database read them.
func (d *declaration) complete(ctx context.Context, t *declared.Table, rows []*declared.Row) error {
	var some []*declared.Row
	var list []declared.Values
	for _, r := range rows {
		if r.Noun == t.Noun {
			t.Complete(r)
			if err := d.check(r); err != nil {
				return err
			}
			some, list = append(some, r), append(list, r.Values)
		}
	}
	typed, err := d.typed(ctx, t.Noun, list)
	if errors.As(err, new(Refusal)) {
		for _, r := range some {
			if _, err := d.typed(ctx, t.Noun, []declared.Values{r.Values}); err != nil {
				return declared.Problem{At: r.At, Words: err.Error()}
			}
		}
	}
	if err != nil {
		return err
	}
	for i, r := range some {
		r.Values = typed[i]
	}
	return nil
}

// typed asks in a transaction of its own, so that the one around it can go on after a refusal.
func (d *declaration) typed(ctx context.Context, n *declared.Noun, list []declared.Values) (typed []declared.Values, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	err = d.tx.Transaction(ctx, func(tx *store.Store) error {
		typed, err = tx.Typed(ctx, n, list)
		return err
	})
	return typed, err
}

// check refuses what the database cannot know to be wrong, as the operations that add rows do.
func (d *declaration) check(r *declared.Row) error {
	if r.Noun.Name != "clients" {
		return nil
	}
	some := declared.Values{}
	for _, column := range []string{"response_types", "grant_types", "redirect_uris", "frontchannel_logout_uri"} {
		some[column] = r.Values[column]
	}
	text, err := json.Marshal(some)
	if err != nil {
		return err
	}
	var c oidc.Client
	if err := json.Unmarshal(text, &c); err != nil {
		return err
	}
	err = d.checkClient(&c)
	var wrong Invalid
	if errors.As(err, &wrong) {
		return declared.Problem{At: r.WhereIs(wrong.member()), Words: wrong.Error()}
	}
	r.Values["response_types"], err = json.Marshal(oidc.NotNil(c.ResponseTypes))
	return err
}

func (d *declaration) run(ctx context.Context, diff declared.Difference) (Declared, error) {
	out := Declared{Difference: diff}
	ends := slices.ContainsFunc(diff.Changes, func(c *declared.Change) bool {
		return c.Verb == declared.Update || c.Verb == declared.Delete
	})
	var before, after store.Live
	var err error
	if ends {
		if before, err = d.tx.CountLive(ctx, time.Now()); err != nil {
			return out, err
		}
	}
	begin, end := diff.Deferred()
	if err := d.statement(ctx, begin); err != nil {
		return out, err
	}
	for _, c := range diff.Changes {
		if err := d.make(ctx, c); err != nil {
			return out, err
		}
	}
	if err := d.statement(ctx, end); err != nil {
		return out, err
	}
	for _, sql := range diff.MoveSQL() {
		if err := d.statement(ctx, sql); err != nil {
			return out, err
		}
	}
	if ends {
		after, err = d.tx.CountLive(ctx, time.Now())
	}
	if ends {
		out.Emptied = slices.DeleteFunc(after.Empty, func(group string) bool {
			return slices.Contains(before.Empty, group) || isNew(diff, group)
		})
	}
	out.Sessions, out.Grants = max(0, before.Sessions-after.Sessions), max(0, before.Grants-after.Grants)
	return out, err
}

// isNew reports whether the group was added.
func isNew(d declared.Difference, group string) bool {
	return slices.ContainsFunc(d.Changes, func(c *declared.Change) bool {
		return c.Verb == declared.Insert && c.Noun.Name == "groups" && c.Row.Text("name") == group
	})
}

func (d *declaration) statement(ctx context.Context, sql string) error {
	if sql == "" {
		return nil
	}
	_, err := d.tx.Declare(ctx, sql, nil, nil)
	return err
}

// make makes one change. What the database refuses is told with where it is declared.
func (d *declaration) make(ctx context.Context, c *declared.Change) error {
	var secret any
	if c.Secret != nil {
		secret = stored(c.Noun.Secret, d.secrets[c.Secret])
	}
	column, err := d.tx.Declare(ctx, c.SQL("$1"), secret, c.Shown())
	if refused := (Refusal{}); errors.As(err, &refused) {
		if c.Row == nil {
			return fmt.Errorf("%s: %w", c.Name(), refused)
		}
		return declared.Problem{At: c.Row.WhereIs(column), Words: strings.TrimPrefix(refused.Words, c.Noun.Name+": ")}
	}
	return err
}

// Export is which rows are wanted as a file.
type Export struct {
	People bool     `json:"people,omitempty"` // people and memberships, too
	Nouns  []string `json:"nouns,omitempty"`  // nil: all
}

// Exported is a file that declares them.
type Exported struct {
	YAML string `json:"yaml"`
}

// Export returns the rows that there are as a file that declares them. Secrets are references that have to be filled in: what is stored
// of them says nothing. Like Plan it is of the command line: the API has lists of the same rows.
func (a *Admin) Export(ctx context.Context, in Export) (Exported, error) {
	names := declared.Names(in.People)
	for _, name := range in.Nouns {
		if !slices.Contains(names, name) {
			return Exported{}, invalid("there are no %q to export; there are: %s", name, strings.Join(names, " "))
		}
	}
	if len(in.Nouns) > 0 {
		names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(in.Nouns, name) })
	}
	var out Exported
	err := a.store.Transaction(ctx, func(tx *store.Store) error {
		if err := tx.BeginDeclared(ctx); err != nil {
			return err
		}
		tables, err := tx.DeclaredTables(ctx, nouns(names))
		out.YAML = string(declared.Export(tables))
		return err
	})
	return out, err
}

package store

import (
	"context"
	"time"
)

// RetiredName is a username that was somebody's.
type RetiredName struct {
	Name      string     `json:"name" help:"The username."`
	Sub       string     `json:"sub" help:"What applications knew its person by, who may have it back."`
	Person    string     `json:"person,omitempty" help:"The name of that person."`
	CreatedAt *time.Time `json:"created_at,omitempty" help:"When that person was added."`
	RetiredAt time.Time  `json:"retired_at" help:"Until when it was theirs."`
}

// RetiredNamesQuery is which of them are wanted; their key is the name.
type RetiredNamesQuery struct {
	Page
	Search string // in the username, or the name of its person
}

var (
	listRetiredNames = compile(`
		SELECT r.name, r.sub, coalesce(r.person, '') AS person, r.created_at, r.retired_at FROM retired_names r
		WHERE r.name > @after AND ` + contains("r.name, r.person") + ` ORDER BY r.name LIMIT @limit`)
	freeName = compile(`DELETE FROM retired_names WHERE name = @name RETURNING 1`)
)

// ListRetiredNames returns usernames that were somebody's, by name.
func (s *Store) ListRetiredNames(ctx context.Context, q RetiredNamesQuery) ([]RetiredName, error) {
	return listed[RetiredName](ctx, s, listRetiredNames, args{"after": q.After, "limit": q.Limit, "search": q.Search})
}

// FreeName lets a username be anybody's that was somebody's. Errors: Missing.
func (s *Store) FreeName(ctx context.Context, name string) error {
	return s.manageOne(ctx, Missing{"retired name", name}, nil, freeName, args{"name": name})
}

// Why a person may not choose a name for themselves.
const (
	NameTaken   = "taken"
	NameRetired = "retired"
	NameAlike   = "alike" // it looks like another's, of today or before
	NameMixed   = "mixed" // its letters are of several scripts
)

var chosenNameProblem = compile(`SELECT coalesce(chosen_name_problem(@name), '')`)

// ChosenNameProblem returns why a person may not choose a name for themselves, one of the words above; "" if they may. Whether it fits the
// rule of usernames, the constraint says when it is written.
func (s *Store) ChosenNameProblem(ctx context.Context, name string) (problem string, err error) {
	err = failure(chosenNameProblem.row(ctx, s.pool, args{"name": name}).Scan(&problem))
	return problem, err
}

package store

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Missing is the error of a row that is not there to manage; errors.Is(err, ErrNotFound) holds.
type Missing struct{ Kind, Name string }

func (m Missing) Error() string        { return fmt.Sprintf("there is no %s %q", m.Kind, m.Name) }
func (m Missing) Is(target error) bool { return target == ErrNotFound }

// Refusal is what the database would not take, in words: the constraint's name says what to do.
type Refusal struct {
	Constraint string // "" if it was none
	Words      string
	cause      error
}

func (r Refusal) Error() string { return r.Words }
func (r Refusal) Unwrap() error { return r.cause }

// values are what may be shown of a row that is refused, by the start of the constraint's name after the table's:
// "redirect_uris" for clients_redirect_uris_must_have_no_fragment. Never a password or a secret.
type values map[string]string

// inWords makes a Refusal of what Postgres refused, and sorts the rest as failure does. Postgres's own detail is left out:
// it repeats the whole row, passwords included.
func inWords(err error, shown values) error {
	var refused *pgconn.PgError
	if errors.As(err, new(Refusal)) || !errors.As(failure(err), &refused) || errors.As(failure(err), new(Unavailable)) {
		return failure(err)
	}
	words := refused.Message
	switch {
	case errors.As(err, new(*pgconn.ConnectError)):
		words = "Postgres refuses the connection: " + words
	case refused.Routine == "exec_stmt_raise": // functions of ours say it in words, with the value that is wrong
	case refused.ConstraintName != "":
		words = constraintInWords(refused.TableName, refused.ConstraintName, shown)
	}
	if refused.Hint != "" {
		words += "; " + refused.Hint
	}
	return Refusal{refused.ConstraintName, words, err}
}

func constraintInWords(table, constraint string, shown values) string {
	rule := strings.TrimPrefix(constraint, table+"_")
	words := strings.ReplaceAll(rule, "_", " ")
	if shown == nil {
		return table + ": " + words
	}
	longest := "" // email_verified rather than email
	for column, value := range shown {
		if strings.HasPrefix(rule, column+"_") && value != "" && len(column) > len(longest) {
			longest = column
		}
	}
	if longest == "" {
		return words
	}
	return fmt.Sprintf("%s: %q", words, shown[longest])
}

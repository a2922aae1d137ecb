package store

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Missing is the error of a row that is not there to manage; errors.Is(err, ErrNotFound) holds.
type Missing struct{ Kind, Name string }

func (m Missing) Error() string        { return fmt.Sprintf("there is no %s %q", m.Kind, m.Name) }
func (m Missing) Is(target error) bool { return target == ErrNotFound }

// Refusal is what the database would not take, in words.
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
		words, _ = inPersonsWords(refused.TableName, refused.ConstraintName)
		if shown == nil {
			words = refused.TableName + ": " + words
		}
		if value := valueOf(refused, shown); value != "" {
			words += fmt.Sprintf(": %q", value)
		}
	}
	if refused.Hint != "" {
		words += "; " + refused.Hint
	}
	return Refusal{refused.ConstraintName, words, err}
}

// missingKey is the detail of a reference to nothing, in whichever language: (column)=(value).
var missingKey = regexp.MustCompile(`\([^()]*\)=\((.*)\)`)

// valueOf returns what was refused, if it may be shown; "" if not.
func valueOf(refused *pgconn.PgError, shown values) (value string) {
	if m := missingKey.FindStringSubmatch(refused.Detail); m != nil && shown != nil && refused.Code == "23503" { // foreign_key_violation
		return m[1] // the one that is not there, of several
	}
	return shown[longestStart(strings.TrimPrefix(refused.ConstraintName, refused.TableName+"_"), shown)]
}

// longestStart returns the column that the rule of a constraint begins with: email_verified rather than email.
func longestStart(rule string, shown values) (longest string) {
	for column := range shown {
		if strings.HasPrefix(rule, column+"_") && shown[column] != "" && len(column) > len(longest) {
			longest = column
		}
	}
	return longest
}

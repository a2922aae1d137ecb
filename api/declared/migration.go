package declared

import (
	"fmt"
	"slices"
	"strings"
)

// Migration returns the changes as a file of goose, with the way back. Secrets come from the environment when it is applied.
func (d Difference) Migration() string {
	var b strings.Builder
	b.WriteString("-- +goose Up\n")
	begin, _ := d.Deferred()
	if begin != "" {
		fmt.Fprintf(&b, "%s;\n", begin)
	}
	for _, c := range d.Changes {
		fmt.Fprintf(&b, "\n-- %s\n", c.headline())
		sql := c.SQL("")
		if c.Secret != nil {
			sql = c.fromEnvironment()
			b.WriteString("-- +goose ENVSUB ON\n")
		}
		writeStatement(&b, sql)
		if c.Secret != nil {
			b.WriteString("-- +goose ENVSUB OFF\n")
		}
	}
	b.WriteString("\n-- +goose Down\n")
	if begin != "" {
		fmt.Fprintf(&b, "%s;\n", begin)
	}
	for _, c := range slices.Backward(d.Changes) {
		if c.Secret != nil && c.Verb == Update {
			fmt.Fprintf(&b, "-- the secret of %s stays what it became: nobody knows the one before\n", c.Name())
		}
		if c.Verb == Delete && c.Stored.Secret != "" {
			fmt.Fprintf(&b, "-- the secret of %s is lost: give it another one\n", c.Name())
		}
		if sql := c.Undo(); sql != "" {
			writeStatement(&b, sql)
		}
	}
	return b.String()
}

// writeStatement has goose read the statement as a whole, whatever is quoted in it.
func writeStatement(b *strings.Builder, sql string) {
	fmt.Fprintf(b, "-- +goose StatementBegin\n%s;\n-- +goose StatementEnd\n", sql)
}

const secretMark = "\x00secret\x00"

// fromEnvironment returns the statement with a variable of the environment in place of the secret, which has to be set. All else that goose
// would take for one is escaped.
func (c *Change) fromEnvironment() string {
	sql := strings.ReplaceAll(c.SQL(secretMark), "$", "$$")
	variable := "nullif($$secret$$${" + c.Secret.variable() + "?}$$secret$$, '')"
	return strings.ReplaceAll(sql, secretMark, c.Noun.Secret.stored(variable))
}

// stored returns the expression of what is stored of a secret.
func (s *Secret) stored(literal string) string {
	if s.Digest {
		return "sha256(convert_to(" + literal + ", 'UTF8'))"
	}
	return literal
}

// variable returns the name that a secret has in psql and in the environment of goose.
func (r *Reference) variable() string {
	if r.Kind == "env" {
		return r.Name
	}
	return strings.Trim(notInVariables.ReplaceAllString(strings.ToUpper(r.Name), "_"), "_")
}

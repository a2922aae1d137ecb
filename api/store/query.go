package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// query is a statement whose arguments have names, such as @now. It is compiled once, when the program starts.
type query struct {
	sql   string   // with $1, $2, … in place of the names
	names []string // in that order
}

// args are the arguments of a query.
type args map[string]any

// compile numbers the names in a statement. What is quoted is left alone, and so are operators such as @> and <@.
func compile(text string) query {
	var q query
	var sql strings.Builder
	for len(text) > 0 {
		n := 1
		switch {
		case text[0] == '\'' || text[0] == '"':
			n += strings.IndexByte(text[1:], text[0]) + 1
		case text[0] == '@' && len(text) > 1 && isNamePart(text[1]):
			for n < len(text) && isNamePart(text[n]) {
				n++
			}
			sql.WriteString("$" + strconv.Itoa(q.number(text[1:n])))
			text = text[n:]
			continue
		}
		sql.WriteString(text[:n])
		text = text[n:]
	}
	q.sql = sql.String()
	return q
}

func isNamePart(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

// number returns the place of a name from 1 on.
func (q *query) number(name string) int {
	i := slices.Index(q.names, name)
	if i < 0 {
		i = len(q.names)
		q.names = append(q.names, name)
	}
	return i + 1
}

// values are the arguments in the order of the names. It panics if the two differ, which is a mistake in this package.
func (q *query) values(a args) []any {
	list := make([]any, len(q.names))
	for i, name := range q.names {
		value, ok := a[name]
		if !ok {
			panic(fmt.Sprintf("store: no argument @%s for %s", name, q.sql))
		}
		list[i] = value
	}
	if len(a) != len(q.names) {
		panic(fmt.Sprintf("store: more arguments than %v for %s", q.names, q.sql))
	}
	return list
}

// querier is a pool of connections or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// database is a querier that takes batches and transactions, too.
type database interface {
	querier
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
	Begin(ctx context.Context) (pgx.Tx, error)
}

// row runs a statement that reads one row.
func (q *query) row(ctx context.Context, db querier, a args) pgx.Row {
	return db.QueryRow(ctx, q.sql, q.values(a)...)
}

// rows runs a statement that reads any number of rows.
func (q *query) rows(ctx context.Context, db querier, a args) (pgx.Rows, error) {
	return db.Query(ctx, q.sql, q.values(a)...)
}

// run runs a statement whose rows are not wanted.
func (q *query) run(ctx context.Context, db querier, a args) (pgconn.CommandTag, error) {
	return db.Exec(ctx, q.sql, q.values(a)...)
}

// queue adds the statement to a batch.
func (q *query) queue(batch *pgx.Batch, a args) *pgx.QueuedQuery {
	return batch.Queue(q.sql, q.values(a)...)
}

package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Page is the part of a list that is wanted. A list is in the order of a key, which an index has, so that a page costs the same
// wherever it begins. Pages are read one by one: a row that is added or removed meanwhile may be in the list or not.
type Page struct {
	After string // the key of the last row of the page before; "" for the first page
	Limit int    // rows at most
}

// contains is the condition that one of several texts has the argument search in it, in whichever case; "" is in every text.
func contains(texts string) string {
	return `(@search = '' OR strpos(lower(concat_ws(' ', ` + texts + `)), lower(@search)) > 0)`
}

// listed returns the rows of a statement.
func listed[T any](ctx context.Context, s *Store, q query, a args) ([]T, error) {
	rows, err := q.rows(ctx, s.pool, a)
	if err != nil {
		return nil, inWords(err, nil)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	return list, inWords(err, nil)
}

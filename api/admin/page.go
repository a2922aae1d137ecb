package admin

import "gatehouse/api/store"

// Paging is which part of a list is wanted.
type Paging struct {
	After string `json:"after,omitempty" kong:"-" help:"Begin after this row: what the page before named as next."`
	Limit int    `json:"limit,omitempty" kong:"-" help:"Rows at most: 100 unless given, never more than 1000."`
}

const pageRows, maxPageRows = 100, 1000

// Page is a part of a list. Lists are read page by page, so a row that is added or removed meanwhile may be in it or not.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"` // what Paging.After is for the next page; "" if this is the last
}

// page reads one row more than wanted, to know whether there is a next page.
func page[T any](p Paging, key func(T) string, list func(store.Page) ([]T, error)) (Page[T], error) {
	limit := pageRows
	if p.Limit > 0 {
		limit = min(p.Limit, maxPageRows)
	}
	rows, err := list(store.Page{After: p.After, Limit: limit + 1})
	if err != nil {
		return Page[T]{}, err
	}
	out := Page[T]{Items: rows}
	if len(rows) > limit {
		out.Items = rows[:limit]
		out.Next = key(rows[limit-1])
	}
	if out.Items == nil {
		out.Items = []T{}
	}
	return out, nil
}

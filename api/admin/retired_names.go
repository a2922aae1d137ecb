package admin

import (
	"context"

	"gatehouse/api/store"
)

// ListRetiredNames is which of them are wanted.
type ListRetiredNames struct {
	Paging
	Search string `json:"q,omitempty" name:"search" placeholder:"TEXT" help:"In the username, or the name of its person."`
}

// ListRetiredNames returns usernames that were somebody's, which nobody else gets.
func (a *Admin) ListRetiredNames(ctx context.Context, in ListRetiredNames) (Page[store.RetiredName], error) {
	return page(in.Paging, func(r store.RetiredName) string { return r.Name }, func(p store.Page) ([]store.RetiredName, error) {
		return a.store.ListRetiredNames(ctx, store.RetiredNamesQuery{Page: p, Search: in.Search})
	})
}

// RetiredName names one.
type RetiredName struct {
	Name string `json:"name" arg:""`
}

// FreeName lets anybody have a username that was somebody's. What is kept elsewhere under that name, such as a home, is theirs then.
func (a *Admin) FreeName(ctx context.Context, in RetiredName) (Nothing, error) {
	return Nothing{}, a.store.FreeName(ctx, in.Name)
}

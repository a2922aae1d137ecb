package admin

import (
	"context"
	"strings"
	"time"

	"gatehouse/api/store"
)

// SignIn is a sign-in, or an attempt that failed.
type SignIn = store.SignInRow

// ListSignIns is which sign-ins are wanted.
type ListSignIns struct {
	Paging
	Username string    `json:"username,omitempty"` // of this user only
	Failed   bool      `json:"failed,omitempty"`   // failures only
	Since    time.Time `json:"since,omitzero"`
}

// endOfTime is after all that is kept.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// ListSignIns returns sign-ins and failures, the latest first.
func (a *Admin) ListSignIns(ctx context.Context, in ListSignIns) (Page[SignIn], error) {
	before, id := endOfTime, ""
	if in.After != "" {
		var at string
		var err error
		at, id, _ = strings.Cut(in.After, " ")
		if before, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return Page[SignIn]{}, invalid("%s must be what the page before named as next", member("after"))
		}
	}
	key := func(s SignIn) string { return s.At.UTC().Format(time.RFC3339Nano) + " " + s.ID }
	return page(in.Paging, key, func(p store.Page) ([]SignIn, error) {
		return a.store.ListSignIns(ctx, store.SignInQuery{
			Username: in.Username, Failed: in.Failed, Since: in.Since, Before: before, ID: id, Limit: p.Limit})
	})
}

package admin

import (
	"context"
	"time"

	"gatehouse/api/store"
)

// Session is where somebody is signed in.
type Session = store.ListedSession

// ListSessions is which sessions are wanted.
type ListSessions struct {
	Paging
	Username string `json:"username,omitempty" help:"Of this user only."`
}

// ListSessions returns where people are signed in, the latest sign-in first.
func (a *Admin) ListSessions(ctx context.Context, in ListSessions) (Page[Session], error) {
	return page(in.Paging, func(s Session) string { return s.SID }, func(p store.Page) ([]Session, error) {
		return a.store.ListSessions(ctx, store.SessionQuery{Page: p, Username: in.Username}, time.Now())
	})
}

// EndSessions names one session, or a user for all of theirs.
type EndSessions struct {
	SID   string `json:"sid,omitempty" arg:"" optional:"" name:"sid" help:"As gatehouse session list shows it."`
	AllOf string `json:"all_of,omitempty" placeholder:"USERNAME" help:"All sessions of this user, in place of one."`
}

// EndedSessions is how many ended.
type EndedSessions struct {
	Ended int `json:"ended"`
}

// EndSessions signs somebody out at one browser, or everywhere; applications hear of it. The password stays, and so does what was allowed
// for longer than a session.
func (a *Admin) EndSessions(ctx context.Context, in EndSessions) (EndedSessions, error) {
	switch {
	case (in.SID == "") == (in.AllOf == ""):
		return EndedSessions{}, invalid("name either the sid of a session, as gatehouse session list shows it, or a user with %s",
			member("all_of"))
	case in.SID != "":
		return EndedSessions{1}, a.store.EndAnySession(ctx, in.SID)
	}
	n, err := a.store.EndSessionsOf(ctx, in.AllOf)
	return EndedSessions{n}, err
}

// Grant is what an application holds of a user's.
type Grant = store.GrantRow

// ListGrants is whose grants are wanted.
type ListGrants struct {
	Paging
	Username string `json:"username" arg:""`
}

// ListGrants returns what applications hold of a user's, the latest first: by it access tokens live, and are refreshed.
func (a *Admin) ListGrants(ctx context.Context, in ListGrants) (Page[Grant], error) {
	return page(in.Paging, func(g Grant) string { return g.ID }, func(p store.Page) ([]Grant, error) {
		return a.store.ListGrants(ctx, store.GrantQuery{Page: p, Username: in.Username}, time.Now())
	})
}

// RevokeGrant names what an application holds.
type RevokeGrant struct {
	Username string `json:"username" arg:""`
	ID       string `json:"id" arg:"" help:"As gatehouse user grants shows it."`
}

// RevokeGrant takes from an application what it holds, with all tokens of it, from the next request on. The consent stays.
func (a *Admin) RevokeGrant(ctx context.Context, in RevokeGrant) (Nothing, error) {
	return Nothing{}, a.store.RevokeGrantOf(ctx, in.Username, in.ID)
}

// AccountLinks are addresses with which a user sets a password, without the addresses.
type AccountLinks struct {
	Links []store.AccountLinkRow `json:"links" help:"The latest first, at most 50."`
}

// ListAccountLinks returns what became of the account links of a user.
func (a *Admin) ListAccountLinks(ctx context.Context, in Username) (AccountLinks, error) {
	list, err := a.store.ListAccountLinks(ctx, in.Username)
	return AccountLinks{list}, err
}

// RevokeAccountLinks has no address be good any more with which a user sets a password.
func (a *Admin) RevokeAccountLinks(ctx context.Context, in Username) (store.Revoked, error) {
	return a.store.RevokeAccountLinks(ctx, in.Username)
}

package admin

import (
	"context"
	"time"

	"gatehouse/api/store"
)

// Session is where a user is signed in.
type Session = store.SessionRow

// ListSessions returns where a user is signed in, the last used first, at most 50.
func (a *Admin) ListSessions(ctx context.Context, in Username) ([]Session, error) {
	return a.store.ListSessions(ctx, in.Username, time.Now())
}

// EndSessions is which sessions are to end.
type EndSessions struct {
	Username string `json:"username" arg:""`
	SID      string `json:"sid,omitempty" name:"sid" placeholder:"SID" help:"Only this one, as gatehouse user sessions shows it."`
}

// EndedSessions is how many ended.
type EndedSessions struct {
	Ended int `json:"ended"`
}

// EndSessions signs a user out; applications hear of it. The password stays, and so does what was allowed for longer than a session.
func (a *Admin) EndSessions(ctx context.Context, in EndSessions) (EndedSessions, error) {
	n, err := a.store.EndSessionsOf(ctx, in.Username, in.SID)
	return EndedSessions{n}, err
}

package provider

import (
	"context"
	"errors"
	"time"

	"github.com/mileusna/useragent"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// sessionView is where a person is signed in.
type sessionView struct {
	ID       string    `json:"id"`
	Current  bool      `json:"current,omitempty"` // at this browser
	Browser  string    `json:"browser,omitempty"`
	System   string    `json:"system,omitempty"`
	Addr     string    `json:"addr,omitempty"`
	AuthTime time.Time `json:"auth_time"`
	SeenAt   time.Time `json:"seen_at"`
}

func viewsOfSessions(rows []store.SessionRow, current string) []sessionView {
	views := []sessionView{}
	for _, s := range rows {
		ua := useragent.Parse(s.UserAgent)
		views = append(views, sessionView{s.SID, s.SID == current, ua.Name, ua.OS, s.Addr, s.AuthTime, s.SeenAt})
	}
	return views
}

const (
	sessionEnded = "session_ended"
	allOthers    = "others" // in place of a session: all but that of the browser
)

// EndSession takes the form of the account page with which people sign out elsewhere.
func (p *Provider) EndSession(ctx context.Context, r Request) Answer {
	now := p.now()
	var w accountPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	w.forget()
	params, bad := oidc.ParseParams(r.Params, []string{"end_session"})
	ended := params["end_session"]
	if len(bad) > 0 || ended == "" {
		return p.errorPage(ctx, 400, pageInvalidRequest, nil)
	}
	if ended == allOthers {
		ended = ""
	}
	n, err := p.as(ctx, w.User.Username, "end sessions").EndOwnSessions(ctx, w.SID, oidc.Digest(r.Cookies[SessionCookie]), ended, now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.askSignIn(ctx, accountVisit(r, nil, now))
	case err != nil:
		return p.accountError(ctx, w, err)
	case n > 0:
		p.tell(ctx, oidc.SessionsEnded{Username: w.User.Username, Sessions: n})
	}
	w.Done = sessionEnded // one that had ended already is where the person wants it
	return redirect(p.address(&w))
}

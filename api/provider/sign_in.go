package provider

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// newSession is the session that a sign-in starts, and what the browser gets with it.
type newSession struct {
	store.NewSession
	secret  string
	cookies []Cookie
}

// askSignIn sends the browser to the login page, or straight to an upstream as if that had been chosen there.
func (p *Provider) askSignIn(ctx context.Context, v visit) Answer {
	done := ""
	if v.sid != "" && v.standing.Session == nil {
		done = signInEnded
	}
	return p.askSignInAfter(ctx, v, done)
}

// askSignInAfter does so after something that the page tells them; "" for nothing.
func (p *Provider) askSignInAfter(ctx context.Context, v visit, done string) Answer {
	w := loginPage{pending: p.pendingOf(&v), Username: v.req.LoginHint, Wanted: v.wanted, Done: done}
	p.greet(&w, v)
	var a Answer
	if upstream := p.straightUpstream(ctx, v.r, v.req); upstream != "" {
		a = p.sendToUpstreamNamed(ctx, v.r, w, upstream, v.now)
	} else {
		a = redirect(p.address(&w))
	}
	a.Cookies = append(a.Cookies, v.cookies...)
	return a
}

// greet has the login page name who is signed in at the browser, or did so last with their password. What the request says of who it
// should be wins; an ID token that names somebody else is nobody whom a page could name.
func (p *Provider) greet(w *loginPage, v visit) {
	last := p.deviceOf(v.r)
	username, known := last.Username, &userView{last.Username, last.Display}
	if v.standing.Session != nil {
		known = viewOfUser(v.standing.User)
		username = known.Username
	}
	switch {
	case known.Name == "" || w.Username != "" && w.Username != username:
	case v.req.MayBeAnother():
		w.Username, w.Known = username, known
	case v.standing.Session != nil && v.req.HintSub == v.standing.Subject:
		w.Username = username
	}
}

// signIn makes the visit of a user who has just signed in on the page w, or on the way that began there. Nothing is saved yet.
func (p *Provider) signIn(r Request, w loginPage, client *oidc.Client, who proven, now time.Time) visit {
	now = now.Truncate(time.Microsecond) // what Postgres keeps of it
	if who.authTime.IsZero() {
		who.authTime = now
	}
	req := *w.Request
	req.At = who.authTime // a sign-in that was asked for has happened
	req.CanMakePasskey = r.Params.Get("can_make_passkey") == "yes" && p.passkeys != nil
	s := newSession{secret: randomSecret(), cookies: who.cookies}
	s.NewSession = store.NewSession{
		Session: oidc.Session{SID: newID(), Cookie: oidc.Digest(s.secret), AuthTime: who.authTime, AMR: who.amr}, StartedAt: now,
		UserID: who.user.ID, OldCookie: oidc.Digest(r.Cookies[SessionCookie]),
		ExpiresAt: now.Add(min(p.SessionIdle, p.SessionMax)), EndsAt: now.Add(p.SessionMax),
		Upgraded: who.upgraded, Verified: who.verified, Reset: who.reset, Passkey: who.passkey,
	}
	standing := oidc.Standing{Session: &s.Session, User: who.user, Subject: p.subject(client, who.user.Sub),
		Consented: who.consented, Allowed: who.allowed, Enrolled: who.enrolled}
	return visit{r: r, req: req, client: client, standing: store.Standing{Standing: standing, SeenAt: now}, starts: &s,
		wanted: w.Wanted, now: now}
}

// addrOf returns where a person is, "" where that is not known.
func addrOf(r Request) string {
	if !r.Addr.IsValid() || r.Addr.Zone() != "" {
		return ""
	}
	return r.Addr.String()
}

var errUserChanged = errors.New("the user was changed while they signed in")

// start saves the session of a visit with which one starts, or that has proven a factor, together with what the request gets, and
// sets its cookies. It returns errSpent where the proof is no good any more, errUserChanged where the user is not what they were when
// they proved who they are, and store.ErrUsed where all is saved but the request has had its answer.
func (p *Provider) start(ctx context.Context, v *visit, toSave store.Issue) error {
	s := v.starts
	switch {
	case v.proves != nil:
		return p.saveProof(ctx, v, toSave)
	case s == nil:
		return nil
	}
	s.Issue, s.Place = toSave, placeOf(ctx, v.r, v.client)
	err := p.store.StartSession(ctx, s.NewSession)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return errUserChanged
	case err != nil && !errors.Is(err, store.ErrUsed):
		return err
	}
	p.tell(ctx, oidc.SignedIn{Username: v.standing.User.Username, SID: s.SID, ClientID: v.client.ClientID, AMR: s.AMR,
		NewBrowser: p.isNewBrowser(v), UserAgent: v.r.UserAgent})
	v.cookies = append(v.cookies, s.cookies...)
	v.cookies = append(v.cookies, v.r.give(SessionCookie, s.secret))
	v.cookies = append(v.cookies, p.noteState(&v.r)...)
	return err
}

// idleEnd returns the new idle end of a session that was last seen at seen: zero while the old one is recent enough,
// so that most sign-ons cost no durable write.
func (p *Provider) idleEnd(seen, now time.Time) time.Time {
	if now.Sub(seen) < p.SessionIdle/10 {
		return time.Time{}
	}
	return now.Add(p.SessionIdle)
}

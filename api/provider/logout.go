package provider

import (
	"cmp"
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Logout is the end session endpoint (OpenID Connect RP-Initiated Logout §2). Whatever is wrong with a request, the person is
// asked, and can sign out; only the way back is not followed then, and the page says why.
func (p *Provider) Logout(ctx context.Context, r Request) Answer {
	now := p.now()
	req, client, flaw, err := p.parseLogout(ctx, r)
	if err != nil {
		return p.failedPage(ctx, err, "")
	}
	w := logoutPage{pending: pending{Client: viewOfClient(client, "")}, UILocales: req.UILocales}
	if flaw != nil {
		p.tell(ctx, oidc.LogoutReturnRefused{ClientID: clientIDOf(client), Error: flaw.Code, Why: flaw.Why, Refused: flaw.Refused})
		w.Flaw = p.failureOf(ctx, flaw.Code, 0)
	} else {
		w.ReturnTo, _ = req.ReturnTo(client)
	}

	session, user, err := p.store.LoadSession(ctx, oidc.Digest(r.Cookies[SessionCookie]), now)
	w.SID = session.SID
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.signedOut(r, w)
	case err != nil:
		return p.failedPage(ctx, err, "")
	case flaw != nil || req.MustAsk(session.SID):
		w.User = viewOfUser(&user)
		// Not a redirect: clients check that their logout ended here, at the end_session_endpoint.
		return Answer{Status: 200, Location: p.address(&w), UILocales: w.UILocales}
	}
	return p.endSession(ctx, r, w, now)
}

func clientIDOf(c *oidc.Client) string {
	if c == nil {
		return ""
	}
	return c.ClientID
}

// parseLogout reads the request, verifies its hint, and loads the client that it is of; nil where that is not known. flaw is the
// first thing that is wrong with it.
func (p *Provider) parseLogout(
	ctx context.Context, r Request,
) (req oidc.LogoutRequest, client *oidc.Client, flaw *oidc.LogoutFlaw, err error) {
	req, hint, flaw := oidc.ParseLogout(r.Params)
	if r.Unread != "" {
		flaw = &oidc.LogoutFlaw{Code: oidc.LogoutUnreadable, Why: r.Unread}
	}
	if hint != "" {
		var refused *oidc.Error
		if req.Hint, refused, err = p.verifyHint(hint); err != nil {
			return req, nil, nil, err
		}
		if refused != nil {
			flaw = cmp.Or(flaw, &oidc.LogoutFlaw{Code: oidc.LogoutHintInvalid, Why: refused.Description})
		}
	}
	id, other := req.ClientOf()
	if id != "" {
		if client, err = p.clientNamed(ctx, []string{id}); err != nil {
			return req, nil, nil, err
		}
	}
	_, noReturn := req.ReturnTo(client)
	return req, client, cmp.Or(flaw, other, noReturn), nil
}

// maxFrames bounds the clients that are told in the browser: those that the person signed in to last.
const maxFrames = 20

// endSession ends the session of w and has the clients told that want to hear of it.
func (p *Provider) endSession(ctx context.Context, r Request, w logoutPage, now time.Time) Answer {
	clients, err := p.store.EndSession(ctx, w.SID, maxFrames, now)
	if err != nil {
		return p.failedPage(ctx, err, "")
	}
	p.deliverLogoutsNow()
	p.tell(ctx, oidc.SignedOut{SID: w.SID})
	another := r.give(BrowserCookie, randomSecret()) // what was pending in this browser ends with the session
	a := p.signedOut(r, w)
	a.Cookies = append(a.Cookies, another)
	a.UILocales = w.UILocales
	for _, c := range clients {
		a.Frames = append(a.Frames, oidc.FrontchannelLogout(c.URI, p.Issuer, c.SID))
	}
	return a
}

// signedOut takes the cookie from a browser where nobody is signed in now, and leads back to the relying party, or to the
// page that says so.
func (p *Provider) signedOut(r Request, w logoutPage) Answer {
	to := w.ReturnTo
	if to == "" {
		to = p.address(&signedOutPage{pending: pending{Client: w.Client}, Flaw: w.Flaw, UILocales: w.UILocales})
	}
	if r.Cookies[SessionCookie] == "" {
		return redirect(to)
	}
	r.forget(SessionCookie)
	return redirect(to, append(p.noteState(&r), Cookie{Name: SessionCookie, MaxAge: -1})...)
}

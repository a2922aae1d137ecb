package provider

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Logout is the end session endpoint (OpenID Connect RP-Initiated Logout §2).
func (p *Provider) Logout(ctx context.Context, r Request) Answer {
	now := p.now()
	req, client, refused, err := p.parseLogout(ctx, r)
	var returnTo string
	if err == nil && refused == nil {
		returnTo, refused = req.ReturnTo(client)
	}
	switch {
	case err != nil:
		return p.failedPage(ctx, err, "")
	case refused != nil:
		p.tell(ctx, oidc.LogoutRefused{Error: refused.Description, Why: refused.Log})
		return p.errorPage(ctx, 400, pageInvalidRequest, viewOfClient(client))
	}

	session, user, err := p.store.LoadSession(ctx, oidc.Digest(r.Cookies[SessionCookie]), now)
	w := logoutPage{pending: pending{Client: viewOfClient(client)}, SID: session.SID, ReturnTo: returnTo, UILocales: req.UILocales}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.signedOut(r, w)
	case err != nil:
		return p.failedPage(ctx, err, "")
	case req.MustAsk(session.SID):
		w.User = viewOfUser(&user)
		// Not a redirect: clients check that their logout ended here, at the end_session_endpoint.
		return Answer{Status: 200, Location: p.address(&w), UILocales: w.UILocales}
	}
	return p.endSession(ctx, r, w, now)
}

// parseLogout reads the request and verifies its hint.
func (p *Provider) parseLogout(
	ctx context.Context, r Request,
) (req oidc.LogoutRequest, client *oidc.Client, refused *oidc.Error, err error) {
	params, bad := oidc.ParseParams(r.Params, oidc.LogoutParams)
	if refused := oidc.RefuseParams(bad); refused != nil {
		return req, nil, refused, nil
	}
	if req, refused = oidc.ParseLogout(params); refused != nil {
		return req, nil, refused, nil
	}
	if hint := params["id_token_hint"]; hint != "" {
		if req.Hint, refused, err = p.verifyHint(hint); err != nil || refused != nil {
			return req, nil, refused, err
		}
	}
	id, refused := req.ClientOf()
	if refused != nil || id == "" {
		return req, nil, refused, nil
	}
	client, err = p.clientNamed(ctx, []string{id})
	if err == nil && client == nil {
		refused = &oidc.Error{Code: oidc.InvalidRequest, Description: "unknown client", Log: "client_id is not registered"}
	}
	return req, client, refused, err
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
		to = p.address(&signedOutPage{pending: pending{Client: w.Client}, UILocales: w.UILocales})
	}
	if r.Cookies[SessionCookie] == "" {
		return redirect(to)
	}
	r.forget(SessionCookie)
	return redirect(to, append(p.noteState(&r), Cookie{Name: SessionCookie, MaxAge: -1})...)
}

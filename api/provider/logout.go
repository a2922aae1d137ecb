package provider

import (
	"context"
	"encoding/json"
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
		return p.failedPage(r, err, "")
	case refused != nil:
		p.tell(r, oidc.LogoutRefused{Error: refused.Description, Why: refused.Log})
		return p.errorPage(r, 400, pageInvalidRequest, viewOfClient(client))
	}

	session, user, err := p.store.LoadSession(ctx, digest(r.Cookies[SessionCookie]), now)
	w := pending{Page: "logout", SID: session.SID, Client: viewOfClient(client), ReturnTo: returnTo, UILocales: req.UILocales}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.leave(r, w, now)
	case err != nil:
		return p.failedPage(r, err, "")
	case req.MustAsk(session.SID):
		w.User = viewOfUser(&user)
		// Not a redirect: clients check that their logout ended here, at the end_session_endpoint.
		return Answer{Status: 200, Location: p.page(w, now)}
	}
	return p.endSession(ctx, r, w, now)
}

// LogoutConfirm takes what the person pressed on the logout page. The request is good for one session only, so no other page
// can make it up.
func (p *Provider) LogoutConfirm(ctx context.Context, r Request) Answer {
	now := p.now()
	w, refusal := p.open(r, "logout", now)
	if refusal != nil {
		return *refusal
	}
	if r.Params.Get("logout") != "yes" {
		return redirect(orElse(w.ReturnTo, p.UIOrigin+"/"))
	}
	session, _, err := p.store.LoadSession(ctx, digest(r.Cookies[SessionCookie]), now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.leave(r, w, now)
	case err != nil:
		return p.failedPage(r, err, p.page(w, now))
	case session.SID != w.SID: // another person has signed in since
		return p.errorPage(r, 400, pageForeignBrowser, w.Client)
	}
	return p.endSession(ctx, r, w, now)
}

// parseLogout reads the request and verifies its hint.
func (p *Provider) parseLogout(ctx context.Context, r Request) (req oidc.LogoutRequest, client *oidc.Client, refused *oidc.Error, err error) {
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

// verifyHint reads id_token_hint, which must be an ID token of ours and may have expired.
func (p *Provider) verifyHint(token string) (*oidc.IDTokenHint, *oidc.Error, error) {
	ring, err := p.keyRing()
	if err != nil {
		return nil, nil, err
	}
	var hint oidc.IDTokenHint
	typ, claims, err := ring.Verify(token, p.now())
	if err != nil || typ != oidc.IDTokenType || json.Unmarshal(claims, &hint) != nil || !hint.IsIDToken(p.Issuer) {
		return nil, &oidc.Error{Code: oidc.InvalidRequest, Description: "id_token_hint is not an ID token of this issuer"}, nil
	}
	return &hint, nil, nil
}

// mostFrames bounds the clients that are told in the browser: those that the person signed in to last.
const mostFrames = 20

func (p *Provider) endSession(ctx context.Context, r Request, w pending, now time.Time) Answer {
	clients, err := p.store.EndSession(ctx, w.SID, mostFrames, now)
	if err != nil {
		return p.failedPage(r, err, "")
	}
	p.deliverLogoutsNow()
	p.tell(r, oidc.SignedOut{SID: w.SID})
	another := r.give(BrowserCookie, randomSecret()) // what was pending in this browser ends with the session
	a := p.leave(r, w, now)
	a.Cookies = append(a.Cookies, another)
	if len(clients) > 0 && !r.WantsJSON {
		a.Status = 200
		for _, c := range clients {
			a.Frames = append(a.Frames, oidc.FrontchannelLogout(c.URI, p.Issuer, c.SID))
		}
	}
	return a
}

// leave takes the session from a browser where nobody is signed in now, and goes back to the relying party, or to the page that says so.
func (p *Provider) leave(r Request, w pending, now time.Time) Answer {
	to := w.ReturnTo
	if to == "" {
		to = p.page(pending{Page: "signed_out", Client: w.Client, UILocales: w.UILocales}, now)
	}
	if r.Cookies[SessionCookie] == "" {
		return redirect(to)
	}
	r.forget(SessionCookie)
	return redirect(to, append(p.noteState(&r), Cookie{Name: SessionCookie, MaxAge: -1})...)
}

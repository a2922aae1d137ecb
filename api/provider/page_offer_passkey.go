package provider

import (
	"context"
	"encoding/json"
	"errors"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// offerPasskeyPage asks a person who has just typed their password whether they would rather have a passkey. It is shown once, and where
// they do not want one yet, after 30 days again; never to who is no browser with a script, which says that it can make one.
type offerPasskeyPage struct {
	pending `json:"-"`
	SID     string    `json:"s"`
	User    *userView `json:"u"`
	UserID  string    `json:"i"`
	Error   failure   `json:"f,omitzero"`
}

type offerPasskeyView struct {
	common
	User    *userView       `json:"user"`
	Passkey json.RawMessage `json:"passkey,omitempty"` // for navigator.credentials.create
	Error   *failureView    `json:"error,omitempty"`
}

func (*offerPasskeyPage) name() string { return "offer_passkey" }

func (w *offerPasskeyPage) view(_ context.Context, p *Provider, c common) (any, error) {
	options, err := p.creationOptions(c.Request, w.UserID, w.User)
	e := c.failed(w.Error)
	return offerPasskeyView{common: c, User: w.User, Passkey: options, Error: e}, err
}

// offerPasskey leads to the page before a request gets its answer.
func (p *Provider) offerPasskey(ctx context.Context, v visit) (Answer, error) {
	if v.instead != nil {
		return v.instead(ctx, v)
	}
	user := v.standing.User
	w := offerPasskeyPage{pending: p.pendingOf(&v), SID: v.standing.Session.SID, User: viewOfUser(user), UserID: user.ID}
	return redirect(p.address(&w), v.cookies...), nil
}

// OfferPasskey takes what the person pressed there: later, or the passkey that was made. The request goes on in either case.
func (p *Provider) OfferPasskey(ctx context.Context, r Request) Answer {
	now := p.now()
	var w offerPasskeyPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	client, refusal, err := p.stillRegistered(ctx, w.Request)
	switch {
	case err != nil:
		return p.failedPage(ctx, err, p.address(&w))
	case refusal != nil:
		return *refusal
	}
	v := visit{r: r, req: *w.Request, client: client, sid: w.SID, now: now}
	var a Answer
	if r.Params.Get("credential") == "" {
		a, err = p.passkeyLater(ctx, v)
	} else {
		v.instead = p.addPasskeyOn(&w, &w.Error)
		a, err = p.nextAtBrowser(ctx, v)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.askSignInAfter(ctx, v, signInEnded)
	case err != nil:
		return p.failedPage(ctx, err, p.address(&w))
	}
	return a
}

func (p *Provider) passkeyLater(ctx context.Context, v visit) (Answer, error) {
	if err := p.store.PostponePasskey(ctx, v.sid, oidc.Digest(v.r.Cookies[SessionCookie]), v.now); err != nil {
		return Answer{}, err
	}
	v.req.CanMakePasskey = false
	return p.nextAtBrowser(ctx, v)
}

package provider

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// termsPage asks a person to accept a version of terms, before they go on. It is good for one session in one browser.
type termsPage struct {
	pending `json:"-"`
	SID     string    `json:"s"`
	User    *userView `json:"u"`
	TermsID string    `json:"ti"` // these and no others: what is in force stays as it is, and another version has another id
	Wanted  *newToken `json:"nt,omitempty"`
	Done    string    `json:"dn,omitempty"` // for the account page to say
}

type termsView struct {
	common
	User    *userView         `json:"user"`
	Version string            `json:"version"`
	Titles  map[string]string `json:"titles"` // by language, as are the others
	Texts   map[string]string `json:"texts,omitempty"`
	URIs    map[string]string `json:"uris,omitempty"`
	Other   bool              `json:"other,omitempty"` // another account may do
}

func (*termsPage) name() string { return "terms" }

func (w *termsPage) view(ctx context.Context, p *Provider, c common) (any, error) {
	t, err := p.store.LoadTerms(ctx, w.TermsID)
	return termsView{common: c, User: w.User, Version: t.Version, Titles: t.Titles, Texts: t.Texts, URIs: t.URIs,
		Other: w.Request.MayBeAnother()}, err
}

// askTerms sends the browser to that page, for the first terms that the person has not accepted.
func (p *Provider) askTerms(_ context.Context, v visit) (Answer, error) {
	terms := v.req.Unaccepted(v.client, v.standing.Standing, v.now)
	w := termsPage{pending: p.pendingOf(&v), SID: v.standing.Session.SID, User: viewOfUser(v.standing.User), TermsID: terms.ID,
		Wanted: v.wanted, Done: v.done}
	return redirect(p.address(&w), v.cookies...), nil
}

// Terms takes what the person pressed there. What follows is decided anew: there may be more terms, or another version by now.
func (p *Provider) Terms(ctx context.Context, r Request) Answer {
	now := p.now()
	var w termsPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	client, refusal, err := p.stillRegistered(ctx, w.Request)
	pressed, bad := oidc.ParseParams(r.Params, []string{"terms", "accepted"})
	switch {
	case err != nil:
		return p.failedPage(ctx, err, p.address(&w))
	case refusal != nil:
		return *refusal
	case len(bad) > 0:
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client)
	case r.Params.Get("account") == "other":
		return p.askAnother(r, loginPage{pending: w.pending}, false)
	}
	var a Answer
	switch {
	case pressed["terms"] == "no":
		a, err = p.declineTerms(ctx, r, w, client, now)
	case pressed["terms"] == "yes" && pressed["accepted"] == "yes":
		a, err = p.acceptTerms(ctx, r, w, client, now)
	default: // a browser does not send the form without the box
		return redirect(p.address(&w))
	}
	if err != nil {
		return p.failedPage(ctx, err, p.address(&w))
	}
	return a
}

// acceptTerms goes on also where there was nothing to accept any more: whether somebody is still signed in is asked again then.
func (p *Provider) acceptTerms(ctx context.Context, r Request, w termsPage, client *oidc.Client, now time.Time) (Answer, error) {
	terms, err := p.store.AcceptTerms(ctx, w.TermsID, w.SID, oidc.Digest(r.Cookies[SessionCookie]), now)
	switch {
	case err == nil:
		p.tell(ctx, oidc.TermsAccepted{Username: w.User.Username, Terms: terms.Name, Version: terms.Version, ClientID: w.Request.ClientID})
	case !errors.Is(err, store.ErrNotFound):
		return Answer{}, err
	}
	return p.nextAtBrowser(ctx, visit{r: r, req: *w.Request, client: client, sid: w.SID, wanted: w.Wanted, done: w.Done, now: now})
}

// declineTerms tells the device or the relying party.
func (p *Provider) declineTerms(ctx context.Context, r Request, w termsPage, client *oidc.Client, now time.Time) (Answer, error) {
	p.tell(ctx, oidc.TermsDeclined{Username: w.User.Username, ClientID: w.Request.ClientID})
	switch {
	case w.Request.UserCode != "":
		return p.denyDevice(ctx, consentPage{pending: w.pending, User: w.User}, client, now)
	case w.Request.Account: // what is left to do there is to sign out
		return redirect(p.Issuer + "/logout"), nil
	}
	return p.respondError(ctx, r, *w.Request,
		&oidc.Error{Code: oidc.AccessDenied, Description: "the person did not accept the terms"}), nil
}

package provider

import (
	"context"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Consent takes what the person pressed on the consent page.
func (p *Provider) Consent(ctx context.Context, r Request) Answer {
	now := p.now()
	w, refusal := p.open(r, "consent", now)
	if refusal != nil {
		return *refusal
	}
	client, refusal, err := p.stillRegistered(ctx, r, w)
	switch {
	case err != nil:
		return p.failedPage(r, err, p.page(w, now))
	case refusal != nil:
		return *refusal
	}
	device := w.Request.UserCode != ""
	if r.Params.Get("consent") != "yes" {
		if device {
			return p.answerDevice(ctx, r, w, client, false, now, now)
		}
		return p.respondError(r, *w.Request, &oidc.Error{Code: oidc.AccessDenied, Description: "the person did not allow it"})
	}

	standing, err := p.standing(ctx, r, client, now)
	if err != nil {
		return p.failedPage(r, err, p.page(w, now))
	}
	if standing.Session != nil && standing.Session.SID != w.SID { // somebody else has signed in since
		standing = store.Standing{}
	}

	step, refused := w.Request.Decide(client, standing.Standing, true, now)
	switch {
	case refused != nil:
		return p.respondError(r, *w.Request, refused)
	case step == oidc.SignIn:
		return p.askSignIn(r, *w.Request, client, now)
	}
	if device {
		return p.answerDevice(ctx, r, w, client, true, p.touch(standing.SeenAt, now), now)
	}
	return p.issue(ctx, r, *w.Request, client, standing, w.Request.AsksFor(), now)
}

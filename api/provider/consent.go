package provider

import (
	"context"
	"time"

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
	if r.Params.Get("consent") != "yes" {
		return p.denyConsent(ctx, r, w, client, now)
	}
	standing, err := p.standing(ctx, &r, client, now)
	if err != nil {
		return p.failedPage(r, err, p.page(w, now))
	}
	if standing.Session != nil && standing.Session.SID != w.SID { // somebody else has signed in since
		standing = store.Standing{}
	}
	a, err := p.next(ctx, visit{r: r, req: *w.Request, client: client, standing: standing, consented: true, now: now})
	if err != nil {
		return p.failedPage(r, err, p.page(w, now))
	}
	return a
}

// denyConsent tells whoever asked, a relying party or a device, that the person did not allow it.
func (p *Provider) denyConsent(ctx context.Context, r Request, w pending, client *oidc.Client, now time.Time) Answer {
	if w.Request.UserCode != "" {
		return p.denyDevice(ctx, r, w, client, now)
	}
	return p.respondError(r, *w.Request, &oidc.Error{Code: oidc.AccessDenied, Description: "the person did not allow it"})
}

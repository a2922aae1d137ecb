package provider

import (
	"context"
	"time"

	"gatehouse/api/oidc"
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

	a, err := p.nextAtBrowser(ctx, visit{r: r, req: *w.Request, client: client, sid: w.SID, consented: true, now: now})
	if err != nil {
		return p.failedPage(r, err, p.page(w, now))
	}
	return a
}

// denyConsent tells the device or the relying party that the person said no.
func (p *Provider) denyConsent(ctx context.Context, r Request, w pending, client *oidc.Client, now time.Time) Answer {
	if w.Request.UserCode == "" {
		return p.respondError(r, *w.Request, &oidc.Error{Code: oidc.AccessDenied, Description: "the person did not allow it"})
	}
	a, err := p.denyDevice(ctx, r, w, client, now)
	if err != nil {
		return p.failedPage(r, err, p.page(w, now))
	}
	return a
}

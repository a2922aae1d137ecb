package provider

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

// consentPage asks a person to allow what a client, or a device, asks for.
type consentPage struct {
	pending `json:"-"`
	SID     string    `json:"s"` // of the session whose consent it is
	User    *userView `json:"u"`
}

type consentView struct {
	common
	User       *userView         `json:"user"`
	Scopes     []string          `json:"scopes,omitempty"`
	ScopeWords map[string]string `json:"scope_words,omitempty"` // what some are, in the operator's words
	Services   []string          `json:"services,omitempty"`    // what people call those that access tokens are for
	UserCode   string            `json:"user_code,omitempty"`
	Other      bool              `json:"other,omitempty"` // another account may do
}

func (*consentPage) name() string { return "consent" }

func (w *consentPage) view(ctx context.Context, p *Provider, c common) (any, error) {
	view := consentView{common: c, User: w.User, Scopes: w.Request.AsksFor(), UserCode: w.Request.UserCode,
		Other: w.Request.MayBeAnother()}
	client, err := p.clientNamed(ctx, []string{w.Request.ClientID})
	if err == nil && client != nil {
		view.Services, view.ScopeWords = w.Request.ServicesInWords(client)
	}
	return view, err
}

// askConsent sends the browser to the consent page.
func (p *Provider) askConsent(_ context.Context, v visit) (Answer, error) {
	w := consentPage{pending: p.pendingOf(&v), SID: v.standing.Session.SID, User: viewOfUser(v.standing.User)}
	return redirect(p.address(&w), v.cookies...), nil
}

// Consent takes what the person pressed there.
func (p *Provider) Consent(ctx context.Context, r Request) Answer {
	now := p.now()
	var w consentPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	client, refusal, err := p.stillRegistered(ctx, w.Request)
	switch {
	case err != nil:
		return p.failedPage(ctx, err, p.address(&w))
	case refusal != nil:
		return *refusal
	case r.Params.Get("account") == "other":
		return p.askAnother(r, loginPage{pending: w.pending}, true)
	}
	var a Answer
	if r.Params.Get("consent") == "yes" {
		a, err = p.nextAtBrowser(ctx, visit{r: r, req: *w.Request, client: client, sid: w.SID, consented: true, now: now})
	} else {
		a, err = p.denyConsent(ctx, r, w, client, now)
	}
	if err != nil {
		return p.failedPage(ctx, err, p.address(&w))
	}
	return a
}

// denyConsent tells the device or the relying party that the person said no.
func (p *Provider) denyConsent(
	ctx context.Context, r Request, w consentPage, client *oidc.Client, now time.Time,
) (Answer, error) {
	if w.Request.UserCode != "" {
		return p.denyDevice(ctx, w, client, now)
	}
	return p.respondError(ctx, r, *w.Request,
		&oidc.Error{Code: oidc.AccessDenied, Description: "the person did not allow it"}), nil
}

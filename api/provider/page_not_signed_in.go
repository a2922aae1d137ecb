package provider

import (
	"context"

	"gatehouse/api/oidc"
)

// notSignedInPage is where Cancel leads before a person has signed in: from there they sign in after all, or go back.
type notSignedInPage struct {
	pending `json:"-"`
}

type notSignedInView struct{ common }

func (*notSignedInPage) name() string { return "not_signed_in" }

func (*notSignedInPage) view(_ context.Context, _ *Provider, c common) (any, error) {
	return notSignedInView{c}, nil
}

// notSignedIn is the refusal that the application is told of.
var notSignedIn = &oidc.Error{Code: oidc.AccessDenied, Description: "the person did not sign in"}

// cancelSignIn answers Cancel. An application that says where its pages are shows people its error, perhaps without a way on: they are told
// here first. Others are told at once, for a program may be waiting.
func (p *Provider) cancelSignIn(ctx context.Context, r Request, from pending, client *oidc.Client) Answer {
	if client.ClientURI == "" && client.InitiateLoginURI == "" {
		return p.respondError(ctx, r, *from.Request, notSignedIn)
	}
	w := notSignedInPage{pending{Request: from.Request, Browser: from.Browser, Client: from.Client}}
	return redirect(p.address(&w))
}

// NotSignedIn takes what the person pressed there.
func (p *Provider) NotSignedIn(ctx context.Context, r Request) Answer {
	now := p.now()
	var w notSignedInPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	client, refusal, err := p.stillRegistered(ctx, w.Request)
	switch {
	case err != nil:
		return p.failedPage(ctx, err, p.address(&w))
	case refusal != nil:
		return *refusal
	case r.Params.Get("sign_in") == "":
		return p.respondError(ctx, r, *w.Request, notSignedIn)
	}
	a, err := p.nextAtBrowser(ctx, visit{r: r, req: *w.Request, client: client, now: now})
	if err != nil {
		return p.failedPage(ctx, err, p.address(&w))
	}
	return a
}

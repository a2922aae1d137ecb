package provider

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

const pathAuthorize = "/authorize"

// Authorize is the authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2).
func (p *Provider) Authorize(ctx context.Context, r Request) Answer {
	a, err := p.authorize(ctx, r, p.now())
	if err != nil {
		return p.failedPage(ctx, err, p.sameRequest(r))
	}
	return a
}

func (p *Provider) authorize(ctx context.Context, r Request, now time.Time) (Answer, error) {
	client, err := p.clientOf(ctx, r, r.Params["client_id"])
	if err != nil {
		return Answer{}, err
	}
	req, untrusted, refusal, err := p.readAuthorize(ctx, r, client, now)
	switch {
	case err != nil:
		return Answer{}, err
	case untrusted != nil:
		return p.refuseAuthorize(ctx, untrusted, client), nil
	case refusal != nil:
		return p.respondError(ctx, r, req, refusal), nil
	}
	return p.nextAtBrowser(ctx, visit{r: r, req: req, client: client, now: now})
}

// sameRequest is the address at which an authorization request that failed can be made again.
func (p *Provider) sameRequest(r Request) string {
	query := r.Params.Encode()
	if r.Params.Get("client_id") == "" || len(query) > 4096 {
		return ""
	}
	return p.Issuer + "/authorize?" + query
}

// refuseAuthorize shows a refusal to the person, since the redirect URI is not to be trusted with it (RFC 6749 §4.1.2.1).
func (p *Provider) refuseAuthorize(ctx context.Context, e *oidc.Error, client *oidc.Client) Answer {
	p.tell(ctx, oidc.AuthorizationRequestRefused{ClientID: clientIDOf(client), Error: e.Description, Why: e.Log, Refused: e.Refused})
	switch {
	case e.Code == oidc.InvalidClient:
		return p.errorPage(ctx, 400, pageUnknownClient, nil)
	case e.Page != "":
		return p.errorPage(ctx, 400, e.Page, viewOfClient(client, ""))
	case e.Code == oidc.InvalidRequestURI:
		return p.errorPage(ctx, 400, pageInvalidRequestURI, viewOfClient(client, ""))
	}
	return p.errorPage(ctx, 400, pageInvalidRequest, viewOfClient(client, ""))
}

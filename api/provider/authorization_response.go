package provider

import (
	"cmp"
	"context"

	"gatehouse/api/oidc"
)

// respond sends an answer of the authorization endpoint to the relying party, with state, iss (RFC 9207) and session_state.
func (p *Provider) respond(r Request, req oidc.AuthorizeRequest, fields [][2]string, cookies ...Cookie) Answer {
	sessionState, set := p.sessionState(&r, req)
	cookies = append(cookies, set...)
	fields = append(fields, [2]string{"state", req.State}, [2]string{"iss", p.Issuer}, [2]string{"session_state", sessionState})
	switch req.ResponseMode {
	case "form_post":
		return Answer{Status: 200, FormPost: &FormPost{Action: req.RedirectURI, Fields: fields}, Cookies: cookies,
			UILocales: req.UILocales}
	case "fragment":
		return redirect(oidc.WithFragment(req.RedirectURI, fields), cookies...)
	}
	return redirect(oidc.WithParams(req.RedirectURI, fields), cookies...)
}

// respondError sends a refusal to the relying party.
func (p *Provider) respondError(
	ctx context.Context, r Request, req oidc.AuthorizeRequest, e *oidc.Error, cookies ...Cookie,
) Answer {
	p.tell(ctx, oidc.AuthorizationRefused{ClientID: req.ClientID, Error: e.Code, Why: cmp.Or(e.Log, e.Description),
		Refused: e.Refused})
	if req.RedirectURI == "" {
		status := 403
		if e.Code == oidc.ServerError {
			status = 500
		}
		a := p.errorPage(ctx, status, e.Code, nil)
		a.Cookies = cookies
		return a
	}
	return p.respond(r, req, [][2]string{{"error", e.Code}, {"error_description", e.Description}}, cookies...)
}

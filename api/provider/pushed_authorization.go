package provider

import (
	"cmp"
	"context"

	"gatehouse/api/oidc"
)

const pathPAR = "/par"

// PushAuthorization is the pushed authorization request endpoint (RFC 9126 §2): the client sends beforehand, authenticated
// and without the browser, what it would have put into the address. The request is checked as at the authorization
// endpoint, and refused in JSON.
func (p *Provider) PushAuthorization(ctx context.Context, r Request) Answer {
	now := p.now()
	client, params, refusal := p.fromClient(ctx, r, "pushed request", oidc.PushedParams)
	if refusal != nil {
		return *refusal
	}
	if params["request_uri"] != "" {
		return p.refuse(ctx, "pushed request", client.ClientID,
			&oidc.Error{Code: oidc.InvalidRequest, Description: "request_uri has no place in a pushed request"})
	}
	jkt, refused := p.proof(r, client, now)
	if refused != nil {
		return p.refuseProof(ctx, r, client, refused, now)
	}

	req, untrusted, refused, err := p.readAuthorize(ctx, r, client, now)
	switch {
	case err != nil:
		return p.failed(ctx, err)
	case untrusted != nil:
		refused = untrusted
	case refused == nil && jkt != "" && req.DPoPJKT != "" && req.DPoPJKT != jkt:
		refused = &oidc.Error{Code: oidc.InvalidDPoPProof, Description: "dpop_jkt is not the key of the DPoP proof"} // RFC 9449 §10.1
	}
	if refused != nil {
		return p.refuse(ctx, "pushed request", client.ClientID, refused)
	}
	req.DPoPJKT = cmp.Or(jkt, req.DPoPJKT)
	uri := p.sealPushed(req, now)
	if len(uri) > maxRequestURI {
		return p.refuse(ctx, "pushed request", client.ClientID,
			&oidc.Error{Code: oidc.InvalidRequest, Description: "the request is too large"})
	}
	out := oidc.PushedResponse{RequestURI: uri, ExpiresIn: int(oidc.RequestURILife.Seconds())}
	return p.withNonce(r, Answer{Status: 201, JSON: out}, now)
}

// maxRequestURI keeps the address of the authorization endpoint within the query that is taken there, with client_id beside.
const maxRequestURI = oidc.MaxQuery - 1<<10

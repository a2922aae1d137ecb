package provider

import (
	"context"
	"errors"
	"slices"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// clientNamed returns the client of an unchecked client_id; nil where there is none.
func (p *Provider) clientNamed(ctx context.Context, ids []string) (*oidc.Client, error) {
	id, ok := oidc.ParseParam(ids)
	if !ok || id == "" || len(id) > 255 {
		return nil, nil
	}
	client, err := p.store.Client(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return client, err
}

// beginnings are the endpoints at which something begins, and documents are read; elsewhere the client is known already.
var beginnings = []string{"/authorize", pathPAR, "/device_authorization"}

// clientOf returns the client of a request: one that is registered, or one whose client_id is the address of its metadata.
// nil: there is none, or it is not to be trusted now, for a reason that is in the log.
func (p *Provider) clientOf(ctx context.Context, r Request, ids []string) (*oidc.Client, error) {
	client, err := p.clientNamed(ctx, ids)
	if err == nil && slices.Contains(beginnings, r.Path) {
		return p.clientOfDocument(ctx, r, ids, client)
	}
	return client, err
}

// stillRegistered returns the client of a pending request. It may have been removed or changed since the request was
// sealed: refusal is the answer then.
func (p *Provider) stillRegistered(
	ctx context.Context, req *oidc.AuthorizeRequest,
) (c *oidc.Client, refusal *Answer, err error) {
	if req.Account {
		return noClient, nil, nil
	}
	client, err := p.clientNamed(ctx, []string{req.ClientID})
	var a Answer
	switch {
	case err != nil:
		return nil, nil, err
	case client == nil || client.Disabled():
		a = p.errorPage(ctx, 400, pageUnknownClient, nil)
	case req.UserCode == "" && !client.HasRedirectURI(req.RedirectURI):
		a = p.errorPage(ctx, 400, oidc.RedirectURIUnregistered, viewOfClient(client, ""))
	default:
		return client, nil, nil
	}
	return nil, &a, nil
}

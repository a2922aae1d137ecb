package provider

import (
	"context"

	"gatehouse/api/oidc"
)

// The client configuration endpoint (RFC 7592 §2) is for clients that registered themselves, with their registration access
// token. A wrong token and a client that does not exist get the same answer. The token stays the same, so that a client
// that loses an answer is not locked out.

const sendAccessToken = "send the registration access token as Authorization: Bearer"

// ReadRegistration answers with what is registered (RFC 7592 §2.1), without the secret, of which there is a digest only.
func (p *Provider) ReadRegistration(ctx context.Context, r Request) Answer {
	token, found := bearer(r)
	if !found {
		return p.askForBearer(sendAccessToken)
	}
	c, err := p.store.Registration(ctx, r.Name, oidc.Digest(token))
	if err != nil {
		return p.notRegistered(ctx, err)
	}
	return Answer{Status: 200, JSON: p.registrationOf(c.ClientMetadata, c.CreatedAt, "", token)}
}

// ReplaceRegistration replaces a client's metadata (RFC 7592 §2.2); what the client leaves out has its default.
func (p *Provider) ReplaceRegistration(ctx context.Context, r Request) Answer {
	token, found := bearer(r)
	if !found {
		return p.askForBearer(sendAccessToken)
	}
	c, err := p.store.Registration(ctx, r.Name, oidc.Digest(token))
	if err != nil {
		return p.notRegistered(ctx, err)
	}
	asked, refused := oidc.ParseRegistration(r.Body)
	if refused == nil {
		refused = asked.CheckChange(&c, p.now())
	}
	var metadata oidc.ClientMetadata
	if refused == nil {
		metadata, refused, err = p.checkMetadata(ctx, r, asked, c.Registration == oidc.RegistrationToken)
	}
	switch {
	case err != nil:
		return p.notRegistered(ctx, err)
	case refused != nil:
		return p.refuse(ctx, "registration", c.ClientID, refused)
	}

	secret, secretDigest := newSecretFor(&metadata)
	isNew, err := p.asClient(ctx, c.ClientID, "client change").ReplaceRegistration(ctx, metadata, oidc.Digest(token), secretDigest,
		p.registeringNetwork(r), p.now())
	if err != nil {
		return p.notRegistered(ctx, err)
	}
	if !isNew {
		secret = ""
	}
	p.tell(ctx, oidc.ClientChanged{ClientID: c.ClientID, ClientName: metadata.ClientName})
	return Answer{Status: 200, JSON: p.registrationOf(metadata, c.CreatedAt, secret, token)}
}

// EndRegistration removes a client, with its grants and consents (RFC 7592 §2.3).
func (p *Provider) EndRegistration(ctx context.Context, r Request) Answer {
	token, found := bearer(r)
	if !found {
		return p.askForBearer(sendAccessToken)
	}
	if err := p.asClient(ctx, r.Name, "client removal").EndRegistration(ctx, r.Name, oidc.Digest(token)); err != nil {
		return p.notRegistered(ctx, err)
	}
	p.tell(ctx, oidc.ClientRemoved{ClientID: r.Name})
	return Answer{Status: 204}
}

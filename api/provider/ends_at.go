package provider

import (
	"context"
	"errors"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// clientToEndAt returns the application where a link or an invitation ends, nil where there is none (any more).
func (p *Provider) clientToEndAt(ctx context.Context, clientID string) (*oidc.Client, error) {
	if clientID == "" {
		return nil, nil
	}
	client, err := p.store.Client(ctx, clientID)
	if errors.Is(err, store.ErrNotFound) || err == nil && client.Disabled() {
		return nil, nil
	}
	return client, err
}

// endsAt returns the address where an application starts a sign-in (Core §4), else its home page; "" where there is neither.
func (p *Provider) endsAt(ctx context.Context, clientID string) (string, error) {
	client, err := p.clientToEndAt(ctx, clientID)
	switch {
	case err != nil || client == nil:
		return "", err
	case client.InitiateLoginURI != "":
		return p.initiatedLogin(client.InitiateLoginURI), nil
	}
	return client.ClientURI, nil
}

package provider

import (
	"context"

	"gatehouse/api/store"
)

// as returns the store for what somebody changes by a page, as the audit has it: a person, or "upstream:NAME". Reads, and what a sign-in
// saves, go without. What a file declares of them, they change all the same.
func (p *Provider) as(ctx context.Context, name, operation string) *store.Store {
	return p.by(ctx, store.Actor{Name: name, Door: "page", Operation: operation, DeclaredAnyway: true})
}

// asClient is for what a client changes about itself; with "" it is one that has no client_id yet.
func (p *Provider) asClient(ctx context.Context, clientID, operation string) *store.Store {
	if clientID == "" {
		clientID = "registration"
	}
	return p.by(ctx, store.Actor{Name: clientID, Door: "registration", Operation: operation})
}

func (p *Provider) by(ctx context.Context, a store.Actor) *store.Store {
	request := requestOf(ctx)
	a.RequestID = request.id
	if request.addr.IsValid() && request.addr.Zone() == "" {
		a.Addr = request.addr.String()
	}
	return p.store.As(a)
}

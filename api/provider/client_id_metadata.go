package provider

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"slices"
	"strings"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// How long a document at a client_id is believed (OAuth Client ID Metadata Document §4.4 leaves the bounds to us).
const (
	documentFresh = 6 * time.Hour  // then it is read again at the next request of the client
	documentKept  = 48 * time.Hour // where it cannot be read again
)

// beginnings are the endpoints at which something begins, and documents are read; elsewhere the client is known already.
var beginnings = []string{"/authorize", pathPAR, "/device_authorization"}

// clientOf returns the client of a request: one that is registered, or one whose client_id is the address of its metadata.
// nil: there is none, or it is not to be trusted now, for a reason that is in the log.
func (p *Provider) clientOf(ctx context.Context, r Request, ids []string) (*oidc.Client, error) {
	client, err := p.clientNamed(ctx, ids)
	if err != nil || !slices.Contains(beginnings, r.Path) {
		return client, err
	}
	var age time.Duration
	switch {
	case client == nil && (!p.ClientIDDocuments || len(ids) != 1 || !oidc.IsClientIDURL(ids[0])):
		return nil, nil
	case client != nil && (client.Disabled() || client.MetadataFetchedAt == nil):
		return client, nil
	case client != nil && !p.ClientIDDocuments:
		return nil, nil
	case client != nil:
		if age = p.now().Sub(*client.MetadataFetchedAt); age < documentFresh {
			return client, nil
		}
	}
	return p.clientOfDocument(ctx, r, ids[0], client, age)
}

// clientOfDocument reads the document at a client_id; known is the client that it made earlier, age ago, or nil.
func (p *Provider) clientOfDocument(
	ctx context.Context, r Request, clientID string, known *oidc.Client, age time.Duration,
) (*oidc.Client, error) {
	why := p.fetches.once(ctx, clientID, p.now, func(ctx context.Context) error {
		return p.readDocument(ctx, r, clientID, known != nil)
	})
	switch {
	case why == nil:
		client, err := p.store.Client(ctx, clientID)
		if errors.Is(err, store.ErrNotFound) { // removed a moment ago
			return nil, nil
		}
		return client, err
	case known != nil && age < documentKept:
		p.tell(ctx, oidc.ClientDocumentStale{ClientID: clientID, Age: age.Round(time.Minute).String(), Why: why.Error()})
		return known, nil
	case errors.As(why, new(store.Unavailable)), errors.Is(why, errTooManyFetches), errors.Is(why, store.ErrManyRegistrations),
		errors.Is(why, store.ErrManyRegistrationsHere):
		return nil, why
	}
	p.tell(ctx, oidc.ClientDocumentRefused{ClientID: clientID, Why: why.Error()})
	return nil, nil
}

// readDocument makes the client what the document at its client_id says.
func (p *Provider) readDocument(ctx context.Context, r Request, clientID string, known bool) error {
	text, contentType, err := p.fetchForAnybody(ctx, r, clientID, oidc.MaxClientIDDocument)
	switch {
	case err != nil:
		return err
	case !isJSON(contentType):
		return fmt.Errorf("is served as %q, which is not JSON", clip(contentType))
	}
	terms := p.terms(false)
	terms.DocumentAt = clientID
	row := newRegistrationRow()
	asked, refused := oidc.ParseRegistration(text)
	if refused == nil {
		row.ClientMetadata, refused = asked.CheckDocument(terms)
	}
	if refused == nil {
		refused, err = p.verifyMetadata(ctx, r, &row.ClientMetadata)
	}
	switch {
	case err != nil:
		return err
	case refused != nil:
		return refused
	case known:
		return p.store.RefreshDocument(ctx, row.ClientMetadata, p.now())
	}
	row.Registration = oidc.RegistrationDocument
	err = p.store.RegisterClient(ctx, row, store.NewRegistration{Network: p.registeringNetwork(r)}, p.now())
	if err == nil {
		p.tell(ctx, oidc.ClientRegistered{ClientID: clientID, ClientName: row.ClientName, How: row.Registration})
	}
	return err
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"))
}

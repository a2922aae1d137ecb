package provider

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"strings"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// How long a document at a client_id is believed (OAuth Client ID Metadata Document §4.4 leaves the bounds to us).
const (
	documentFresh = 6 * time.Hour  // then it is read again at the next request of the client
	documentKept  = 48 * time.Hour // where it cannot be read again
)

// clientOfDocument returns the client whose client_id is the address of its metadata, after reading those if it is time to.
// known is the row of the client_id, or nil; one of another kind is returned as it is.
func (p *Provider) clientOfDocument(ctx context.Context, r Request, ids []string, known *oidc.Client) (*oidc.Client, error) {
	var age time.Duration
	switch {
	case known == nil && (!p.ClientIDDocuments || len(ids) != 1 || !oidc.IsClientIDURL(ids[0])):
		return nil, nil
	case known != nil && (known.Disabled() || known.MetadataFetchedAt == nil):
		return known, nil
	case known != nil && !p.ClientIDDocuments:
		return nil, nil
	case known != nil:
		if age = p.now().Sub(*known.MetadataFetchedAt); age < documentFresh {
			return known, nil
		}
	}
	return p.fetchClient(ctx, r, ids[0], known, age)
}

// fetchClient reads the document at a client_id; known is the client that it made earlier, age ago, or nil.
func (p *Provider) fetchClient(
	ctx context.Context, r Request, clientID string, known *oidc.Client, age time.Duration,
) (*oidc.Client, error) {
	why := p.fetches.once(ctx, fetchKey{authn.EndSite(r.Addr), clientID}, p.now, func(ctx context.Context) error {
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
	text, contentType, err := p.fetchForAnybody(ctx, r, namedByStrangers, clientID, oidc.MaxClientIDDocument)
	switch {
	case err != nil:
		return err
	case !isJSON(contentType):
		return fmt.Errorf("is served as %q, which is not JSON", clip(contentType))
	}
	row := newRegistrationRow()
	asked, refused := oidc.ParseRegistration(text)
	if refused == nil {
		var terms oidc.Terms
		if terms, err = p.terms(ctx, asked, false); err != nil {
			return err
		}
		terms.DocumentAt = clientID
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
		return p.asClient(ctx, clientID, "client document").RefreshDocument(ctx, row.ClientMetadata, p.now())
	}
	row.Registration = oidc.RegistrationDocument
	err = p.asClient(ctx, clientID, "client document").RegisterClient(ctx, row,
		store.NewRegistration{Network: p.registeringNetwork(r)}, p.now())
	if err == nil {
		p.tell(ctx, oidc.ClientRegistered{ClientID: clientID, ClientName: row.ClientName, How: row.Registration})
	}
	return err
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"))
}

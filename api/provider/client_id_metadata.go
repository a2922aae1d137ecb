package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/outgoing"
	"gatehouse/api/store"
)

// How long what was read at a client_id is believed (OAuth Client ID Metadata Document §4.4: bounds of our own).
const (
	documentFresh = 6 * time.Hour    // then it is read again when somebody comes from the client
	documentKept  = 48 * time.Hour   // where it cannot be read again
	lookPause     = 10 * time.Second // between two looks at one address
)

// What others can have us fetch at once. Somebody with a loop would otherwise take all there is; see authn.Arrivals.
const (
	maxFetches = 32
	maxLooks   = 1_000 // addresses that are or were looked at within lookPause
)

// errBusyLooking says that as much is fetched for others as may.
var errBusyLooking = errors.New("as many addresses of clients are fetched as may; the bound is in api/provider/client_id_metadata.go")

// looks are at the documents of clients, one at a time at each. places are for all that is fetched for strangers.
type looks struct {
	places chan struct{}
	mu     sync.Mutex
	at     map[string]*look
}

// look is one at a document, under way or over. It is no cache of failures, which must not be (§4.4), but a pause between two looks.
type look struct {
	done  chan struct{}
	err   error
	until time.Time // of the pause; zero while it is under way
}

func newLooks() looks {
	return looks{places: make(chan struct{}, maxFetches), at: map[string]*look{}}
}

// fetchFor is fetch for somebody who may be anybody: it waits for a place among those of his site and of all.
func (p *Provider) fetchFor(ctx context.Context, r Request, uri string, most int64) (body []byte, contentType string, err error) {
	leave, err := p.arrivals.Enter(ctx, authn.Site(r.Addr))
	if err != nil {
		return nil, "", errBusyLooking
	}
	defer leave()
	select {
	case p.looks.places <- struct{}{}:
		defer func() { <-p.looks.places }()
	case <-ctx.Done():
		return nil, "", errBusyLooking
	}
	return p.fetchTyped(ctx, uri, most)
}

// beginnings are the endpoints at which something begins, and documents are read; elsewhere the client is there already.
var beginnings = []string{"/authorize", pathPAR, "/device_authorization"}

// clientOf gives the client of a request: one that is registered, or one whose client_id is the address of its metadata. nil: there is
// none, or it is not to be trusted now, for a reason that is in the log.
func (p *Provider) clientOf(ctx context.Context, r Request, ids []string) (*oidc.Client, error) {
	client, err := p.clientNamed(ctx, ids)
	var age time.Duration
	switch {
	case err != nil || !slices.Contains(beginnings, r.Path):
		return client, err
	case client == nil && (!p.ClientIDDocuments || len(ids) != 1 || !oidc.IsClientIDURL(ids[0])):
		return nil, nil
	case client != nil && (client.Disabled || client.MetadataFetchedAt == nil):
		return client, nil
	case client != nil && !p.ClientIDDocuments:
		return nil, nil
	case client != nil:
		if age = p.now().Sub(*client.MetadataFetchedAt); age < documentFresh {
			return client, nil
		}
	}

	why := p.looks.once(ctx, ids[0], p.now, func(ctx context.Context) error { return p.readDocument(ctx, r, ids[0], client != nil) })
	switch {
	case why == nil:
		client, err = p.store.Client(ctx, ids[0])
		if errors.Is(err, store.ErrNotFound) { // removed a moment ago
			return nil, nil
		}
		return client, err
	case client != nil && age < documentKept:
		p.tell(r, oidc.ClientDocumentStale{ClientID: ids[0], Age: age.Round(time.Minute).String(), Why: why.Error()})
		return client, nil
	case errors.As(why, new(store.Unavailable)), errors.Is(why, errBusyLooking), errors.Is(why, store.ErrManyRegistrations),
		errors.Is(why, store.ErrManyRegistrationsHere):
		return nil, why
	}
	p.tell(r, oidc.ClientDocumentRefused{ClientID: ids[0], Why: why.Error()})
	return nil, nil
}

// readDocument makes the client what the document at its client_id says.
func (p *Provider) readDocument(ctx context.Context, r Request, clientID string, known bool) error {
	text, contentType, err := p.fetchFor(ctx, r, clientID, oidc.MaxClientIDDocument)
	if err != nil {
		return err
	}
	if kind, _, err := mime.ParseMediaType(contentType); err != nil || kind != "application/json" &&
		!(strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")) {
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
		p.tell(r, oidc.ClientRegistered{ClientID: clientID, ClientName: row.ClientName, How: row.Registration})
	}
	return err
}

// once has an address looked at, or waits for the look that is under way; within the pause after one it gives what that found. A look goes
// on although who asked for it first has left.
func (l *looks) once(ctx context.Context, address string, now func() time.Time, do func(context.Context) error) error {
	l.mu.Lock()
	if len(l.at) >= maxLooks {
		maps.DeleteFunc(l.at, func(_ string, old *look) bool { return !old.until.IsZero() && !now().Before(old.until) })
	}
	one := l.at[address]
	if one == nil || !one.until.IsZero() && !now().Before(one.until) {
		if one == nil && len(l.at) >= maxLooks {
			l.mu.Unlock()
			return errBusyLooking
		}
		one = &look{done: make(chan struct{})}
		l.at[address] = one
		go func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*outgoing.Patience)
			defer cancel()
			err := do(ctx)
			l.mu.Lock()
			defer l.mu.Unlock()
			one.err, one.until = err, now().Add(lookPause)
			close(one.done)
		}()
	}
	l.mu.Unlock()
	select {
	case <-one.done:
		return one.err
	case <-ctx.Done():
		return errBusyLooking
	}
}

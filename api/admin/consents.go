package admin

import (
	"context"
	"time"

	"gatehouse/api/store"
)

// Consent is what a client may use of a user's.
type Consent = store.ConsentRow

// ListConsents returns what clients may use of a user's.
func (a *Admin) ListConsents(ctx context.Context, in Username) ([]Consent, error) {
	return a.store.ListConsents(ctx, in.Username, time.Now())
}

// WithdrawConsent is what a client is not to have any more.
type WithdrawConsent struct {
	Username string `json:"username" arg:""`
	ClientID string `json:"client_id" name:"client" arg:""`
}

// WithdrawConsent takes from a client what a user allowed it, and all tokens with it.
func (a *Admin) WithdrawConsent(ctx context.Context, in WithdrawConsent) (Nothing, error) {
	return Nothing{}, a.store.WithdrawConsentOf(ctx, in.Username, in.ClientID)
}

// ListConsentsOfClient is the client whose consents are wanted.
type ListConsentsOfClient struct {
	Paging
	ClientID string `json:"client_id" arg:"" name:"id"`
}

// ListConsentsOfClient returns who allowed a client what, by username.
func (a *Admin) ListConsentsOfClient(ctx context.Context, in ListConsentsOfClient) (Page[store.ListedConsent], error) {
	key := func(c store.ListedConsent) string { return c.Username }
	return page(in.Paging, key, func(p store.Page) ([]store.ListedConsent, error) {
		return a.store.ListConsentsOfClient(ctx, store.ConsentQuery{Page: p, ClientID: in.ClientID})
	})
}

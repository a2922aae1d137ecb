package admin

import (
	"context"

	"gatehouse/api/store"
)

// ExchangePolicy says that a client may exchange access tokens for one that a service takes (RFC 8693).
type ExchangePolicy = store.ExchangePolicyRow

// ListExchangePolicies is the client whose policies are wanted.
type ListExchangePolicies struct {
	Paging
	ClientID string `json:"client_id" arg:"" name:"id" help:"Who may exchange."`
}

// ListExchangePolicies returns the policies of a client by audience.
func (a *Admin) ListExchangePolicies(ctx context.Context, in ListExchangePolicies) (Page[ExchangePolicy], error) {
	return page(in.Paging, func(x ExchangePolicy) string { return x.Audience }, func(p store.Page) ([]ExchangePolicy, error) {
		return a.store.ListExchangePolicies(ctx, in.ClientID, p)
	})
}

// AddExchangePolicy is a policy to add.
type AddExchangePolicy struct {
	ClientID        string `json:"client_id" arg:"" name:"id" help:"Who may exchange."`
	Audience        string `json:"audience" arg:"" help:"The service that the new token is for."`
	Scope           string `json:"scope,omitempty" placeholder:"SCOPES" help:"The widest scope of the new token, separated by spaces."`
	SubjectAudience string `json:"subject_audience,omitempty" placeholder:"AUDIENCE" help:"Also of tokens for this service, not only its own."`
	Impersonation   bool   `json:"impersonation,omitempty" help:"The new token need not say who acts for the person."`
}

// AddExchangePolicy adds a policy.
func (a *Admin) AddExchangePolicy(ctx context.Context, in AddExchangePolicy) (Nothing, error) {
	return Nothing{}, a.store.AddExchangePolicy(ctx, ExchangePolicy{ClientID: in.ClientID, Audience: in.Audience, Scope: in.Scope,
		SubjectAudience: in.SubjectAudience, Impersonation: in.Impersonation})
}

// SetExchangePolicy is what to change of a policy: what is nil stays as it is, and what is empty is cleared.
type SetExchangePolicy struct {
	ClientID string `json:"client_id" arg:"" name:"id" help:"Who may exchange."`
	Audience string `json:"audience" arg:"" help:"The service that the new token is for."`

	NewAudience     *string `json:"new_audience,omitempty" placeholder:"AUDIENCE" help:"Another service."`
	Scope           *string `json:"scope,omitempty" placeholder:"SCOPES" help:"The widest scope of the new token, separated by spaces."`
	SubjectAudience *string `json:"subject_audience,omitempty" placeholder:"AUDIENCE" help:"Also of tokens for this service."`
	Impersonation   *bool   `json:"impersonation,omitempty" negatable:"" help:"The new token need not say who acts for the person."`
}

// SetExchangePolicy changes what is named of a policy.
func (a *Admin) SetExchangePolicy(ctx context.Context, in SetExchangePolicy) (Nothing, error) {
	return Nothing{}, a.store.SetExchangePolicy(ctx, in.ClientID, in.Audience, changesOf(in))
}

// ExchangePolicyKey names a policy.
type ExchangePolicyKey struct {
	ClientID string `json:"client_id" arg:"" name:"id" help:"Who may exchange."`
	Audience string `json:"audience" arg:"" help:"The service that the new token is for."`
}

// RemoveExchangePolicy removes a policy: no more tokens are exchanged by it.
func (a *Admin) RemoveExchangePolicy(ctx context.Context, in ExchangePolicyKey) (Nothing, error) {
	return Nothing{}, a.store.RemoveExchangePolicy(ctx, in.ClientID, in.Audience)
}

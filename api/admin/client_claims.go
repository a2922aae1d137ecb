package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// ClientClaim is a row of client_claims: one source of a claim that a client gets of its users.
type ClientClaim = oidc.ClaimRow

// AddClientClaim is a row to add to a client.
type AddClientClaim struct {
	ClientID        string          `json:"client_id" arg:"" name:"id" help:"client_id."`
	Claim           string          `json:"claim" arg:"" help:"Its name, such as policy or roles."`
	Position        int             `json:"position,omitempty" help:"Among the client's rows, 1 to 50; after the others unless given."`
	Value           json.RawMessage `json:"value,omitempty" help:"For everybody, or with from_group for its members."`
	FromField       string          `json:"from_field,omitempty" help:"username, another column of users, or a member of users.claims."`
	FromGroup       string          `json:"from_group,omitempty" help:"This group, exactly."`
	FromGroupPrefix string          `json:"from_group_prefix,omitempty" help:"Groups whose names begin with it: what follows."`
	KeepPrefix      bool            `json:"keep_prefix,omitempty" help:"The whole name of the group instead."`
	Shape           string          `json:"shape,omitempty" enum:"single,list" default:"single" help:"What the claim looks like."`
	InAccessToken   bool            `json:"in_access_token,omitempty" help:"In access tokens, too, where every service reads it."`
}

// AddClientClaim adds a row to a client and returns it as it is stored. Errors: Refusal.
func (a *Admin) AddClientClaim(ctx context.Context, in AddClientClaim) (ClientClaim, error) {
	return a.store.AddClientClaim(ctx, in.ClientID, oidc.ClaimRow{Position: in.Position, Claim: in.Claim, Value: in.Value,
		FromField: in.FromField, FromGroup: in.FromGroup, FromGroupPrefix: in.FromGroupPrefix, KeepPrefix: in.KeepPrefix,
		Shape: cmp.Or(in.Shape, oidc.ShapeSingle), InAccessToken: in.InAccessToken})
}

// SetClientClaim is what to change of a row: what is nil stays as it is, and what is empty is cleared.
type SetClientClaim struct {
	ClientID string `json:"client_id" arg:"" name:"id" help:"client_id."`
	Position int    `json:"position" arg:"" help:"As client claim list has it."`

	NewPosition     *int             `json:"new_position,omitempty" help:"Another place among the client's rows, 1 to 50."`
	Claim           *string          `json:"claim,omitempty" help:"Another name."`
	Value           *json.RawMessage `json:"value,omitempty" help:"For everybody, or with from_group for its members."`
	FromField       *string          `json:"from_field,omitempty" help:"username, another column of users, or a member of users.claims."`
	FromGroup       *string          `json:"from_group,omitempty" help:"This group, exactly."`
	FromGroupPrefix *string          `json:"from_group_prefix,omitempty" help:"Groups whose names begin with it: what follows."`
	KeepPrefix      *bool            `json:"keep_prefix,omitempty" help:"The whole name of the group instead."`
	Shape           *string          `json:"shape,omitempty" help:"What the claim looks like: single or list."`
	InAccessToken   *bool            `json:"in_access_token,omitempty" help:"In access tokens, too, where every service reads it."`
}

// SetClientClaim changes what is named of a row, from the next request on. Errors: Missing, Refusal.
func (a *Admin) SetClientClaim(ctx context.Context, in SetClientClaim) (Nothing, error) {
	return Nothing{}, a.store.SetClientClaim(ctx, in.ClientID, in.Position, changesOf(in))
}

// ListClientClaims is the client whose rows are wanted.
type ListClientClaims struct {
	Paging
	ClientID string `json:"client_id" arg:"" name:"id" help:"client_id."`
}

// ListClientClaims returns the rows of a client by position. Errors: Missing.
func (a *Admin) ListClientClaims(ctx context.Context, in ListClientClaims) (Page[ClientClaim], error) {
	if _, err := strconv.Atoi(cmp.Or(in.After, "0")); err != nil {
		return Page[ClientClaim]{}, invalid("%s must be a position", member("after"))
	}
	return page(in.Paging, func(r ClientClaim) string { return strconv.Itoa(r.Position) }, func(p store.Page) ([]ClientClaim, error) {
		return a.store.ListClientClaims(ctx, store.ClientClaimQuery{Page: p, ClientID: in.ClientID})
	})
}

// ClientClaimKey names a row of a client.
type ClientClaimKey struct {
	ClientID string `json:"client_id" arg:"" name:"id" help:"client_id."`
	Position int    `json:"position" arg:"" help:"As client claim list has it."`
}

// RemoveClientClaim removes a row from a client, from the next request on. Errors: Missing.
func (a *Admin) RemoveClientClaim(ctx context.Context, in ClientClaimKey) (Nothing, error) {
	return Nothing{}, a.store.RemoveClientClaim(ctx, in.ClientID, in.Position)
}

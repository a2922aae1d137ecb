package admin

import (
	"context"
	"time"

	"gatehouse/api/store"
)

// InitialAccessToken is what clients register themselves with (RFC 7591 §1.2), without its value.
type InitialAccessToken = store.InitialAccessToken

// AddInitialAccessToken is a token to make.
type AddInitialAccessToken struct {
	Name string `json:"name" arg:"" help:"What you know it by."`
	Uses *int   `json:"uses,omitempty" placeholder:"1" help:"Clients that may be registered with it (1); 0 for any number."`
	Days *int   `json:"days,omitempty" placeholder:"30" help:"How long it is good (30)."`
}

// AddedInitialAccessToken has the token, which is shown only now.
type AddedInitialAccessToken struct {
	Token string `json:"initial_access_token"`
}

// AddInitialAccessToken makes a token.
func (a *Admin) AddInitialAccessToken(ctx context.Context, in AddInitialAccessToken) (AddedInitialAccessToken, error) {
	uses, days := 1, 30
	if in.Uses != nil {
		uses = *in.Uses
	}
	if in.Days != nil {
		days = *in.Days
	}
	if uses < 0 || days < 1 || days > 3650 {
		return AddedInitialAccessToken{},
			invalid("%s must not be negative, and %s must be from 1 to 3650", member("uses"), member("days"))
	}
	limit := &uses
	if uses == 0 {
		limit = nil
	}
	token, sha := newSecret()
	err := a.store.AddInitialAccessToken(ctx, in.Name, sha, limit, time.Duration(days)*24*time.Hour)
	return AddedInitialAccessToken{token}, err
}

// ListInitialAccessTokens is which tokens are wanted.
type ListInitialAccessTokens struct {
	Paging
}

// ListInitialAccessTokens returns all tokens that are kept by name, those that are spent included.
func (a *Admin) ListInitialAccessTokens(ctx context.Context, in ListInitialAccessTokens) (Page[InitialAccessToken], error) {
	return page(in.Paging, func(t InitialAccessToken) string { return t.Name }, func(p store.Page) ([]InitialAccessToken, error) {
		return a.store.ListInitialAccessTokens(ctx, p)
	})
}

// InitialAccessTokenName names a token.
type InitialAccessTokenName struct {
	Name string `json:"name" arg:""`
}

// RemoveInitialAccessToken removes a token; clients that were registered with it stay.
func (a *Admin) RemoveInitialAccessToken(ctx context.Context, in InitialAccessTokenName) (Nothing, error) {
	return Nothing{}, a.store.RemoveInitialAccessToken(ctx, in.Name)
}

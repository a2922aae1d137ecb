package admin

import (
	"context"

	"gatehouse/api/store"
)

// PersonalAccessToken is a token without its value, which only its holder has.
type PersonalAccessToken = store.PersonalAccessToken

// ListPersonalAccessTokens is whose tokens are wanted.
type ListPersonalAccessTokens struct {
	Paging
	Username string `json:"username"`
}

// ListPersonalAccessTokens returns the tokens of a user that are kept, the latest first. Those that can no longer be used are
// included.
func (a *Admin) ListPersonalAccessTokens(ctx context.Context, in ListPersonalAccessTokens) (Page[PersonalAccessToken], error) {
	return page(in.Paging, PersonalAccessToken.Key, func(p store.Page) ([]PersonalAccessToken, error) {
		return a.store.ListPersonalAccessTokens(ctx, store.PersonalAccessTokenQuery{Page: p, Username: in.Username})
	})
}

// RevokePersonalAccessTokens names one token, or a user for all of theirs.
type RevokePersonalAccessTokens struct {
	ID    string `json:"id,omitempty" arg:"" optional:"" help:"As gatehouse user tokens shows it."`
	AllOf string `json:"all_of,omitempty" placeholder:"USERNAME" help:"All tokens of this user, in place of one."`
}

// RevokedTokens is how many tokens were revoked.
type RevokedTokens struct {
	Revoked int `json:"revoked"`
}

// RevokePersonalAccessTokens revokes tokens, from the next request on.
func (a *Admin) RevokePersonalAccessTokens(ctx context.Context, in RevokePersonalAccessTokens) (RevokedTokens, error) {
	switch {
	case (in.ID == "") == (in.AllOf == ""):
		return RevokedTokens{},
			invalid("name either the id of a token, as gatehouse user tokens shows it, or a user with %s", member("all_of"))
	case in.ID != "":
		return RevokedTokens{1}, a.store.EndPersonalAccessToken(ctx, in.ID)
	}
	revoked, err := a.store.EndPersonalAccessTokens(ctx, in.AllOf)
	return RevokedTokens{revoked}, err
}

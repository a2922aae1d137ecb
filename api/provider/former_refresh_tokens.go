package provider

import (
	"context"
	"encoding/base64"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// This file goes with api/store/former_refresh_tokens.go.

// formerLength is of a refresh token of the release before: 32 bytes in base64url. No other is looked for.
const formerLength = 43

// adopt gives the place of a refresh token of the release before in the family that its grant has, or gets, for it.
func (p *Provider) adopt(ctx context.Context, c *oidc.Client, token string, now time.Time) (oidc.RefreshToken, store.Misfit, error) {
	if len(token) != formerLength {
		return oidc.RefreshToken{}, store.Misfit{Reason: "unknown"}, nil
	}
	family := func(token string) oidc.RefreshToken {
		return oidc.RefreshToken{Secret: p.sealer.Derive("family of a former refresh token", []byte(token))}
	}
	next := p.sealer.Derive("refresh token successor", []byte(token)) // as the release before made it
	own, successor := family(token), family(base64.RawURLEncoding.EncodeToString(next[:]))
	found, misfit, err := p.store.AdoptRefreshToken(ctx,
		store.FormerToken{Token: digest(token), Own: own.Digest(), Successor: successor.Digest()}, c.ClientID, p.RefreshGrace, now)
	out := own
	if found.Successor {
		out = successor
	}
	out.GrantID = found.GrantID
	return out, misfit, err
}

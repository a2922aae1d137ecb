package provider

import (
	"cmp"
	"context"
	"errors"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// grantRefreshToken takes a refresh token (RFC 6749 §6) and rotates it (RFC 9700 §4.14.2).
func (p *Provider) grantRefreshToken(ctx context.Context, r Request, c *oidc.Client, req tokenRequest) Answer {
	given := oidc.RefreshSecret(req.params["refresh_token"])
	if given == "" {
		return p.refuseGrant(r, c, oidc.InvalidRequest, "refresh_token is missing", "")
	}
	if _, err := p.keyRing(); err != nil { // before the token is spent
		return p.failed(r, err)
	}
	token, ours := p.openRefreshToken(given)
	if !ours {
		return p.refuseRefreshToken(r, c, store.Misfit{Reason: "unknown"})
	}
	rotation := store.Rotation{Token: token, Client: c,
		Scope: req.params["scope"], Bound: req.bound, IdleEnds: req.now.Add(p.RefreshIdle), Grace: p.RefreshGrace}
	g, u, err := p.store.RotateRefreshToken(ctx, rotation, req.now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		refusal, err := p.store.RefuseRefreshToken(ctx, rotation, req.now)
		if err != nil {
			return p.failed(r, err)
		}
		return p.refuseRefreshToken(r, c, refusal)
	case err != nil:
		return p.failed(r, err)
	}
	return p.issueTokens(r, c, &u, &g, req, cmp.Or(req.params["scope"], g.Scope), token.Next(c))
}

func (p *Provider) refuseRefreshToken(r Request, c *oidc.Client, m store.Misfit) Answer {
	if m.Revoked {
		p.tell(r, oidc.RefreshTokenReplayed{ClientID: c.ClientID})
	}
	return p.refuseGrantFor(r, c, m, "the refresh token is not valid: unknown, expired, revoked, or used before")
}

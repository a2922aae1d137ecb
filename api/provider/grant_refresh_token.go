package provider

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"net/netip"

	"gatehouse/api/authn"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// grantRefreshToken takes a refresh token (RFC 6749 §6) and rotates it (RFC 9700 §4.14.2).
func (p *Provider) grantRefreshToken(ctx context.Context, c *oidc.Client, req tokenRequest) Answer {
	given := oidc.RefreshSecret(req.params["refresh_token"])
	if given == "" {
		return p.refuseGrant(ctx, c, oidc.InvalidRequest, "refresh_token is missing", "")
	}
	if _, err := p.keyRing(); err != nil { // before the token is spent
		return p.failed(ctx, err)
	}
	token, ours := p.openRefreshToken(given)
	if !ours {
		return p.refuseRefreshToken(ctx, c, store.RefusedGrant{Reason: "unknown"})
	}
	rotation := store.Rotation{Token: token, Client: c,
		Scope: req.params["scope"], Restriction: req.restriction, IdleEnds: req.now.Add(p.RefreshIdle), Grace: p.RefreshGrace,
		From: p.refreshingNetwork(req.from)}
	g, u, shared, err := p.store.RotateRefreshToken(ctx, rotation, req.now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		refusal, err := p.store.RefuseRefreshToken(ctx, rotation, req.now)
		if err != nil {
			return p.failed(ctx, err)
		}
		return p.refuseRefreshToken(ctx, c, refusal)
	case err != nil:
		return p.failed(ctx, err)
	}
	if why := g.Refused(c, &u, req.now); why != "" {
		return p.refuseRefreshToken(ctx, c, store.RefusedGrant{Reason: why})
	}
	audience, refused := c.AudienceFor(&u, &g, p.Issuer, req.restriction.Resources)
	if refused != nil {
		return p.refuseGrant(ctx, c, refused.Code, refused.Description, refused.Log)
	}
	if shared {
		p.tell(ctx, oidc.RefreshTokenShared{ClientID: c.ClientID, Username: u.Username})
	}
	to := accessTokenFor{cmp.Or(req.params["scope"], g.Scope), req.restriction.JKT, audience}
	return p.issueTokens(ctx, c, &u, &g, req, to, token.Next(c))
}

func (p *Provider) refuseRefreshToken(ctx context.Context, c *oidc.Client, refused store.RefusedGrant) Answer {
	if refused.Revoked {
		p.tell(ctx, oidc.RefreshTokenReplayed{ClientID: c.ClientID})
	}
	return p.refuseInvalidGrant(ctx, c, refused, "the refresh token is not valid: unknown, expired, revoked, or used before")
}

// refreshingNetwork returns what tells the network of an address from others, and from nothing else: 32 bits of a keyed digest.
func (p *Provider) refreshingNetwork(addr netip.Addr) *int32 {
	if !addr.IsValid() {
		return nil
	}
	digest := p.sealer.Derive(keys.ForRefreshingNetworks, []byte(authn.Subnet(addr)))
	number := int32(binary.BigEndian.Uint32(digest[:]))
	return &number
}

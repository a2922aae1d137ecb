package provider

import (
	"context"
	"net/netip"
	"net/url"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// tokenRequest is what a client asks the token endpoint for, whichever the grant.
type tokenRequest struct {
	params      oidc.Params
	all         url.Values // as they came: those that may be repeated
	restriction store.Restriction
	from        netip.Addr // of who asks; the zero Addr where that is not known
	now         time.Time
}

// issueFirstTokens is issueTokens for a grant that was made just now, which ends if there is no token of it.
func (p *Provider) issueFirstTokens(
	ctx context.Context, c *oidc.Client, u *oidc.User, g *oidc.Grant, req tokenRequest, refresh oidc.RefreshToken,
) Answer {
	audience, refused := c.AudienceFor(u, g, p.Issuer, req.restriction.Resources)
	if refused == nil {
		return p.issueTokens(ctx, c, u, g, req, accessTokenFor{g.Scope, req.restriction.JKT, audience}, refresh)
	}
	if err := p.store.RevokeGrant(ctx, g.ID, c.ClientID, req.now); err != nil {
		return p.failed(ctx, err)
	}
	return p.refuseGrant(ctx, c, refused.Code, refused.Description, refused.Log)
}

// issueTokens makes the answer of the token endpoint. The scope of to may be narrower than the grant's; refresh is handed out if the
// grant is offline.
func (p *Provider) issueTokens(
	ctx context.Context, c *oidc.Client, u *oidc.User, g *oidc.Grant, req tokenRequest, to accessTokenFor, refresh oidc.RefreshToken,
) Answer {
	ring, err := p.keyRing()
	if err != nil {
		return p.failed(ctx, err)
	}
	out := oidc.TokenResponse{TokenType: oidc.TokenTypeOf(to.jkt), ExpiresIn: int(p.lifetimeOf(c, to).Seconds()), Scope: to.scope}
	out.AccessToken, err = p.signAccessToken(ring, c, u, g, to, req.now)
	if err == nil && oidc.HasScope(to.scope, "openid") {
		out.IDToken, err = p.signIDToken(ring, oidc.IDToken{Client: c, User: u, Grant: g, AccessToken: out.AccessToken}, req.now)
	}
	if err == nil && g.Offline {
		out.RefreshToken, err = p.refreshToken(ring, c, u, g, refresh, req.now)
	}
	if err != nil {
		return p.failed(ctx, err)
	}
	return Answer{Status: 200, JSON: out}
}

// newGrant returns what is stored when a client redeems a code, of whichever grant. A public client's refresh tokens are
// bound to the key of its proof: it has no other way to show that they are its own (RFC 9449 §5).
func (p *Provider) newGrant(c *oidc.Client, refresh oidc.RefreshToken, req tokenRequest) store.NewGrant {
	out := store.NewGrant{Client: c, Refresh: refresh.Digest(), RefreshEnds: req.now.Add(p.RefreshIdle),
		OfflineEnds: req.now.Add(p.RefreshMax)}
	if c.Public() {
		out.RefreshJKT = req.restriction.JKT
	}
	return out
}

// refuseInvalidGrant answers with the reason for which a code or refresh token was refused; invalid is said instead of those
// reasons that only the log is told.
func (p *Provider) refuseInvalidGrant(ctx context.Context, c *oidc.Client, refused store.RefusedGrant, invalid string) Answer {
	switch refused.Reason {
	case store.ScopeTooWide:
		return p.refuseGrant(ctx, c, oidc.InvalidScope, "scope asks for more than was granted", "")
	case oidc.ResourceTooWide:
		return p.refuseGrant(ctx, c, oidc.InvalidTarget, "resource is not one that was granted", "")
	case store.NotInGroupsOfService:
		return p.refuseGrant(ctx, c, oidc.InvalidTarget, "the person is not in a group that may use the service that resource names",
			refused.Reason)
	}
	return p.refuseGrant(ctx, c, oidc.InvalidGrant, invalid, refused.Reason)
}

// refuseGrant answers an authenticated client; log is for the log only.
func (p *Provider) refuseGrant(ctx context.Context, c *oidc.Client, code, description, log string) Answer {
	return p.refuse(ctx, "token", c.ClientID, &oidc.Error{Code: code, Description: description, Log: log})
}

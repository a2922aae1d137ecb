package provider

import (
	"context"

	"gatehouse/api/oidc"
)

// grantClientCredentials issues an access token that a client uses for itself (RFC 6749 §4.4). Nothing is stored: there is no person,
// no session and no refresh token; the token ends by itself, with its client, or when it is revoked.
func (p *Provider) grantClientCredentials(ctx context.Context, c *oidc.Client, req tokenRequest) Answer {
	if c.Public() {
		return p.refuseGrant(ctx, c, oidc.UnauthorizedClient, "a client without a secret or key cannot come for itself", "")
	}
	scope, refused := oidc.ClientScope(req.params["scope"], c, req.restriction.Resources...)
	if refused != nil {
		return p.refuseGrant(ctx, c, refused.Code, refused.Description, refused.Log)
	}
	audience, refused := oidc.ClientAudience(c, p.Issuer, req.restriction.Resources)
	if refused != nil {
		return p.refuseGrant(ctx, c, refused.Code, refused.Description, refused.Log)
	}
	ring, err := p.keyRing()
	if err != nil {
		return p.failed(ctx, err)
	}
	claims := p.accessTokenClaims(c, accessTokenFor{scope, req.restriction.JKT, audience}, req.now)
	claims.Subject = c.ClientID
	out := oidc.TokenResponse{TokenType: claims.TokenType(), ExpiresIn: int(claims.Expiry - claims.IssuedAt), Scope: scope}
	if out.AccessToken, err = p.signClaims(ring, c, claims, req.now); err != nil {
		return p.failed(ctx, err)
	}
	return Answer{Status: 200, JSON: out}
}

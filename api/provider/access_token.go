package provider

import (
	"context"
	"encoding/json"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// accessTokenFor is what an access token is for, and which key it is bound to.
type accessTokenFor struct {
	scope    string
	jkt      string
	audience oidc.Audience
}

// signAccessToken returns an access token of the grant.
func (p *Provider) signAccessToken(
	ring *keys.Ring, c *oidc.Client, u *oidc.User, g *oidc.Grant, f accessTokenFor, now time.Time,
) (string, error) {
	t := oidc.AccessToken{Issuer: p.Issuer, ID: newID(), Subject: p.subject(c, u.Sub), Client: c, User: u, Grant: g, Scope: f.scope,
		Audience: f.audience, JKT: f.jkt, IssuedAt: now, Expiry: now.Add(p.lifetimeOf(c, f))}
	return p.signClaims(ring, c, t.Claims(), now)
}

// lifetimeOf returns how long such a token lasts.
func (p *Provider) lifetimeOf(c *oidc.Client, f accessTokenFor) time.Duration {
	return c.AccessTokenLifetime(f.audience, p.AccessTokenTTL)
}

// accessTokenClaims returns the claims that an access token of the client has which is not a grant's own.
func (p *Provider) accessTokenClaims(c *oidc.Client, f accessTokenFor, now time.Time) oidc.AccessTokenClaims {
	return oidc.AccessTokenClaims{Issuer: p.Issuer, Audience: f.audience, Expiry: now.Add(p.lifetimeOf(c, f)).Unix(), IssuedAt: now.Unix(),
		ID: newID(), ClientID: c.ClientID, Scope: f.scope, Confirmation: oidc.ConfirmationOf(f.jkt)}
}

// signClaims returns an access token with these claims, and remembers it as verified, since it is likely to come back soon.
func (p *Provider) signClaims(ring *keys.Ring, c *oidc.Client, claims oidc.AccessTokenClaims, now time.Time) (string, error) {
	token, err := ring.Sign(c.AccessTokenSigningAlg, c.AccessTokenTyp, claims.Payload(), now)
	if err == nil {
		claims.Rows = nil
		_, tag := ring.JWKS(now)
		p.verified.note(tag, token, claims)
	}
	return token, err
}

// verifyAccessToken checks what the token itself says. why is the reason for the log if the token is refused.
func (p *Provider) verifyAccessToken(token string) (claims oidc.AccessTokenClaims, why string, err error) {
	ring, err := p.keyRing()
	if err != nil {
		return claims, "", err
	}
	now := p.now()
	_, tag := ring.JWKS(now)
	if claims, known := p.verified.find(tag, token); known {
		return claims, claims.Check(p.Issuer, now), nil
	}
	typ, plain, err := ring.Verify(token, now)
	switch {
	case err != nil:
		return claims, "signature or form", nil
	case json.Unmarshal(plain, &claims) != nil:
		return claims, "claims", nil
	case !claims.IsAccessToken(typ):
		return claims, "not an access token", nil
	}
	p.verified.note(tag, token, claims)
	return claims, claims.Check(p.Issuer, now), nil
}

// tokenOwner is the client that an access token was issued to, and the user whose token it is.
type tokenOwner struct {
	store.GrantUser // empty where the client got the token for itself
	client          *oidc.Client
}

// loadTokenOwner returns the owner of a verified access token that may still be used: its client is enabled, and its grant
// may live or, where the client got it for itself, it was not revoked. Otherwise the error is store.ErrNotFound, and why is
// the reason for the log.
func (p *Provider) loadTokenOwner(
	ctx context.Context, claims *oidc.AccessTokenClaims, use store.TokenUse, now time.Time,
) (o tokenOwner, why string, err error) {
	o.client, err = p.issuedTo(ctx, claims)
	switch {
	case err != nil:
		return o, "", err
	case o.client == nil:
		return o, unknownClient, store.ErrNotFound
	case claims.GrantID != "":
		if claims.SubjectID == "" {
			use.Client = o.client
		}
		use.Name = use.Name && !o.client.AsksGroups(claims.Audience)
		o.GrantUser, why, err = p.store.LoadGrantUser(ctx, use, now)
		if claims.SubjectID != "" {
			o.Claims = oidc.ClaimsRequest{} // another client asked for them
		}
		return o, why, err
	}
	revoked, err := p.store.IsRevoked(ctx, claims.ID)
	if err == nil && revoked {
		return o, "token_revoked", store.ErrNotFound
	}
	return o, "", err
}

const unknownClient = "unknown or disabled client"

// issuedTo returns the client that an access token was issued to; nil, for which unknownClient is the reason, if it may not
// be used any more.
func (p *Provider) issuedTo(ctx context.Context, claims *oidc.AccessTokenClaims) (*oidc.Client, error) {
	client, err := p.clientNamed(ctx, []string{claims.ClientID})
	if err != nil || client == nil || client.Disabled() {
		return nil, err
	}
	return client, nil
}

// useOf returns a use of a verified access token. One that was got by an exchange can be revoked without its grant, which
// is another client's.
func useOf(claims *oidc.AccessTokenClaims) store.TokenUse {
	use := store.TokenUse{GrantID: claims.GrantID}
	if claims.SubjectID != "" {
		use.ID = claims.ID
	}
	return use
}

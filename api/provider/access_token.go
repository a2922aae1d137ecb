package provider

import (
	"context"
	"encoding/json"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// verifyAccessToken checks what the token itself says; why is for the log if it is refused.
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
	case typ != oidc.AccessTokenType:
		return claims, "not an access token", nil
	case json.Unmarshal(plain, &claims) != nil:
		return claims, "claims", nil
	}
	p.verified.note(tag, token, claims)
	return claims, claims.Check(p.Issuer, now), nil
}

// signClaims makes an access token, which is likely to come back soon.
func (p *Provider) signClaims(ring *keys.Ring, c *oidc.Client, claims oidc.AccessTokenClaims, now time.Time) (string, error) {
	token, err := signJSON(ring, c.AccessTokenAlg, oidc.AccessTokenType, claims, now)
	if err == nil {
		_, tag := ring.JWKS(now)
		p.verified.note(tag, token, claims)
	}
	return token, err
}

// useOf is a use of a verified access token. One that was got by an exchange can be revoked without its grant, which is another client's.
func useOf(claims *oidc.AccessTokenClaims) store.TokenUse {
	use := store.TokenUse{GrantID: claims.GrantID}
	if claims.SubjectID != "" {
		use.ID = claims.ID
	}
	return use
}

// issuedTo gives the client that an access token was issued to; nil, for which unknownClient is the reason, if it may not be used any more.
func (p *Provider) issuedTo(ctx context.Context, claims *oidc.AccessTokenClaims) (*oidc.Client, error) {
	client, err := p.clientNamed(ctx, []string{claims.ClientID})
	if err != nil || client == nil || client.Disabled {
		return nil, err
	}
	return client, nil
}

const unknownClient = "unknown or disabled client"

// living is whose an access token is that may be used.
type living struct {
	store.GrantUser // empty where a client got it for itself
	client          *oidc.Client
}

// living says whether a verified access token may still be used: by its grant and its client, or where a client got it for itself by
// that and by not having been revoked. store.ErrNotFound with a reason for the log if not.
func (p *Provider) living(ctx context.Context, claims *oidc.AccessTokenClaims, use store.TokenUse, now time.Time) (l living, why string, err error) {
	l.client, err = p.issuedTo(ctx, claims)
	switch {
	case err != nil:
		return l, "", err
	case l.client == nil:
		return l, unknownClient, store.ErrNotFound
	case claims.GrantID != "":
		if claims.SubjectID == "" {
			use.Client = l.client
		}
		l.GrantUser, why, err = p.store.LoadGrantUser(ctx, use, now)
		if claims.SubjectID != "" {
			l.Claims = oidc.ClaimsRequest{} // another client asked for them
		}
		return l, why, err
	}
	revoked, err := p.store.IsRevoked(ctx, claims.ID)
	if err == nil && revoked {
		return l, "token_revoked", store.ErrNotFound
	}
	return l, "", err
}

package provider

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/google/uuid"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// grantRefreshToken takes a refresh token (RFC 6749 §6) and rotates it (RFC 9700 §4.14.2).
func (p *Provider) grantRefreshToken(ctx context.Context, r Request, c *oidc.Client, ask tokenRequest) Answer {
	given := oidc.RefreshSecret(ask.params["refresh_token"])
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
		Scope: ask.params["scope"], Bound: ask.bound, IdleEnds: ask.now.Add(p.RefreshIdle), Grace: p.RefreshGrace}
	g, u, err := p.store.RotateRefreshToken(ctx, rotation, ask.now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		misfit, err := p.store.RefuseRefreshToken(ctx, rotation, ask.now)
		if err != nil {
			return p.failed(r, err)
		}
		return p.refuseRefreshToken(r, c, misfit)
	case err != nil:
		return p.failed(r, err)
	}
	return p.issueTokens(r, c, &u, &g, ask, orElse(ask.params["scope"], g.Scope), token.Next(c))
}

func (p *Provider) refuseRefreshToken(r Request, c *oidc.Client, m store.Misfit) Answer {
	if m.Revoked {
		p.tell(r, oidc.RefreshTokenReplayed{ClientID: c.ClientID})
	}
	return p.refuseGrantFor(r, c, m, "the refresh token is not valid: unknown, expired, revoked, or used before")
}

// refreshToken seals a token of the grant, and makes a JWT around it where the client wants one. Only the client reads that, so the cheapest
// algorithm signs.
func (p *Provider) refreshToken(ring *keys.Ring, c *oidc.Client, u *oidc.User, g *oidc.Grant, t oidc.RefreshToken, now time.Time) (string, error) {
	t.GrantID = uuid.MustParse(g.ID)
	sealed := p.sealRefreshToken(t)
	if c.RefreshTokenFormat != "jwt" {
		return sealed, nil
	}
	ends := now.Add(p.RefreshIdle)
	if g.EndsAt.Before(ends) {
		ends = g.EndsAt
	}
	claims := oidc.RefreshTokenClaims{Issuer: p.Issuer, Audience: p.Issuer, Subject: p.subject(c, u.Sub), ClientID: c.ClientID,
		Expiry: ends.Unix(), IssuedAt: now.Unix(), ID: sealed}
	return signJSON(ring, "EdDSA", oidc.RefreshTokenType, claims, now)
}

// sealRefreshToken makes the token that is handed out: the same one each time, so that a client that retries or races gets that.
func (p *Provider) sealRefreshToken(t oidc.RefreshToken) string {
	return base64.RawURLEncoding.EncodeToString(p.sealer.SealSame(oidc.RefreshTokenPurpose, t.Plain(), nil))
}

// openRefreshToken gives what a refresh token says; ok is false for one that is not ours.
func (p *Provider) openRefreshToken(sealed string) (t oidc.RefreshToken, ok bool) {
	if len(sealed) != base64.RawURLEncoding.EncodedLen(keys.SealOverhead+oidc.RefreshTokenSize) {
		return t, false
	}
	box, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil {
		return t, false
	}
	plain, err := p.sealer.Open(oidc.RefreshTokenPurpose, box, nil)
	if err != nil {
		return t, false
	}
	return oidc.ParseRefreshToken(plain)
}

// loadRefreshToken gives store.ErrNotFound for a token that cannot be used by the client.
func (p *Provider) loadRefreshToken(ctx context.Context, c *oidc.Client, token string, now time.Time) (store.RefreshToken, error) {
	t, ours := p.openRefreshToken(token)
	if !ours {
		return store.RefreshToken{}, store.ErrNotFound
	}
	return p.store.LoadRefreshToken(ctx, t, c, now)
}

// revokeRefreshToken ends the grant of a token of the client's own.
func (p *Provider) revokeRefreshToken(ctx context.Context, c *oidc.Client, token string, now time.Time) error {
	t, ours := p.openRefreshToken(token)
	if !ours {
		return nil // RFC 7009 §2.2: an unknown token is no error
	}
	return p.store.RevokeRefreshToken(ctx, t, c.ClientID, now)
}

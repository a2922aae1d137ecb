package provider

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/google/uuid"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// refreshToken returns a sealed token of the grant, within a JWT where the client wants one. Only the client reads that, so the
// cheapest algorithm signs.
func (p *Provider) refreshToken(
	ring *keys.Ring, c *oidc.Client, u *oidc.User, g *oidc.Grant, t oidc.RefreshToken, now time.Time,
) (string, error) {
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
	return ring.Sign("EdDSA", oidc.RefreshTokenType, claims, now)
}

// loadRefreshToken returns store.ErrNotFound for a token that the client cannot use.
func (p *Provider) loadRefreshToken(
	ctx context.Context, c *oidc.Client, token string, now time.Time,
) (store.RefreshToken, error) {
	t, ours := p.openRefreshToken(token)
	if !ours {
		return store.RefreshToken{}, store.ErrNotFound
	}
	return p.store.LoadRefreshToken(ctx, t, c, now)
}

// revokeRefreshToken ends the grant of a token, if it is the client's own.
func (p *Provider) revokeRefreshToken(ctx context.Context, c *oidc.Client, token string, now time.Time) error {
	t, ours := p.openRefreshToken(token)
	if !ours {
		return nil // RFC 7009 §2.2: an unknown token is no error
	}
	return p.store.RevokeRefreshToken(ctx, t, c.ClientID, now)
}

// sealRefreshToken returns the token that is handed out: the same one each time, so that a client that retries or races
// gets it again.
func (p *Provider) sealRefreshToken(t oidc.RefreshToken) string {
	return base64.RawURLEncoding.EncodeToString(p.sealer.SealSame(keys.ForRefreshTokens, t.Plain(), nil))
}

// openRefreshToken returns the content of a refresh token; ok is false for one that is not ours.
func (p *Provider) openRefreshToken(sealed string) (t oidc.RefreshToken, ok bool) {
	if len(sealed) != base64.RawURLEncoding.EncodedLen(keys.SealOverhead+oidc.RefreshTokenSize) {
		return t, false
	}
	box, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil {
		return t, false
	}
	plain, err := p.sealer.Open(keys.ForRefreshTokens, box, nil)
	if err != nil {
		return t, false
	}
	return oidc.ParseRefreshToken(plain)
}

package provider

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// grantRefreshToken takes a refresh token (RFC 6749 §6) and rotates it (RFC 9700 §4.14.2).
func (p *Provider) grantRefreshToken(ctx context.Context, r Request, c *oidc.Client, ask tokenRequest) Answer {
	token := oidc.RefreshSecret(ask.params["refresh_token"])
	if token == "" {
		return p.refuseGrant(r, c, oidc.InvalidRequest, "refresh_token is missing", "")
	}
	if _, err := p.keyRing(); err != nil { // before the token is spent
		return p.failed(r, err)
	}
	successor := token
	if c.RotatesRefreshTokens() {
		successor = p.successor(token)
	}
	rotation := store.Rotation{Token: digest(token), Successor: digest(successor), Client: c,
		Scope: ask.params["scope"], Bound: ask.bound, IdleEnds: ask.now.Add(p.RefreshIdle), Grace: p.RefreshGrace}
	g, u, err := p.store.RotateRefreshToken(ctx, rotation, ask.now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		misfit, err := p.store.RefuseRefreshToken(ctx, rotation, ask.now)
		if err != nil {
			return p.failed(r, err)
		}
		if misfit.Revoked {
			slog.Warn("a refresh token was used again: its family is revoked", "request_id", r.ID, "client_id", c.ClientID)
		}
		return p.refuseMisfit(r, c, misfit, "the refresh token is not valid: unknown, expired, revoked, or used before")
	case err != nil:
		return p.failed(r, err)
	}
	return p.issueTokens(r, c, &u, &g, ask, orElse(ask.params["scope"], g.Scope), successor)
}

// refreshToken is the secret, or a JWT around it where the client wants one. Only the client reads that, so the cheapest algorithm signs.
func (p *Provider) refreshToken(ring *keys.Ring, c *oidc.Client, u *oidc.User, g *oidc.Grant, secret string, now time.Time) (string, error) {
	if c.RefreshTokenFormat != "jwt" {
		return secret, nil
	}
	ends := now.Add(p.RefreshIdle)
	if g.EndsAt.Before(ends) {
		ends = g.EndsAt
	}
	claims := oidc.RefreshTokenClaims{Issuer: p.Issuer, Audience: p.Issuer, Subject: p.subject(c, u.Sub), ClientID: c.ClientID,
		Expiry: ends.Unix(), IssuedAt: now.Unix(), ID: secret}
	return signJSON(ring, "EdDSA", oidc.RefreshTokenType, claims, now)
}

// successor is derived from the token under a key of ours, so that a client that retries or races gets the same one although
// only digests are stored.
func (p *Provider) successor(token string) string {
	next := p.sealer.Derive("refresh token successor", []byte(token))
	return base64.RawURLEncoding.EncodeToString(next[:])
}

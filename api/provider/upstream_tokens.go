package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

const (
	upstreamTokenMargin = time.Minute      // what is handed out is good for at least as long, where it can be refreshed
	upstreamLease       = 15 * time.Second // more than discovery and a refresh may take (outgoing.Patience each)
	upstreamPoll        = 100 * time.Millisecond
)

// grantEnded is the reason why the grant of a subject token may not live.
type grantEnded string

func (e grantEnded) Error() string { return string(e) }

// usableUpstreamTokens returns the tokens that the user of a grant has at an upstream, refreshed if they have to be. Of any
// number of requests that need that, on any replica, one does it and the others poll until it is done: an upstream that
// rotates refresh tokens takes the second use of one for theft. No connection to Postgres is held meanwhile.
func (p *Provider) usableUpstreamTokens(
	ctx context.Context, u *oidc.Upstream, grantID string,
) (store.UpstreamTokens, error) {
	var awaited []byte // the refresh token that another request is using
	for {
		now := p.now()
		t, refusal, err := p.store.LoadUpstreamTokens(ctx, grantID, u.Name, u.Issuer, now)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return t, grantEnded(refusal)
		case err != nil:
			return t, err
		case t.Sub == "":
			return t, p.signInThrough(u, "the user has no account of %s linked: sign in once through %s at %s", t)
		case isUsable(t, now):
			return t, nil
		case t.RefreshToken == nil:
			return t, p.signInThrough(u, "there is no token of %s, or it has expired: sign in through %s again at %s", t)
		case bytes.Equal(awaited, t.RefreshToken) && t.RefreshingUntil == nil:
			return t, fmt.Errorf("%w: so another request found out, which this one waited for", authn.ErrUpstreamUnavailable)
		}
		// While another request has the lease there is nothing to claim; if it ended just now, what came of it is to be loaded first.
		if t.RefreshingUntil == nil || !t.RefreshingUntil.After(now) {
			lease := now.Add(upstreamLease).Truncate(time.Microsecond) // the precision of Postgres
			mine, err := p.store.ClaimUpstreamRefresh(ctx, t, lease, now)
			switch {
			case err != nil:
				return t, err
			case mine: // a client that hangs up must not cost its user the tokens that are on the way
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), upstreamLease)
				defer cancel()
				return p.refreshUpstreamTokens(ctx, u, t, lease)
			}
		}
		awaited = t.RefreshToken
		select {
		case <-ctx.Done():
			return t, ctx.Err()
		case <-time.After(upstreamPoll):
		}
	}
}

// isUsable reports whether the access token can be handed out as it is.
func isUsable(t store.UpstreamTokens, now time.Time) bool {
	margin := upstreamTokenMargin
	if t.RefreshToken == nil {
		margin = 0
	}
	return t.AccessToken != nil && (t.ExpiresAt == nil || t.ExpiresAt.After(now.Add(margin)))
}

// refreshUpstreamTokens uses the refresh token, which nobody else does until the lease ends, and saves the new tokens.
func (p *Provider) refreshUpstreamTokens(
	ctx context.Context, u *oidc.Upstream, t store.UpstreamTokens, lease time.Time,
) (store.UpstreamTokens, error) {
	plain, err := p.openUpstreamToken(u, t, t.RefreshToken)
	var got authn.UpstreamTokens
	if err == nil {
		got, err = p.upstreams.Refresh(ctx, u, string(plain), t.Scope)
	}
	var lost *oidc.Error
	switch {
	case errors.Is(err, authn.ErrUpstreamRefused):
		p.tell(ctx, oidc.UpstreamRefreshRefused{Upstream: u.Name, Username: t.Username, Error: err.Error()})
		lost = p.signInThrough(u, "the token of %s has expired and cannot be renewed: sign in through %s again at %s", t)
	case err != nil && !errors.As(err, &lost):
		return t, errors.Join(err, p.store.EndUpstreamRefresh(ctx, t, lease, false))
	}
	if lost != nil {
		if err := p.store.EndUpstreamRefresh(ctx, t, lease, true); err != nil {
			return t, err
		}
		return t, lost
	}
	fresh := t
	fresh.AccessToken, fresh.RefreshToken = p.sealUpstreamToken(t, got.AccessToken), p.sealUpstreamToken(t, got.RefreshToken)
	fresh.Scope, fresh.ExpiresAt = got.Scope, nil
	if !got.ExpiresAt.IsZero() {
		fresh.ExpiresAt = &got.ExpiresAt
	}
	return fresh, p.store.SaveUpstreamRefresh(ctx, t.RefreshToken, fresh)
}

// sealTokens seals what an upstream gave out, for this account alone.
func (p *Provider) sealTokens(a store.UpstreamAccount, t authn.UpstreamTokens) store.UpstreamTokens {
	out := store.UpstreamTokens{Upstream: a.Upstream, Issuer: a.Issuer, Sub: a.Sub, Scope: t.Scope}
	out.AccessToken = p.sealUpstreamToken(out, t.AccessToken)
	if !t.ExpiresAt.IsZero() {
		out.ExpiresAt = &t.ExpiresAt
	}
	if t.RefreshToken != "" {
		out.RefreshToken = p.sealUpstreamToken(out, t.RefreshToken)
	}
	return out
}

func (p *Provider) sealUpstreamToken(t store.UpstreamTokens, token string) []byte {
	return p.sealer.Seal(keys.ForUpstreamTokens, []byte(token), upstreamTokenData(t))
}

// openUpstreamToken opens one of the tokens of t. They are lost with the encryption key that sealed them.
func (p *Provider) openUpstreamToken(u *oidc.Upstream, t store.UpstreamTokens, sealed []byte) ([]byte, error) {
	plain, err := p.sealer.Open(keys.ForUpstreamTokens, sealed, upstreamTokenData(t))
	if err != nil {
		return nil, p.signInThrough(u, "the token of %s cannot be read any more: sign in through %s again at %s", t)
	}
	return plain, nil
}

// upstreamTokenData binds a sealed token to its account.
func upstreamTokenData(t store.UpstreamTokens) []byte {
	return []byte(t.Upstream + "\x00" + t.Issuer + "\x00" + t.Sub)
}

// signInThrough returns the refusal that tells the user, by way of the client, what to do.
func (p *Provider) signInThrough(u *oidc.Upstream, format string, t store.UpstreamTokens) *oidc.Error {
	name := oidc.PlainText(u.DisplayName, u.Name)
	return &oidc.Error{Code: oidc.InvalidGrant, Description: fmt.Sprintf(format, name, name, p.UIOrigin),
		Log: "upstream " + u.Name + ", username " + t.Username}
}

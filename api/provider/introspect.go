package provider

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Introspect is the introspection endpoint (RFC 7662). A client with a secret may ask about any access token that it was
// sent, as a service does that is called with tokens of other clients or with personal access tokens, and about refresh
// tokens of its own. The grant is checked each time.
func (p *Provider) Introspect(ctx context.Context, r Request) Answer {
	client, params, refusal := p.fromClient(ctx, r, "introspect", oidc.AboutTokenParams)
	switch {
	case refusal != nil:
		return *refusal
	case client.Public(): // or anyone could try tokens out (RFC 7662 §2.1, §4)
		return p.refuse(ctx, "introspect", client.ClientID,
			&oidc.Error{Code: oidc.InvalidClient, Description: "a client without a secret cannot introspect"})
	case params["token"] == "":
		return p.refuse(ctx, "introspect", client.ClientID,
			&oidc.Error{Code: oidc.InvalidRequest, Description: "token is missing"})
	}
	out, err := p.introspect(ctx, client, params["token"])
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Answer{Status: 200, JSON: oidc.Introspection{}}
	case err != nil:
		return p.failed(ctx, err)
	}
	if client.SubjectType == oidc.SubjectPairwise { // the name would link a user across clients (OpenID Connect Core §8)
		out.Username = ""
	}
	out.Active, out.Issuer = true, p.Issuer
	return Answer{Status: 200, JSON: out}
}

// introspect returns store.ErrNotFound for a token that is not active.
func (p *Provider) introspect(ctx context.Context, client *oidc.Client, token string) (oidc.Introspection, error) {
	now := p.now()
	if _, err := p.keyRing(); err != nil { // and with them the salt of pairwise subjects
		return oidc.Introspection{}, err
	}
	// Such a token belongs to no client, so the user has to be in a group that may use the client that asks.
	if t, user, is, err := p.personalAccessToken(ctx, token, client.AllowedGroups, now); is {
		return p.introspectionOf(client, t, &user), err
	}
	claims, why, err := p.verifyAccessToken(token)
	switch {
	case err != nil:
		return oidc.Introspection{}, err
	case why == "":
		return p.introspectAccessToken(ctx, &claims, now)
	}
	found, err := p.loadRefreshToken(ctx, client, oidc.RefreshSecret(token), now)
	return oidc.Introspection{Scope: found.Scope, ClientID: client.ClientID, Username: found.Username,
		Subject: p.subject(client, found.Sub), Expiry: found.ExpiresAt.Unix(), IssuedAt: found.CreatedAt.Unix()}, err
}

// introspectAccessToken checks that the grant may live or, where a client got the token for itself, that the client may.
func (p *Provider) introspectAccessToken(
	ctx context.Context, claims *oidc.AccessTokenClaims, now time.Time,
) (oidc.Introspection, error) {
	out := oidc.Introspection{Scope: claims.Scope, ClientID: claims.ClientID, TokenType: claims.TokenType(), Expiry: claims.Expiry,
		IssuedAt: claims.IssuedAt, Subject: claims.Subject, Audience: claims.Audience, ID: claims.ID,
		Confirmation: claims.Confirmation, Actor: claims.Actor}
	use := useOf(claims)
	use.Name = true
	owner, _, err := p.loadTokenOwner(ctx, claims, use, now)
	out.Username = owner.Username
	return out, err
}

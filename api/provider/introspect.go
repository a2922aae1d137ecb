package provider

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Introspect is the introspection endpoint (RFC 7662). A client with a secret may ask about any access token that it was
// sent, as a service does that is called with tokens of other clients or with personal access tokens, and about refresh
// tokens of its own. Whether the token is active is for all of them; whose it is, beside the sub, only for some. The grant is
// checked each time.
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
	if t, user, is, err := p.personalAccessToken(ctx, token, client, now); is {
		return p.introspectionOf(client, t, &user), err
	}
	claims, why, err := p.verifyAccessToken(token)
	switch {
	case err != nil:
		return oidc.Introspection{}, err
	case why == "":
		return p.introspectAccessToken(ctx, client, &claims, now)
	}
	found, err := p.loadRefreshToken(ctx, client, oidc.RefreshSecret(token), now)
	out := oidc.Introspection{Scope: found.Scope, ClientID: client.ClientID, Subject: p.subject(client, found.Sub),
		Expiry: found.ExpiresAt.Unix(), IssuedAt: found.CreatedAt.Unix()}
	if oidc.KnowsUsername(found.Scope, client.ReleasedClaims) {
		out.Username = usernameFor(client, found.Username)
	}
	return out, err
}

// introspectAccessToken checks that the grant may live or, where a client got the token for itself, that the client may. A client that
// the token is for is told what userinfo would tell; the one that it was issued to, who it is of, if it knows.
func (p *Provider) introspectAccessToken(
	ctx context.Context, client *oidc.Client, claims *oidc.AccessTokenClaims, now time.Time,
) (oidc.Introspection, error) {
	out := oidc.Introspection{Scope: claims.Scope, ClientID: claims.ClientID, TokenType: claims.TokenType(), Expiry: claims.Expiry,
		IssuedAt: claims.IssuedAt, Subject: claims.Subject, Audience: claims.Audience, ID: claims.ID,
		Confirmation: claims.Confirmation, Actor: claims.Actor, ACR: claims.ACR, AuthTime: claims.AuthTime}
	isTold := client.IsToldAbout(claims.Audience)
	use := useOf(claims)
	use.Name = !isTold
	owner, _, err := p.loadTokenOwner(ctx, claims, use, now)
	if err == nil && !owner.isServed(claims) {
		err = store.ErrNotFound
	}
	if err != nil || claims.GrantID == "" || !isTold && client.ClientID != claims.ClientID {
		return out, err
	}
	released := slices.Concat(owner.client.ReleasedClaims, owner.Claims.Userinfo)
	if oidc.KnowsUsername(claims.Scope, released) {
		out.Username = usernameFor(client, owner.Username)
	}
	switch {
	case isTold && oidc.HasScope(claims.Scope, "openid"):
		out.Claims = owner.client.UserinfoClaims(&owner.User, claims.Subject, claims.Scope, owner.Claims.Userinfo)
	case isTold:
		out.Claims = owner.client.RowClaims(&owner.User, claims.Scope, true) // what the token itself says
	}
	return out, nil
}

// isServed reports whether the services that the token is for still take whoever it is of.
func (o *tokenOwner) isServed(claims *oidc.AccessTokenClaims) bool {
	if claims.GrantID == "" {
		return o.client.IsServed(claims.Audience, nil)
	}
	return o.client.IsServed(claims.Audience, &o.User)
}

// usernameFor returns the username of a user for a client that may know it: one with pairwise subjects may not, for the name is the
// same at all clients (OpenID Connect Core §8).
func usernameFor(client *oidc.Client, username string) string {
	if client.SubjectType == oidc.SubjectPairwise {
		return ""
	}
	return username
}

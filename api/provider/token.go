package provider

import (
	"context"
	"encoding/json"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

// A grant is one line: its name and what it does for an authenticated client that may use it.
type grant struct {
	name string
	run  func(p *Provider, ctx context.Context, r Request, c *oidc.Client, params oidc.Params) Answer
}

// grants is the table of grant types; discovery lists it.
var grants = []grant{
	{oidc.GrantAuthorizationCode, (*Provider).grantAuthorizationCode},
	{oidc.GrantRefreshToken, (*Provider).grantRefreshToken},
	{oidc.GrantDeviceCode, (*Provider).grantDeviceCode},
	{oidc.GrantTokenExchange, (*Provider).grantTokenExchange},
}

// GrantTypes lists the names in the table.
func GrantTypes() []string {
	names := make([]string, len(grants))
	for i, g := range grants {
		names[i] = g.name
	}
	return names
}

// Token is the token endpoint (RFC 6749 §3.2).
func (p *Provider) Token(ctx context.Context, r Request) Answer {
	client, params, refusal := p.fromClient(ctx, r, "token", oidc.TokenParams)
	if refusal != nil {
		return *refusal
	}
	if params["grant_type"] == "" {
		return p.refuseGrant(r, client, oidc.InvalidRequest, "grant_type is missing", "")
	}
	for _, g := range grants {
		if g.name != params["grant_type"] {
			continue
		}
		if !client.MayUse(g.name) {
			return p.refuseGrant(r, client, oidc.UnauthorizedClient, "the client is not registered for this grant_type", "")
		}
		return g.run(p, ctx, r, client, params)
	}
	return p.refuseGrant(r, client, oidc.UnsupportedGrantType, "grant_type is not supported", "")
}

// refuseGrant answers a client that is known; log is for the log alone.
func (p *Provider) refuseGrant(r Request, c *oidc.Client, code, description, log string) Answer {
	return p.refuse(r, "token", &oidc.Error{Code: code, Description: description, Log: log}, "client_id", c.ClientID)
}

// issueTokens makes the answer of the token endpoint. scope may be narrower than the grant's; refreshSecret is handed
// out if the grant is offline.
func (p *Provider) issueTokens(r Request, c *oidc.Client, u *oidc.User, g *oidc.Grant, scope, refreshSecret string, now time.Time) Answer {
	ring, err := p.keyRing()
	if err != nil {
		return p.failed(r, err)
	}
	out := oidc.TokenResponse{TokenType: "Bearer", ExpiresIn: int(p.AccessTokenTTL.Seconds()), Scope: scope}
	out.AccessToken, err = p.signAccessToken(ring, c, u, g, scope, now)
	if err == nil && oidc.HasScope(scope, "openid") {
		out.IDToken, err = signJSON(ring, c.IDTokenAlg, oidc.IDTokenType, oidc.IDTokenClaims(p.Issuer, c, u, g, out.AccessToken, now, p.IDTokenTTL), now)
	}
	if err == nil && g.Offline {
		out.RefreshToken, err = p.refreshToken(ring, c, u, g, refreshSecret, now)
	}
	if err != nil {
		return p.failed(r, err)
	}
	return Answer{Status: 200, JSON: out}
}

// signAccessToken makes an access token of the grant.
func (p *Provider) signAccessToken(ring *keys.Ring, c *oidc.Client, u *oidc.User, g *oidc.Grant, scope string, now time.Time) (string, error) {
	claims := oidc.AccessTokenClaims{Issuer: p.Issuer, Subject: u.Sub, Audience: append(oidc.Audience{p.Issuer}, c.Audiences...),
		Expiry: now.Add(p.AccessTokenTTL).Unix(), IssuedAt: now.Unix(), ID: newID(), ClientID: c.ClientID, Scope: scope,
		AuthTime: g.AuthTime.Unix(), GrantID: g.ID}
	if oidc.HasScope(scope, "groups") {
		claims.Groups = u.Groups
	}
	return signJSON(ring, c.AccessTokenAlg, oidc.AccessTokenType, claims, now)
}

// signJSON makes a JWT of claims, whichever kind typ says it is.
func signJSON(ring *keys.Ring, alg, typ string, claims any, now time.Time) (string, error) {
	plain, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return ring.Sign(alg, typ, plain, now)
}

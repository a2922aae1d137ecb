package provider

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// A grant is one line: its name and what it does for an authenticated client that may use it.
type grant struct {
	name string
	run  func(p *Provider, ctx context.Context, r Request, c *oidc.Client, ask tokenRequest) Answer
}

// grants is the table of grant types; discovery lists it.
var grants = []grant{
	{oidc.GrantAuthorizationCode, (*Provider).grantAuthorizationCode},
	{oidc.GrantRefreshToken, (*Provider).grantRefreshToken},
	{oidc.GrantClientCredentials, (*Provider).grantClientCredentials},
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

// tokenRequest is what a client asks the token endpoint for, whichever the grant.
type tokenRequest struct {
	params oidc.Params
	bound  store.Bound // the key of its DPoP proof, and whom the token is to be for
	now    time.Time
}

// Token is the token endpoint (RFC 6749 §3.2).
func (p *Provider) Token(ctx context.Context, r Request) Answer {
	now := p.now()
	client, params, refusal := p.fromClient(ctx, r, "token", oidc.TokenParams)
	if refusal != nil {
		return *refusal
	}
	if params["grant_type"] == "" {
		return p.refuseGrant(r, client, oidc.InvalidRequest, "grant_type is missing", "")
	}
	i := slices.IndexFunc(grants, func(g grant) bool { return g.name == params["grant_type"] })
	switch {
	case i < 0:
		return p.refuseGrant(r, client, oidc.UnsupportedGrantType, "grant_type is not supported", "")
	case !client.MayUse(grants[i].name):
		return p.refuseGrant(r, client, oidc.UnauthorizedClient, "the client is not registered for this grant_type", "")
	}
	bound, refused := p.bound(r, client, grants[i].name, now)
	if refused != nil {
		return p.refuseProof(r, client, refused, now)
	}
	return p.withNonce(r, grants[i].run(p, ctx, r, client, tokenRequest{params, bound, now}), now)
}

// bound reads what tokens are to be bound to: the key of a DPoP proof, which some clients have to send (RFC 9449 §5.2), and whom they
// are for (RFC 8707 §2.2), but for an exchange, which has rows of its own for that.
func (p *Provider) bound(r Request, c *oidc.Client, grant string, now time.Time) (store.Bound, *oidc.Error) {
	jkt, refused := p.proof(r, c, now)
	if refused == nil && jkt == "" && c.DPoPBound {
		refused = &oidc.Error{Code: oidc.InvalidDPoPProof, Description: "this client has to send a DPoP proof"}
	}
	b := store.Bound{JKT: jkt, Allowed: c.ResourcesOf(p.Issuer)}
	if refused == nil && grant != oidc.GrantTokenExchange {
		b.Resources, refused = oidc.Resources(r.Params["resource"], b.Allowed)
	}
	return b, refused
}

// refuseGrant answers a client that is known; log is for the log alone.
func (p *Provider) refuseGrant(r Request, c *oidc.Client, code, description, log string) Answer {
	return p.refuse(r, "token", c.ClientID, &oidc.Error{Code: code, Description: description, Log: log})
}

// refuseMisfit answers for a code or token that does not fit; invalid is what is said where nothing more can be.
func (p *Provider) refuseMisfit(r Request, c *oidc.Client, m store.Misfit, invalid string) Answer {
	switch m.Reason {
	case store.ScopeTooWide:
		return p.refuseGrant(r, c, oidc.InvalidScope, "scope asks for more than was granted", "")
	case oidc.ResourceTooWide:
		return p.refuseGrant(r, c, oidc.InvalidTarget, "resource is not one that was granted", "")
	}
	return p.refuseGrant(r, c, oidc.InvalidGrant, invalid, m.Reason)
}

// issueTokens makes the answer of the token endpoint. scope may be narrower than the grant's; refresh is handed out if
// the grant is offline.
func (p *Provider) issueTokens(r Request, c *oidc.Client, u *oidc.User, g *oidc.Grant, ask tokenRequest, scope string, refresh oidc.RefreshToken) Answer {
	ring, err := p.keyRing()
	if err != nil {
		return p.failed(r, err)
	}
	out := oidc.TokenResponse{TokenType: oidc.TokenTypeOf(ask.bound.JKT), ExpiresIn: int(p.AccessTokenTTL.Seconds()), Scope: scope}
	out.AccessToken, err = p.signAccessToken(ring, c, u, g, accessTokenFor{scope, ask.bound.JKT, ask.bound.Resources}, ask.now)
	if err == nil && oidc.HasScope(scope, "openid") {
		claims := oidc.IDTokenClaims(p.Issuer, p.subject(c, u.Sub), c, u, g, out.AccessToken, ask.now, p.IDTokenTTL)
		out.IDToken, err = signJSON(ring, c.IDTokenAlg, oidc.IDTokenType, claims, ask.now)
	}
	if err == nil && g.Offline {
		out.RefreshToken, err = p.refreshToken(ring, c, u, g, refresh, ask.now)
	}
	if err != nil {
		return p.failed(r, err)
	}
	return Answer{Status: 200, JSON: out}
}

// accessTokenFor is what an access token is for, and which key it is bound to.
type accessTokenFor struct {
	scope     string
	jkt       string
	resources []string // nil: as the grant has it
}

// signAccessToken makes an access token of the grant.
func (p *Provider) signAccessToken(ring *keys.Ring, c *oidc.Client, u *oidc.User, g *oidc.Grant, f accessTokenFor, now time.Time) (string, error) {
	claims := p.accessTokenClaims(c, f, now)
	claims.Subject, claims.Audience = p.subject(c, u.Sub), oidc.AudienceOf(c, p.Issuer, g.Resources, f.resources)
	claims.AuthTime, claims.GrantID = g.AuthTime.Unix(), g.ID
	if oidc.HasScope(f.scope, "groups") {
		claims.Groups = u.Groups
	}
	return p.signClaims(ring, c, claims, now)
}

// accessTokenClaims are those of any access token of the client.
func (p *Provider) accessTokenClaims(c *oidc.Client, f accessTokenFor, now time.Time) oidc.AccessTokenClaims {
	return oidc.AccessTokenClaims{Issuer: p.Issuer, Expiry: now.Add(p.AccessTokenTTL).Unix(), IssuedAt: now.Unix(), ID: newID(),
		ClientID: c.ClientID, Scope: f.scope, Confirmation: oidc.ConfirmationOf(f.jkt)}
}

// signJSON makes a JWT of claims, whichever kind typ says it is.
func signJSON(ring *keys.Ring, alg, typ string, claims any, now time.Time) (string, error) {
	plain, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return ring.Sign(alg, typ, plain, now)
}

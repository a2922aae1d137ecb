package provider

import (
	"context"
	"slices"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// A grant is one line of the table: what the token endpoint reads for it, which clients may register it, and what it does
// for an authenticated client that may use it.
type grant struct {
	name        string
	params      []string // read once each, beside grant_type, scope and the client's own
	registrable registrable
	resources   bool // resource, which may be repeated, chooses among the client's audiences (RFC 8707 §2.2)
	run         func(p *Provider, ctx context.Context, c *oidc.Client, req tokenRequest) Answer
}

// grants is the table of grant types; discovery and registration follow it.
var grants = []grant{
	{oidc.GrantAuthorizationCode, []string{"code", "redirect_uri", "code_verifier"}, byAnyone, true,
		(*Provider).grantAuthorizationCode},
	{oidc.GrantRefreshToken, []string{"refresh_token"}, byAnyone, true, (*Provider).grantRefreshToken},
	{oidc.GrantClientCredentials, nil, byTheTrusted, true, (*Provider).grantClientCredentials},
	{oidc.GrantDeviceCode, []string{"device_code", "code_verifier"}, byAnyone, true, (*Provider).grantDeviceCode},
	{oidc.GrantTokenExchange, []string{"subject_token", "subject_token_type", "requested_token_type", "requested_issuer",
		"actor_token", "actor_token_type"}, byNobody, false, (*Provider).grantTokenExchange},
}

// registrable is who may register a grant for themselves.
type registrable int

const (
	byNobody     registrable = iota // administrators grant it
	byTheTrusted                    // clients with an initial access token
	byAnyone
)

// tokenParams are the parameters of the token endpoint that are read once, those of all grants: repeating one is refused
// whichever the grant is (RFC 6749 §3.2).
var tokenParams = func() []string {
	list := slices.Concat([]string{"grant_type", "scope"}, oidc.ClientParams)
	for _, g := range grants {
		list = append(list, g.params...)
	}
	return list
}()

// GrantTypes returns the names in the table.
func GrantTypes() []string {
	names := make([]string, len(grants))
	for i, g := range grants {
		names[i] = g.name
	}
	return names
}

// registrableGrants returns the names of the grants that a client may register for itself, with an initial access token or
// without.
func registrableGrants(trusted bool) (names []string) {
	for _, g := range grants {
		if g.registrable == byAnyone || trusted && g.registrable == byTheTrusted {
			names = append(names, g.name)
		}
	}
	return names
}

// Token is the token endpoint (RFC 6749 §3.2).
func (p *Provider) Token(ctx context.Context, r Request) Answer {
	now := p.now()
	client, params, refusal := p.fromClient(ctx, r, "token", tokenParams)
	if refusal != nil {
		return *refusal
	}
	if params["grant_type"] == "" {
		return p.refuseGrant(ctx, client, oidc.InvalidRequest, "grant_type is missing", "")
	}
	i := slices.IndexFunc(grants, func(g grant) bool { return g.name == params["grant_type"] })
	switch {
	case i < 0:
		return p.refuseGrant(ctx, client, oidc.UnsupportedGrantType, "grant_type is not supported", "")
	case !client.MayUse(grants[i].name):
		return p.refuseGrant(ctx, client, oidc.UnauthorizedClient, "the client is not registered for this grant_type", "")
	}
	restriction, refused := p.restrictionOf(r, client, grants[i], now)
	if refused != nil {
		return p.refuseProof(ctx, r, client, refused, now)
	}
	a := grants[i].run(p, ctx, client, tokenRequest{params, r.Params, restriction, r.Addr, now})
	if a.Error == "" && a.Status == 200 {
		p.tell(ctx, oidc.TokensIssued{ClientID: client.ClientID, GrantType: grants[i].name})
	}
	return p.withNonce(r, a, now)
}

// restrictionOf returns what the tokens are to be restricted to: the key of the DPoP proof, which some clients have to send
// (RFC 9449 §5.2), and the resources they are for.
func (p *Provider) restrictionOf(r Request, c *oidc.Client, g grant, now time.Time) (store.Restriction, *oidc.Error) {
	jkt, refused := p.proof(r, c, now)
	if refused == nil && jkt == "" && c.DPoPBoundAccessTokens {
		refused = &oidc.Error{Code: oidc.InvalidDPoPProof, Description: "this client has to send a DPoP proof"}
	}
	to := store.Restriction{JKT: jkt, Allowed: c.DefaultAudience(p.Issuer)}
	if refused == nil && g.resources {
		to.Resources, refused = c.ReadResources(r.Params["resource"], p.Issuer)
	}
	return to, refused
}

package provider

import (
	"context"
	"errors"

	"gatehouse/api/authn"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// newRegistrationRow returns what a client cannot choose for itself. The claims of scopes come from userinfo wherever there
// is an access token for it (OpenID Connect Core §5.4).
func newRegistrationRow() oidc.Client {
	row := oidc.NewClient()
	row.IDTokenScopeClaims = false
	return row
}

// terms are made from the tables, so that no client can register for what does not exist; trusted is one with an initial
// access token.
func (p *Provider) terms(ctx context.Context, asked *oidc.Registration, trusted bool) (t oidc.Terms, err error) {
	t = oidc.Terms{ResponseTypes: p.ResponseTypes, GrantTypes: registrableGrants(trusted), AuthMethods: ClientAuthMethods()}
	if asked.NamesScopesOfResources() {
		t.Scopes, err = p.store.OpenScopes(ctx)
	}
	return t, err
}

// checkMetadata returns what to register of what a client asks for, or why not; err is a failure of ours.
func (p *Provider) checkMetadata(
	ctx context.Context, r Request, asked *oidc.Registration, trusted bool,
) (c oidc.ClientMetadata, refused *oidc.Error, err error) {
	terms, err := p.terms(ctx, asked, trusted)
	if err != nil {
		return c, nil, err
	}
	if c, refused = asked.Check(terms); refused != nil {
		return c, refused, nil
	}
	refused, err = p.verifyMetadata(ctx, r, &c)
	return c, refused, err
}

// maxSectorIdentifier is what a list of 100 redirect URIs needs, as they are, and some more of other clients.
const maxSectorIdentifier = 64 << 10 // bytes

// verifyMetadata checks what the rules of oidc cannot: it parses the keys of private_key_jwt and fetches
// sector_identifier_uri, if there is one. err is a failure of ours, not of the metadata.
func (p *Provider) verifyMetadata(ctx context.Context, r Request, c *oidc.ClientMetadata) (refused *oidc.Error, err error) {
	if c.JWKS != nil && c.TokenEndpointAuthMethod == oidc.PrivateKeyJWT {
		if _, err := keys.ParseSet(c.JWKS); err != nil {
			return &oidc.Error{Code: oidc.InvalidClientMetadata, Description: "jwks: " + err.Error()}, nil
		}
	}
	if c.SectorIdentifierURI == "" {
		return nil, nil
	}
	text, _, err := p.fetchForAnybody(ctx, r, namedByStrangers, c.SectorIdentifierURI, maxSectorIdentifier)
	switch {
	case errors.Is(err, errTooManyFetches):
		return nil, err
	case err != nil:
		return &oidc.Error{Code: oidc.InvalidClientMetadata, Description: "sector_identifier_uri cannot be fetched",
			Log: "sector_identifier_uri " + err.Error()}, nil
	}
	return c.CheckSectorIdentifier(text), nil
}

// registeringNetwork returns how the network that a client is registered from is stored.
func (p *Provider) registeringNetwork(r Request) store.Digest {
	return p.sealer.Derive(keys.ForRegisteringNetworks, []byte(authn.EndSite(r.Addr)))
}

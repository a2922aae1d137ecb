package provider

import (
	"context"
	"encoding/json"
	"time"

	"gatehouse/api/oidc"
)

// metadataAge is how long discovery and the JWKS may be kept: well below the time that a key is published before it signs.
const metadataAge = 5 * time.Minute

// discoveryDocument returns the metadata, made once from the tables of grants and of client authentication methods and the
// settings.
func discoveryDocument(s Settings) []byte {
	metadata := oidc.Discovery(s.Issuer, s.ResponseTypes, GrantTypes(), ClientAuthMethods())
	if s.SessionManagement {
		metadata.CheckSessionIframe = s.Issuer + "/check_session"
	}
	if s.LetsClientsRegister() {
		metadata.RegistrationEndpoint = s.Issuer + "/register"
	}
	metadata.ClientIDMetadataDocumentSupported = s.ClientIDDocuments
	doc, err := json.Marshal(metadata)
	if err != nil {
		panic(err) // strings only
	}
	return doc
}

// Discovery is OpenID Connect Discovery §4 and RFC 8414 §3.
func (p *Provider) Discovery(context.Context, Request) Answer {
	return Answer{Status: 200, Raw: p.metadata, ETag: p.metadataTag, Public: metadataAge}
}

// JWKS is the key set (RFC 7517 §5).
func (p *Provider) JWKS(ctx context.Context, _ Request) Answer {
	ring, err := p.keyRing()
	if err != nil {
		return p.failed(ctx, err)
	}
	set, tag := ring.JWKS(p.now())
	return Answer{Status: 200, Raw: set, ETag: tag, Public: metadataAge}
}

// IsClientOrigin reports whether pages of origin may read the answers made for clients: none while Postgres is away and
// nothing cached.
func (p *Provider) IsClientOrigin(ctx context.Context, origin string) bool {
	known, err := p.store.IsClientOrigin(ctx, origin)
	return err == nil && known
}

package provider

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"gatehouse/api/oidc"
)

// metadataAge is how long discovery and the JWKS may be kept: well below the time that a key is published before it signs.
const metadataAge = 5 * time.Minute

// discoveryDocument returns the metadata, made from the tables of grants and of client authentication methods, the settings and the
// acr values that there are.
func discoveryDocument(s Settings, acrValues []string) []byte {
	metadata := oidc.Discovery(s.Issuer, s.ResponseTypes, GrantTypes(), ClientAuthMethods(), acrValues)
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
func (p *Provider) Discovery(ctx context.Context, _ Request) Answer {
	doc := p.metadata.Load()
	policy, err := p.store.Policy(ctx)
	if values := policy.Values(); err == nil && (doc == nil || !slices.Equal(doc.acrValues, values)) {
		doc = newMetadata(p.Settings, values)
		p.metadata.Store(doc)
	}
	if doc == nil { // Postgres has been away since the start
		doc = newMetadata(p.Settings, nil)
	}
	return Answer{Status: 200, Raw: doc.text, ETag: doc.tag, Public: metadataAge}
}

// metadata is the document, made for these acr values.
type metadata struct {
	acrValues []string
	text      []byte
	tag       string
}

func newMetadata(s Settings, acrValues []string) *metadata {
	text := discoveryDocument(s, acrValues)
	return &metadata{acrValues, text, oidc.ETag(text)}
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

package provider

import (
	"context"
	"errors"
	"strings"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Register is the client registration endpoint (RFC 7591 §3, OpenID Connect Dynamic Registration §3). A client with an
// initial access token may register more; without one, the bounds of api/store/registrations.go hold.
func (p *Provider) Register(ctx context.Context, r Request) Answer {
	now := p.now()
	initial, refusal := p.initialAccess(ctx, r, now)
	if refusal != nil {
		return *refusal
	}
	row := newRegistrationRow()
	asked, refused := oidc.ParseRegistration(r.Body)
	if refused == nil {
		row.ClientMetadata, refused = asked.Check(p.terms(initial != nil))
	}
	var err error
	if refused == nil {
		refused, err = p.verifyMetadata(ctx, r, &row.ClientMetadata)
	}
	switch {
	case err != nil:
		return p.notRegistered(ctx, err)
	case refused != nil:
		return p.refuse(ctx, "registration", "", refused)
	}

	row.ClientID, row.Registration = newClientID(), oidc.RegistrationOpen
	if initial != nil {
		row.Registration = oidc.RegistrationToken
	}
	var secret string
	secret, row.SecretSHA256 = newSecretFor(&row.ClientMetadata)
	access := randomSecret()
	accessDigest := oidc.Digest(access)
	err = p.store.RegisterClient(ctx, row, store.NewRegistration{AccessToken: &accessDigest, InitialToken: initial,
		Network: p.registeringNetwork(r)}, now)
	if err != nil {
		return p.notRegistered(ctx, err)
	}
	p.tell(ctx, oidc.ClientRegistered{ClientID: row.ClientID, ClientName: row.ClientName, How: row.Registration})
	return Answer{Status: 201, JSON: p.registrationOf(row.ClientMetadata, now, secret, access)}
}

// newRegistrationRow returns what a client cannot choose for itself. The claims of scopes come from userinfo wherever there
// is an access token for it (OpenID Connect Core §5.4).
func newRegistrationRow() oidc.Client {
	row := oidc.NewClient()
	row.IDTokenScopeClaims = false
	return row
}

// initialAccess returns the digest of the initial access token that came along (RFC 7591 §3), if it is valid; nil where
// none is needed.
func (p *Provider) initialAccess(ctx context.Context, r Request, now time.Time) (*store.Digest, *Answer) {
	token, found := bearer(r)
	if !found {
		if p.Registration == oidc.RegistrationOpen && r.Authorization == "" {
			return nil, nil
		}
		a := p.askForBearer("send an initial access token as Authorization: Bearer")
		return nil, &a
	}
	d := oidc.Digest(token)
	if err := p.store.CheckInitialAccessToken(ctx, d, now); err != nil {
		a := p.notRegistered(ctx, err)
		return nil, &a
	}
	return &d, nil
}

// terms are made from the tables, so that no client can register for what does not exist; trusted is one with an initial
// access token.
func (p *Provider) terms(trusted bool) oidc.Terms {
	return oidc.Terms{ResponseTypes: p.ResponseTypes, GrantTypes: registrableGrants(trusted), AuthMethods: ClientAuthMethods()}
}

// maxSectorIdentifier is what a list of 20 redirect URIs needs, and some more of other clients.
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
	text, _, err := p.fetchForAnybody(ctx, r, c.SectorIdentifierURI, maxSectorIdentifier)
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

// newSecretFor returns a secret and its digest for a client whose method needs one.
func newSecretFor(c *oidc.ClientMetadata) (secret string, sha256 []byte) {
	if !strings.HasPrefix(c.TokenEndpointAuthMethod, "client_secret_") {
		return "", nil
	}
	secret = randomSecret()
	d := oidc.Digest(secret)
	return secret, d[:]
}

// registration is the answer to a client that registers itself or reads that (RFC 7591 §3.2.1, RFC 7592 §3).
type registration struct {
	oidc.ClientMetadata
	ClientSecret            string `json:"client_secret,omitempty"`
	ClientSecretExpiresAt   *int64 `json:"client_secret_expires_at,omitempty"`
	ClientIDIssuedAt        int64  `json:"client_id_issued_at"`
	RequireAuthTime         bool   `json:"require_auth_time"` // auth_time is in every ID token
	RegistrationAccessToken string `json:"registration_access_token"`
	RegistrationClientURI   string `json:"registration_client_uri"`
}

// registrationOf returns all that is registered; a secret is in it once, when it is made.
func (p *Provider) registrationOf(c oidc.ClientMetadata, issued time.Time, secret, access string) registration {
	out := registration{ClientMetadata: c, ClientSecret: secret, ClientIDIssuedAt: issued.Unix(), RequireAuthTime: true,
		RegistrationAccessToken: access, RegistrationClientURI: p.Issuer + "/register/" + c.ClientID}
	if secret != "" {
		out.ClientSecretExpiresAt = new(int64) // 0: never
	}
	return out
}

// registrationRetryAfter is when there may be room again: the bounds are for an hour.
const registrationRetryAfter = 10 * time.Minute

// notRegistered answers what the store refused, or a fetch for which there was no place.
func (p *Provider) notRegistered(ctx context.Context, err error) Answer {
	var refusal store.Refusal
	noRoom := func(status int) Answer {
		a := p.refuse(ctx, "registration", "", &oidc.Error{Code: oidc.TemporarilyUnavailable,
			Description: "too many clients register themselves; try again later", Log: err.Error()})
		a.Status, a.RetryAfter = status, registrationRetryAfter
		return a
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.refuseToken(ctx, "Bearer", 401, oidc.InvalidToken, "not a token of this client or of a registration to come")
	case errors.Is(err, store.ErrManyRegistrationsHere):
		return noRoom(429)
	case errors.Is(err, store.ErrManyRegistrations), errors.Is(err, errTooManyFetches):
		return noRoom(503)
	case errors.As(err, &refusal):
		why := oidc.PlainText(strings.ReplaceAll(refusal.Constraint, "_", " "), "see the documentation")
		return p.refuse(ctx, "registration", "",
			&oidc.Error{Code: oidc.InvalidClientMetadata, Log: refusal.Words, Description: "the metadata are refused: " + why})
	}
	return p.failed(ctx, err)
}

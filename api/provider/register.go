package provider

import (
	"context"
	"errors"
	"strings"
	"time"

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
	var err error
	if refused == nil {
		row.ClientMetadata, refused, err = p.checkMetadata(ctx, r, asked, initial != nil)
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
	secret, secretDigest := newSecretFor(&row.ClientMetadata)
	access := randomSecret()
	accessDigest := oidc.Digest(access)
	err = p.asClient(ctx, "", "client registration").RegisterClient(ctx, row, store.NewRegistration{SecretSHA256: secretDigest,
		AccessToken: &accessDigest, InitialToken: initial, Network: p.registeringNetwork(r)}, now)
	if err != nil {
		return p.notRegistered(ctx, err)
	}
	p.tell(ctx, oidc.ClientRegistered{ClientID: row.ClientID, ClientName: row.ClientName, How: row.Registration})
	return Answer{Status: 201, JSON: p.registrationOf(row.ClientMetadata, now, secret, access)}
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

// newSecretFor returns a secret and its digest for a client whose method needs one.
func newSecretFor(c *oidc.ClientMetadata) (secret string, sha256 []byte) {
	if !c.TakesSecret() {
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

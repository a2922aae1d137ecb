// Package provider is the order of effects: one file per endpoint, one per grant. Each endpoint reads
// parse → load → decide → save → answer, and costs at most two round trips to Postgres.
package provider

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"gatehouse/api/authn"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/outgoing"
	"gatehouse/api/store"
)

// Settings are what an operator decides.
type Settings struct {
	Issuer          string // an origin
	UIOrigin        string
	Name            string // what people know this place by
	CodeTTL         time.Duration
	AccessTokenTTL  time.Duration
	IDTokenTTL      time.Duration
	RequestTTL      time.Duration // of a pending sign-in
	SessionIdle     time.Duration
	SessionMax      time.Duration
	RefreshIdle     time.Duration
	RefreshMax      time.Duration
	RefreshGrace    time.Duration
	KeyRotation     time.Duration
	KeyPublishAhead time.Duration
	ResponseTypes   []oidc.ResponseType
	PrivateHosts    []string // that requests of ours may reach although they are private

	SessionManagement bool   // OpenID Connect Session Management 1.0; see docs/decisions/0018-session-management-is-off-by-default.md
	Registration      string // oidc.RegistrationOff or "", oidc.RegistrationToken, oidc.RegistrationOpen
	ClientIDDocuments bool   // a client_id may be the address of the client's metadata
}

// Provider answers the endpoints. It keeps no state that another replica needs.
type Provider struct {
	Settings
	store      *store.Store
	sealer     *keys.Sealer
	passwords  *authn.Passwords
	outgoing   *http.Client
	upstreams  *authn.Upstreams
	clientKeys clientKeys
	bucketKey  [32]byte
	trying     authn.Trying
	arrivals   authn.Arrivals
	looks      looks
	ring       atomic.Pointer[keys.Ring]
	verified   verifiedTokens
	salt       atomic.Pointer[[]byte] // of pairwise subjects; there as soon as ring is
	loggedOut  chan struct{}          // somebody was, here
	now        func() time.Time

	metadata    []byte
	metadataTag string
}

// New makes a provider; Run keeps its keys current.
func New(settings Settings, db *store.Store, sealer *keys.Sealer, passwords *authn.Passwords, now func() time.Time) *Provider {
	p := &Provider{Settings: settings, store: db, sealer: sealer, passwords: passwords, now: now,
		outgoing: outgoing.Client(settings.PrivateHosts), looks: newLooks(),
		bucketKey: sealer.Derive("login throttle", nil), loggedOut: make(chan struct{}, 1)}
	p.upstreams = authn.NewUpstreams(p.outgoing, now)
	p.metadata = discoveryDocument(settings)
	p.metadataTag = oidc.ETag(p.metadata)
	return p
}

// Start makes the signing keys there have to be and loads them.
func (p *Provider) Start(ctx context.Context) error {
	if err := p.RotateKeys(ctx); err != nil {
		return err
	}
	return p.LoadKeys(ctx)
}

// Run keeps the keys current, rotates them when they are due, deletes what has expired and tells clients of logouts, until ctx ends.
// watch is the store's Watch: it calls back after each change to cached rows, and when Postgres is back.
func (p *Provider) Run(ctx context.Context, watch func(ctx context.Context, changed func())) {
	go watch(ctx, func() {
		load := p.LoadKeys
		if p.ring.Load() == nil {
			load = p.Start
		}
		if err := load(ctx); err != nil && ctx.Err() == nil {
			p.tell(Request{}, oidc.KeysNotLoaded{Error: err.Error()})
		}
		if err := p.sealUpstreamSecrets(ctx); err != nil && ctx.Err() == nil {
			p.tell(Request{}, oidc.UpstreamSecretsNotRead{Error: err.Error()})
		}
	})
	go p.tellLogouts(ctx)
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-minute.C:
		}
		if err := p.tend(ctx); err != nil && ctx.Err() == nil {
			p.tell(Request{}, oidc.MaintenanceFailed{Error: err.Error()})
		}
	}
}

func (p *Provider) tend(ctx context.Context) error {
	if err := p.Start(ctx); err != nil {
		return err
	}
	_, err := p.store.CleanUp(ctx, p.now())
	return err
}

// Ready says whether requests can be answered: Postgres answers and the keys are loaded.
func (p *Provider) Ready(ctx context.Context) error {
	if err := p.store.Ping(ctx); err != nil {
		return err
	}
	if p.ring.Load() == nil {
		return p.LoadKeys(ctx)
	}
	return nil
}

// randomSecret gives 256 random bits in base64url: cookies and device codes.
func randomSecret() string {
	b := randomBytes()
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func randomBytes() (b [32]byte) {
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return b
}

// subject is what the client knows the person by.
func (p *Provider) subject(c *oidc.Client, sub string) string {
	var salt []byte
	if loaded := p.salt.Load(); loaded != nil {
		salt = *loaded
	}
	return c.SubjectOf(sub, salt)
}

func digest(secret string) store.Digest { return sha256.Sum256([]byte(secret)) }

// newID gives a time-ordered UUID (RFC 9562 §5.7), so that new rows lie together in their index.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

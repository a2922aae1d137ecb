// Package provider is the order of effects: one file per endpoint, one per grant. Each endpoint reads
// parse → load → decide → save → answer, and costs at most two round trips to Postgres.
package provider

import (
	"net/http"
	"sync/atomic"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/outgoing"
	"gatehouse/api/store"
)

// Settings are what an operator decides.
type Settings = oidc.Settings

// Provider answers the endpoints. It keeps no state that another replica needs.
type Provider struct {
	Settings
	store       *store.Store
	sealer      *keys.Sealer
	passwords   *authn.Passwords
	passkeys    *authn.Passkeys // nil where there can be none
	outgoing    *http.Client
	upstreams   *authn.Upstreams
	clientKeys  clientKeys
	bucketKey   [32]byte
	attempts    authn.Attempts
	guesses     authn.ClientGuesses
	secretUses  secretUses
	signInTimes signInTimes
	perSite     authn.SiteLimiter
	unreadable  unreadable
	fetches     fetches // of what strangers name
	keyFetches  fetches // of the keys of clients
	ring        atomic.Pointer[keys.Ring]
	verified    verifiedTokens
	salt        atomic.Pointer[[]byte] // of pairwise subjects; there as soon as ring is
	anchored    atomic.Int64           // the row of the audit that was the last when we looked
	resealed    atomic.Bool            // what was sealed under an encryption key that is no longer the first
	logoutsDue  chan struct{}          // wakes deliverLogouts
	now         func() time.Time
	listeners   []listener // to events, in this order
	refusals    *refusals
	counter     Counter // nil where nothing is counted
	tracer      Tracer  // nil where nothing is traced

	clientRefusals clientRefusals
	outbox         *outbox // nil where no mail is sent
	unfit          error   // what is wrong with files that the settings name, for Start

	// decide is the rule of the sign-in; a test has another one.
	decide func(oidc.AuthorizeRequest, *oidc.Client, oidc.Standing, bool, time.Time) (oidc.Step, *oidc.Error)

	metadata atomic.Pointer[metadata]
}

// New returns a provider that answers nothing that needs keys before Start, and whose keys Run keeps current.
func New(settings Settings, db *store.Store, sealer *keys.Sealer, passwords *authn.Passwords, now func() time.Time) *Provider {
	p := &Provider{Settings: settings, store: db, sealer: sealer, passwords: passwords, now: now, decide: oidc.AuthorizeRequest.Decide,
		passkeys: authn.NewPasskeys(settings.RPID(), settings.UIOrigin, settings.Name),
		outgoing: outgoing.Client(settings.PrivateHosts), fetches: newFetches(), keyFetches: newFetches(),
		bucketKey: sealer.Derive(keys.ForLoginThrottle, nil), logoutsDue: make(chan struct{}, 1),
		refusals: newRefusals(now, LogEvent)}
	p.clientRefusals.now = now
	p.listeners = []listener{p.refusals.hear, p.clientRefusals.hear}
	p.upstreams = authn.NewUpstreams(p.outgoing, now)
	if p.outbox, p.unfit = newOutbox(settings, sealer, p.outgoing, now); p.outbox != nil {
		p.listeners = append(p.listeners, p.outbox.notices.hear)
	}
	return p
}

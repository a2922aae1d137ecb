package provider

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

const (
	maxKeySet     = 64 << 10         // bytes
	keySetAge     = 10 * time.Minute // then a set is fetched again
	keySetStale   = 24 * time.Hour   // how long it counts while its address does not answer
	keySetEntries = 1000
)

// clientKeys keeps the key sets of clients: parsed, and fetched where they are somewhere else.
type clientKeys struct {
	mu   sync.Mutex
	sets map[string]*keySet // by jwks_uri, or by jwks itself
}

// keySet is one of them.
type keySet struct {
	mu      sync.Mutex
	set     *keys.Set
	fetched time.Time
}

// verifyOf returns the typ and the claims of a JWT that the client signed with one of algs; keys.ErrToken if it did not. A
// kid that is not known has the set at jwks_uri fetched again (OpenID Connect Core §10.1.1).
func (p *Provider) verifyOf(
	ctx context.Context, c *oidc.Client, token string, algs []string,
) (typ string, claims []byte, err error) {
	set, err := p.keysOf(ctx, c, keySetAge)
	if err == nil {
		typ, claims, err = set.Verify(token, algs)
	}
	if errors.Is(err, keys.ErrUnknownKey) && c.JWKSURI != "" {
		if set, err = p.keysOf(ctx, c, 0); err == nil {
			typ, claims, err = set.Verify(token, algs)
		}
	}
	return typ, claims, err
}

// keysOf returns the keys of a client. Those at an address are fetched again if they are older than maxAge, but for the
// pause between two fetches.
func (p *Provider) keysOf(ctx context.Context, c *oidc.Client, maxAge time.Duration) (*keys.Set, error) {
	switch {
	case c.JWKS != nil:
		return p.clientKeys.entry(string(c.JWKS)).parse(c.JWKS)
	case c.JWKSURI == "":
		return nil, errors.New("the client has registered no keys (jwks or jwks_uri)")
	}
	e := p.clientKeys.entry(c.JWKSURI)
	if set := e.youngerThan(maxAge, p.now()); set != nil {
		return set, nil
	}
	err := p.keyFetches.once(ctx, fetchKey{what: e}, p.now, func(ctx context.Context) error { return p.fetchKeys(ctx, c, e) })
	if set := e.youngerThan(keySetStale, p.now()); set != nil {
		return set, nil
	}
	return nil, cmp.Or(err, errors.New("the keys at jwks_uri are stale"))
}

// fetchKeys fetches the keys at jwks_uri. Where that fails, those that were fetched before go on to count until they are stale.
func (p *Provider) fetchKeys(ctx context.Context, c *oidc.Client, e *keySet) error {
	body, _, err := p.fetch(ctx, c.JWKSURI, maxKeySet)
	var set *keys.Set
	if err == nil {
		set, err = keys.ParseSet(body)
	}
	now := p.now()
	switch {
	case err == nil:
		e.put(set, now)
	case e.youngerThan(keySetStale, now) != nil:
		p.tell(ctx, oidc.ClientKeysStale{ClientID: c.ClientID, Error: err.Error()})
	}
	return err
}

func (k *clientKeys) entry(name string) *keySet {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.sets[name]
	if e == nil {
		if k.sets == nil || len(k.sets) >= keySetEntries { // a full one starts anew
			k.sets = map[string]*keySet{}
		}
		e = &keySet{}
		k.sets[name] = e
	}
	return e
}

// parse returns the set of a client that registered its keys by value.
func (e *keySet) parse(jwks []byte) (set *keys.Set, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.set == nil {
		e.set, err = keys.ParseSet(jwks)
	}
	return e.set, err
}

// youngerThan returns the set that was fetched less than age ago, or nil.
func (e *keySet) youngerThan(age time.Duration, now time.Time) *keys.Set {
	e.mu.Lock()
	defer e.mu.Unlock()
	if now.Sub(e.fetched) >= age {
		return nil
	}
	return e.set
}

func (e *keySet) put(set *keys.Set, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.set, e.fetched = set, now
}

package provider

import (
	"context"
	"errors"
	"sync"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

const (
	maxKeySet     = 64 << 10         // bytes
	keySetAge     = 10 * time.Minute // then a set is fetched anew
	keySetStale   = 24 * time.Hour   // so long it serves while its address does not answer
	keySetPause   = 10 * time.Second // between two fetches of one set, whatever kids are asked for
	keySetEntries = 1000
)

// clientKeys keeps the key sets of clients: parsed, and fetched where they are somewhere else.
type clientKeys struct {
	mu   sync.Mutex
	sets map[string]*keySet // by jwks_uri, or by jwks itself
}

// keySet is one of them; mu is held while it is fetched, so that many requests make one.
type keySet struct {
	mu      sync.Mutex
	set     *keys.Set
	fetched time.Time
	tried   time.Time
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

// verifyOf gives the typ and the claims of a JWT that the client signed with one of algs; keys.ErrToken if it did not. A kid that is not
// known has a set at jwks_uri fetched anew (OpenID Connect Core §10.1.1).
func (p *Provider) verifyOf(ctx context.Context, r Request, c *oidc.Client, token string, algs []string) (typ string, claims []byte, err error) {
	set, err := p.keysOf(ctx, r, c, false)
	if err == nil {
		typ, claims, err = set.Verify(token, algs)
	}
	if errors.Is(err, keys.ErrUnknownKey) && c.JWKSURI != "" {
		if set, err = p.keysOf(ctx, r, c, true); err == nil {
			typ, claims, err = set.Verify(token, algs)
		}
	}
	return typ, claims, err
}

// keysOf gives the keys of a client; anew: not those of before, unless they were fetched a moment ago.
func (p *Provider) keysOf(ctx context.Context, r Request, c *oidc.Client, anew bool) (*keys.Set, error) {
	switch {
	case c.JWKS != nil:
		return p.clientKeys.entry(string(c.JWKS)).parse(c.JWKS)
	case c.JWKSURI == "":
		return nil, errors.New("the client has registered no keys (jwks or jwks_uri)")
	}
	return p.fetchKeys(ctx, r, c, p.clientKeys.entry(c.JWKSURI), anew)
}

func (e *keySet) parse(jwks []byte) (set *keys.Set, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.set == nil {
		e.set, err = keys.ParseSet(jwks)
	}
	return e.set, err
}

func (p *Provider) fetchKeys(ctx context.Context, r Request, c *oidc.Client, e *keySet, anew bool) (*keys.Set, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := p.now()
	fresh := e.set != nil && now.Sub(e.fetched) < keySetAge && !anew
	justTried := now.Sub(e.tried) < keySetPause && !e.tried.After(now)
	if fresh || justTried && e.set != nil {
		return e.set, nil
	}
	if justTried {
		return nil, errors.New("jwks_uri did not answer a moment ago")
	}
	e.tried = now
	body, err := p.fetch(context.WithoutCancel(ctx), c.JWKSURI, maxKeySet) // others wait for it, too; the way out has a limit of its own
	var set *keys.Set
	if err == nil {
		set, err = keys.ParseSet(body)
	}
	switch {
	case err == nil:
		e.set, e.fetched = set, now
	case e.set != nil && now.Sub(e.fetched) < keySetStale:
		p.tell(r, oidc.ClientKeysStale{ClientID: c.ClientID, Error: err.Error()})
	default:
		e.set = nil
		return nil, err
	}
	return e.set, nil
}

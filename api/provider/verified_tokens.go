package provider

import (
	"sync"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// verifiedTokensLimit bounds the entries, about 1 kB each; a full memory starts anew.
const verifiedTokensLimit = 4096

// verifiedTokens remembers what access tokens say whose signature was made or found good: a signature is the most expensive part of
// looking at a token, and services show the same one again and again. Nothing else is decided by it: when a token ends and whether its
// grant may live is looked at each time.
type verifiedTokens struct {
	mu      sync.Mutex
	jwksTag string // of the keys with which they were verified; others, as after a rotation, start anew
	claims  map[store.Digest]oidc.AccessTokenClaims
}

// find gives the claims of a token; what they point to is shared, and not to be changed.
func (v *verifiedTokens) find(jwksTag, token string) (claims oidc.AccessTokenClaims, found bool) {
	key := digest(token)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.jwksTag == jwksTag {
		claims, found = v.claims[key]
	}
	return claims, found
}

// note adds a token.
func (v *verifiedTokens) note(jwksTag, token string, claims oidc.AccessTokenClaims) {
	key := digest(token)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.jwksTag != jwksTag || v.claims == nil || len(v.claims) >= verifiedTokensLimit {
		v.jwksTag, v.claims = jwksTag, map[store.Digest]oidc.AccessTokenClaims{}
	}
	v.claims[key] = claims
}

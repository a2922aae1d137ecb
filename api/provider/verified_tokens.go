package provider

import (
	"sync"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// verifiedTokensLimit bounds the entries, of about 1 kB each; a full cache starts anew.
const verifiedTokensLimit = 4096

// verifiedTokens remembers the claims of access tokens whose signature was made or verified here: that is the most
// expensive part of checking a token, and services send the same one again and again. Nothing else is cached: whether a
// token has expired and its grant may live is checked each time.
type verifiedTokens struct {
	mu      sync.Mutex
	jwksTag string // of the keys with which they were verified; others, as after a rotation, start anew
	claims  map[store.Digest]oidc.AccessTokenClaims
}

// find returns the claims of a token; what they point to is shared and must not be changed.
func (v *verifiedTokens) find(jwksTag, token string) (claims oidc.AccessTokenClaims, found bool) {
	key := oidc.Digest(token)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.jwksTag == jwksTag {
		claims, found = v.claims[key]
	}
	return claims, found
}

// note adds a token.
func (v *verifiedTokens) note(jwksTag, token string, claims oidc.AccessTokenClaims) {
	key := oidc.Digest(token)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.jwksTag != jwksTag || v.claims == nil || len(v.claims) >= verifiedTokensLimit {
		v.jwksTag, v.claims = jwksTag, map[store.Digest]oidc.AccessTokenClaims{}
	}
	v.claims[key] = claims
}

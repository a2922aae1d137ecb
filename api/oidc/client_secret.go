package oidc

import (
	"crypto/subtle"
	"fmt"
)

// What a client's secret has at least. RFC 6749 §10.10 wants a chance of 2^-128 for who guesses: 128 bits are 22 characters of base64.
const (
	minClientSecret     = 22 // bytes
	minSecretCharacters = 8  // that differ: of 32 random hexadecimal digits hardly ever fewer than 11
)

// ClientSecretProblem returns why a secret that somebody brings is too weak to be a client's, or "". It is a digest at rest, of which
// nobody can tell any more, and whoever asks the token endpoint may guess.
func ClientSecretProblem(secret string) string {
	different := map[byte]bool{}
	for i := range len(secret) {
		different[secret[i]] = true
	}
	switch {
	case len(secret) < minClientSecret:
		return fmt.Sprintf("must have at least %d characters", minClientSecret)
	case len(different) < minSecretCharacters:
		return fmt.Sprintf("must have at least %d different characters", minSecretCharacters)
	}
	return ""
}

// SecretMatches reports in constant time whether secret is the client's; a client without one matches nothing.
func (c *Client) SecretMatches(secret string) bool {
	sum := Digest(secret)
	return len(c.SecretSHA256) == len(sum) && subtle.ConstantTimeCompare(sum[:], c.SecretSHA256) == 1
}

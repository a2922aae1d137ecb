package oidc

import (
	"crypto/subtle"
	"fmt"
	"strings"
	"time"
)

// ClientSecret is one of the secrets that a client authenticates with, of which there is a digest only.
type ClientSecret struct {
	Name      string     `json:"name"`
	SHA256    []byte     `json:"secret_sha256"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"` // nil: never
	UsedAt    *time.Time `json:"used_at"`    // the hour of its last use, as of when the client was read, which may be long ago
}

// Live reports whether the secret counts at a time.
func (s *ClientSecret) Live(now time.Time) bool {
	return s.ExpiresAt == nil || now.Before(*s.ExpiresAt)
}

// TakesSecret reports whether a client with this metadata authenticates with a secret (RFC 7591 §2).
func (c *ClientMetadata) TakesSecret() bool {
	return strings.HasPrefix(c.TokenEndpointAuthMethod, "client_secret_")
}

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

// FindSecret returns which of the client's secrets this is, one that is live rather than one that has ended; nil: none. It takes the
// same time for each that is wrong.
func (c *Client) FindSecret(secret string, now time.Time) (found *ClientSecret) {
	sum := Digest(secret)
	for i := range c.Secrets {
		s := &c.Secrets[i]
		if subtle.ConstantTimeCompare(sum[:], s.SHA256) == 1 && (found == nil || s.Live(now)) {
			found = s
		}
	}
	return found
}

// NewestSecret returns the secret that was made last of those that are live; nil: none is.
func (c *Client) NewestSecret(now time.Time) *ClientSecret {
	for i := range c.Secrets {
		if c.Secrets[i].Live(now) {
			return &c.Secrets[i]
		}
	}
	return nil
}

package oidc

import (
	"slices"
	"time"
)

// FAPI2 is the security_profile of a client that has to follow the FAPI 2.0 Security Profile.
const FAPI2 = "fapi2"

// CodeTTL returns how long a code of the client is valid: configured, but at most a minute for FAPI 2.0 (FAPI 2.0 Security
// Profile §5.3.2.1).
func (c *Client) CodeTTL(configured time.Duration) time.Duration {
	if c.SecurityProfile == FAPI2 {
		return min(configured, time.Minute)
	}
	return configured
}

// SigningAlgsOf returns the algorithms that c may sign its JWTs with; registered is the one that it registered, "" for any.
func (c *Client) SigningAlgsOf(registered string) []string {
	switch {
	case registered != "":
		return []string{registered}
	case c.SecurityProfile == FAPI2:
		return slices.DeleteFunc(slices.Clone(SigningAlgs), func(alg string) bool { return alg == "RS256" })
	}
	return SigningAlgs
}

// RotatesRefreshTokens reports whether each refresh token of the client can be used once (RFC 9700 §4.14.2). Those of a client of
// FAPI 2.0 stay valid: without its key nobody can use them, and a client that loses an answer keeps its grant (FAPI 2.0 Security
// Profile §5.3.2.1).
func (c *Client) RotatesRefreshTokens() bool { return c.SecurityProfile != FAPI2 }

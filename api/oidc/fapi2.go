package oidc

import (
	"slices"
	"time"
)

// FAPI2 is the security_profile of a client that is held to the FAPI 2.0 Security Profile.
const FAPI2 = "fapi2"

// CodeTTL is how long a code of the client is good, where others have configured (FAPI 2.0 Security Profile §5.3.2.1: a minute at the most).
func (c *Client) CodeTTL(configured time.Duration) time.Duration {
	if c.SecurityProfile == FAPI2 {
		return min(configured, time.Minute)
	}
	return configured
}

// SigningAlgsOf are the algorithms with which c may sign what it sends: registered, the one that it registered.
func (c *Client) SigningAlgsOf(registered string) []string {
	switch {
	case registered != "":
		return []string{registered}
	case c.SecurityProfile == FAPI2:
		return slices.DeleteFunc(slices.Clone(SigningAlgs), func(alg string) bool { return alg == "RS256" })
	}
	return SigningAlgs
}

// RotatesRefreshTokens says that each refresh token of the client is good for one use (RFC 9700 §4.14.2). Those of a client of FAPI 2.0 stay:
// without its key nobody can use them, and a client that loses an answer keeps its grant (FAPI 2.0 Security Profile §5.3.2.1).
func (c *Client) RotatesRefreshTokens() bool { return c.SecurityProfile != FAPI2 }

package oidc

import (
	"slices"
	"strings"
)

// OfflineAccess asks for a refresh token (OpenID Connect Core §11).
const OfflineAccess = "offline_access"

// Scopes lists every scope there is: openid, those of the claims table, and offline_access.
func Scopes() []string {
	list := []string{"openid"}
	for _, c := range claims {
		if !slices.Contains(list, c.scope) {
			list = append(list, c.scope)
		}
	}
	return append(list, OfflineAccess)
}

// HasScope says that the space-separated list scope has name.
func HasScope(scope, name string) bool {
	for word := range strings.SplitSeq(scope, " ") {
		if word == name {
			return true
		}
	}
	return false
}

// grantableScope drops what does not exist, what the client is not registered for, and repetitions (RFC 6749 §3.3).
// offline_access needs a client with refresh tokens (OpenID Connect Core §11).
func grantableScope(asked string, c *Client) string {
	var list []string
	known := Scopes()
	for word := range strings.SplitSeq(asked, " ") {
		switch {
		case !slices.Contains(known, word) || slices.Contains(list, word) || !HasScope(c.Scope, word):
		case word == OfflineAccess && !c.MayUse(GrantRefreshToken):
		default:
			list = append(list, word)
		}
	}
	return strings.Join(list, " ")
}

func withoutScope(scope, name string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(scope), func(word string) bool { return word == name }), " ")
}

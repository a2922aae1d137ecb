package oidc

import (
	"cmp"
	"slices"
	"strings"
)

// OfflineAccess asks for a refresh token (OpenID Connect Core §11).
const OfflineAccess = "offline_access"

// Scopes returns every scope with a meaning here: openid, those of the claims table, and offline_access. Others in a client's row
// are for the services in its audiences (clients.audiences).
func Scopes() []string {
	list := []string{"openid"}
	for _, c := range claims {
		if !slices.Contains(list, c.scope) {
			list = append(list, c.scope)
		}
	}
	return append(list, OfflineAccess)
}

// HasScope reports whether the space-separated list scope has name.
func HasScope(scope, name string) bool {
	for word := range strings.SplitSeq(scope, " ") {
		if word == name {
			return true
		}
	}
	return false
}

// grantableScope drops what the client is not registered for, and repetitions (RFC 6749 §3.3). A client that registered itself may
// also ask for what the resources have that it names, if they are open to it.
// offline_access needs a client with refresh tokens (OpenID Connect Core §11).
func grantableScope(asked string, c *Client, resources ...string) string {
	isOf := func(word string) func(Resource) bool {
		return func(r Resource) bool {
			_, has := r.Scopes[word]
			return has && c.mayNameOpen(&r) && slices.Contains(resources, r.Identifier)
		}
	}
	var list []string
	for word := range strings.FieldsSeq(asked) {
		switch {
		case slices.Contains(list, word) || !HasScope(c.Scope, word) && !slices.ContainsFunc(c.Resources, isOf(word)):
		case word == OfflineAccess && !c.MayUse(GrantRefreshToken):
		default:
			list = append(list, word)
		}
	}
	return strings.Join(list, " ")
}

// GrantableScope returns what the client is granted where it asks for a scope; "" asks for all that is in its row.
func (c *Client) GrantableScope(asked string) string {
	return grantableScope(cmp.Or(asked, c.Scope), c)
}

// aboutPeople reports whether a scope describes a user, so that it is meaningless in client_credentials.
func aboutPeople(scope string) bool {
	return scope == "openid" || scope == OfflineAccess || slices.ContainsFunc(claims, func(c claim) bool { return c.scope == scope })
}

// ClientScope returns what a client is granted for itself (RFC 6749 §4.4): of the scopes in its row that do not describe a user,
// and in those of the resources that it names, those that it requests; all in its row if it requests none.
func ClientScope(asked string, c *Client, resources ...string) (scope string, refusal *Error) {
	words := asked
	if words == "" {
		words = c.Scope
	}
	own := slices.DeleteFunc(strings.Fields(grantableScope(words, c, resources...)), aboutPeople)
	if asked != "" && len(own) == 0 {
		return "", &Error{Code: InvalidScope, Description: "none of the scopes is one that this client may have for itself",
			Refused: refusedScope(asked, c)}
	}
	return strings.Join(own, " "), nil
}

func withoutScope(scope, name string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(scope), func(word string) bool { return word == name }), " ")
}

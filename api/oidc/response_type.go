package oidc

import (
	"slices"
	"strings"
)

// ResponseType is a set of the words code, id_token and token, sorted and separated by one space: what the answer of the
// authorization endpoint has (OAuth 2.0 Multiple Response Type Encoding Practices §3, §5).
type ResponseType string

// ResponseCode is what every deployment has. The others put tokens into the front channel, which RFC 9700 §2.1.2 advises against:
// they are for old clients, and off by default.
const ResponseCode ResponseType = "code"

// ResponseTypes are all there are.
var ResponseTypes = []ResponseType{ResponseCode, "id_token", "id_token token", "token", "code id_token", "code token",
	"code id_token token"}

// ResponseModes are the ways an answer can travel to the redirect URI (the same, §2.1, and OAuth 2.0 Form Post Response Mode).
var ResponseModes = []string{"query", "fragment", "form_post"}

// GrantImplicit is registered by a client that gets tokens from the authorization endpoint (RFC 7591 §2.1); the token endpoint
// does not know it.
const GrantImplicit = "implicit"

// ParseResponseType sorts the words of s, whose order does not matter (RFC 6749 §3.1.1); "" for an unknown type.
func ParseResponseType(s string) ResponseType {
	words := strings.Fields(s)
	slices.Sort(words)
	if t := ResponseType(strings.Join(words, " ")); slices.Contains(ResponseTypes, t) {
		return t
	}
	return ""
}

// Code reports whether the answer has a code; that of a request without a response type has.
func (t ResponseType) Code() bool { return t == "" || HasScope(string(t), "code") }

// IDToken reports whether the answer has an ID token.
func (t ResponseType) IDToken() bool { return HasScope(string(t), "id_token") }

// Token reports whether the answer has an access token.
func (t ResponseType) Token() bool { return HasScope(string(t), "token") }

// FrontChannel reports whether a token passes through the browser's address.
func (t ResponseType) FrontChannel() bool { return t.IDToken() || t.Token() }

// defaultMode returns where answers and errors go unless the request names a mode (Multiple Response Types §5).
func (t ResponseType) defaultMode() string {
	if t.FrontChannel() {
		return "fragment"
	}
	return ""
}

// mayUse reports whether mode is possible: queries end up in logs, so no token goes there (the same, §5).
func (t ResponseType) mayUse(mode string) bool {
	return slices.Contains(ResponseModes, mode) && !(mode == "query" && t.FrontChannel())
}

// mayAsk reports whether the client is registered for t and for the grants behind it (RFC 7591 §2.1).
func (c *Client) mayAsk(t ResponseType) bool {
	if t == "" {
		return true // a device or the account page, which have no response_type
	}
	registered := slices.ContainsFunc(c.ResponseTypes, func(name string) bool { return ParseResponseType(name) == t })
	if t.Token() && c.DPoPBoundAccessTokens { // no key is proven there (RFC 9449 §5)
		return false
	}
	return registered && (!t.Code() || c.MayUse(GrantAuthorizationCode)) && (!t.FrontChannel() || c.MayUse(GrantImplicit))
}

const notRegisteredForType = "the client is not registered for this response_type"

func checkResponseType(asked string, allowed []ResponseType, c *Client) *Error {
	t := ParseResponseType(asked)
	switch {
	case asked == "":
		return refuse(InvalidRequest, "response_type is missing")
	case t == "" || !slices.Contains(allowed, t):
		e := refuse(UnsupportedResponseType, "response_type is not supported; use "+JoinResponseTypes(allowed, " or "))
		if t != "" {
			e.Log = "response_type " + asked + " is not among GATEHOUSE_RESPONSE_TYPES"
		}
		return e
	case !c.mayAsk(t):
		e := refuse(UnauthorizedClient, notRegisteredForType)
		if t.FrontChannel() {
			e.Log = "for " + asked + " the client needs it among response_types, and " + GrantImplicit + " among grant_types"
		}
		return e
	}
	return nil
}

func checkResponseMode(p Params, _ *Client) *Error {
	t, mode := ParseResponseType(p["response_type"]), p["response_mode"]
	switch {
	case mode == "" || t.mayUse(mode):
		return nil
	case mode == "query":
		return refuse(InvalidRequest, "response_mode=query is not for tokens; use fragment or form_post")
	}
	return refuse(InvalidRequest, "response_mode is not supported; use "+strings.Join(ResponseModes, " or "))
}

// checkOpenID requires openid and a nonce for an ID token of the front channel, which only the nonce binds to its request (OpenID
// Connect Core §3.2.2.1, §3.3.2.11).
func checkOpenID(p Params, c *Client) *Error {
	switch {
	case !ParseResponseType(p["response_type"]).IDToken():
		return nil
	case !HasScope(grantableScope(p["scope"], c), "openid"):
		return refuse(InvalidRequest, "an ID token needs the scope openid")
	case p["nonce"] == "":
		return refuse(InvalidRequest, "nonce is required with response_type id_token")
	}
	return nil
}

// FrontChannelScope returns the scope of an access token of the front channel, which is never offline (OpenID Connect Core §11).
func (r AuthorizeRequest) FrontChannelScope() string { return withoutScope(r.Scope, OfflineAccess) }

// JoinResponseTypes returns list as text.
func JoinResponseTypes(list []ResponseType, separator string) string {
	words := make([]string, len(list))
	for i, t := range list {
		words[i] = string(t)
	}
	return strings.Join(words, separator)
}

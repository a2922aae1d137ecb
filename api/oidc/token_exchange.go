package oidc

import "slices"

// Names of token exchange (RFC 8693 §2.1, §3).
const (
	GrantTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	AccessTokenTypeURI = "urn:ietf:params:oauth:token-type:access_token"
)

const onlyUpstreams = " is not supported: only the token that the user has at an upstream is given out (requested_issuer)"

// ExchangeResponse is the answer to an exchange (RFC 8693 §2.2.1).
type ExchangeResponse struct {
	AccessToken     string `json:"access_token"`
	IssuedTokenType string `json:"issued_token_type"`
	TokenType       string `json:"token_type"`
	ExpiresIn       int    `json:"expires_in,omitempty"` // seconds; 0 where the upstream never said
	Scope           string `json:"scope,omitempty"`
}

// CheckExchange refuses a request for anything but what there is: an access token of ours for the one that the same user has at an
// upstream, which the client names as Keycloak's clients do, by requested_issuer. nil: go on.
func CheckExchange(params Params) *Error {
	for _, name := range []string{"subject_token", "subject_token_type", "requested_issuer"} {
		if params[name] == "" {
			return refuse(InvalidRequest, name+" is missing")
		}
	}
	switch {
	case params["subject_token_type"] != AccessTokenTypeURI:
		return refuse(InvalidRequest, "subject_token_type must be "+AccessTokenTypeURI)
	case params["requested_token_type"] != "" && params["requested_token_type"] != AccessTokenTypeURI:
		return refuse(InvalidRequest, "requested_token_type must be "+AccessTokenTypeURI)
	case params["actor_token"] != "":
		return refuse(InvalidRequest, "actor_token"+onlyUpstreams)
	}
	return nil
}

// RefuseTarget answers a client that names a target by audience or resource (RFC 8693 §2.2.2).
func RefuseTarget(name string) *Error { return refuse(InvalidTarget, name+onlyUpstreams) }

// MayExchange says why this client does not get tokens of the upstream, nil if it does. A client without a secret gets none:
// anyone could ask in its name.
func (c *Client) MayExchange(upstream string) *Error {
	switch {
	case c.Public():
		return refuse(UnauthorizedClient, "a client without a secret cannot exchange tokens")
	case !slices.Contains(c.AllowedUpstreams, upstream):
		return &Error{Code: InvalidTarget, Description: "requested_issuer is not an upstream whose tokens this client may have",
			Log: "to allow it: UPDATE clients SET allowed_upstreams = allowed_upstreams || " + sqlLiteral("{"+upstream+"}") +
				" WHERE client_id = " + sqlLiteral(c.ClientID)}
	}
	return nil
}

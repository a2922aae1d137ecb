package oidc

import (
	"cmp"
	"slices"
	"strings"
)

// Names of token exchange (RFC 8693 §2.1, §3).
const (
	GrantTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	AccessTokenTypeURI = "urn:ietf:params:oauth:token-type:access_token"
)

// ExchangeResponse is the answer to an exchange (RFC 8693 §2.2.1).
type ExchangeResponse struct {
	AccessToken     string `json:"access_token"`
	IssuedTokenType string `json:"issued_token_type"`
	TokenType       string `json:"token_type"`
	ExpiresIn       int    `json:"expires_in,omitempty"` // seconds; 0 if the upstream did not name it
	Scope           string `json:"scope,omitempty"`
}

// maxActors is how many can act one for another.
const maxActors = 5

// CheckExchange refuses all but the exchange that is supported (RFC 8693 §2.1): an access token of ours as the subject and
// optionally another as the actor, for an access token.
func CheckExchange(params Params) *Error {
	for _, name := range []string{"subject_token", "subject_token_type"} {
		if params[name] == "" {
			return refuse(InvalidRequest, name+" is missing")
		}
	}
	if (params["actor_token"] == "") != (params["actor_token_type"] == "") {
		return refuse(InvalidRequest, "actor_token and actor_token_type come together")
	}
	for _, name := range []string{"subject_token_type", "requested_token_type", "actor_token_type"} {
		if params[name] != "" && params[name] != AccessTokenTypeURI {
			return refuse(InvalidRequest, name+" must be "+AccessTokenTypeURI)
		}
	}
	return nil
}

// maxTarget is the longest audience of a row of exchange_policies, in bytes.
const maxTarget = 255

// ExchangeTarget returns the one service that the new token is for: an audience or a resource (RFC 8693 §2.1).
func ExchangeTarget(audiences, resources []string) (target string, refusal *Error) {
	all := slices.DeleteFunc(slices.Concat(audiences, resources), func(s string) bool { return s == "" })
	switch {
	case len(all) == 0:
		return "", refuse(InvalidRequest, "audience or resource is missing: say which service the token is to be for")
	case len(all) > 1:
		return "", refuse(InvalidTarget, "one audience or resource at a time")
	case !isText(all[0]) || len(all[0]) > maxTarget:
		return "", refuse(InvalidTarget, "audience or resource is too long or not text")
	}
	return all[0], nil
}

// ExchangePolicy is a row of exchange_policies.
type ExchangePolicy struct {
	Audience        string
	Scope           string
	SubjectAudience string // "" for none
	Impersonation   bool
}

// Actor is who acts for the user, and who acted before (RFC 8693 §4.1).
type Actor struct {
	Subject string `json:"sub"`
	Actor   *Actor `json:"act,omitempty"`
}

func (a *Actor) depth() int {
	if a == nil {
		return 0
	}
	return 1 + a.Actor.depth()
}

// Decide returns what the client gets for the subject token: the scope, and who acts. actor is the subject of the actor token, ""
// for none; asked is the requested scope, "" for all that is possible. policy is nil if there is no row.
//
// The client has to be the one that got the subject token, or one in its audience: otherwise a token that was stolen elsewhere
// could be exchanged. The new token never has a scope that the old one does not have (RFC 8693 §5).
func (policy *ExchangePolicy) Decide(c *Client, subject *AccessTokenClaims, actor, asked string) (scope string, act *Actor,
	refusal *Error) {
	if policy == nil {
		return "", nil, refuse(InvalidTarget, "this client may not exchange tokens for that audience")
	}
	sentToIt := slices.Contains(subject.Audience, c.ClientID) ||
		policy.SubjectAudience != "" && slices.Contains(subject.Audience, policy.SubjectAudience)
	if subject.ClientID != c.ClientID && !sentToIt {
		return "", nil, refuse(InvalidRequest, "subject_token is neither this client's nor for it")
	}
	var list []string
	for word := range strings.FieldsSeq(cmp.Or(asked, policy.Scope)) {
		switch allowed := HasScope(subject.Scope, word) && HasScope(policy.Scope, word); {
		case !allowed && asked != "":
			return "", nil, refuse(InvalidScope, "scope asks for more than subject_token has or the client may pass on")
		case allowed && !slices.Contains(list, word):
			list = append(list, word)
		}
	}
	if asked != "" && list == nil {
		return "", nil, refuse(InvalidScope, "scope names none")
	}
	act = subject.Actor
	if actor != "" || !policy.Impersonation {
		act = &Actor{Subject: cmp.Or(actor, c.ClientID), Actor: subject.Actor}
	}
	if act.depth() > maxActors {
		return "", nil, refuse(InvalidRequest, "too many have acted one for the other")
	}
	return strings.Join(list, " "), act, nil
}

// KeyProblem returns why a client that proved the key with thumbprint jkt ("" for none) must not exchange the token, or "". One that
// is bound to a key would be a bearer's otherwise (RFC 9449 §5): the client that got it proves that key, and one that it was sent to a
// key of its own, to which the new token is bound.
func (c *AccessTokenClaims) KeyProblem(by *Client, jkt string) string {
	switch {
	case c.JKT() != "" && jkt == "":
		return "bound to a key, and no DPoP proof came along"
	case c.JKT() != "" && c.ClientID == by.ClientID && c.JKT() != jkt:
		return "bound to another DPoP key"
	}
	return ""
}

// MayExchange returns why this client does not get tokens of the upstream, nil if it does. A client without a secret gets none:
// anyone could ask in its name.
func (c *Client) MayExchange(upstream string) *Error {
	switch {
	case c.Public():
		return refuse(UnauthorizedClient, "a client without a secret cannot exchange tokens")
	case !slices.Contains(c.AllowedUpstreams, upstream):
		return &Error{Code: InvalidTarget, Description: "requested_issuer is not an upstream whose tokens this client may have",
			Log: c.explainUpstream(upstream)}
	}
	return nil
}

package oidc

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
)

// RequestURIPrefix begins the request_uri of a pushed request (RFC 9126 §2.2).
const RequestURIPrefix = "urn:ietf:params:oauth:request_uri:"

// RequestURILife is how long after the push a request_uri can be used (RFC 9126 §2.2).
const RequestURILife = time.Minute

// PushedResponse is the answer of the pushed authorization request endpoint (RFC 9126 §2.2).
type PushedResponse struct {
	RequestURI string `json:"request_uri"`
	ExpiresIn  int    `json:"expires_in"` // seconds
}

// PushedParams are the parameters of that endpoint that may come once (RFC 9126 §2.1).
var PushedParams = slices.Concat(AuthorizeParams, []string{"request", "request_uri"}, ClientParams[1:])

// HasRequestURI reports whether the client registered the address of this request object; no other is fetched (RFC 9101 §10.4).
func (c *Client) HasRequestURI(uri string) bool { return slices.Contains(c.RequestURIs, uri) }

// IsRequestObjectType reports whether typ may be that of a request object (RFC 9101 §10.8).
func IsRequestObjectType(typ string) bool {
	return typ == "" || strings.EqualFold(typ, "JWT") || strings.EqualFold(typ, "oauth-authz-req+jwt")
}

// RequestObjectParams returns the parameters in the claims of a request object that the client has signed, and those beside it.
// Those in the object take precedence (OpenID Connect Core §6.1); for a client that has to sign its requests the others are
// ignored (RFC 9101 §6.3, §10.5).
func RequestObjectParams(claims []byte, beside url.Values, c *Client, issuer string, now time.Time) (url.Values, *Error) {
	var about struct {
		Issuer    string      `json:"iss"`
		Subject   string      `json:"sub"`
		Audience  Audience    `json:"aud"`
		Expiry    NumericDate `json:"exp"`
		NotBefore NumericDate `json:"nbf"`
		IssuedAt  NumericDate `json:"iat"`
	}
	values, ok := valuesOf(claims)
	if !ok || json.Unmarshal(claims, &about) != nil {
		return nil, refuse(InvalidRequestObject, "the request object is not a JSON object of parameters")
	}
	bad := func(why string) (url.Values, *Error) {
		return nil, refuse(InvalidRequestObject, "request object: "+why)
	}
	switch {
	case about.Subject == c.ClientID: // it could be used as a client assertion elsewhere (RFC 9101 §10.8)
		return bad("sub must not be the client_id")
	case about.Issuer != c.ClientID && (about.Issuer != "" || c.RequireSignedRequestObject):
		return bad("iss is not the client_id")
	case !slices.Contains(about.Audience, issuer) && (about.Audience != nil || c.RequireSignedRequestObject):
		return bad("aud is not this issuer")
	case values.Has("request") || values.Has("request_uri"):
		return bad("it has a request or request_uri of its own")
	case values.Has("client_id") && values.Get("client_id") != c.ClientID: // a pushed one may have none beside it (RFC 9126 §3)
		return bad("client_id is that of another client")
	case values.Has("response_type") && beside.Has("response_type") && values.Get("response_type") != beside.Get("response_type"):
		return bad("response_type is not the one beside it")
	}
	why := checkTimes(about.Expiry, about.NotBefore, about.IssuedAt, now)
	if why == "" && (c.SecurityProfile == FAPI2 || c.ShortLivedRequestObjects) {
		why = checkRequestObjectLife(about.Expiry, about.NotBefore, now)
	}
	if why != "" {
		return bad(why)
	}
	if c.RequireSignedRequestObject {
		beside = url.Values{"client_id": beside["client_id"]}
	}
	for name, list := range beside {
		if !values.Has(name) && name != "request" && name != "request_uri" {
			values[name] = list
		}
	}
	return values, nil
}

// maxRequestObjectLife limits how long whoever has seen a signed request can send it again.
const maxRequestObjectLife = time.Hour

// checkRequestObjectLife returns why a request object is not good for a short time only, or "" (FAPI 2.0 Message Signing §5.3.1).
func checkRequestObjectLife(exp, nbf NumericDate, now time.Time) string {
	switch {
	case exp == 0 || nbf == 0:
		return "exp and nbf are required of this client"
	case exp.Time().Sub(nbf.Time()) > maxRequestObjectLife:
		return "exp is more than an hour after nbf"
	case now.Sub(nbf.Time()) > maxRequestObjectLife:
		return "nbf is more than an hour ago"
	}
	return ""
}

// valuesOf returns the members of a JSON object as parameters: numbers and booleans as text, objects as JSON, arrays as
// repetitions.
func valuesOf(object []byte) (values url.Values, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	decoder.UseNumber()
	var members map[string]any
	if decoder.Decode(&members) != nil {
		return nil, false
	}
	values = url.Values{}
	for name, member := range members {
		list, isList := member.([]any)
		if !isList {
			list = []any{member}
		}
		for _, value := range list {
			text, isText := value.(string)
			if !isText {
				plain, err := json.Marshal(value)
				if err != nil || value == nil {
					continue
				}
				text = string(plain)
			}
			values.Add(name, text)
		}
	}
	return values, true
}

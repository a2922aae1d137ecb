package oidc

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
)

const (
	maxClaimsParam    = 4 << 10 // bytes
	maxClaimsAskedFor = 50
)

// ClaimsRequest has the claims that the claims parameter requests by name (OpenID Connect Core §5.5). Those that the client may
// not request are left out: they count as scopes do, and a claim that cannot be returned is no error (§5.5.1).
type ClaimsRequest struct {
	Userinfo []string `json:"u,omitempty"`
	IDToken  []string `json:"i,omitempty"`
}

// claimDemand is the value of one member of the claims parameter.
type claimDemand struct {
	Essential bool  `json:"essential"`
	Value     any   `json:"value"`
	Values    []any `json:"values"`
}

// claimsParam is the parsed parameter: the claims by name, and what it requires of the sign-in.
type claimsParam struct {
	ClaimsRequest
	subs      []string // the subjects the tokens may be issued for (§5.5.1); empty means any
	essential []string // acr values, one of which has to be reached; nil means any
	voluntary []string // acr values that are wished for
}

// parseClaims reads the parameter for client c. It is JSON, which may have line feeds, so it is not among AuthorizeParams.
func parseClaims(values []string, c *Client) (out claimsParam, refusal *Error) {
	text := strings.Join(values, "")
	switch {
	case text == "":
		return out, nil
	case len(values) > 1:
		return out, refuse(InvalidRequest, "claims is repeated")
	case len(text) > maxClaimsParam:
		return out, refuse(InvalidRequest, "claims is too long")
	}
	var members struct {
		Userinfo map[string]json.RawMessage `json:"userinfo"`
		IDToken  map[string]json.RawMessage `json:"id_token"`
	}
	err := json.Unmarshal([]byte(text), &members)
	for _, part := range []struct {
		asked map[string]json.RawMessage
		names *[]string
	}{{members.Userinfo, &out.Userinfo}, {members.IDToken, &out.IDToken}} {
		for _, name := range slices.Sorted(maps.Keys(part.asked)) {
			var demand claimDemand
			err = errors.Join(err, json.Unmarshal(part.asked[name], &demand))
			out.note(name, demand)
			if c.mayAskForClaim(name) && len(*part.names) < maxClaimsAskedFor {
				*part.names = append(*part.names, name)
			}
		}
	}
	if err != nil {
		return out, refuse(InvalidRequest, "claims is not a JSON object as OpenID Connect Core section 5.5 has it")
	}
	return out, nil
}

// note keeps what a demand requires of the sign-in.
func (p *claimsParam) note(name string, d claimDemand) {
	switch {
	case name == "sub":
		p.subs = append(p.subs, d.wanted()...)
	case name == "acr" && d.Essential:
		p.essential = append(p.essential, d.wanted()...)
	case name == "acr":
		p.voluntary = append(p.voluntary, d.wanted()...)
	}
}

// wanted returns the values that a demand names; "" stands for one that is no text, which no sub and no acr equals.
func (d claimDemand) wanted() (list []string) {
	for _, v := range append(d.Values, d.Value) {
		if v != nil {
			text, _ := v.(string)
			list = append(list, text)
		}
	}
	return list
}

// subject returns the only subject the tokens may be issued for; "" means any.
func (p *claimsParam) subject() (sub string, refusal *Error) {
	for _, wanted := range p.subs {
		if wanted == "" || sub != "" && sub != wanted {
			return "", refuse(InvalidRequest, "claims asks for a sub that nobody has, or for more than one")
		}
		sub = wanted
	}
	return sub, nil
}

// mayAskForClaim reports whether c may request a claim: it needs the scope that releases it, which is profile for custom ones.
func (c *Client) mayAskForClaim(name string) bool {
	scope := scopeOfClaim(name)
	return scope != "" && len(name) <= 100 && HasScope(c.Scope, scope)
}

// scopeOfClaim returns the scope that releases a claim; "" for one that only the protocol sets.
func scopeOfClaim(name string) string {
	for _, known := range claims {
		if known.name == name {
			return known.scope
		}
	}
	if isOurs(name) || !isText(name) || strings.ContainsRune(name, '#') { // # is for languages, of which there are none
		return ""
	}
	return "profile"
}

// AsksFor returns what the user is asked to allow: the scopes, and those that the claims requested by name belong to.
func (r AuthorizeRequest) AsksFor() []string {
	list := strings.Fields(r.Scope)
	for _, name := range slices.Concat(r.Claims.Userinfo, r.Claims.IDToken) {
		if scope := scopeOfClaim(name); !slices.Contains(list, scope) {
			list = append(list, scope)
		}
	}
	return list
}

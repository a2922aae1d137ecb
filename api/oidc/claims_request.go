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

// ClaimsRequest is what the claims parameter asks for, by name (OpenID Connect Core §5.5). Names that the client may not ask for are
// left out: they count as scopes do, and a claim that cannot be given is no error (§5.5.1).
type ClaimsRequest struct {
	Userinfo []string `json:"u,omitempty"`
	IDToken  []string `json:"i,omitempty"`
}

// claimDemand is the value of one member.
type claimDemand struct {
	Essential bool  `json:"essential"`
	Value     any   `json:"value"`
	Values    []any `json:"values"`
}

// claimsParam is the parameter as it is read: the claims by name, and what it asks of the sign-in itself.
type claimsParam struct {
	ClaimsRequest
	subs      []string // whose the tokens must be (§5.5.1); none for anybody
	essential []string // acr values, one of which has to be reached; nil for none
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

// note keeps what a demand asks of the sign-in.
func (p *claimsParam) note(name string, d claimDemand) {
	switch {
	case name == "sub":
		p.subs = append(p.subs, d.wanted()...)
	case name == "acr" && d.Essential:
		p.essential = append(p.essential, d.wanted()...)
	}
}

// wanted are the values that a demand names; "" for one that is no text, which neither a sub nor an acr ever is.
func (d claimDemand) wanted() (list []string) {
	for _, v := range append(d.Values, d.Value) {
		if v != nil {
			text, _ := v.(string)
			list = append(list, text)
		}
	}
	return list
}

// subject is the one whose the tokens must be; "" for anybody.
func (p *claimsParam) subject() (sub string, refusal *Error) {
	for _, wanted := range p.subs {
		if wanted == "" || sub != "" && sub != wanted {
			return "", refuse(InvalidRequest, "claims asks for a sub that nobody has, or for more than one")
		}
		sub = wanted
	}
	return sub, nil
}

// mayAskForClaim: a claim counts as the scope that releases it, and custom ones come with profile.
func (c *Client) mayAskForClaim(name string) bool {
	scope := scopeOfClaim(name)
	return scope != "" && len(name) <= 100 && HasScope(c.Scope, scope)
}

// scopeOfClaim is the scope that releases a claim; "" for one that only the protocol sets.
func scopeOfClaim(name string) string {
	for _, known := range claims {
		if known.name == name {
			return known.scope
		}
	}
	if isOurs(name) || !isText(name) || strings.ContainsRune(name, '#') { // # is for languages, which there are not
		return ""
	}
	return "profile"
}

// AsksFor lists what the person is asked to allow: the scopes, and those that the claims asked for by name belong to.
func (r AuthorizeRequest) AsksFor() []string {
	list := strings.Fields(r.Scope)
	for _, name := range slices.Concat(r.Claims.Userinfo, r.Claims.IDToken) {
		if scope := scopeOfClaim(name); !slices.Contains(list, scope) {
			list = append(list, scope)
		}
	}
	return list
}

package oidc

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// registrationChecks run in this order; the first refusal is the answer. They fill in the defaults, too (RFC 7591 §2).
var registrationChecks = []func(c *ClientMetadata, t Terms) *Error{
	checkAuthMethod, checkTypes, checkRedirectURIs, checkKeys, checkSubjectType, checkAlgs, checkRegisteredScope, checkNames, checkLinks,
	checkLogoutURIs, checkRequestURIs, checkDefaultMaxAge,
}

// Check returns what to register, with all defaults.
func (r *Registration) Check(t Terms) (ClientMetadata, *Error) {
	c := r.ClientMetadata
	for _, check := range registrationChecks {
		if e := check(&c, t); e != nil {
			return c, e
		}
	}
	// RFC 9700 §2.1.1. A web application that keeps a secret may do without: OpenID Connect, for which most of them were written,
	// has the nonce instead.
	c.RequirePKCE = c.RequirePKCE || c.TokenEndpointAuthMethod == "none" || c.ApplicationType == "native" || t.DocumentAt != ""
	return c, nil
}

func refuseMetadata(description string) *Error { return refuse(InvalidClientMetadata, description) }

func checkAuthMethod(c *ClientMetadata, t Terms) *Error {
	if c.TokenEndpointAuthMethod == "" {
		c.TokenEndpointAuthMethod = "client_secret_basic"
		if t.DocumentAt != "" {
			c.TokenEndpointAuthMethod = "none"
		}
	}
	if !slices.Contains(t.AuthMethods, c.TokenEndpointAuthMethod) {
		return refuseMetadata("token_endpoint_auth_method must be one of " + strings.Join(t.AuthMethods, ", "))
	}
	return nil
}

// checkTypes checks response_types and grant_types (RFC 7591 §2.1). Where one is absent, it follows from the other.
func checkTypes(c *ClientMetadata, t Terms) *Error {
	isRedirect := func(grant string) bool { return grant == GrantAuthorizationCode || grant == GrantImplicit }
	if c.ResponseTypes == nil && (c.GrantTypes == nil || slices.ContainsFunc(c.GrantTypes, isRedirect)) {
		c.ResponseTypes = []string{string(ResponseCode)}
	}
	needed, types := []string{}, []string{}
	for _, name := range c.ResponseTypes {
		response := ParseResponseType(name)
		if !slices.Contains(t.ResponseTypes, response) {
			return refuseMetadata("response_types has one that is not supported here; there are: " + JoinResponseTypes(t.ResponseTypes, ", "))
		}
		types = append(types, string(response))
		if response.Code() {
			needed = append(needed, GrantAuthorizationCode)
		}
		if response.FrontChannel() {
			needed = append(needed, GrantImplicit)
		}
	}
	if c.GrantTypes == nil {
		c.GrantTypes = needed
	}
	may := t.GrantTypes
	if slices.ContainsFunc(t.ResponseTypes, ResponseType.FrontChannel) {
		may = append(slices.Clone(may), GrantImplicit)
	}
	for _, grant := range c.GrantTypes {
		if !slices.Contains(may, grant) {
			return refuseMetadata("grant_types has one that a client cannot register for itself here; it can: " + strings.Join(may, ", "))
		}
	}
	for _, grant := range needed {
		if !slices.Contains(c.GrantTypes, grant) {
			return refuseMetadata("response_types needs " + grant + " among grant_types")
		}
	}
	if c.TokenEndpointAuthMethod == "none" && slices.Contains(c.GrantTypes, GrantClientCredentials) {
		return refuseMetadata("client_credentials needs a token_endpoint_auth_method other than none") // RFC 6749 §4.4
	}
	c.ResponseTypes, c.GrantTypes = withoutRepetition(types), withoutRepetition(c.GrantTypes)
	return nil
}

func withoutRepetition(list []string) []string {
	out := []string{}
	for _, word := range list {
		if !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}

// The members of a JWK that are not public, and k of a symmetric one (RFC 7518 §6).
var privateKeyMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// checkKeys checks jwks and jwks_uri (RFC 7591 §2, RFC 9101 §10.5). Only what is understood of jwks is stored.
func checkKeys(c *ClientMetadata, _ Terms) *Error {
	if c.JWKS != nil {
		var set struct {
			Keys []map[string]any `json:"keys"`
		}
		switch {
		case len(c.JWKS) > 32<<10:
			return refuseMetadata("jwks must have at most 32 kB")
		case json.Unmarshal(c.JWKS, &set) != nil:
			return refuseMetadata("jwks must be an object whose keys are JWKs")
		case len(set.Keys) < 1 || len(set.Keys) > 20:
			return refuseMetadata("jwks must have 1 to 20 keys")
		}
		for _, key := range set.Keys {
			if slices.ContainsFunc(privateKeyMembers, func(name string) bool { _, has := key[name]; return has }) {
				return refuseMetadata("jwks must have public keys only; make new ones, for these have been sent")
			}
		}
		c.JWKS, _ = json.Marshal(set) // of what was just read
	}
	switch has := c.JWKS != nil || c.JWKSURI != ""; {
	case c.JWKS != nil && c.JWKSURI != "":
		return refuseMetadata("jwks and jwks_uri exclude each other")
	case c.JWKSURI != "" && httpsProblem(c.JWKSURI) != "":
		return refuseMetadata("jwks_uri " + httpsProblem(c.JWKSURI))
	case !has && c.TokenEndpointAuthMethod == "private_key_jwt":
		return refuseMetadata("private_key_jwt needs jwks or jwks_uri")
	case !has && c.RequireSignedRequestObject:
		return refuseMetadata("require_signed_request_object needs jwks or jwks_uri")
	}
	return nil
}

// checkSubjectType checks subject_type (OpenID Connect Core §8.1); CheckSectorIdentifier checks the document.
func checkSubjectType(c *ClientMetadata, _ Terms) *Error {
	if c.SubjectType == "" {
		c.SubjectType = "public"
	}
	otherHost := func(uri string) bool { return isPrivateUse(uri) || hostOf(uri) != hostOf(c.RedirectURIs[0]) }
	switch {
	case c.SubjectType != "public" && c.SubjectType != "pairwise":
		return refuseMetadata("subject_type must be public or pairwise")
	case c.SectorIdentifierURI != "" && httpsProblem(c.SectorIdentifierURI) != "":
		return refuseMetadata("sector_identifier_uri " + httpsProblem(c.SectorIdentifierURI))
	case c.SubjectType == "pairwise" && c.SectorIdentifierURI == "" &&
		(len(c.RedirectURIs) == 0 || slices.ContainsFunc(c.RedirectURIs, otherHost)):
		return refuseMetadata("subject_type pairwise needs sector_identifier_uri unless all redirect_uris have one host")
	}
	return nil
}

func checkAlgs(c *ClientMetadata, _ Terms) *Error {
	if c.IDTokenSignedResponseAlg == "" {
		c.IDTokenSignedResponseAlg = SigningAlgs[0]
	}
	for _, alg := range [][2]string{
		{"id_token_signed_response_alg", c.IDTokenSignedResponseAlg}, {"userinfo_signed_response_alg", c.UserinfoSignedResponseAlg},
		{"request_object_signing_alg", c.RequestObjectSigningAlg}, {"token_endpoint_auth_signing_alg", c.TokenEndpointAuthSigningAlg},
	} {
		if alg[1] != "" && !slices.Contains(SigningAlgs, alg[1]) {
			return refuseMetadata(alg[0] + " must be one of " + strings.Join(SigningAlgs, ", "))
		}
	}
	return nil
}

// checkRegisteredScope keeps the scopes that exist; a client that names none may request all (RFC 7591 §2), and those of a resource with
// the resource.
func checkRegisteredScope(c *ClientMetadata, t Terms) *Error {
	if c.Scope == "" {
		c.Scope = strings.Join(Scopes(), " ")
		return nil
	}
	all := slices.Concat(Scopes(), t.Scopes)
	known := slices.DeleteFunc(strings.Split(c.Scope, " "), func(word string) bool { return !slices.Contains(all, word) })
	if c.Scope = strings.Join(withoutRepetition(known), " "); c.Scope == "" {
		return refuseMetadata("scope has none of the scopes that there are: " + strings.Join(all, " "))
	}
	return nil
}

func checkNames(c *ClientMetadata, _ Terms) *Error {
	strange := func(r rune) bool { return !unicode.IsPrint(r) } // which includes what changes the direction of writing
	switch {
	case utf8.RuneCountInString(c.ClientName) > 100:
		return refuseMetadata("client_name must have at most 100 characters")
	case strings.ContainsFunc(c.ClientName, strange):
		return refuseMetadata("client_name must have printable characters only")
	case len(c.Contacts) > 20:
		return refuseMetadata("contacts must be at most 20")
	case slices.ContainsFunc(c.Contacts, func(contact string) bool { return len(contact) > 254 }):
		return refuseMetadata("each of contacts must have at most 254 characters")
	}
	return nil
}

func checkDefaultMaxAge(c *ClientMetadata, _ Terms) *Error {
	if c.DefaultMaxAge != nil && (*c.DefaultMaxAge < 0 || *c.DefaultMaxAge > math.MaxInt32) {
		return refuseMetadata("default_max_age must be a number of seconds")
	}
	return nil
}

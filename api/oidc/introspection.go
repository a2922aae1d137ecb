package oidc

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// Introspection is the answer about a token (RFC 7662 §2.2); about an inactive one it has nothing but that. Claims are what userinfo
// would tell beside; none replaces a member.
type Introspection struct {
	Active    bool     `json:"active"`
	Scope     string   `json:"scope,omitempty"`
	ClientID  string   `json:"client_id,omitempty"`
	Username  string   `json:"username,omitempty"`
	TokenType string   `json:"token_type,omitempty"`
	Expiry    int64    `json:"exp,omitempty"`
	IssuedAt  int64    `json:"iat,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	Audience  Audience `json:"aud,omitempty"`
	Issuer    string   `json:"iss,omitempty"`
	ID        string   `json:"jti,omitempty"`
	ACR       string   `json:"acr,omitempty"`       // RFC 9470 §6.2
	AuthTime  int64    `json:"auth_time,omitempty"` // beside it

	Confirmation *Confirmation `json:"cnf,omitempty"`
	Actor        *Actor        `json:"act,omitempty"`

	Claims map[string]any `json:"-"`
}

// MarshalJSON writes the claims after the members.
func (i Introspection) MarshalJSON() ([]byte, error) {
	type members Introspection
	text, err := json.Marshal(members(i))
	beside := map[string]any{}
	for name, value := range i.Claims {
		if !slices.ContainsFunc(introspectionMembers, func(member string) bool { return strings.EqualFold(member, name) }) {
			beside[name] = value
		}
	}
	if err != nil || len(beside) == 0 {
		return text, err
	}
	more, err := json.Marshal(beside)
	if err != nil {
		return nil, err
	}
	return slices.Concat(text[:len(text)-1], []byte(","), more[1:]), nil
}

var introspectionMembers = func() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Introspection]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}()

// IsToldAbout reports whether introspection tells the client whose a token is, beside what the token itself says: one that the token is
// for, or whose row says that it serves resources. Whoever else has got hold of a token is not told.
func (c *Client) IsToldAbout(audience Audience) bool {
	return c.ResourceServer || slices.Contains(audience, c.ClientID)
}

// KnowsUsername reports whether the username is among the claims of the client that a token was issued to: no other client is told more
// of a person than that one (OpenID Connect Core §8).
func KnowsUsername(scope string, released []string) bool {
	return HasScope(scope, "profile") || slices.Contains(released, "preferred_username")
}

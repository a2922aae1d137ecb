package oidc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// How a deployment lets clients register themselves (RFC 7591 §3).
const (
	RegistrationOff   = "off"
	RegistrationToken = "token" // with an initial access token
	RegistrationOpen  = "open"
)

// RegistrationDocument is the registration of a client whose client_id is the address of its metadata; clients.registration is
// that, RegistrationToken or RegistrationOpen.
const RegistrationDocument = "document"

// Error codes of RFC 7591 §3.2.2.
const (
	InvalidRedirectURI    = "invalid_redirect_uri"
	InvalidClientMetadata = "invalid_client_metadata"
)

// Registration is what a client sends to register itself or to change its registration (RFC 7591 §2, RFC 7592 §2.2), or the
// document at its client_id.
type Registration struct {
	ClientMetadata
	ClientSecret string `json:"client_secret"` // in a change: its present one

	members map[string]json.RawMessage
}

// maxDepth is how deep the values of a registration may be nested: the deepest with a meaning is a certificate in jwks.
const maxDepth = 8

// UnsupportedMetadata are members that ask for protection that we do not have. Ignoring them like unknown ones (RFC 7591 §2) would leave
// the client without it.
var UnsupportedMetadata = []string{
	"id_token_encrypted_response_alg", "id_token_encrypted_response_enc",
	"userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc",
	"request_object_encryption_alg", "request_object_encryption_enc",
	"authorization_signed_response_alg", "authorization_encrypted_response_alg", "authorization_encrypted_response_enc",
	"introspection_signed_response_alg", "introspection_encrypted_response_alg", "introspection_encrypted_response_enc",
	"tls_client_certificate_bound_access_tokens",
}

// registrationMembers are read by exact name: encoding/json alone would take REDIRECT_URIS for redirect_uris.
var registrationMembers = func() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Registration]()) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}()

// ParseRegistration reads a JSON object that is already bounded in length. Unknown members are ignored, null counts as absent
// (RFC 7591 §2), and a repeated member is refused: another reader might take the other one.
func ParseRegistration(text []byte) (*Registration, *Error) {
	members, e := readMembers(text)
	if e != nil {
		return nil, e
	}
	for _, name := range UnsupportedMetadata {
		if value, asked := members[name]; asked && string(value) != "false" && string(value) != `""` {
			return nil, refuseMetadata(name + " is not supported: leave it out")
		}
	}
	known := map[string]json.RawMessage{}
	for _, name := range registrationMembers {
		value, sent := members[name]
		if !sent {
			continue
		}
		if problem := valueProblem(value); problem != "" {
			return nil, refuseMetadata(name + " " + problem)
		}
		known[name] = value
	}
	exact, err := json.Marshal(known)
	r := &Registration{members: members}
	if err == nil {
		err = json.Unmarshal(exact, r)
	}
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType):
		name := wrongType.Field[strings.LastIndexByte(wrongType.Field, '.')+1:]
		return nil, refuseMetadata(name + " has a value of the wrong type")
	case err != nil:
		return nil, notJSON
	}
	return r, nil
}

var notJSON = refuseMetadata("the metadata must be one JSON object")

// readMembers returns the members of a JSON object by exact name, without those that are null.
func readMembers(text []byte) (map[string]json.RawMessage, *Error) {
	members := map[string]json.RawMessage{}
	d := json.NewDecoder(bytes.NewReader(text))
	if start, err := d.Token(); err != nil || start != json.Delim('{') || !utf8.Valid(text) {
		return nil, notJSON
	}
	for d.More() {
		token, err := d.Token()
		name, _ := token.(string)
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return nil, notJSON
		}
		if _, twice := members[name]; twice {
			return nil, refuseMetadata(PlainText(name[:min(len(name), 100)], "a member") + " is there twice")
		}
		members[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, notJSON
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, notJSON
	}
	for name, value := range members {
		if string(value) == "null" {
			delete(members, name)
		}
	}
	return members, nil
}

// valueProblem returns what Postgres or logs cannot take about a value, or "".
func valueProblem(value json.RawMessage) string {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	for depth := 0; ; {
		token, err := d.Token()
		switch t := token.(type) {
		case json.Delim:
			if depth++; t == ']' || t == '}' {
				depth -= 2
			}
		case string:
			if !isText(t) {
				return "must have no control characters"
			}
		}
		switch {
		case depth > maxDepth:
			return "is nested too deeply"
		case err != nil: // the end: it was valid JSON when it was read before
			return ""
		}
	}
}

// NamesScopesOfResources reports whether the client asks for scopes that are not of Scopes, so that it takes Terms.Scopes to know them.
func (r *Registration) NamesScopesOfResources() bool {
	return slices.ContainsFunc(strings.Fields(r.Scope), func(word string) bool { return !slices.Contains(Scopes(), word) })
}

// Terms are what a deployment allows a client to register for itself.
type Terms struct {
	ResponseTypes []ResponseType
	GrantTypes    []string // beside implicit, which goes with the response types
	AuthMethods   []string
	Scopes        []string // beside those of Scopes: of resources that are open to clients that register themselves
	DocumentAt    string   // the client_id where the metadata are; "" for a client that gets one
}

// CheckSectorIdentifier checks that the document at sector_identifier_uri lists each redirect URI (OpenID Connect Dynamic
// Registration §5).
func (c *ClientMetadata) CheckSectorIdentifier(text []byte) *Error {
	var listed []string
	if json.Unmarshal(text, &listed) != nil {
		return refuseMetadata("sector_identifier_uri does not lead to a JSON array of redirect URIs")
	}
	for _, uri := range c.RedirectURIs {
		if !slices.Contains(listed, uri) {
			return refuseMetadata("what is at sector_identifier_uri does not list every one of redirect_uris")
		}
	}
	return nil
}

// CheckChange refuses a change of c with another client_id or another secret than its live ones (RFC 7592 §2.2).
func (r *Registration) CheckChange(c *Client, now time.Time) *Error {
	if r.ClientID != c.ClientID {
		return refuseMetadata("client_id must be that of the client")
	}
	if secret := c.FindSecret(r.ClientSecret, now); r.ClientSecret != "" && (secret == nil || !secret.Live(now)) {
		return refuseMetadata("client_secret must be the one that the client has, or left out")
	}
	return nil
}

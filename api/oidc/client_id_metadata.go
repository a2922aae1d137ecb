package oidc

import (
	"net/url"
	"slices"
	"strings"
)

// Limits: that of OAuth Client ID Metadata Document §6.6, and that of clients.client_id.
const (
	MaxClientIDDocument = 5 << 10 // bytes
	maxClientID         = 255
)

// IsClientIDURL reports whether a client_id is the address of the client's metadata (OAuth Client ID Metadata Document §3):
// https, with a path that needs no normalisation, no fragment and no user name.
func IsClientIDURL(clientID string) bool {
	if len(clientID) > maxClientID || httpsProblem(clientID) != "" {
		return false
	}
	u, err := url.Parse(clientID)
	isDots := func(segment string) bool {
		dots := strings.ReplaceAll(strings.ToLower(segment), "%2e", ".")
		return dots == "." || dots == ".."
	}
	return err == nil && strings.HasPrefix(u.Path, "/") && !slices.ContainsFunc(strings.Split(u.EscapedPath(), "/"), isDots)
}

// CheckDocument returns the metadata found at a client_id, with all defaults (OAuth Client ID Metadata Document §4.1): they have
// to name that address, and no secret, which a public document cannot keep.
func (r *Registration) CheckDocument(t Terms) (ClientMetadata, *Error) {
	switch {
	case r.ClientID != t.DocumentAt:
		return r.ClientMetadata, refuseMetadata("client_id must be the address of the document, character for character")
	case r.members["client_secret"] != nil || r.members["client_secret_expires_at"] != nil:
		return r.ClientMetadata, refuseMetadata("client_secret must not be in a document that everybody can read")
	}
	t.AuthMethods = slices.DeleteFunc(slices.Clone(t.AuthMethods),
		func(method string) bool { return strings.HasPrefix(method, "client_secret") })
	return r.Check(t)
}

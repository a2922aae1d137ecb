package oidc

import (
	"crypto/sha256"
	"encoding/base64"
)

// ETag returns the entity tag of a document, made of its content (RFC 9110 §8.8.3).
func ETag(document []byte) string {
	sum := sha256.Sum256(document)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

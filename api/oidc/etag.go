package oidc

import (
	"crypto/sha256"
	"encoding/base64"
)

// ETag names a version of a document by its content (RFC 9110 §8.8.3).
func ETag(document []byte) string {
	sum := sha256.Sum256(document)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

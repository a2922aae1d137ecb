package oidc

import "crypto/sha256"

// Digest returns the SHA-256 of a text. Of a random secret nothing else is stored; for what a person chooses it is too fast.
func Digest(text string) [32]byte { return sha256.Sum256([]byte(text)) }

package provider

import (
	"crypto/sha256"

	"gatehouse/api/store"
)

// jtiDigest returns the name of a jti among all that are remembered, by its purpose and its owner.
func jtiDigest(purpose, whose, jti string) store.Digest {
	return sha256.Sum256([]byte(purpose + "\x00" + whose + "\x00" + jti))
}

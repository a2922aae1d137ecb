package provider

import (
	"crypto/sha256"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// jtiDigest returns the name of a jti among all that are remembered, by its purpose and its owner.
func jtiDigest(purpose, whose, jti string) store.Digest {
	return sha256.Sum256([]byte(purpose + "\x00" + whose + "\x00" + jti))
}

// wholeSecond is the earliest that somebody may mean who says a time in seconds; zero where they say none. What was made in the second in
// which Postgres came back after a crash may have been used before it.
func wholeSecond(t oidc.NumericDate) time.Time {
	if t == 0 {
		return time.Time{}
	}
	return t.Time()
}

package provider

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"math/big"

	"github.com/google/uuid"
)

// randomSecret returns 256 random bits in base64url, for cookies, device codes, client secrets and registration access tokens.
func randomSecret() string {
	b := randomBytes()
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func randomBytes() (b [32]byte) {
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return b
}

// randomBelow returns a random number from 0 to n-1.
func randomBelow(n int) int {
	i, _ := rand.Int(rand.Reader, big.NewInt(int64(n))) // never fails: crypto/rand
	return int(i.Int64())
}

// newID returns a time-ordered UUID (RFC 9562 §5.7), so that new rows lie together in their index.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// newClientID returns 128 random bits, in characters that a command line takes.
func newClientID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return hex.EncodeToString(b[:])
}

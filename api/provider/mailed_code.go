package provider

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"

	"gatehouse/api/keys"
	"gatehouse/api/store"
)

// sixDigits returns a code as people type it.
func sixDigits() string {
	n, _ := rand.Int(rand.Reader, big.NewInt(1_000_000)) // never fails (Go 1.24)
	return fmt.Sprintf("%06d", n)
}

// isSixDigits reports whether somebody may have typed a code.
func isSixDigits(s string) bool { return len(s) == 6 && strings.Trim(s, "0123456789") == "" }

// withoutSpaces leaves out of a code what people group digits with.
func withoutSpaces(c rune) rune {
	if c == ' ' || c == '-' || c == '\u00a0' {
		return -1
	}
	return c
}

// NewMailedCode returns a code for the mail of an invitation, and what is stored of it.
func NewMailedCode(sealer *keys.Sealer, invitation store.Digest) (code string, digest store.Digest) {
	code = sixDigits()
	return code, mailedCode(sealer, invitation, code)
}

// mailedCode returns what is stored of the code of an invitation: six digits are too few for a mere digest.
func mailedCode(sealer *keys.Sealer, invitation store.Digest, code string) store.Digest {
	return sealer.Derive(keys.ForMailedCodes, []byte("invitation "+base64.RawURLEncoding.EncodeToString(invitation[:])+" "+code))
}

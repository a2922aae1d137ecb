package authn

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"strings"
	"unicode"
)

const (
	// RecoveryCodes is how many a person gets at once.
	RecoveryCodes = 10

	recoverySize = 10 // characters of 5 bits
)

// recoveryAlphabet has 32 characters that are told apart in any hand: there is no 0, o, 1 or l.
const recoveryAlphabet = "23456789abcdefghijkmnpqrstuvwxyz"

// RecoveryCode returns the code of 50 bits, in two groups, of a random value.
func RecoveryCode(random [32]byte) string {
	var code strings.Builder
	for i := range recoverySize {
		if i == recoverySize/2 {
			code.WriteByte('-')
		}
		code.WriteByte(recoveryAlphabet[random[i]%32])
	}
	return code.String()
}

// RecoveryDigest returns what is stored of a recovery code that somebody typed, in whatever case and groups; ok is false for what
// cannot be one. 50 bits are few for whoever has the table, so the digest is slow, some 20 ms, and each person has a salt.
func RecoveryDigest(typed, userID string) (digest [32]byte, ok bool) {
	code, ok := readRecoveryCode(typed)
	if !ok {
		return digest, false
	}
	key, err := pbkdf2.Key(sha256.New, code, []byte("gatehouse recovery code "+userID), recoveryRounds, len(digest))
	return [32]byte(key), err == nil
}

// IsRecoveryCode reports whether what was typed has the form of a recovery code.
func IsRecoveryCode(typed string) bool {
	_, ok := readRecoveryCode(typed)
	return ok
}

func readRecoveryCode(typed string) (code string, ok bool) {
	if len(typed) > 64 {
		return "", false
	}
	code = strings.Map(func(r rune) rune {
		switch r = unicode.ToLower(r); {
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '_' || r == '.':
			return -1
		case r == 'l' || r == '1': // in whatever hand it was copied
			return 'i'
		}
		return r
	}, typed)
	return code, len(code) == recoverySize && strings.Trim(code, recoveryAlphabet) == ""
}

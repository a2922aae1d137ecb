//go:build !race

package authn

const (
	argonMemory    = 19456   // KiB, of new hashes
	recoveryRounds = 1 << 16 // of PBKDF2, for a recovery code
)

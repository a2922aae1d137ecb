//go:build race

package authn

// They are less under the race detector, which notes each access to memory: more than half of the time of all tests was for hashes. No
// release is built with it, and `npm test` runs the tests of this package without it, too.
const (
	argonMemory    = 1024   // KiB
	recoveryRounds = 1 << 8 // of PBKDF2
)

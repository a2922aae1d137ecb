package authn

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// The parameters of new hashes: the OWASP Password Storage Cheat Sheet's first choice that does not need 46 MiB.
const (
	argonMemory  = 19456 // KiB
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16
	argonKey     = 32
)

// HashMemory is what computing a new hash takes, in bytes. A stored hash may have other parameters, until its next sign-in.
const HashMemory = argonMemory << 10

// argonHash is an argon2id hash (RFC 9106).
type argonHash struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

// argonPHC matches what the database accepts, too (password_hash_is_acceptable): m ≤ 256 MiB, t ≤ 10, p ≤ 16.
var argonPHC = regexp.MustCompile(
	`^\$argon2id\$v=19\$m=([0-9]{1,6}),t=([0-9]{1,2}),p=([0-9]{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$`)

func parseArgon2id(stored string) (hash, bool) {
	found := argonPHC.FindStringSubmatch(stored)
	if found == nil {
		return nil, false
	}
	memory, _ := strconv.Atoi(found[1]) // digits, as many as fit
	time, _ := strconv.Atoi(found[2])
	threads, _ := strconv.Atoi(found[3])
	salt, err1 := base64.RawStdEncoding.DecodeString(found[4])
	key, err2 := base64.RawStdEncoding.DecodeString(found[5])
	sane := memory <= 262144 && memory >= 8*threads && time >= 1 && time <= 10 && threads >= 1 && threads <= 16
	if !sane || err1 != nil || err2 != nil {
		return nil, false
	}
	return argonHash{uint32(memory), uint32(time), uint8(threads), salt, key}, true
}

func (argonHash) takes(string) bool { return true }

func (h argonHash) matches(password string) bool {
	key := argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, uint32(len(h.key)))
	return subtle.ConstantTimeCompare(key, h.key) == 1
}

// outdated compares the work, so that a hash which an operator made stronger than ours is left alone.
func (h argonHash) outdated(string) bool {
	return h.memory*h.time < argonMemory*argonTime || len(h.salt) < argonSalt || len(h.key) < argonKey
}

func hashArgon2id(password string) string {
	salt := make([]byte, argonSalt)
	rand.Read(salt) // never fails (Go 1.24)
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// burn takes the time and memory of a check where there is no hash to check.
func burn(password string) {
	var salt [argonSalt]byte
	argon2.IDKey([]byte(password[:min(len(password), MaxPassword)]), salt[:], argonTime, argonMemory, argonThreads, argonKey)
}

type bcryptHash string

// bcryptForm excludes $2x$: it marks hashes of a faulty implementation, which x/crypto would take for sound ones. Cost 14, the
// highest that the database accepts, takes a second.
var bcryptForm = regexp.MustCompile(`^\$2[aby]\$(0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}$`)

// bcryptMax is how much of a password bcrypt reads, in bytes.
const bcryptMax = 72

func parseBcrypt(stored string) (hash, bool) {
	return bcryptHash(stored), bcryptForm.MatchString(stored)
}

// takes refuses NUL: bcrypt repeats the password with a NUL between, so that "a" and "a\x00a" have the same hash.
func (bcryptHash) takes(password string) bool { return !strings.Contains(password, "\x00") }

func (h bcryptHash) matches(password string) bool {
	return bcrypt.CompareHashAndPassword([]byte(h), []byte(password)) == nil
}

// outdated reports true except for passwords of which bcrypt read only the start: the rest may be a slip, and must not become
// required.
func (bcryptHash) outdated(password string) bool { return len(password) <= bcryptMax }

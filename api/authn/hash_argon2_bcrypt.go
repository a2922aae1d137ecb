package authn

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// What an argon2 hash may cost. More than a GiB is nobody's default; Authelia's was that for years.
const (
	maxArgonMemory = 1 << 20         // KiB
	maxArgonWork   = 10 * 256 * 1024 // KiB times passes
)

// readArgon2 reads argon2id and argon2i (RFC 9106) as PHC strings; those of Django have the name in front.
func readArgon2(groups []string) (storedHash, bool) {
	memory, _ := strconv.Atoi(groups[1]) // digits, as many as fit
	time, _ := strconv.Atoi(groups[2])
	threads, _ := strconv.Atoi(groups[3])
	salt, ok1 := base64Bytes(groups[4])
	key, ok2 := base64Bytes(groups[5])
	return argon2Hash(groups[0], memory, time, threads, salt, key), ok1 && ok2 && argon2IsBounded(memory, time, threads)
}

func argon2IsBounded(memory, time, threads int) bool {
	return threads >= 1 && threads <= 16 && time >= 1 && time <= 10 && memory >= 8*threads && memory <= maxArgonMemory &&
		memory*time <= maxArgonWork
}

// argon2Hash is one of kind i or id. asGood compares the work, so that a hash which an operator made stronger than ours is
// left alone.
func argon2Hash(kind string, memory, time, threads int, salt, key []byte) storedHash {
	compute := argon2.IDKey
	if kind == "i" {
		compute = argon2.Key
	}
	return storedHash{
		key: key,
		compute: func(password string) []byte {
			return compute([]byte(password), salt, uint32(time), uint32(memory), uint8(threads), uint32(len(key)))
		},
		memory: memory << 10,
		asGood: kind == "id" && memory*time >= argonMemory*argonTime && len(salt) >= argonSalt && len(key) >= argonKey,
	}
}

// bcryptMax is how much of a password bcrypt reads, in bytes.
const bcryptMax = 72

// readBcrypt reads bcrypt of cost 4 to 14, which takes a second. The form excludes $2x$: it marks hashes of a faulty
// implementation, which x/crypto would take for sound ones. bcrypt repeats the password with a NUL between, so that "a" and
// "a\x00a" have the same hash. Django's bcrypt_sha256 is of the password's SHA-256 in hexadecimal.
func readBcrypt(groups []string) (storedHash, bool) {
	stored := []byte(groups[1])
	cost, err := bcrypt.Cost(stored)
	h := storedHash{key: []byte{1}, endsNUL: true, reads: bcryptMax}
	prepared := func(password string) []byte { return []byte(password) }
	if groups[0] == "bcrypt_sha256$" {
		h.endsNUL, h.reads = false, 0
		prepared = func(password string) []byte {
			sum := sha256.Sum256([]byte(password))
			return []byte(hex.EncodeToString(sum[:]))
		}
	}
	h.compute = func(password string) []byte {
		if bcrypt.CompareHashAndPassword(stored, prepared(password)) != nil { // in constant time
			return nil
		}
		return []byte{1}
	}
	return h, err == nil && cost <= 14
}

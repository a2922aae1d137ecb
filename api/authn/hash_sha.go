package authn

import (
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strconv"
	"strings"
)

// What a hash of crypt(3) may cost. It reads the password in each round, so that a long one would take many times as long.
const (
	minSHACrypt     = 1000 // rounds, as crypt(3) has it
	maxSHACrypt     = 1_000_000
	defaultSHACrypt = 5000
	maxCrypt        = 256 // bytes of a password
)

// readSHACrypt reads $5$ and $6$ of crypt(3), SHA-256 and SHA-512 in rounds (Ulrich Drepper, "Unix crypt using SHA-256 and
// SHA-512").
func readSHACrypt(groups []string) (storedHash, bool) {
	rounds := defaultSHACrypt
	if groups[1] != "" {
		rounds, _ = strconv.Atoi(groups[1]) // digits, as many as fit
	}
	digest, order := sha256.New, sha256Order
	if groups[0] == "6" {
		digest, order = sha512.New, sha512Order
	}
	isWhole := len(groups[3]) == map[string]int{"5": 43, "6": 86}[groups[0]]
	return storedHash{
		key:     []byte(groups[3]),
		longest: maxCrypt,
		endsNUL: true,
		compute: func(password string) []byte {
			return []byte(cryptBase64(shaCrypt(digest, []byte(password), []byte(groups[2]), rounds), order))
		},
	}, isWhole && rounds >= minSHACrypt && rounds <= maxSHACrypt
}

// shaCrypt is the algorithm, in the words of its description: digests A and B, the sequences P and S, and rounds.
func shaCrypt(digest func() hash.Hash, password, salt []byte, rounds int) []byte {
	b := sumOf(digest, password, salt, password)
	h := digest()
	h.Write(password)
	h.Write(salt)
	h.Write(repeated(b, len(password)))
	for n := len(password); n > 0; n >>= 1 {
		if n&1 == 1 {
			h.Write(b)
		} else {
			h.Write(password)
		}
	}
	sum := h.Sum(nil)
	p := repeated(sumOf(digest, repeated(password, len(password)*len(password))), len(password))
	s := repeated(sumOf(digest, repeated(salt, len(salt)*(16+int(sum[0])))), len(salt))
	for i := range rounds {
		h.Reset()
		odd := i%2 == 1
		h.Write(either(odd, p, sum))
		if i%3 != 0 {
			h.Write(s)
		}
		if i%7 != 0 {
			h.Write(p)
		}
		h.Write(either(odd, sum, p))
		sum = h.Sum(sum[:0])
	}
	return sum
}

func either(first bool, a, b []byte) []byte {
	if first {
		return a
	}
	return b
}

func sumOf(digest func() hash.Hash, parts ...[]byte) []byte {
	h := digest()
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

// repeated is b again and again, cut to a length.
func repeated(b []byte, length int) []byte {
	if length == 0 {
		return nil
	}
	return []byte(strings.Repeat(string(b), length/len(b)+1)[:length])
}

// sha256Order and sha512Order say which byte of the digest is the i-th that is written: thirds of the digest take turns, and
// each group begins with another one.
func sha256Order(i int) int {
	if i >= 30 {
		return i
	}
	return (20 - i%3*10 + i/3*21) % 30
}

func sha512Order(i int) int {
	if i == 63 {
		return i
	}
	return (42 - i%3*21 + i/3*22) % 63
}

// readSaltedSHA reads {SSHA}, {SSHA256}, {SSHA384} and {SSHA512} of LDAP directories: the digest of the password and the
// salt, and then the salt.
func readSaltedSHA(groups []string) (storedHash, bool) {
	raw, decoded := base64Bytes(groups[1])
	d := digests[map[string]string{"": "sha1", "256": "sha256", "384": "sha384", "512": "sha512"}[groups[0]]]
	if !decoded || len(raw) < d.size+4 || len(raw) > d.size+64 {
		return storedHash{}, false
	}
	salt := raw[d.size:]
	return storedHash{key: raw[:d.size], compute: func(password string) []byte {
		return sumOf(d.new, []byte(password), salt)
	}}, true
}

package authn

import (
	"encoding/hex"
	"math/bits"
	"strconv"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// What a scrypt hash (RFC 7914) may cost.
const (
	maxScryptMemory = 256 << 20 // bytes
	maxScryptWork   = 1 << 21   // N × r × p
)

// scryptHash has n, r and p as they are written.
func scryptHash(n, r, p string, salt, key []byte) (storedHash, bool) {
	numbers := [3]int{}
	for i, text := range []string{n, r, p} {
		numbers[i], _ = strconv.Atoi(text) // digits, as many as fit
	}
	return scryptOf(numbers[0], numbers[1], numbers[2], salt, key)
}

func scryptOf(n, r, p int, salt, key []byte) (storedHash, bool) {
	ok := n > 1 && bits.OnesCount(uint(n)) == 1 && r >= 1 && r <= 32 && p >= 1 && p <= 32 && len(key) >= 16 &&
		n <= maxScryptMemory/(128*r) && n*r*p <= maxScryptWork
	return storedHash{key: key, endsNUL: true, memory: 128 * n * r, compute: func(password string) []byte {
		computed, _ := scrypt.Key([]byte(password), salt, n, r, p, len(key)) // it fails for parameters that are not ok
		return computed
	}}, ok
}

// readScryptPHC is of passlib and Authelia.
func readScryptPHC(groups []string) (storedHash, bool) {
	logN, _ := strconv.Atoi(groups[0])
	salt, ok1 := base64Bytes(groups[3])
	key, ok2 := base64Bytes(groups[4])
	h, ok := scryptHash(strconv.Itoa(1<<min(logN, 30)), groups[1], groups[2], salt, key)
	return h, ok && ok1 && ok2
}

// readScryptDjango takes the salt as it is written.
func readScryptDjango(groups []string) (storedHash, bool) {
	key, decoded := base64Bytes(groups[4])
	h, ok := scryptHash(groups[0], groups[2], groups[3], []byte(groups[1]), key)
	return h, ok && decoded
}

func readScryptWerkzeug(groups []string) (storedHash, bool) {
	key, err := hex.DecodeString(groups[4])
	h, ok := scryptHash(groups[0], groups[1], groups[2], []byte(groups[3]), key)
	return h, ok && err == nil
}

// readScryptGo is of the library simple-scrypt.
func readScryptGo(groups []string) (storedHash, bool) {
	salt, err1 := hex.DecodeString(groups[3])
	key, err2 := hex.DecodeString(groups[4])
	h, ok := scryptHash(groups[0], groups[1], groups[2], salt, key)
	return h, ok && err1 == nil && err2 == nil
}

// readScryptCrypt is $7$ of crypt(3): the numbers are in its base64, and the salt counts as it is written.
func readScryptCrypt(groups []string) (storedHash, bool) {
	logN, r, p := cryptNumber(groups[0]), cryptNumber(groups[1]), cryptNumber(groups[2])
	if logN > 30 || r > 1000 || p > 1000 {
		return storedHash{}, false
	}
	h, ok := scryptOf(1<<logN, r, p, []byte(groups[3]), make([]byte, 32))
	key := h.compute
	h.key = []byte(groups[4])
	h.compute = func(password string) []byte { return []byte(cryptBase64(key(password), inOrder)) }
	return h, ok
}

// cryptAlphabet is that of crypt(3), whose first character is 0.
const cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// cryptNumber reads digits of 6 bits, the lowest first.
func cryptNumber(digits string) (n int) {
	for i := range len(digits) {
		n |= strings.IndexByte(cryptAlphabet, digits[i]) << (6 * i)
	}
	return n
}

// cryptBase64 writes bytes in groups of three, the lowest bits first; order says which byte of the sum comes when.
func cryptBase64(sum []byte, order func(i int) int) string {
	var b strings.Builder
	for i := 0; i < len(sum); i += 3 {
		group, digits := 0, min(4, len(sum)-i+1)
		for k := range min(3, len(sum)-i) {
			group |= int(sum[order(i+k)]) << (8 * k)
		}
		for range digits {
			b.WriteByte(cryptAlphabet[group&63])
			group >>= 6
		}
	}
	return b.String()
}

func inOrder(i int) int { return i }

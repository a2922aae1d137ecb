package authn

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The parameters of new hashes, with argonMemory: the OWASP Password Storage Cheat Sheet's first choice that does not need 46 MiB.
const (
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16
	argonKey     = 32
)

// HashMemory is what computing a new hash takes, in bytes. A stored hash may have other parameters, until its next sign-in.
const HashMemory = argonMemory << 10

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

// A storedHash has parameters that are within bounds, so that checking it is safe.
type storedHash struct {
	key     []byte // what compute has to return
	compute func(password string) []byte
	memory  int  // that this takes, in bytes, if it is much
	asGood  bool // as a new hash, or better

	longest int  // that a password may be, in bytes; 0: MaxPassword
	reads   int  // how much of a password counts, in bytes; 0: all
	endsNUL bool // with a NUL in it, a password could not be told from others
}

// takes reports false if this kind cannot tell this password from others, or could not have made a hash of it.
func (h storedHash) takes(password string) bool {
	return (h.longest == 0 || len(password) <= h.longest) && !(h.endsNUL && strings.Contains(password, "\x00"))
}

// matches compares in constant time.
func (h storedHash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.compute(password), h.key) == 1
}

// outdated reports whether a password that matches is due for a new hash. One of which only the start counts is not: the
// rest may be a slip, and must not become required.
func (h storedHash) outdated(password string) bool {
	return !h.asGood && (h.reads == 0 || len(password) <= h.reads)
}

// A form is a way to write hashes: what it looks like, with its parameters as groups. The table is that of
// password_hash_problem in the first migration, which has the same bounds, and of docs/sql.md.
type form struct {
	pattern *regexp.Regexp
	read    func(groups []string) (storedHash, bool)
}

func formOf(pattern string, read func(groups []string) (storedHash, bool)) form {
	return form{regexp.MustCompile(pattern), read}
}

var forms = []form{
	formOf(`^(bcrypt\$|bcrypt_sha256\$)?(\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53})$`, readBcrypt),
	formOf(`^(?:argon2)?\$argon2(id|i)\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,2}),p=([0-9]{1,2})`+
		`\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$`, readArgon2),
	formOf(`^pbkdf2_(sha1|sha256|sha512)\$([0-9]{1,7})\$([!-#%-~]{1,128})\$([A-Za-z0-9+/]{22,86}={0,2})$`, readPBKDF2Django),
	formOf(`^\$pbkdf2(?:-(sha1|sha256|sha512))?\$([0-9]{1,7})\$([A-Za-z0-9+/.]{2,86})\$([A-Za-z0-9+/.]{22,86})$`, readPBKDF2),
	formOf(`^(?i:\{PBKDF2(?:-(sha1|sha256|sha512))?\})([0-9]{1,7})\$([A-Za-z0-9+/.]{2,86})\$([A-Za-z0-9+/.]{22,86})$`, readPBKDF2),
	formOf(`^pbkdf2:(sha1|sha256|sha512):([0-9]{1,7})\$([!-#%-~]{1,128})\$([0-9a-f]{40,128})$`, readPBKDF2Werkzeug),
	formOf(`(?s)^\s*(\{\s*".*\})\s*$`, readKeycloak),
	formOf(`^\$([56])\$(?:rounds=([0-9]{1,7})\$)?([!-#%-9;-~]{0,16})\$([./0-9A-Za-z]{43}|[./0-9A-Za-z]{86})$`, readSHACrypt),
	formOf(`^\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,2}),p=([0-9]{1,2})\$([A-Za-z0-9+/]{2,86})\$([A-Za-z0-9+/]{22,86})$`, readScryptPHC),
	formOf(`^scrypt\$([0-9]{1,8})\$([!-#%-~]{1,128})\$([0-9]{1,2})\$([0-9]{1,2})\$([A-Za-z0-9+/]{22,86}={0,2})$`, readScryptDjango),
	formOf(`^scrypt:([0-9]{1,8}):([0-9]{1,2}):([0-9]{1,2})\$([!-#%-~]{1,128})\$([0-9a-f]{32,128})$`, readScryptWerkzeug),
	formOf(`^([0-9]{1,8})\$([0-9]{1,2})\$([0-9]{1,2})\$([0-9a-f]{16,128})\$([0-9a-f]{32,128})$`, readScryptGo),
	formOf(`^\$7\$([./0-9A-Za-z])([./0-9A-Za-z]{5})([./0-9A-Za-z]{5})([!-#%-~]{0,86})\$([./0-9A-Za-z]{43})$`, readScryptCrypt),
	formOf(`^(?i:\{SSHA(256|384|512)?\})([A-Za-z0-9+/]{32,200}={0,2})$`, readSaltedSHA),
}

// wrapped is how directories and mail servers say that what follows is a hash of crypt(3) or argon2.
var wrapped = regexp.MustCompile(`^(?i:\{(?:CRYPT|BLF-CRYPT|SHA256-CRYPT|SHA512-CRYPT|ARGON2|ARGON2I|ARGON2ID)\})(\$.*)$`)

// MaxHash is how long a stored hash may be, in bytes.
const MaxHash = 1000

// parseHash reads a stored hash of each form that is known. It computes nothing.
func parseHash(stored string) (h storedHash, ok bool) {
	if len(stored) > MaxHash {
		return h, false
	}
	if found := wrapped.FindStringSubmatch(stored); found != nil {
		stored = found[1]
	}
	for _, f := range forms {
		if groups := f.pattern.FindStringSubmatch(stored); groups != nil {
			return f.read(groups[1:])
		}
	}
	return h, false
}

// base64Bytes reads base64 with padding or without, in either alphabet (a point is passlib's for +).
func base64Bytes(s string) ([]byte, bool) {
	raw, err := base64.RawStdEncoding.DecodeString(strings.ReplaceAll(strings.TrimRight(s, "="), ".", "+"))
	return raw, err == nil
}

package authn

import (
	"cmp"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"hash"
	"strconv"
	"strings"
)

// maxPBKDF2 is how many iterations there may be. Django's default, which grows with each release, is 1,200,000 in its
// release 6.
const maxPBKDF2 = 2_000_000

var digests = map[string]struct {
	new  func() hash.Hash
	size int
}{
	"sha1": {sha1.New, sha1.Size}, "sha256": {sha256.New, sha256.Size}, "sha384": {sha512.New384, sha512.Size384},
	"sha512": {sha512.New, sha512.Size},
}

// pbkdf2Hash is PBKDF2 (RFC 8018 §5.2). Of a key that is longer than the digest only the first block is computed and
// compared: each of the others would cost as much again and is of the same password. HMAC fills the password up with NUL.
func pbkdf2Hash(digest, iterations string, salt, key []byte) (storedHash, bool) {
	n, err := strconv.Atoi(iterations)
	d, known := digests[digest]
	if err != nil || !known || n < 1 || n > maxPBKDF2 || len(key) < 16 {
		return storedHash{}, false
	}
	key = key[:min(len(key), d.size)]
	return storedHash{key: key, endsNUL: true, compute: func(password string) []byte {
		computed, _ := pbkdf2.Key(d.new, password, salt, n, len(key)) // it fails for a key that is too long
		return computed
	}}, true
}

// readPBKDF2 is of passlib, whose form is also that of Authelia, and of OpenLDAP.
func readPBKDF2(groups []string) (storedHash, bool) {
	salt, ok1 := base64Bytes(groups[2])
	key, ok2 := base64Bytes(groups[3])
	h, ok := pbkdf2Hash(cmp.Or(strings.ToLower(groups[0]), "sha1"), groups[1], salt, key)
	return h, ok && ok1 && ok2
}

// readPBKDF2Django takes the salt as it is written.
func readPBKDF2Django(groups []string) (storedHash, bool) {
	key, decoded := base64Bytes(groups[3])
	h, ok := pbkdf2Hash(groups[0], groups[1], []byte(groups[2]), key)
	return h, ok && decoded
}

func readPBKDF2Werkzeug(groups []string) (storedHash, bool) {
	key, err := hex.DecodeString(groups[3])
	h, ok := pbkdf2Hash(groups[0], groups[1], []byte(groups[2]), key)
	return h, ok && err == nil
}

// keycloakCredential is a credential of Keycloak, as its table credential and the export of a realm have it: what is in it
// is JSON in a text, or JSON.
type keycloakCredential struct {
	Secret     json.RawMessage `json:"secretData"`
	Credential json.RawMessage `json:"credentialData"`
}

type keycloakSecret struct {
	Value string `json:"value"`
	Salt  string `json:"salt"`
}

type keycloakParameters struct {
	Iterations json.Number         `json:"hashIterations"`
	Algorithm  string              `json:"algorithm"`
	Additional map[string][]string `json:"additionalParameters"`
}

var keycloakDigests = map[string]string{"pbkdf2": "sha1", "pbkdf2-sha1": "sha1", "pbkdf2-sha256": "sha256", "pbkdf2-sha512": "sha512"}

// readKeycloak reads PBKDF2, and argon2 as of Keycloak 25.
func readKeycloak(groups []string) (storedHash, bool) {
	var c keycloakCredential
	var s keycloakSecret
	var p keycloakParameters
	if json.Unmarshal([]byte(groups[0]), &c) != nil || !inside(c.Secret, &s) || !inside(c.Credential, &p) {
		return storedHash{}, false
	}
	key, ok1 := base64Bytes(s.Value)
	salt, ok2 := base64Bytes(s.Salt)
	if !ok1 || !ok2 || len(salt) == 0 || len(key) < 16 || len(key) > 64 {
		return storedHash{}, false
	}
	if p.Algorithm == "argon2" {
		return readKeycloakArgon2(p, salt, key)
	}
	return pbkdf2Hash(keycloakDigests[p.Algorithm], p.Iterations.String(), salt, key)
}

// inside reads JSON that may be in a text.
func inside(raw json.RawMessage, into any) bool {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw = json.RawMessage(text)
	}
	return json.Unmarshal(raw, into) == nil
}

func readKeycloakArgon2(p keycloakParameters, salt, key []byte) (storedHash, bool) {
	number := func(name string) int {
		n, _ := strconv.Atoi(strings.Join(p.Additional[name], "")) // 0 is out of bounds
		return n
	}
	time, err := strconv.Atoi(p.Iterations.String())
	kind, version := strings.Join(p.Additional["type"], ""), strings.Join(p.Additional["version"], "")
	memory, threads := number("memory"), number("parallelism")
	ok := err == nil && (kind == "id" || kind == "i") && version == "1.3" && argon2IsBounded(memory, time, threads)
	return argon2Hash(kind, memory, time, threads, salt, key), ok
}

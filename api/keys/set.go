package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"

	"gatehouse/api/oidc"
)

// Limits of the keys of others: verifying an RSA signature takes time that grows with the square of the key's length.
const (
	maxSet        = 64 << 10 // bytes of JSON
	maxForeign    = 50       // keys
	maxForeignJWT = 16 << 10 // bytes
	minRSA        = 2048     // bits (RFC 7518 §3.3)
	maxRSA        = 4096     // bits
)

// ErrUnknownKey means that none of the keys can have signed a token, as after a rotation: fetch the set again if it has an
// address.
var ErrUnknownKey = errors.New("no key of the set has this kid and suits this algorithm")

// Set is the public keys of a client (RFC 7517 §5).
type Set struct{ keys []foreign }

// foreign is a key that is not ours, with its algorithm ("" for all that suit its type).
type foreign struct {
	kid, alg string
	public   crypto.PublicKey
}

// verifiers has one for each algorithm; they have no state.
var verifiers = func() map[string]jws.Verifier {
	all := map[string]jws.Verifier{}
	for _, alg := range oidc.SigningAlgs {
		verifier, err := jws.NewVerifier(jwa.SignatureAlgorithm(alg))
		if err != nil {
			panic(err) // an algorithm of ours that jwx does not know
		}
		all[alg] = verifier
	}
	return all
}()

// ParseSet reads a JWKS. Keys that cannot verify a signature of ours are left out (RFC 7517 §5); a set without any is an error.
func ParseSet(body []byte) (*Set, error) {
	if len(body) > maxSet {
		return nil, fmt.Errorf("the key set has more than %d bytes", maxSet)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, errors.New("the key set is not JSON with a list of keys")
	}
	out := &Set{}
	for _, raw := range set.Keys[:min(len(set.Keys), maxForeign)] {
		if key, err := parseForeign(raw); err == nil {
			out.keys = append(out.keys, key)
		}
	}
	if len(out.keys) == 0 {
		return nil, errors.New("the key set has no key for signatures that can be verified here")
	}
	return out, nil
}

// parseForeign reads one public key, and refuses a private or symmetric one: once published, it is compromised.
func parseForeign(raw []byte) (foreign, error) {
	var members struct {
		N string          `json:"n"`
		D json.RawMessage `json:"d"`
		K json.RawMessage `json:"k"`
	}
	if err := json.Unmarshal(raw, &members); err != nil {
		return foreign{}, err
	}
	if members.D != nil || members.K != nil || len(members.N) > maxRSA/6+8 { // before any computation with it
		return foreign{}, errors.New("not a public key, or one that is too long")
	}
	key, err := jwk.ParseKey(raw)
	if err != nil {
		return foreign{}, err
	}
	if use := key.KeyUsage(); use != "" && use != "sig" {
		return foreign{}, errors.New("not for signatures")
	}
	out := foreign{kid: key.KeyID(), alg: key.Algorithm().String()}
	if err := key.Raw(&out.public); err != nil {
		return foreign{}, err
	}
	switch public := out.public.(type) {
	case *ecdsa.PublicKey:
		if _, err := public.ECDH(); err != nil { // not on its curve
			return foreign{}, err
		}
	case ed25519.PublicKey:
		if len(public) != ed25519.PublicKeySize { // Verify would panic
			return foreign{}, errors.New("not 32 bytes")
		}
	}
	if !slices.ContainsFunc(oidc.SigningAlgs, out.suits) {
		return foreign{}, errors.New("no algorithm suits it")
	}
	return out, nil
}

// suits reports whether a signature by alg can be verified with the key (RFC 7518 §3.1, RFC 8037 §3.1).
func (f foreign) suits(alg string) bool {
	if f.alg != "" && f.alg != alg {
		return false
	}
	switch public := f.public.(type) {
	case *rsa.PublicKey:
		return (alg == RS256 || alg == PS256) && public.N.BitLen() >= minRSA && public.N.BitLen() <= maxRSA && public.E >= 3
	case *ecdsa.PublicKey:
		return alg == ES256 && public.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return alg == EdDSA
	}
	return false
}

// Verify returns the typ and the claims of a JWT that a key of the set signed with one of algs. Its errors are ErrUnknownKey and
// ErrToken; it checks no claim.
func (s *Set) Verify(token string, algs []string) (typ string, claims []byte, err error) {
	c, ok := parseCompact(token, maxForeignJWT)
	if !ok || !slices.Contains(algs, c.Alg) {
		return "", nil, ErrToken
	}
	err = ErrUnknownKey
	for _, key := range s.keys {
		if c.KID != "" && c.KID != key.kid || !key.suits(c.Alg) {
			continue
		}
		if verifiers[c.Alg].Verify([]byte(c.signed), c.signature, key.public) == nil {
			return c.Typ, c.payload, nil
		}
		err = ErrToken
	}
	return "", nil, err
}

// Peek returns the unverified claims of a JWT, for finding the key to verify it with.
func Peek(token string) (claims []byte, err error) {
	c, ok := parseCompact(token, maxForeignJWT)
	if !ok {
		return nil, ErrToken
	}
	return c.payload, nil
}

// VerifyWithOwnKey verifies a JWT that has its public key in the header (RFC 9449 §4.2) and is signed with one of algs, and
// returns the thumbprint of the key (RFC 7638).
func VerifyWithOwnKey(token string, algs []string) (typ, jkt string, claims []byte, err error) {
	c, ok := parseCompact(token, maxToken)
	if !ok || c.JWK == nil || !slices.Contains(algs, c.Alg) {
		return "", "", nil, ErrToken
	}
	key, err := parseForeign(c.JWK)
	if err != nil || !key.suits(c.Alg) || verifiers[c.Alg].Verify([]byte(c.signed), c.signature, key.public) != nil {
		return "", "", nil, ErrToken
	}
	jkt, err = thumbprint(key.public)
	return c.Typ, jkt, c.payload, err
}

package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwk"
)

// The algorithms Gatehouse signs with (RFC 7518 §3.1, RFC 8037 §3.1), each with keys of its own, in the order in which the JWKS
// lists their keys.
const (
	RS256 = "RS256"
	PS256 = "PS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

// Row is a row of signing_keys.
type Row struct {
	KID         string
	Alg         string
	PrivateKey  []byte    // PKCS #8, sealed with the kid as additional data
	CreatedAt   time.Time // published from then on
	ActivatesAt time.Time // signs from then on
	RetiresAt   time.Time // neither published nor accepted from then on; zero if not set
}

func (r Row) retired(now time.Time) bool { return !r.RetiresAt.IsZero() && !now.Before(r.RetiresAt) }

// newer orders the keys of one algorithm: the newest that is active signs. All replicas agree, in whatever order the rows come.
func newer(a, b Row) int {
	if c := a.ActivatesAt.Compare(b.ActivatesAt); c != 0 {
		return c
	}
	if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
		return c
	}
	switch {
	case a.KID < b.KID:
		return -1
	case a.KID > b.KID:
		return 1
	}
	return 0
}

// Generate returns a new key of alg, whose kid is its thumbprint (RFC 7638).
func (s *Sealer) Generate(alg string, created, activates time.Time) (Row, error) {
	var private crypto.Signer
	var err error
	switch alg {
	case RS256, PS256:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		err = fmt.Errorf("Gatehouse does not sign with %q, only with RS256, PS256, ES256 and EdDSA", alg)
	}
	if err != nil {
		return Row{}, err
	}
	kid, err := thumbprint(private.Public())
	if err != nil {
		return Row{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Row{}, err
	}
	sealed := s.Seal(ForSigningKeys, der, []byte(kid))
	return Row{KID: kid, Alg: alg, PrivateKey: sealed, CreatedAt: created, ActivatesAt: activates}, nil
}

// unseal returns the private key of a row, and refuses one that does not fit the row's kid and alg: a row altered in the database
// must not make Gatehouse sign with, or publish, something else.
func (s *Sealer) unseal(r Row) (crypto.Signer, error) {
	der, err := s.Open(ForSigningKeys, r.PrivateKey, []byte(r.KID))
	if err != nil {
		return nil, fmt.Errorf("signing key %s is encrypted with none of GATEHOUSE_ENCRYPTION_KEY: if the key that it is encrypted with has "+
			"leaked or is lost, gatehouse key rotate --all --emergency replaces all; if not, it belongs there as the second", r.KID)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", r.KID, err)
	}
	var alg string
	switch private := parsed.(type) {
	case *rsa.PrivateKey:
		alg = RS256
		if r.Alg == PS256 {
			alg = PS256
		}
	case *ecdsa.PrivateKey:
		if private.Curve == elliptic.P256() {
			alg = ES256
		}
	case ed25519.PrivateKey:
		alg = EdDSA
	}
	if alg != r.Alg {
		return nil, fmt.Errorf("signing key %s is not a key for %s: set signing_keys.alg back to what it was", r.KID, r.Alg)
	}
	private := parsed.(crypto.Signer)
	if kid, err := thumbprint(private.Public()); err != nil || kid != r.KID {
		return nil, fmt.Errorf("signing key %s does not have this thumbprint: remove the row", r.KID)
	}
	return private, nil
}

// publicJWK returns the public members only (RFC 7517 §4), with use, alg and kid.
func publicJWK(public crypto.PublicKey, alg, kid string) (jwk.Key, error) {
	key, err := jwk.FromRaw(public)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{jwk.KeyUsageKey: "sig", jwk.AlgorithmKey: alg, jwk.KeyIDKey: kid} {
		if err := key.Set(name, value); err != nil {
			return nil, err
		}
	}
	return key, nil
}

func thumbprint(public crypto.PublicKey) (string, error) {
	key, err := jwk.FromRaw(public)
	if err != nil {
		return "", err
	}
	digest, err := key.Thumbprint(crypto.SHA256)
	return base64.RawURLEncoding.EncodeToString(digest), err
}

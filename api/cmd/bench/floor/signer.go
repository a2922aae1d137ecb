package floor

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
)

var b64 = base64.RawURLEncoding

// signer makes JWTs with one key, without a library.
type signer struct {
	head string // of each JWT, with its dot
	jwk  map[string]string
	sign func(message string) []byte
}

// newSigner makes a key for RS256 or ES256.
func newSigner(alg string) (*signer, error) {
	s := &signer{head: b64.EncodeToString([]byte(`{"alg":"`+alg+`","kid":"k1"}`)) + "."}
	switch alg {
	case "RS256":
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		s.jwk = map[string]string{"kty": "RSA", "n": b64.EncodeToString(key.N.Bytes()),
			"e": b64.EncodeToString(big.NewInt(int64(key.E)).Bytes())}
		s.sign = func(message string) []byte { return signRS256(key, message) }
	case "ES256":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		point, err := key.PublicKey.Bytes()
		if err != nil {
			return nil, err
		}
		s.jwk = map[string]string{"kty": "EC", "crv": "P-256",
			"x": b64.EncodeToString(point[1:33]), "y": b64.EncodeToString(point[33:])}
		s.sign = func(message string) []byte { return signES256(key, message) }
	default:
		return nil, fmt.Errorf("there is no floor for %q", alg)
	}
	s.jwk["kid"], s.jwk["use"], s.jwk["alg"] = "k1", "sig", alg
	return s, nil
}

func signRS256(key *rsa.PrivateKey, message string) []byte {
	digest := sha256.Sum256([]byte(message))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		panic(err) // the key is long enough
	}
	return signature
}

func signES256(key *ecdsa.PrivateKey, message string) []byte {
	digest := sha256.Sum256([]byte(message))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		panic(err) // the curve is one that there is
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...) // RFC 7518 §3.4
}

func (s *signer) jwt(claims claims) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err) // strings and numbers alone
	}
	message := s.head + b64.EncodeToString(payload)
	return message + "." + b64.EncodeToString(s.sign(message))
}

type claims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"`
	IssuedAt int64  `json:"iat"`
	Nonce    string `json:"nonce,omitempty"`
	ID       string `json:"jti,omitempty"`
}

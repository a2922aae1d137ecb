package web_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"sync"
	"testing"
)

// clientKey is a key of a client, which signs as clients do that have nothing of ours.
type clientKey struct {
	*testing.T
	alg, kid string
	private  crypto.Signer
}

// An RSA key takes long to make, so that there is one.
var rsaClientKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newClientKey(t *testing.T, alg string) clientKey {
	t.Helper()
	k, err := clientKey{T: t, alg: alg, kid: rand.Text()}, error(nil)
	switch alg {
	case "RS256", "PS256":
		k.private, err = rsaClientKey()
	case "ES256":
		k.private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, k.private, err = ed25519.GenerateKey(rand.Reader)
	default:
		t.Fatalf("no key for %s", alg)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// jwk is the public key (RFC 7518 §6, RFC 8037 §2).
func (k clientKey) jwk() map[string]any {
	out := map[string]any{"kid": k.kid, "alg": k.alg, "use": "sig"}
	text := base64.RawURLEncoding.EncodeToString
	switch public := k.private.Public().(type) {
	case *rsa.PublicKey:
		maps.Copy(out, map[string]any{"kty": "RSA", "n": text(public.N.Bytes()), "e": text(big.NewInt(int64(public.E)).Bytes())})
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			k.Fatal(err)
		}
		maps.Copy(out, map[string]any{"kty": "EC", "crv": "P-256", "x": text(point[1:33]), "y": text(point[33:])})
	case ed25519.PublicKey:
		maps.Copy(out, map[string]any{"kty": "OKP", "crv": "Ed25519", "x": text(public)})
	}
	return out
}

// sign makes a JWT. The header has alg and kid unless header says otherwise; nil leaves one out.
func (k clientKey) sign(header, claims map[string]any) string {
	k.Helper()
	all := map[string]any{"alg": k.alg, "kid": k.kid}
	maps.Copy(all, header)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return k.signBytes(all, toJSON(k.T, claims))
}

func (k clientKey) signBytes(header map[string]any, payload []byte) string {
	k.Helper()
	signed := base64.RawURLEncoding.EncodeToString(toJSON(k.T, header)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	sum := sha256.Sum256([]byte(signed))
	var signature []byte
	var err error
	switch private := k.private.(type) {
	case *rsa.PrivateKey:
		options := crypto.SignerOpts(crypto.SHA256)
		if k.alg == "PS256" {
			options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
		}
		signature, err = private.Sign(rand.Reader, sum[:], options)
	case *ecdsa.PrivateKey:
		var r, s *big.Int
		if r, s, err = ecdsa.Sign(rand.Reader, private, sum[:]); err == nil {
			signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}
	case ed25519.PrivateKey:
		signature = ed25519.Sign(private, []byte(signed))
	}
	if err != nil {
		k.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// clientKeySet is what a client publishes of its keys (RFC 7517 §5).
func clientKeySet(list ...clientKey) string {
	public := make([]map[string]any, len(list))
	for i, k := range list {
		public[i] = k.jwk()
	}
	return string(toJSON(list[0].T, map[string]any{"keys": public}))
}

func toJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

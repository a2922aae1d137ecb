package provider_test

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
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/provider"
)

// signer is a key pair of a client. It signs with the standard library alone, so that what the product verifies was made by nothing of it.
type signer struct {
	alg, kid string
	private  crypto.Signer
}

// oneRSAKey serves all tests that do not care which: making one takes long.
var oneRSAKey = sync.OnceValue(func() crypto.Signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// newSigner makes a key for alg; those for RS256 and PS256 are the same RSA key.
func newSigner(alg, kid string) signer {
	switch alg {
	case "ES256":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		return signer{alg, kid, key}
	case "EdDSA":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			panic(err)
		}
		return signer{alg, kid, key}
	}
	return signer{alg, kid, oneRSAKey()}
}

// jwk is the public key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2), without alg, kid and use.
func (s signer) jwk() map[string]any {
	switch public := s.private.Public().(type) {
	case *rsa.PublicKey:
		return map[string]any{"kty": "RSA", "n": base64url(public.N.Bytes()), "e": "AQAB"}
	case *ecdsa.PublicKey:
		point, err := public.Bytes() // 4, X and Y
		if err != nil {
			panic(err)
		}
		return map[string]any{"kty": "EC", "crv": "P-256", "x": base64url(point[1:33]), "y": base64url(point[33:])}
	case ed25519.PublicKey:
		return map[string]any{"kty": "OKP", "crv": "Ed25519", "x": base64url(public)}
	}
	panic("no such key")
}

// thumbprint is RFC 7638 §3: its members in their order, which is that of the alphabet.
func (s signer) thumbprint() string {
	sum := sha256.Sum256([]byte(asJSON(s.jwk())))
	return base64url(sum[:])
}

// jwksOf is what a client publishes of its keys.
func jwksOf(keys ...signer) string {
	var list []map[string]any
	for _, key := range keys {
		public := key.jwk()
		public["alg"], public["kid"], public["use"] = key.alg, key.kid, "sig"
		list = append(list, public)
	}
	return asJSON(map[string]any{"keys": list})
}

// jwt signs the claims. What header has is added to alg and kid, or replaces them; nil leaves one out.
func (s signer) jwt(header, claims map[string]any) string { return s.jws(header, asJSON(claims)) }

// jws signs what is no JSON, too.
func (s signer) jws(header map[string]any, payload string) string {
	head := map[string]any{"alg": s.alg}
	if s.kid != "" {
		head["kid"] = s.kid
	}
	maps.Copy(head, header)
	maps.DeleteFunc(head, func(_ string, value any) bool { return value == nil })
	signed := base64url([]byte(asJSON(head))) + "." + base64url([]byte(payload))
	return signed + "." + base64url(s.sign(signed))
}

func (s signer) sign(text string) (signature []byte) {
	sum := sha256.Sum256([]byte(text))
	var err error
	switch private := s.private.(type) {
	case *rsa.PrivateKey:
		options := crypto.SignerOpts(crypto.SHA256)
		if s.alg == "PS256" {
			options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
		}
		signature, err = private.Sign(rand.Reader, sum[:], options)
	case *ecdsa.PrivateKey:
		r, s, failed := ecdsa.Sign(rand.Reader, private, sum[:])
		if err = failed; err == nil {
			signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}
	case ed25519.PrivateKey:
		signature = ed25519.Sign(private, []byte(text))
	}
	if err != nil {
		panic(err)
	}
	return signature
}

// changed returns base with the name, value pairs: nil removes one, and a duration is a moment so much later than now.
func (r *rig) changed(base map[string]any, changes []any) map[string]any {
	for i := 0; i < len(changes); i += 2 {
		base[changes[i].(string)] = changes[i+1]
	}
	for name, value := range base {
		if later, is := value.(time.Duration); is {
			base[name] = r.Now().Add(later).Unix()
		}
	}
	maps.DeleteFunc(base, func(_ string, value any) bool { return value == nil })
	return base
}

// assertion is a good client assertion of a client (RFC 7523 §3) with these claims changed.
func (r *rig) assertion(client string, key signer, changes ...any) string {
	return key.jwt(nil, r.changed(map[string]any{"iss": client, "sub": client, "aud": r.Issuer, "jti": rand.Text(),
		"iat": time.Duration(0), "exp": time.Minute}, changes))
}

// asserted adds a client assertion to a form (RFC 7523 §2.2).
func asserted(form url.Values, assertion string) url.Values {
	form = maps.Clone(form)
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", assertion)
	return form
}

// form is a form of name, value pairs.
func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// altered changes the first character of the signature of a JWT.
func altered(token string) string {
	signed, signature, _ := cutLast(token, ".")
	first := "A"
	if strings.HasPrefix(signature, "A") {
		first = "B"
	}
	return signed + "." + first + signature[1:]
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// signing is a rig with a client "signs", which has a key for each algorithm and uses private_key_jwt, and a client "fapi", which has the
// same keys and is held to FAPI 2.0.
type signing struct {
	*browser
	keys map[string]signer
}

const everyGrant = `'{authorization_code,refresh_token,client_credentials,urn:ietf:params:oauth:grant-type:device_code,` +
	`urn:ietf:params:oauth:grant-type:token-exchange}'::text[]`

func startSigning(t *testing.T, change ...func(*provider.Settings)) signing {
	t.Helper()
	s := signing{start(t, change...).browser(), map[string]signer{}}
	var all []signer
	for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		s.keys[alg] = newSigner(alg, "key-"+alg)
		all = append(all, s.keys[alg])
	}
	s.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, jwks, redirect_uris, grant_types, scope, first_party)
		VALUES ('signs', 'private_key_jwt', $1, ARRAY[$2], `+everyGrant+`, 'openid email offline_access read', true)`, jwksOf(all...), Callback)
	s.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, jwks, redirect_uris, grant_types, scope, first_party, security_profile,
		require_pushed_authorization_requests, dpop_bound_access_tokens, id_token_signed_response_alg, access_token_signing_alg)
		VALUES ('fapi', 'private_key_jwt', $1, ARRAY[$2], `+everyGrant+`, 'openid email offline_access read', true, 'fapi2', true, true,
		'PS256', 'ES256')`,
		jwksOf(all...), Callback)
	return s
}

// clientCredentials asks for a token of the client itself; the assertion says who it is.
func (s signing) clientCredentials(assertion string, more ...string) Answer {
	s.Helper()
	return s.Do("POST", "/token", asserted(form(append([]string{"grant_type", "client_credentials"}, more...)...), assertion))
}

// refusedClient expects invalid_client (RFC 6749 §5.2).
func (s signing) refusedClient(what string, a Answer) {
	s.Helper()
	if a.Status != 401 || a.JSON()["error"] != "invalid_client" || a.Header.Get("WWW-Authenticate") == "" {
		s.Errorf("%s: %d %s", what, a.Status, a.Body)
	}
}

func (s signing) remembered() int { return s.Count("SELECT count(*) FROM used_jtis") }

// pairsOf returns the parameters of a request as name, value pairs.
func pairsOf(v url.Values) (pairs []any) {
	for name := range v {
		pairs = append(pairs, name, v.Get(name))
	}
	return pairs
}

// proof is a good DPoP proof (RFC 9449 §4.2) with these claims changed; its nonce is a fresh one unless changes say otherwise.
func (b *browser) proof(key signer, method, path string, changes ...any) string {
	b.Helper()
	said := b.changed(map[string]any{"jti": rand.Text(), "htm": method, "htu": b.rig.Issuer + path, "iat": time.Duration(0),
		"nonce": "?"}, changes)
	if said["nonce"] == "?" {
		said["nonce"] = b.nonce()
	}
	return key.jwt(proofHeader(key), said)
}

func proofHeader(key signer) map[string]any {
	return map[string]any{"typ": "dpop+jwt", "jwk": key.jwk(), "kid": nil}
}

// nonce asks for one as a client does that has none yet (RFC 9449 §8).
func (b *browser) nonce() string {
	b.Helper()
	a := b.Do("POST", "/token", Refresh("x", "client_id", "spa"), "DPoP", b.proof(newSigner("ES256", ""), "POST", "/token", "nonce", nil))
	if a.JSON()["error"] != "use_dpop_nonce" || a.Header.Get("DPoP-Nonce") == "" {
		b.Fatalf("no nonce: %d %s", a.Status, a.Body)
	}
	return a.Header.Get("DPoP-Nonce")
}

// headerOf decodes the header of a JWT.
func headerOf(token string) map[string]any { return Claims("." + token) }

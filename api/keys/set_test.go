package keys

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"

	"gatehouse/api/oidc"
)

// setOf is the public keys of a ring, as a client would publish them.
func setOf(t testing.TB, r *Ring) *Set {
	t.Helper()
	set, err := ParseSet(bodyOf(r.JWKS(noon)))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestAClientsSignatureIsVerifiedWithTheKeyItIsFor(t *testing.T) {
	t.Parallel()
	var never time.Time
	r := ring(t, row(t, RS256, 0, noon, never), row(t, PS256, 0, noon, never), row(t, ES256, 0, noon, never), row(t, EdDSA, 0, noon, never))
	set := setOf(t, r)
	for _, alg := range oidc.SigningAlgs {
		token := sign(t, r, alg, `{"sub":"c"}`, noon)
		for _, asked := range [][]string{oidc.SigningAlgs, {alg}} {
			if typ, claims, err := set.Verify(token, asked); err != nil || typ != "at+jwt" || string(claims) != `{"sub":"c"}` {
				t.Errorf("%s, %q asked for: %q %s %v", alg, asked, typ, claims, err)
			}
		}
		others := slices.DeleteFunc(slices.Clone(oidc.SigningAlgs), func(other string) bool { return other == alg })
		if _, _, err := set.Verify(token, others); !errors.Is(err, ErrToken) {
			t.Errorf("%s passes for one of %v: %v", alg, others, err)
		}
	}
	if claims, err := Peek(sign(t, r, ES256, `{"sub":"c"}`, noon)); err != nil || string(claims) != `{"sub":"c"}` {
		t.Errorf("%s %v", claims, err)
	}
	later := ring(t, row(t, ES256, 1, noon, never))
	if _, _, err := set.Verify(sign(t, later, ES256, `{}`, noon), oidc.SigningAlgs); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a key that is not in the set: %v", err)
	}
}

// A client may leave kid away (RFC 7515 §4.1.4 is optional); then each key of the type is tried.
func TestASignatureWithoutAKidIsTriedWithEachKey(t *testing.T) {
	t.Parallel()
	var never time.Time
	r := ring(t, row(t, ES256, 0, noon, never), row(t, ES256, 1, noon, never), row(t, RS256, 0, noon, never))
	for i := range r.keys {
		k := r.keys[i]
		token, err := jws.Sign([]byte(`{}`), jws.WithKey(jwa.SignatureAlgorithm(k.Alg), k.private))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := setOf(t, r).Verify(string(token), oidc.SigningAlgs); err != nil {
			t.Errorf("%s %s: %v", k.Alg, k.KID, err)
		}
		if _, _, err := setOf(t, r).Verify(string(token[:len(token)-4])+"AAAA", oidc.SigningAlgs); !errors.Is(err, ErrToken) {
			t.Errorf("%s, forged: %v", k.Alg, err)
		}
	}
}

// RFC 7517 §5: what is not understood is left out. RFC 8725 §3.2, §3.5: nor are keys taken that are no public ones, or too weak
// or too long.
func TestKeysOfAnotherKindAreLeftOut(t *testing.T) {
	t.Parallel()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	asJSON := func(raw any, members map[string]any) json.RawMessage {
		key, err := jwk.FromRaw(raw)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(key)
		all := map[string]any{}
		_ = json.Unmarshal(text, &all)
		for name, value := range members {
			all[name] = value
		}
		text, _ = json.Marshal(all)
		return text
	}
	long := base64.RawURLEncoding.EncodeToString(append([]byte{0xff}, make([]byte, 1<<20)...))
	for name, bad := range map[string]json.RawMessage{
		"private":        asJSON(private, nil),
		"symmetric":      asJSON([]byte("0123456789abcdef0123456789abcdef"), nil),
		"for encryption": asJSON(private.Public(), map[string]any{"use": "enc"}),
		"another alg":    asJSON(private.Public(), map[string]any{"alg": "RSA-OAEP"}),
		"RS512":          asJSON(private.Public(), map[string]any{"alg": "RS512"}),
		"1024 bits": asJSON(private.Public(), map[string]any{"n": base64.RawURLEncoding.EncodeToString(append([]byte{0xff},
			make([]byte, 127)...))}),
		"a million bits":   json.RawMessage(`{"kty":"RSA","e":"AQAB","n":"` + long + `"}`),
		"exponent 1":       asJSON(private.Public(), map[string]any{"e": "AQ"}),
		"P-384":            asJSON(p384.Public(), nil),
		"not on the curve": json.RawMessage(`{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}`),
		"half an Ed25519":  json.RawMessage(`{"kty":"OKP","crv":"Ed25519","x":"AAAA"}`),
		"X25519":           json.RawMessage(`{"kty":"OKP","crv":"X25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`),
		"no JSON object":   json.RawMessage(`"x"`),
		"no kty":           json.RawMessage(`{}`),
	} {
		if _, err := ParseSet([]byte(fmt.Sprintf(`{"keys":[%s]}`, bad))); err == nil {
			t.Errorf("%s is taken", name)
		}
		if set, err := ParseSet([]byte(fmt.Sprintf(`{"keys":[%s,%s]}`, bad, asJSON(private.Public(), nil)))); len(bad) < maxSet &&
			(err != nil || len(set.keys) != 1) {
			t.Errorf("%s spoils the others: %v", name, err)
		}
	}
	for _, bad := range []string{"", "[]", `{"keys":{}}`, `{"keys":[]}`, `{"keys":"x"}`, `{}`, strings.Repeat(" ", maxSet) + "{}"} {
		if _, err := ParseSet([]byte(bad)); err == nil {
			t.Errorf("%.20q is taken", bad)
		}
	}
}

// RFC 9449 §4.2, §4.3.
func TestATokenWithItsOwnKeyIsVerifiedWithThat(t *testing.T) {
	t.Parallel()
	var never time.Time
	r := ring(t, row(t, ES256, 0, noon, never), row(t, RS256, 0, noon, never))
	k := r.byKID[row(t, ES256, 0, noon, never).KID]
	proof := func(embedded json.RawMessage, alg jwa.SignatureAlgorithm, key any) string {
		header := jws.NewHeaders()
		_ = header.Set("typ", "dpop+jwt")
		if embedded != nil {
			_ = header.Set("jwk", mustJWK(t, embedded))
		}
		token, err := jws.Sign([]byte(`{"jti":"1"}`), jws.WithKey(alg, key, jws.WithProtectedHeaders(header)))
		if err != nil {
			t.Fatal(err)
		}
		return string(token)
	}
	typ, jkt, claims, err := VerifyWithOwnKey(proof(k.jwk, jwa.ES256, k.private), oidc.SigningAlgs)
	if err != nil || typ != "dpop+jwt" || jkt != k.KID || string(claims) != `{"jti":"1"}` {
		t.Errorf("%q %q %s %v", typ, jkt, claims, err)
	}
	raw, _ := jwk.FromRaw(k.private)
	withPrivate, _ := json.Marshal(raw)
	other := r.byKID[row(t, RS256, 0, noon, never).KID]
	for name, bad := range map[string]string{
		"no key":        proof(nil, jwa.ES256, k.private),
		"a private key": proof(withPrivate, jwa.ES256, k.private),
		"another key":   proof(other.jwk, jwa.ES256, k.private),
		"a symmetric key": proof(json.RawMessage(`{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}`), jwa.HS256,
			[]byte("secretsecretsecretsecret")),
		"nothing":  "",
		"too long": strings.Repeat("x", maxToken) + ".x.x",
	} {
		if _, _, _, err := VerifyWithOwnKey(bad, oidc.SigningAlgs); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, _, err := VerifyWithOwnKey(proof(k.jwk, jwa.ES256, k.private), []string{PS256, EdDSA}); !errors.Is(err, ErrToken) {
		t.Errorf("an algorithm that is not wanted: %v", err)
	}
}

func FuzzParseSet(f *testing.F) {
	var never time.Time
	r := ring(f, row(f, ES256, 0, noon, never), row(f, RS256, 0, noon, never), row(f, EdDSA, 0, noon, never))
	f.Add(string(bodyOf(r.JWKS(noon))), sign(f, r, ES256, `{}`, noon))
	f.Add(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`, "..")
	f.Add(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":""},{"kty":"EC","crv":"P-256","x":"","y":""}]}`, "a.b.c")
	f.Fuzz(func(t *testing.T, body, token string) {
		set, err := ParseSet([]byte(body))
		if err != nil {
			return
		}
		for _, k := range set.keys {
			if !slices.ContainsFunc(oidc.SigningAlgs, k.suits) {
				t.Errorf("a key that suits nothing: %+v", k)
			}
		}
		if _, _, err := set.Verify(token, oidc.SigningAlgs); err != nil && !errors.Is(err, ErrToken) && !errors.Is(err, ErrUnknownKey) {
			t.Error(err)
		}
	})
}

func FuzzVerifyWithOwnKey(f *testing.F) {
	f.Add("eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIn19.e30.AA")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, token string) {
		if _, jkt, _, err := VerifyWithOwnKey(token, oidc.SigningAlgs); err == nil && len(jkt) != 43 {
			t.Errorf("thumbprint %q", jkt)
		}
	})
}

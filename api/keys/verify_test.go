package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// RFC 8725 §2: the ways in which verifiers were talked into believing.
func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	rsa, ec := row(t, RS256, 0, noon, time.Time{}), row(t, ES256, 0, noon, time.Time{})
	r := ring(t, rsa, ec)
	token := sign(t, r, RS256, `{"sub":"alice"}`, noon)
	parts := strings.Split(token, ".")
	with := func(header string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + parts[1] + "." + parts[2]
	}
	hs := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"`+rsa.KID+`"}`)) + "." + parts[1]
	mac := hmac.New(sha256.New, r.byKID[rsa.KID].jwk)
	mac.Write([]byte(hs))
	foreign, err := sealer(t, 1).Generate(RS256, noon, noon)
	if err != nil {
		t.Fatal(err)
	}
	stranger := ring(t, foreign)
	underOurName := jws.NewHeaders()
	_ = underOurName.Set("kid", rsa.KID)
	_ = underOurName.Set("jwk", mustJWK(t, stranger.keys[0].jwk))
	_ = underOurName.Set("jku", "https://attacker.example.org/jwks")
	forged, err := jws.Sign([]byte(`{"sub":"admin"}`), jws.WithKey(jwa.RS256, stranger.keys[0].private,
		jws.WithProtectedHeaders(underOurName)))
	if err != nil {
		t.Fatal(err)
	}
	critical := jws.NewHeaders()
	_ = critical.Set("kid", rsa.KID)
	_ = critical.Set("crit", []string{"exp"})
	crit, err := jws.Sign([]byte(`{}`), jws.WithKey(jwa.RS256, r.byKID[rsa.KID].private, jws.WithProtectedHeaders(critical)))
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"nothing":                "",
		"two parts":              parts[0] + "." + parts[1],
		"four parts":             token + ".",
		"no signature":           parts[0] + "." + parts[1] + ".",
		"another payload":        parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"admin"}`)) + "." + parts[2],
		"alg none":               with(`{"alg":"none","kid":"` + rsa.KID + `"}`),
		"alg none, unsigned":     strings.TrimSuffix(with(`{"alg":"none","kid":"`+rsa.KID+`"}`), parts[2]),
		"HMAC with a public key": hs + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)),
		"alg of another key":     with(`{"alg":"ES256","kid":"` + rsa.KID + `"}`),
		"kid of another key":     with(`{"alg":"ES256","kid":"` + ec.KID + `"}`),
		"no kid":                 with(`{"alg":"RS256"}`),
		"unknown kid":            with(`{"alg":"RS256","kid":"x"}`),
		"a stranger's key":       sign(t, stranger, RS256, `{}`, noon),
		"a key in the header":    string(forged),
		"crit":                   string(crit),
		"header is an array":     with(`[]`),
		"header is no JSON":      with(`x`),
		"padding":                token + "=",
		"a line feed":            parts[0] + "." + parts[1] + "\n." + parts[2],
		"a space":                token + " ",
		"the plain alphabet":     parts[0] + "." + parts[1] + "." + strings.NewReplacer("-", "+", "_", "/").Replace(parts[2]) + "+",
		"stray bits":             token[:len(token)-1] + stray(token[len(token)-1]),
		"more than 8 KiB":        sign(t, r, RS256, `{"x":"`+strings.Repeat("x", 8<<10)+`"}`, noon),
		"JSON serialization":     `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
	} {
		if typ, claims, err := r.Verify(bad, noon); !errors.Is(err, ErrToken) || typ != "" || claims != nil {
			t.Errorf("%s: believed %s, %v", name, claims, err)
		}
	}
}

// stray sets bits of the last character that base64 does not use: 256 bytes leave four.
func stray(last byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, last)|1:][:1]
}

func FuzzVerify(f *testing.F) {
	r := ring(f, row(f, ES256, 0, noon, time.Time{}), row(f, RS256, 0, noon, time.Time{}))
	token := sign(f, r, ES256, `{"sub":"alice"}`, noon)
	f.Add(token)
	f.Add(sign(f, r, RS256, `{}`, noon))
	f.Add("..")
	f.Fuzz(func(t *testing.T, forged string) {
		_, claims, err := r.Verify(forged, noon)
		if err == nil && string(claims) != `{"sub":"alice"}` && string(claims) != `{}` {
			t.Errorf("believed %q", forged)
		}
		if err != nil && !errors.Is(err, ErrToken) {
			t.Errorf("%q: %v", forged, err)
		}
	})
}

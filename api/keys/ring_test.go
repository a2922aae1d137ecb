package keys

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"

	"gatehouse/api/oidc"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

var made struct {
	sync.Mutex
	rows map[string][]Row
}

// row returns the nth key of alg under sealer(t, 1); the same in every test, since RSA keys take long to make.
func row(t testing.TB, alg string, n int, activates, retires time.Time) Row {
	t.Helper()
	made.Lock()
	defer made.Unlock()
	if made.rows == nil {
		made.rows = map[string][]Row{}
	}
	for len(made.rows[alg]) <= n {
		r, err := sealer(t, 1).Generate(alg, noon, noon)
		if err != nil {
			t.Fatal(err)
		}
		made.rows[alg] = append(made.rows[alg], r)
	}
	r := made.rows[alg][n]
	r.CreatedAt, r.ActivatesAt, r.RetiresAt = noon.Add(-time.Hour), activates, retires
	return r
}

// bodyOf leaves the ETag of a JWKS out.
func bodyOf(body []byte, _ string) []byte { return body }

func ring(t testing.TB, rows ...Row) *Ring {
	t.Helper()
	r, err := NewRing(rows, sealer(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sign(t testing.TB, r *Ring, alg, claims string, now time.Time) string {
	t.Helper()
	token, err := r.Sign(alg, "at+jwt", json.RawMessage(claims), now)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestEveryAlgorithmSignsWhatVerifyBelieves(t *testing.T) {
	t.Parallel()
	var never time.Time
	r := ring(t, row(t, EdDSA, 0, noon, never), row(t, ES256, 0, noon, never), row(t, PS256, 0, noon, never), row(t, RS256, 0, noon, never))
	if got := algs(r, noon); !slices.Equal(got, oidc.SigningAlgs) {
		t.Errorf("can sign with %v", got)
	}
	set, err := jwk.Parse(bodyOf(r.JWKS(noon)))
	if err != nil {
		t.Fatal(err)
	}
	for _, alg := range oidc.SigningAlgs {
		token := sign(t, r, alg, `{"sub":"alice"}`, noon)
		typ, claims, err := r.Verify(token, noon)
		if err != nil || typ != "at+jwt" || string(claims) != `{"sub":"alice"}` {
			t.Errorf("%s: %q, %s, %v", alg, typ, claims, err)
		}
		if payload, err := jws.Verify([]byte(token), jws.WithKeySet(set)); err != nil || string(payload) != `{"sub":"alice"}` {
			t.Errorf("%s: with the JWKS: %s, %v", alg, payload, err)
		}
		head, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
		var names map[string]string
		if err := json.Unmarshal(head, &names); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"alg": alg, "kid": row(t, alg, 0, noon, never).KID, "typ": "at+jwt"}
		if !maps.Equal(names, want) {
			t.Errorf("header %s, want %v", head, want)
		}
	}
	if _, err := r.Sign("HS256", "JWT", json.RawMessage(`{}`), noon); !errors.Is(err, ErrNoKey) {
		t.Errorf("HS256: %v", err)
	}
	for _, claims := range []string{"", "null", "[]", `"x"`, "{", `{} {}`} {
		if _, err := r.Sign(ES256, "JWT", json.RawMessage(claims), noon); err == nil {
			t.Errorf("signed %q", claims)
		}
	}
}

func mustJWK(t *testing.T, raw []byte) jwk.Key {
	t.Helper()
	key, err := jwk.ParseKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestTheNewestActiveKeySignsAndRetiredOnesAreForgotten(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	var never time.Time
	old := row(t, ES256, 0, noon.Add(-90*day), noon.Add(day))
	current := row(t, ES256, 1, noon, noon.Add(3*day))
	next := row(t, ES256, 2, noon.Add(2*day), never)
	r := ring(t, next, old, current)
	signed := map[string]string{}
	for _, test := range []struct {
		name string
		now  time.Time
		kid  string
	}{
		{"before", noon.Add(-time.Second), old.KID},
		{"from activates_at on", noon, current.KID},
		{"until the next one activates", noon.Add(2*day - time.Second), current.KID},
		{"and then the next one", noon.Add(2 * day), next.KID},
		{"for good", noon.Add(2000 * day), next.KID},
		{"a clock far behind takes the first", noon.Add(-2000 * day), old.KID},
	} {
		token := sign(t, r, ES256, `{}`, test.now)
		header, _ := parseCompact(token, maxToken)
		if header.KID != test.kid {
			t.Errorf("%s: signed with %s, want %s", test.name, header.KID, test.kid)
		}
		signed[header.KID] = token
	}
	for _, test := range []struct {
		name string
		kid  string
		now  time.Time
		ok   bool
	}{
		{"old, until it retires", old.KID, noon.Add(day - time.Second), true},
		{"old, retired", old.KID, noon.Add(day), false},
		{"current, after it signed last", current.KID, noon.Add(3*day - time.Second), true},
		{"current, retired", current.KID, noon.Add(3 * day), false},
		{"next, before it signs: another replica's clock is ahead", next.KID, noon, true},
	} {
		if _, _, err := r.Verify(signed[test.kid], test.now); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
		if published := strings.Contains(string(bodyOf(r.JWKS(test.now))), test.kid); published != test.ok {
			t.Errorf("%s: published %v", test.name, published)
		}
	}
	alone := ring(t, row(t, ES256, 0, noon, noon.Add(day)))
	if got := algs(alone, noon.Add(day)); len(got) != 0 {
		t.Errorf("a retired key signs: %v", got)
	}
}

func TestTheJWKSHasTheCurrentRS256KeyFirstAndNothingPrivate(t *testing.T) {
	t.Parallel()
	var never time.Time
	soon := noon.Add(time.Hour)
	r := ring(t, row(t, EdDSA, 0, noon, never), row(t, ES256, 0, noon, never),
		row(t, RS256, 0, noon.Add(-time.Hour), noon.Add(2*time.Hour)), row(t, RS256, 1, noon, never), row(t, RS256, 2, soon, never))
	kid := func(alg string, n int) string { return row(t, alg, n, noon, never).KID }
	for _, test := range []struct {
		now  time.Time
		want []string
	}{
		{noon, []string{kid(RS256, 1), kid(RS256, 0), kid(RS256, 2), kid(ES256, 0), kid(EdDSA, 0)}},
		{noon.Add(time.Minute), []string{kid(RS256, 1), kid(RS256, 0), kid(RS256, 2), kid(ES256, 0), kid(EdDSA, 0)}},
		{soon, []string{kid(RS256, 2), kid(RS256, 0), kid(RS256, 1), kid(ES256, 0), kid(EdDSA, 0)}},
		{noon.Add(2 * time.Hour), []string{kid(RS256, 2), kid(RS256, 1), kid(ES256, 0), kid(EdDSA, 0)}},
		{noon, []string{kid(RS256, 1), kid(RS256, 0), kid(RS256, 2), kid(ES256, 0), kid(EdDSA, 0)}}, // the clock went back
	} {
		var set struct{ Keys []map[string]string }
		if err := json.Unmarshal(bodyOf(r.JWKS(test.now)), &set); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, key := range set.Keys {
			got = append(got, key["kid"])
			public := map[string][]string{
				"RSA": {"alg", "e", "kid", "kty", "n", "use"},
				"EC":  {"alg", "crv", "kid", "kty", "use", "x", "y"},
				"OKP": {"alg", "crv", "kid", "kty", "use", "x"},
			}[key["kty"]]
			if names := slices.Sorted(maps.Keys(key)); !slices.Equal(names, public) {
				t.Errorf("%s key has %v, want %v", key["kty"], names, public)
			}
			if key["use"] != "sig" || !slices.Contains(oidc.SigningAlgs, key["alg"]) {
				t.Errorf("key %v", key)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("at %v: %v, want %v", test.now, got, test.want)
		}
	}
	if a, b := bodyOf(r.JWKS(noon)), bodyOf(r.JWKS(noon.Add(time.Minute))); &a[0] != &b[0] {
		t.Error("the JWKS is made anew for every request")
	}
	if got := string(bodyOf(ring(t).JWKS(noon))); got != `{"keys":[]}` {
		t.Errorf("no keys: %s", got)
	}
}

// RFC 7638 §3.1 has this key and its thumbprint.
func TestTheKidIsTheThumbprintOfRFC7638(t *testing.T) {
	t.Parallel()
	key := mustJWK(t, []byte(`{"kty":"RSA","e":"AQAB","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7`+
		`aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY36`+
		`8QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xB`+
		`niIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}`))
	var public any
	if err := key.Raw(&public); err != nil {
		t.Fatal(err)
	}
	if got, err := thumbprint(public); err != nil || got != "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" {
		t.Errorf("thumbprint %s, %v", got, err)
	}
}

func TestRowsThatCannotBeUsedAreNamed(t *testing.T) {
	t.Parallel()
	good, other := row(t, ES256, 0, noon, time.Time{}), row(t, EdDSA, 0, noon, time.Time{})
	for _, test := range []struct {
		name   string
		change func(*Row)
		want   string
	}{
		{"altered", func(r *Row) { r.PrivateKey = append(slices.Clone(r.PrivateKey[:50]), 1) }, "GATEHOUSE_ENCRYPTION_KEY"},
		{"under another kid", func(r *Row) { r.PrivateKey = other.PrivateKey }, "GATEHOUSE_ENCRYPTION_KEY"},
		{"of another alg", func(r *Row) { r.Alg = RS256 }, "not a key for RS256"},
		{"of no alg of ours", func(r *Row) { r.Alg = "HS256" }, "not a key for HS256"},
		{"of another key", func(r *Row) {
			der, _ := sealer(t, 1).Open(ForSigningKeys, other.PrivateKey, []byte(other.KID))
			r.Alg, r.PrivateKey = EdDSA, sealer(t, 1).Seal(ForSigningKeys, der, []byte(r.KID))
		}, "thumbprint"},
	} {
		bad := good
		test.change(&bad)
		if _, err := NewRing([]Row{other, bad}, sealer(t, 1)); err == nil || !strings.Contains(err.Error(), bad.KID) ||
			!strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if _, err := NewRing([]Row{good}, sealer(t, 2)); err == nil || !strings.Contains(err.Error(), good.KID) {
		t.Errorf("without the key it was encrypted with: %v", err)
	}
	if _, err := NewRing([]Row{good}, sealer(t, 2, 1)); err != nil {
		t.Errorf("with the old key behind the new one: %v", err)
	}
	if _, err := sealer(t, 1).Generate("HS256", noon, noon); err == nil {
		t.Error("generated a key for HS256")
	}
}

// jwx encodes claim names without escaping them (GHSA-4cf7-xm37-g63h): through its jwt package, this name, which an
// operator may have copied from elsewhere into users.claims, would make the user an administrator.
func TestACraftedClaimNameInjectsNothing(t *testing.T) {
	t.Parallel()
	r := ring(t, row(t, ES256, 0, noon, time.Time{}))
	for _, name := range []string{`x":1,"groups":["admin"],"y`, `x\`, "x\u2028\n\x00", `\u0022`, `"`, "x\xff"} {
		body, err := json.Marshal(map[string]any{"sub": "alice", "groups": []string{"students"}, name: 1})
		if err != nil {
			t.Fatal(err)
		}
		_, claims, err := r.Verify(sign(t, r, ES256, string(body), noon), noon)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(claims, &got); err != nil {
			t.Fatal(err)
		}
		groups, _ := got["groups"].([]any)
		if len(got) != 3 || len(groups) != 1 || groups[0] != "students" || strings.Count(string(claims), `"groups"`) != 1 {
			t.Errorf("%q gives %s", name, claims)
		}
	}
}

const benchClaims = `{"iss":"https://api.example.org","sub":"6d3f0b60-6a0b-4c05-8a3b-0d7c4b7a2f11","aud":"https://api.example.org",` +
	`"client_id":"jupyterhub","scope":"openid profile email groups","iat":1767355200,"exp":1767356100,"jti":"8Wv6yQ0nQ2mJ5m8b3r9k1A"}`

func BenchmarkVerify(b *testing.B) {
	for _, alg := range oidc.SigningAlgs {
		r := ring(b, row(b, alg, 0, noon, time.Time{}))
		token := sign(b, r, alg, benchClaims, noon)
		b.Run(alg, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := r.Verify(token, noon); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSign(b *testing.B) {
	for _, alg := range oidc.SigningAlgs {
		r := ring(b, row(b, alg, 0, noon, time.Time{}))
		b.Run(alg, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sign(b, r, alg, benchClaims, noon)
			}
		})
	}
}

// algs returns the algorithms that can sign at now, in the order of oidc.SigningAlgs.
func algs(r *Ring, now time.Time) []string {
	return slices.DeleteFunc(slices.Clone(oidc.SigningAlgs), func(alg string) bool { return r.signer(alg, now) == nil })
}

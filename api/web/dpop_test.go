package web_test

import (
	"crypto/rand"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/api/authn"
)

// proven posts to the token endpoint with a proof of key, as client "web" unless form says who it is.
func (b *browser) proven(key signer, form url.Values) answer {
	b.Helper()
	if form.Get("client_id") == "" && form.Get("client_assertion") == "" {
		form.Set("client_id", "web")
		form.Set("client_secret", "web-secret")
	}
	return b.do("POST", "/token", form, "DPoP", b.proof(key, "POST", "/token"))
}

// shown uses a token at userinfo with a proof.
func (b *browser) shown(token, proof string) answer {
	return b.do("GET", "/userinfo", nil, "Authorization", "DPoP "+token, "DPoP", proof)
}

func athOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64url(sum[:])
}

func jktOf(token string) string {
	cnf, _ := claims(token)["cnf"].(map[string]any)
	return str(cnf["jkt"])
}

// refusedProof expects invalid_dpop_proof, or what else is said in its stead.
func (b *browser) refusedProof(what string, a answer, status int, code string) {
	b.Helper()
	if a.status != status || a.json()["error"] != code || status == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "DPoP ") {
		b.Errorf("%s: %d %s %s, want %d %s", what, a.status, a.body, a.header.Get("WWW-Authenticate"), status, code)
	}
}

// RFC 9449 §5, §7.1, §8, §8.2.
func TestADPoPClientIsHandedANonceAndGetsATokenBoundToItsKey(t *testing.T) {
	b := start(t).browser()
	for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		key := newSigner(alg, "")
		form := redeem(b.code(authParams()), "client_id", "web", "client_secret", "web-secret")
		first := b.do("POST", "/token", form, "DPoP", b.proof(key, "POST", "/token", "nonce", nil), "Origin", "https://spa.example.org")
		b.refusedProof("without a nonce", first, 400, "use_dpop_nonce")
		nonce := first.header.Get("DPoP-Nonce")
		if nonce == "" || !contains(first.header.Get("Access-Control-Expose-Headers"), "DPoP-Nonce") || first.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", alg, first.header)
		}
		a := b.do("POST", "/token", form, "DPoP", b.proof(key, "POST", "/token", "nonce", nonce))
		access := str(a.json()["access_token"])
		if a.status != 200 || a.json()["token_type"] != "DPoP" || jktOf(access) != key.thumbprint() || a.header.Get("DPoP-Nonce") == "" {
			t.Fatalf("%s: %d %s, cnf.jkt %q, want %q", alg, a.status, a.body, jktOf(access), key.thumbprint())
		}

		none := b.shown(access, b.proof(key, "GET", "/userinfo", "ath", athOf(access), "nonce", nil))
		b.refusedProof("userinfo without a nonce", none, 401, "use_dpop_nonce")
		if none.header.Get("DPoP-Nonce") == "" || !contains(none.header.Get("WWW-Authenticate"), `algs="RS256 PS256 ES256 EdDSA"`) {
			t.Errorf("%s: %v", alg, none.header)
		}
		info := b.shown(access, b.proof(key, "GET", "/userinfo", "ath", athOf(access), "nonce", none.header.Get("DPoP-Nonce")))
		if info.status != 200 || info.json()["sub"] != "sub-alice" || info.header.Get("DPoP-Nonce") == "" {
			t.Errorf("%s: userinfo %d %s", alg, info.status, info.body)
		}
		if said := b.about("/introspect", access).json(); said["active"] != true || said["token_type"] != "DPoP" ||
			asJSON(said["cnf"]) != `{"jkt":"`+key.thumbprint()+`"}` {
			t.Errorf("%s: introspection says %v", alg, said)
		}
	}
	if doc := b.do("GET", "/.well-known/openid-configuration", nil).json(); asJSON(doc["dpop_signing_alg_values_supported"]) != `["RS256","PS256","ES256","EdDSA"]` {
		t.Errorf("metadata: %v", doc["dpop_signing_alg_values_supported"])
	}
	if a := b.do("OPTIONS", "/userinfo", nil, "Origin", "https://spa.example.org", "Access-Control-Request-Method", "GET",
		"Access-Control-Request-Headers", "authorization,dpop"); !contains(a.header.Get("Access-Control-Allow-Headers"), "DPoP") {
		t.Errorf("preflight: %v", a.header)
	}
}

// RFC 9449 §7.1, §7.2, §11.1.
func TestABoundTokenIsGoodForItsKeyAloneAndEachProofOnce(t *testing.T) {
	b := start(t).browser()
	key, thief := newSigner("ES256", ""), newSigner("ES256", "")
	access := str(b.proven(key, redeem(b.code(authParams()))).json()["access_token"])
	bearer := str(b.token(redeem(b.code(authParams()))).json()["access_token"])
	proof := func(changes ...any) string {
		return b.proof(key, "GET", "/userinfo", append([]any{"ath", athOf(access)}, changes...)...)
	}
	for _, scheme := range []string{"DPoP", "dpop", "DPOP"} {
		if a := b.do("GET", "/userinfo", nil, "Authorization", scheme+" "+access, "DPoP", proof()); a.status != 200 {
			t.Errorf("scheme %s: %d %s", scheme, a.status, a.body)
		}
	}
	personal := b.personalAccessToken()
	ofOther := func(token string) string { return b.proof(thief, "GET", "/userinfo", "ath", athOf(token)) }
	for _, c := range []struct {
		what string
		a    answer
		code string
	}{
		{"as a bearer's", b.userinfo(access), "invalid_token"},
		{"as a bearer's, with a proof", b.do("GET", "/userinfo", nil, "Authorization", "Bearer "+access, "DPoP", proof()), "invalid_token"},
		{"in the form", b.do("POST", "/userinfo", form("access_token", access), "DPoP", b.proof(key, "POST", "/userinfo", "ath", athOf(access))), "invalid_token"},
		{"without a proof", b.do("GET", "/userinfo", nil, "Authorization", "DPoP "+access), "invalid_token"},
		{"with a proof of another key", b.shown(access, ofOther(access)), "invalid_token"},
		{"with a proof for no token", b.shown(access, proof("ath", nil)), "invalid_dpop_proof"},
		{"with a proof for another token", b.shown(access, proof("ath", athOf(bearer))), "invalid_dpop_proof"},
		{"with a proof for the token endpoint", b.shown(access, b.proof(key, "POST", "/token")), "invalid_dpop_proof"},
		{"a bearer token as bound", b.shown(bearer, ofOther(bearer)), "invalid_token"},
		{"a personal access token as bound", b.shown(personal, ofOther(personal)), "invalid_token"},
		{"a token altered", b.shown(altered(access), proof("ath", athOf(altered(access)))), "invalid_token"},
		{"no token", b.shown("", proof()), "invalid_token"},
	} {
		if strings.HasPrefix(c.what, "as a") || c.what == "in the form" || c.what == "a bearer token as bound" {
			if c.a.status != 401 || c.a.json()["error"] != c.code || c.a.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: %d %s", c.what, c.a.status, c.a.body)
			}
			continue
		}
		b.refusedProof(c.what, c.a, 401, c.code)
	}

	second := httptest.NewUnstartedServer(nil)
	b.serve(second, authn.NewPasswords(2, 64))
	other := "http://" + second.Listener.Addr().String()
	used := proof()
	if a := b.shown(access, used); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	b.refusedProof("again", b.shown(access, used), 401, "invalid_dpop_proof")
	b.refusedProof("again at another replica", b.do("GET", other+"/userinfo", nil, "Authorization", "DPoP "+access, "DPoP", used), 401, "invalid_dpop_proof")
	once := proof()
	var won atomic.Int32
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			if a := b.do("GET", []string{b.issuer, other}[i%2]+"/userinfo", nil, "Authorization", "DPoP "+access, "DPoP", once); a.status == 200 {
				won.Add(1)
			} else if a.status != 401 || a.json()["error"] != "invalid_dpop_proof" {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 50 uses of one proof won", won.Load())
	}
	b.exec("UPDATE users SET disabled_at = now()")
	if a := b.shown(access, proof()); a.status != 401 {
		t.Errorf("a disabled user: %d", a.status)
	}
}

// RFC 9449 §4.3: each check, at the token endpoint and at userinfo.
func TestAProofIsCheckedPointByPoint(t *testing.T) {
	b := start(t).browser()
	key, stranger := newSigner("ES256", ""), newSigner("ES256", "")
	access := str(b.proven(key, redeem(b.code(authParams()))).json()["access_token"])
	nonce := b.nonce()
	said := func(method, path string, changes ...any) map[string]any {
		return b.changed(map[string]any{"jti": rand.Text(), "htm": method, "htu": b.issuer + path, "iat": time.Duration(0), "nonce": nonce, "ath": athOf(access)}, changes)
	}
	private := key.jwk()
	private["d"] = "AAAA"
	symmetric := map[string]any{"kty": "oct", "k": base64url([]byte("0123456789abcdef0123456789abcdef"))}
	header := func(name string, value any) map[string]any {
		h := proofHeader(key)
		h[name] = value
		return h
	}
	port := b.issuer[strings.LastIndex(b.issuer, ":"):]
	for what, make := range map[string]func(method, path string) string{
		"no typ":      func(m, p string) string { return key.jwt(header("typ", nil), said(m, p)) },
		"another typ": func(m, p string) string { return key.jwt(header("typ", "JWT"), said(m, p)) },
		"alg none":    func(m, p string) string { return key.jwt(header("alg", "none"), said(m, p)) },
		"alg none, unsigned": func(m, p string) string {
			s, _, _ := cutLast(key.jwt(header("alg", "none"), said(m, p)), ".")
			return s + "."
		},
		"HS256": func(m, p string) string { return key.jwt(header("alg", "HS256"), said(m, p)) },
		"a symmetric key": func(m, p string) string {
			h := header("alg", "HS256")
			h["jwk"] = symmetric
			return key.jwt(h, said(m, p))
		},
		"ES384": func(m, p string) string { return key.jwt(header("alg", "ES384"), said(m, p)) },
		"half a key": func(m, p string) string {
			h := header("alg", "EdDSA")
			h["jwk"] = map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}
			return key.jwt(h, said(m, p))
		},
		"no key":        func(m, p string) string { return key.jwt(header("jwk", nil), said(m, p)) },
		"a private key": func(m, p string) string { return key.jwt(header("jwk", private), said(m, p)) },
		"a key set":     func(m, p string) string { return key.jwt(header("jwk", []any{key.jwk()}), said(m, p)) },
		"another's key": func(m, p string) string { return stranger.jwt(header("jwk", key.jwk()), said(m, p)) },
		"crit":          func(m, p string) string { return key.jwt(header("crit", []string{"jwk"}), said(m, p)) },
		"altered":       func(m, p string) string { return altered(key.jwt(proofHeader(key), said(m, p))) },
		"no JWT":        func(m, p string) string { return "x" },
		"nothing":       func(m, p string) string { return "" },
		"two in one":    func(m, p string) string { s := key.jwt(proofHeader(key), said(m, p)); return s + ", " + s },
		"16 kB": func(m, p string) string {
			return key.jwt(proofHeader(key), said(m, p, "more", strings.Repeat("x", 12<<10)))
		},
	} {
		b.refusedProof(what, b.do("POST", "/token", refresh("x", "client_id", "spa"), "DPoP", make("POST", "/token")), 400, "invalid_dpop_proof")
		b.refusedProof(what, b.shown(access, make("GET", "/userinfo")), 401, "invalid_dpop_proof")
	}
	for _, c := range []struct {
		what string
		code string // at the token endpoint; "" for a good one
		with []any
	}{
		{"no jti", "invalid_dpop_proof", []any{"jti", nil}},
		{"an empty jti", "invalid_dpop_proof", []any{"jti", ""}},
		{"a long jti", "invalid_dpop_proof", []any{"jti", strings.Repeat("j", 256)}},
		{"jti is a number", "invalid_dpop_proof", []any{"jti", 1}},
		{"another method", "invalid_dpop_proof", []any{"htm", "PUT"}},
		{"a method in lower case", "invalid_dpop_proof", []any{"htm", "get"}},
		{"no method", "invalid_dpop_proof", []any{"htm", nil}},
		{"no htu", "invalid_dpop_proof", []any{"htu", nil}},
		{"another path", "invalid_dpop_proof", []any{"htu", b.issuer + "/revoke"}},
		{"a slash more", "invalid_dpop_proof", []any{"htu", b.issuer + "/token/"}},
		{"no path", "invalid_dpop_proof", []any{"htu", b.issuer}},
		{"a path alone", "invalid_dpop_proof", []any{"htu", "/token"}},
		{"another host", "invalid_dpop_proof", []any{"htu", "http://127.0.0.2" + port + "/token"}},
		{"another port", "invalid_dpop_proof", []any{"htu", "http://127.0.0.1:1/token"}},
		{"the default port", "invalid_dpop_proof", []any{"htu", "http://127.0.0.1/token"}},
		{"another scheme", "invalid_dpop_proof", []any{"htu", "https" + b.issuer[4:] + "/token"}},
		{"a user in it", "invalid_dpop_proof", []any{"htu", strings.Replace(b.issuer, "//", "//a@", 1) + "/token"}},
		{"a query and a fragment", "", []any{"htu", b.issuer + "/token?a=b#c"}},
		{"a scheme in capitals", "", []any{"htu", "HTTP" + b.issuer[4:] + "/token"}},
		{"no iat", "invalid_dpop_proof", []any{"iat", nil}},
		{"iat is a text", "invalid_dpop_proof", []any{"iat", "now"}},
		{"iat 70 seconds ago", "invalid_dpop_proof", []any{"iat", -70 * time.Second}},
		{"iat 40 seconds ago", "", []any{"iat", -40 * time.Second}},
		{"iat 8 seconds ahead", "", []any{"iat", 8 * time.Second}},
		{"iat 61 seconds ahead", "invalid_dpop_proof", []any{"iat", 61 * time.Second}},
		{"iat at the end of days", "invalid_dpop_proof", []any{"iat", 1e300}},
		{"expired", "invalid_dpop_proof", []any{"exp", -10 * time.Second}},
		{"another nonce", "use_dpop_nonce", []any{"nonce", "AAAAAAAAAAAAAAAAAAAAAA"}},
		{"an empty nonce", "use_dpop_nonce", []any{"nonce", ""}},
	} {
		want := c.code
		if want == "" {
			want = "invalid_grant" // of the refresh token that is none
		}
		a := b.do("POST", "/token", refresh("x", "client_id", "spa"), "DPoP", key.jwt(proofHeader(key), said("POST", "/token", c.with...)))
		b.refusedProof(c.what, a, 400, want)
	}
	req, _ := http.NewRequest("POST", b.issuer+"/token", strings.NewReader(refresh("x", "client_id", "spa").Encode()))
	req.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"},
		"Dpop": {key.jwt(proofHeader(key), said("POST", "/token")), key.jwt(proofHeader(key), said("POST", "/token"))}}
	resp, err := b.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 400 || !contains(string(body), "invalid_dpop_proof") {
		t.Errorf("two headers: %d %s", resp.StatusCode, body)
	}
}

// RFC 9449 §8: any replica knows the nonces of this minute and of the last.
func TestANonceIsGoodForAMinuteOrTwoAtEveryReplica(t *testing.T) {
	b := start(t).browser()
	second := httptest.NewUnstartedServer(nil)
	b.serve(second, authn.NewPasswords(2, 64))
	key, nonce := newSigner("ES256", ""), b.nonce()
	for _, c := range []struct {
		later time.Duration
		code  string
	}{{0, "invalid_grant"}, {time.Minute, "invalid_grant"}, {time.Minute, "use_dpop_nonce"}} {
		b.later(c.later)
		for _, replica := range []string{b.issuer, "http://" + second.Listener.Addr().String()} {
			a := b.do("POST", replica+"/token", refresh("x", "client_id", "spa"), "DPoP", b.proof(key, "POST", "/token", "nonce", nonce))
			b.refusedProof("after "+c.later.String(), a, 400, c.code)
		}
	}
}

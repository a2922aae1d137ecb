package provider_test

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

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
)

// proven posts to the token endpoint with a proof of key, as client "web" unless form says who it is.
func (b *browser) proven(key signer, form url.Values) Answer {
	b.Helper()
	if form.Get("client_id") == "" && form.Get("client_assertion") == "" {
		form.Set("client_id", "web")
		form.Set("client_secret", "web-secret")
	}
	return b.Do("POST", "/token", form, "DPoP", b.proof(key, "POST", "/token"))
}

// shown uses a token at userinfo with a proof.
func (b *browser) shown(token, proof string) Answer {
	return b.Do("GET", "/userinfo", nil, "Authorization", "DPoP "+token, "DPoP", proof)
}

func athOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64url(sum[:])
}

func jktOf(token string) string {
	cnf, _ := Claims(token)["cnf"].(map[string]any)
	return Str(cnf["jkt"])
}

// refusedProof expects invalid_dpop_proof, or what else is said in its stead.
func (b *browser) refusedProof(what string, a Answer, status int, code string) {
	b.Helper()
	if a.Status != status || a.JSON()["error"] != code || status == 401 && !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "DPoP ") {
		b.Errorf("%s: %d %s %s, want %d %s", what, a.Status, a.Body, a.Header.Get("WWW-Authenticate"), status, code)
	}
}

// RFC 9449 §5, §7.1, §8, §8.2.
func TestADPoPClientIsHandedANonceAndGetsATokenBoundToItsKey(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		key := newSigner(alg, "")
		form := Redeem(b.Code(AuthParams()), "client_id", "web", "client_secret", "web-secret")
		first := b.Do("POST", "/token", form, "DPoP", b.proof(key, "POST", "/token", "nonce", nil), "Origin", "https://spa.example.org")
		b.refusedProof("without a nonce", first, 400, "use_dpop_nonce")
		nonce := first.Header.Get("DPoP-Nonce")
		if nonce == "" || !strings.Contains(first.Header.Get("Access-Control-Expose-Headers"), "DPoP-Nonce") ||
			first.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", alg, first.Header)
		}
		a := b.Do("POST", "/token", form, "DPoP", b.proof(key, "POST", "/token", "nonce", nonce))
		access := Str(a.JSON()["access_token"])
		if a.Status != 200 || a.JSON()["token_type"] != "DPoP" || jktOf(access) != key.thumbprint() || a.Header.Get("DPoP-Nonce") == "" {
			t.Fatalf("%s: %d %s, cnf.jkt %q, want %q", alg, a.Status, a.Body, jktOf(access), key.thumbprint())
		}

		none := b.shown(access, b.proof(key, "GET", "/userinfo", "ath", athOf(access), "nonce", nil))
		b.refusedProof("userinfo without a nonce", none, 401, "use_dpop_nonce")
		if none.Header.Get("DPoP-Nonce") == "" || !strings.Contains(none.Header.Get("WWW-Authenticate"), `algs="RS256 PS256 ES256 EdDSA"`) {
			t.Errorf("%s: %v", alg, none.Header)
		}
		info := b.shown(access, b.proof(key, "GET", "/userinfo", "ath", athOf(access), "nonce", none.Header.Get("DPoP-Nonce")))
		if info.Status != 200 || info.JSON()["sub"] != "sub-alice" || info.Header.Get("DPoP-Nonce") == "" {
			t.Errorf("%s: userinfo %d %s", alg, info.Status, info.Body)
		}
		if said := b.about("/introspect", access).JSON(); said["active"] != true || said["token_type"] != "DPoP" ||
			asJSON(said["cnf"]) != `{"jkt":"`+key.thumbprint()+`"}` {
			t.Errorf("%s: introspection says %v", alg, said)
		}
	}
	if doc := b.Do("GET", "/.well-known/openid-configuration",
		nil).JSON(); asJSON(doc["dpop_signing_alg_values_supported"]) != `["RS256","PS256","ES256","EdDSA"]` {
		t.Errorf("metadata: %v", doc["dpop_signing_alg_values_supported"])
	}
	if a := b.Do("OPTIONS", "/userinfo", nil, "Origin", "https://spa.example.org", "Access-Control-Request-Method", "GET",
		"Access-Control-Request-Headers", "authorization,dpop"); !strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), "DPoP") {
		t.Errorf("preflight: %v", a.Header)
	}
}

// RFC 9449 §7.1, §7.2, §11.1.
func TestABoundTokenIsGoodForItsKeyAloneAndEachProofOnce(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	key, thief := newSigner("ES256", ""), newSigner("ES256", "")
	access := Str(b.proven(key, Redeem(b.Code(AuthParams()))).JSON()["access_token"])
	bearer := Str(b.Token(Redeem(b.Code(AuthParams()))).JSON()["access_token"])
	proof := func(changes ...any) string {
		return b.proof(key, "GET", "/userinfo", append([]any{"ath", athOf(access)}, changes...)...)
	}
	for _, scheme := range []string{"DPoP", "dpop", "DPOP"} {
		if a := b.Do("GET", "/userinfo", nil, "Authorization", scheme+" "+access, "DPoP", proof()); a.Status != 200 {
			t.Errorf("scheme %s: %d %s", scheme, a.Status, a.Body)
		}
	}
	personal := b.personalAccessToken()
	ofOther := func(token string) string { return b.proof(thief, "GET", "/userinfo", "ath", athOf(token)) }
	for _, c := range []struct {
		what string
		a    Answer
		code string
	}{
		{"as a bearer's", b.Userinfo(access), "invalid_token"},
		{"as a bearer's, with a proof", b.Do("GET", "/userinfo", nil, "Authorization", "Bearer "+access, "DPoP", proof()), "invalid_token"},
		{"in the form", b.Do("POST", "/userinfo", form("access_token", access), "DPoP",
			b.proof(key, "POST", "/userinfo", "ath", athOf(access))), "invalid_token"},
		{"without a proof", b.Do("GET", "/userinfo", nil, "Authorization", "DPoP "+access), "invalid_token"},
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
			if c.a.Status != 401 || c.a.JSON()["error"] != c.code || c.a.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: %d %s", c.what, c.a.Status, c.a.Body)
			}
			continue
		}
		b.refusedProof(c.what, c.a, 401, c.code)
	}

	second := httptest.NewUnstartedServer(nil)
	b.Serve(second, authn.NewPasswords(2, 64))
	other := "http://" + second.Listener.Addr().String()
	used := proof()
	if a := b.shown(access, used); a.Status != 200 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	b.refusedProof("again", b.shown(access, used), 401, "invalid_dpop_proof")
	b.refusedProof("again at another replica", b.Do("GET", other+"/userinfo", nil, "Authorization", "DPoP "+access, "DPoP", used),
		401, "invalid_dpop_proof")
	once := proof()
	var won atomic.Int32
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			if a := b.Do("GET", []string{b.Issuer, other}[i%2]+"/userinfo", nil, "Authorization", "DPoP "+access, "DPoP", once); a.Status == 200 {
				won.Add(1)
			} else if a.Status != 401 || a.JSON()["error"] != "invalid_dpop_proof" {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 50 uses of one proof won", won.Load())
	}
	b.Exec("UPDATE users SET disabled_at = now()")
	if a := b.shown(access, proof()); a.Status != 401 {
		t.Errorf("a disabled user: %d", a.Status)
	}
}

// RFC 9449 §4.3: each check, at the token endpoint and at userinfo.
func TestAProofIsCheckedPointByPoint(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	key, stranger := newSigner("ES256", ""), newSigner("ES256", "")
	access := Str(b.proven(key, Redeem(b.Code(AuthParams()))).JSON()["access_token"])
	nonce := b.nonce()
	said := func(method, path string, changes ...any) map[string]any {
		return b.changed(map[string]any{"jti": rand.Text(), "htm": method, "htu": b.Issuer + path, "iat": time.Duration(0),
			"nonce": nonce, "ath": athOf(access)}, changes)
	}
	private := key.jwk()
	private["d"] = "AAAA"
	symmetric := map[string]any{"kty": "oct", "k": base64url([]byte("0123456789abcdef0123456789abcdef"))}
	header := func(name string, value any) map[string]any {
		h := proofHeader(key)
		h[name] = value
		return h
	}
	port := b.Issuer[strings.LastIndex(b.Issuer, ":"):]
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
		"no JWT":        func(_, _ string) string { return "x" },
		"nothing":       func(_, _ string) string { return "" },
		"two in one":    func(m, p string) string { s := key.jwt(proofHeader(key), said(m, p)); return s + ", " + s },
		"16 kB": func(m, p string) string {
			return key.jwt(proofHeader(key), said(m, p, "more", strings.Repeat("x", 12<<10)))
		},
	} {
		b.refusedProof(what, b.Do("POST", "/token", Refresh("x", "client_id", "spa"), "DPoP", make("POST", "/token")), 400, "invalid_dpop_proof")
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
		{"another path", "invalid_dpop_proof", []any{"htu", b.Issuer + "/revoke"}},
		{"a slash more", "invalid_dpop_proof", []any{"htu", b.Issuer + "/token/"}},
		{"no path", "invalid_dpop_proof", []any{"htu", b.Issuer}},
		{"a path alone", "invalid_dpop_proof", []any{"htu", "/token"}},
		{"another host", "invalid_dpop_proof", []any{"htu", "http://127.0.0.2" + port + "/token"}},
		{"another port", "invalid_dpop_proof", []any{"htu", "http://127.0.0.1:1/token"}},
		{"the default port", "invalid_dpop_proof", []any{"htu", "http://127.0.0.1/token"}},
		{"another scheme", "invalid_dpop_proof", []any{"htu", "https" + b.Issuer[4:] + "/token"}},
		{"a user in it", "invalid_dpop_proof", []any{"htu", strings.Replace(b.Issuer, "//", "//a@", 1) + "/token"}},
		{"a query and a fragment", "", []any{"htu", b.Issuer + "/token?a=b#c"}},
		{"a scheme in capitals", "", []any{"htu", "HTTP" + b.Issuer[4:] + "/token"}},
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
		a := b.Do("POST", "/token", Refresh("x", "client_id", "spa"), "DPoP", key.jwt(proofHeader(key), said("POST", "/token", c.with...)))
		b.refusedProof(c.what, a, 400, want)
	}
	req, _ := http.NewRequest("POST", b.Issuer+"/token", strings.NewReader(Refresh("x", "client_id", "spa").Encode()))
	req.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"},
		"Dpop": {key.jwt(proofHeader(key), said("POST", "/token")), key.jwt(proofHeader(key), said("POST", "/token"))}}
	resp, err := b.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 400 || !strings.Contains(string(body), "invalid_dpop_proof") {
		t.Errorf("two headers: %d %s", resp.StatusCode, body)
	}
}

// RFC 9449 §8: any replica knows the nonces of this minute and of the last.
func TestANonceIsGoodForAMinuteOrTwoAtEveryReplica(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	second := httptest.NewUnstartedServer(nil)
	b.Serve(second, authn.NewPasswords(2, 64))
	b.StopClock()
	key, nonce := newSigner("ES256", ""), b.nonce()
	for _, c := range []struct {
		later time.Duration
		code  string
	}{{0, "invalid_grant"}, {time.Minute, "invalid_grant"}, {time.Minute, "use_dpop_nonce"}} {
		b.Later(c.later)
		for _, replica := range []string{b.Issuer, "http://" + second.Listener.Addr().String()} {
			a := b.Do("POST", replica+"/token", Refresh("x", "client_id", "spa"), "DPoP", b.proof(key, "POST", "/token", "nonce", nonce))
			b.refusedProof("after "+c.later.String(), a, 400, c.code)
		}
	}
}

// RFC 9449 §8: each client that uses DPoP is handed its first nonce with a refusal.
func TestTheStepOfANonceIsNotInTheLog(t *testing.T) {
	log := TakeLog(t)
	b := start(t).browser()
	key := newSigner("ES256", "")
	form := Redeem(b.Code(AuthParams()), "client_id", "web", "client_secret", "web-secret")
	first := b.Do("POST", "/token", form, "DPoP", b.proof(key, "POST", "/token", "nonce", nil))
	b.refusedProof("without a nonce", first, 400, "use_dpop_nonce")
	a := b.Do("POST", "/token", form, "DPoP", b.proof(key, "POST", "/token", "nonce", first.Header.Get("DPoP-Nonce")))
	access := Str(a.JSON()["access_token"])
	none := b.shown(access, b.proof(key, "GET", "/userinfo", "ath", athOf(access), "nonce", nil))
	b.refusedProof("userinfo without a nonce", none, 401, "use_dpop_nonce")
	if strings.Contains(log.String(), "use_dpop_nonce") || strings.Contains(log.String(), `"level":"WARN"`) {
		t.Error(log.String())
	}
	elsewhere := b.Do("POST", "/token", form, "DPoP", b.proof(key, "POST", "/elsewhere"))
	b.refusedProof("a proof for elsewhere", elsewhere, 400, "invalid_dpop_proof")
	if !strings.Contains(log.String(), `"error":"invalid_dpop_proof"`) {
		t.Errorf("what is wrong is not said: %s", log.String())
	}
}

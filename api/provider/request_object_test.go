package provider_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// registerClientKeys makes these the keys of a client.
func (r *rig) registerClientKeys(client string, list ...signer) {
	r.Helper()
	r.Exec("UPDATE clients SET jwks = $2, jwks_uri = NULL WHERE client_id = $1", client, jwksOf(list...))
	r.WaitForNotify()
}

// objectOf returns the claims of a request object of client "web" with these parameters; changes are more, nil leaves one out.
func (b *browser) objectOf(params url.Values, changes map[string]any) map[string]any {
	now := b.Now()
	out := map[string]any{"iss": "web", "aud": b.Issuer, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
	for name := range params {
		out[name] = params.Get(name)
	}
	maps.Copy(out, changes)
	maps.DeleteFunc(out, func(_ string, value any) bool { return value == nil })
	return out
}

// withObject is what comes through the browser of a request that is in an object of client "web", and what else is in the address.
func withObject(object string, more ...string) url.Values {
	v := url.Values{"client_id": {"web"}, "request": {object}}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

// RFC 9101 §5.1, §6.2; OpenID Connect Core §6.1.
func TestARequestMayBeAnObjectThatTheClientSigned(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Code(AuthParams())
	for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		key := newSigner(alg, rand.Text())
		b.registerClientKeys("web", newSigner(alg, rand.Text()), key, newSigner("EdDSA", rand.Text()))
		for what, header := range map[string]map[string]any{"no typ": nil, "its typ": {"typ": "oauth-authz-req+jwt"},
			"JWT": {"typ": "JWT"}, "no kid": {"kid": nil},
			"a key of its own, which nobody reads": {"jwk": newSigner("ES256", rand.Text()).jwk(), "jku": "https://evil.example/",
				"x5u": "https://evil.example/"}} {
			a := b.Authorize(withObject(key.jwt(header, b.objectOf(AuthParams("state", "in the object"), nil))))
			if a.Location().Host != "rp.example.org" || a.Query("state") != "in the object" || a.Query("code") == "" {
				t.Errorf("%s, %s: %d %s", alg, what, a.Status, a.Location())
			} else if out := b.Token(Redeem(a.Query("code"))); out.Status != 200 || Claims(Str(out.JSON()["id_token"]))["nonce"] != "no" {
				t.Errorf("%s, %s: %s", alg, what, out.Body)
			}
		}
		b.Exec("UPDATE clients SET request_object_signing_alg = $1 WHERE client_id = 'web'", alg)
		b.WaitForNotify()
		if a := b.Authorize(withObject(key.jwt(nil, b.objectOf(AuthParams(), nil)))); a.Query("code") == "" {
			t.Errorf("registered for %s: %s", alg, a.Location())
		}
		b.Exec("UPDATE clients SET request_object_signing_alg = NULL")
	}
	key := newSigner("ES256", rand.Text())
	b.registerClientKeys("web", key)
	if a := b.Do("POST", "/authorize", withObject(key.jwt(nil, b.objectOf(AuthParams(), nil)))); a.Query("code") == "" {
		t.Errorf("by POST: %d %s", a.Status, a.Location())
	}
	bare := b.objectOf(AuthParams(), map[string]any{"iss": nil, "aud": nil, "iat": nil, "exp": nil, "client_id": nil, "response_type": nil})
	if a := b.Authorize(withObject(key.jwt(nil, bare), "response_type", "code")); a.Query("code") == "" { // OpenID Connect Core §6.1: SHOULD
		t.Errorf("without iss, aud, exp: %d %s", a.Status, a.Location())
	}
	many := b.objectOf(AuthParams(), map[string]any{"aud": []string{"https://other.example.org", b.Issuer}})
	if a := b.Authorize(withObject(key.jwt(nil, many))); a.Query("code") == "" {
		t.Errorf("aud is an array: %d %s", a.Status, a.Location())
	}
}

// OpenID Connect Core §6.1, §6.3.3: what is in the object supersedes what is beside it. Its values are JSON, of the type that they have.
func TestWhatIsInARequestObjectCountsBeforeWhatIsBesideIt(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	key := newSigner("ES256", rand.Text())
	b.registerClientKeys("web", key)
	b.Exec("UPDATE clients SET audiences = '{https://one.example.org,https://two.example.org}' WHERE client_id = 'web'")
	b.WaitForNotify()
	b.Code(AuthParams())
	object := key.jwt(nil, b.objectOf(AuthParams("scope", "openid"), map[string]any{"max_age": 600,
		"resource":   []string{"https://two.example.org"},
		"claims":     map[string]any{"id_token": map[string]any{"nickname": nil, "email": map[string]any{"essential": true}}},
		"unheard_of": []any{nil, 1.5, true}, "prompt": nil}))
	beside := withObject(object, "state", "beside", "nonce", "beside", "scope", "openid groups", "redirect_uri",
		"https://evil.example/", "max_age", "0",
		"claims", "{", "resource", "https://one.example.org", "response_mode", "form_post", "response_type", "code")
	a := b.Authorize(beside)
	if a.Status != 200 || !strings.Contains(a.Body, `action="https://rp.example.org/callback?fixed=1"`) ||
		!strings.Contains(a.Body, `name="state" value="st"`) {
		t.Fatalf("response_mode is beside the object alone: %d %s %s", a.Status, a.Location(), a.Body)
	}
	_, code, _ := strings.Cut(a.Body, `name="code" value="`)
	code, _, _ = strings.Cut(code, `"`)
	out := b.Token(Redeem(code)).JSON()
	id, access := Claims(Str(out["id_token"])), Claims(Str(out["access_token"]))
	if out["scope"] != "openid" || id["nonce"] != "no" || id["email"] != "alice@example.org" {
		t.Errorf("%v %v", out["scope"], id)
	}
	if aud, _ := access["aud"].([]any); len(aud) != 2 || aud[0] != b.Issuer || aud[1] != "https://two.example.org" {
		t.Errorf("aud: %v", access["aud"])
	}
	b.Later(11 * time.Minute)
	late := key.jwt(nil, b.objectOf(AuthParams(), map[string]any{"max_age": 600}))
	if a := b.Authorize(withObject(late, "max_age", "6000")); a.Location().Path != "/login" {
		t.Errorf("max_age of the object: %s", a.Location())
	}
	if a := b.Authorize(withObject(key.jwt(nil, b.objectOf(AuthParams(), map[string]any{"prompt": "none",
		"max_age": "600"})))); a.Query("error") != "login_required" {
		t.Errorf("max_age as text: %s", a.Location())
	}
	for what, bad := range map[string]map[string]any{"max_age": {"max_age": 1.5}, "claims": {"claims": []string{"email"}},
		"scope twice": {"scope": []string{"openid", "email"}},
		"prompt":      {"prompt": true}, "a line feed": {"state": "a\nb"}, "id_token_hint": {"id_token_hint": 5}} {
		if a := b.Authorize(withObject(key.jwt(nil, b.objectOf(AuthParams(), bad)))); a.Query("error") != "invalid_request" ||
			a.Location().Host != "rp.example.org" {
			t.Errorf("%s: %d %s", what, a.Status, a.Location())
		}
	}
	if a := b.Authorize(withObject(key.jwt(nil, b.objectOf(AuthParams("redirect_uri", "https://evil.example/"), nil)),
		"redirect_uri", Callback)); a.Status != 400 || a.Header.Get("Location") != "" {
		t.Errorf("an unregistered redirect_uri in the object: %d %s", a.Status, a.Location())
	}
}

// RFC 9101 §6.2, §6.3, §7, §10.8; RFC 8725 §2.
func TestARequestObjectThatIsNotGoodIsRefusedWhereTheRedirectURIIsToBeTrusted(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	key := newSigner("RS256", rand.Text())
	foreign := newSigner("ES256", rand.Text())
	b.registerClientKeys("web", key, newSigner("EdDSA", rand.Text()))
	b.Code(AuthParams())
	now := time.Now()
	object := func(changes map[string]any) string { return key.jwt(nil, b.objectOf(AuthParams(), changes)) }
	typed := func(typ string) string {
		return key.jwt(map[string]any{"typ": typ}, b.objectOf(AuthParams(), nil))
	}
	good := object(nil)
	parts := strings.Split(good, ".")
	unsigned := func(header string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + parts[1] + "."
	}
	hs256 := strings.TrimSuffix(unsigned(`{"alg":"HS256","kid":"`+key.kid+`"}`), ".")
	hmacOf := func(secret []byte) string {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(hs256))
		return hs256 + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	modulus, _ := base64.RawURLEncoding.DecodeString(Str(key.jwk()["n"]))
	underItsName := foreign
	underItsName.kid = key.kid
	for what, bad := range map[string]string{
		"alg none":                   unsigned(`{"alg":"none"}`),
		"alg none and its signature": unsigned(`{"alg":"none"}`) + parts[2],
		"HMAC with a public key":     hmacOf([]byte(asJSON(key.jwk()))),
		"HMAC with a modulus":        hmacOf(modulus),
		"HMAC with the secret":       hmacOf([]byte("web-secret")),
		"a foreign key":              foreign.jwt(nil, b.objectOf(AuthParams(), nil)),
		"a foreign key, its kid":     underItsName.jwt(nil, b.objectOf(AuthParams(), nil)),
		"a key in the header":        foreign.jwt(map[string]any{"kid": nil, "jwk": foreign.jwk()}, b.objectOf(AuthParams(), nil)),
		"another payload":            parts[0] + "." + strings.Split(object(map[string]any{"state": "x"}), ".")[1] + "." + parts[2],
		"crit":                       key.jwt(map[string]any{"crit": []string{"exp"}}, b.objectOf(AuthParams(), nil)),
		"no signature":               parts[0] + "." + parts[1] + ".",
		"nonsense":                   "nonsense",
		"encrypted":                  "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d",
		"too long":                   strings.Repeat("x", 12<<10),
		"an array":                   key.jws(nil, "[]"),
		"no JSON":                    key.jws(nil, "{"),
		"two objects":                key.jws(nil, asJSON(b.objectOf(AuthParams(), nil))+" {}"),
		"expired":                    object(map[string]any{"exp": now.Add(-10 * time.Second).Unix()}),
		"not yet":                    object(map[string]any{"nbf": now.Add(time.Minute).Unix()}),
		"made in the future":         object(map[string]any{"iat": now.Add(time.Minute).Unix()}),
		"exp is text":                object(map[string]any{"exp": "soon"}),
		"another iss":                object(map[string]any{"iss": "spa"}),
		"another aud":                object(map[string]any{"aud": "https://other.example.org"}),
		"no aud in its list":         object(map[string]any{"aud": []string{}}),
		"aud is an endpoint":         object(map[string]any{"aud": b.Issuer + "/authorize"}),
		"sub is the client":          object(map[string]any{"sub": "web"}),
		"a request in it":            object(map[string]any{"request": good}),
		"a request_uri in it":        object(map[string]any{"request_uri": "https://rp.example.org/r"}),
		"another client_id":          object(map[string]any{"client_id": "spa"}),
		"another response_type":      object(map[string]any{"response_type": "token"}),
		"an access token":            typed("at+jwt"),
		"a client assertion":         typed("client-authentication+jwt"),
		"a DPoP proof":               typed("dpop+jwt"),
		"a logout token":             typed("logout+jwt"),
	} {
		a := b.Authorize(withObject(bad, "redirect_uri", Callback, "response_type", "code", "state", "beside"))
		if a.Status != 303 || a.Location().Host != "rp.example.org" || a.Query("error") != "invalid_request_object" ||
			a.Query("state") != "beside" ||
			a.Query("iss") != b.Issuer || a.Query("code") != "" {
			t.Errorf("%s: %d %s", what, a.Status, a.Location())
		}
		for _, where := range []string{"https://evil.example/", Callback + "#"} {
			if a := b.Authorize(withObject(bad, "redirect_uri", where, "response_type", "code")); a.Status != 400 || a.Header.Get("Location") != "" {
				t.Errorf("%s, sent to %s: %d %s", what, where, a.Status, a.Location())
			}
		}
	}
	if a := b.Authorize(withObject(good)); a.Query("code") == "" {
		t.Errorf("the good one: %d %s", a.Status, a.Location())
	}
	b.Exec("UPDATE clients SET request_object_signing_alg = 'PS256' WHERE client_id = 'web'")
	b.WaitForNotify()
	if a := b.Authorize(withObject(good, "redirect_uri", Callback)); a.Query("error") != "invalid_request_object" {
		t.Errorf("RS256 of a client that is registered for PS256: %s", a.Location())
	}
	spa := url.Values{"client_id": {"spa"}, "redirect_uri": {"https://spa.example.org/cb"}, "request": {good}}
	if a := b.Authorize(spa); a.Query("error") != "invalid_request_object" {
		t.Errorf("a client without keys: %s", a.Location())
	}
}

// RFC 9101 §6.3, §10.5.
func TestAClientThatHasToSignItsRequestsIsHeardInItsObjectsOnly(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	key := newSigner("EdDSA", rand.Text())
	b.registerClientKeys("web", key)
	b.Exec("UPDATE clients SET require_signed_request_object = true WHERE client_id = 'web'")
	b.WaitForNotify()
	b.Code(withObject(key.jwt(nil, b.objectOf(AuthParams(), nil))))
	for what, params := range map[string]url.Values{"plain": AuthParams(), "an empty object": AuthParams("request", " ")} {
		if a := b.Authorize(params); a.Location().Host != "rp.example.org" || !strings.HasPrefix(a.Query("error"), "invalid_request") ||
			a.Query("code") != "" {
			t.Errorf("%s: %d %s", what, a.Status, a.Location())
		}
	}
	if a := b.pushRequest(AuthParams()); a.Status != 400 || a.JSON()["error"] != "invalid_request" {
		t.Errorf("pushed without: %d %s", a.Status, a.Body)
	}
	object := b.objectOf(AuthParams("nonce", "", "state", ""), nil)
	a := b.Authorize(withObject(key.jwt(nil, object), "state", "beside", "nonce", "beside", "prompt", "login", "scope", "email",
		"claims", "{", "max_age", "0",
		"redirect_uri", "https://evil.example/", "resource", "x", "response_mode", "fragment"))
	if a.Location().Host != "rp.example.org" || a.Query("code") == "" || a.Query("state") != "" {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	if out := b.Token(Redeem(a.Query("code"))).JSON(); out["scope"] != "openid profile email groups" ||
		Claims(Str(out["id_token"]))["nonce"] != nil {
		t.Errorf("%v", out)
	}
	for what, changes := range map[string]map[string]any{"no iss": {"iss": nil}, "no aud": {"aud": nil}} {
		if a := b.Authorize(withObject(key.jwt(nil, b.objectOf(AuthParams(), changes)), "redirect_uri",
			Callback)); a.Query("error") != "invalid_request_object" {
			t.Errorf("%s: %d %s", what, a.Status, a.Location())
		}
	}
	outside := b.objectOf(AuthParams("redirect_uri", ""), nil)
	if a := b.Authorize(withObject(key.jwt(nil, outside), "redirect_uri", Callback)); a.Status != 400 || a.Header.Get("Location") != "" {
		t.Errorf("redirect_uri beside it only: %d %s", a.Status, a.Location())
	}
}

// RFC 9126 §3.
func TestASignedRequestCanBePushed(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	key := newSigner("ES256", rand.Text())
	b.registerClientKeys("web", key)
	b.Code(AuthParams())
	push := func(object map[string]any) Answer {
		return b.Do("POST", "/par", url.Values{"request": {key.jwt(nil, object)}}, "Authorization", Basic("web", "web-secret"))
	}
	a := push(b.objectOf(AuthParams("state", "signed"), nil))
	if a.Status != 201 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if a := b.Authorize(withPushed(Str(a.JSON()["request_uri"]), "state", "beside")); a.Query("code") == "" || a.Query("state") != "signed" {
		t.Errorf("%d %s", a.Status, a.Location())
	}
	for what, changes := range map[string]map[string]any{"another client_id": {"client_id": "spa"}, "another iss": {"iss": "spa"},
		"a request_uri": {"request_uri": "x"}} {
		if a := push(b.objectOf(AuthParams(), changes)); a.Status != 400 || a.JSON()["error"] != "invalid_request_object" {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
}

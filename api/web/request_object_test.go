package web_test

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
)

// registerClientKeys makes these the keys of a client.
func (r *rig) registerClientKeys(client string, list ...signer) {
	r.Helper()
	r.exec("UPDATE clients SET jwks = $2, jwks_uri = NULL WHERE client_id = $1", client, jwksOf(list...))
	waitForNotify()
}

// objectOf is what a request object of client "web" says that has these parameters; changes are more, nil leaves one out.
func (b *browser) objectOf(params url.Values, changes map[string]any) map[string]any {
	now := time.Now().Add(time.Duration(b.clock.Load()))
	out := map[string]any{"iss": "web", "aud": b.issuer, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
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
	b := start(t).browser()
	b.code(authParams())
	for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		key := newSigner(alg, rand.Text())
		b.registerClientKeys("web", newSigner(alg, rand.Text()), key, newSigner("EdDSA", rand.Text()))
		for what, header := range map[string]map[string]any{"no typ": nil, "its typ": {"typ": "oauth-authz-req+jwt"}, "JWT": {"typ": "JWT"}, "no kid": {"kid": nil},
			"a key of its own, which nobody reads": {"jwk": newSigner("ES256", rand.Text()).jwk(), "jku": "https://evil.example/", "x5u": "https://evil.example/"}} {
			a := b.authorize(withObject(key.jwt(header, b.objectOf(authParams("state", "in the object"), nil))))
			if a.location().Host != "rp.example.org" || a.query("state") != "in the object" || a.query("code") == "" {
				t.Errorf("%s, %s: %d %s", alg, what, a.status, a.location())
			} else if out := b.token(redeem(a.query("code"))); out.status != 200 || claims(str(out.json()["id_token"]))["nonce"] != "no" {
				t.Errorf("%s, %s: %s", alg, what, out.body)
			}
		}
		b.exec("UPDATE clients SET request_object_signing_alg = $1 WHERE client_id = 'web'", alg)
		waitForNotify()
		if a := b.authorize(withObject(key.jwt(nil, b.objectOf(authParams(), nil)))); a.query("code") == "" {
			t.Errorf("registered for %s: %s", alg, a.location())
		}
		b.exec("UPDATE clients SET request_object_signing_alg = NULL")
	}
	key := newSigner("ES256", rand.Text())
	b.registerClientKeys("web", key)
	if a := b.do("POST", "/authorize", withObject(key.jwt(nil, b.objectOf(authParams(), nil)))); a.query("code") == "" {
		t.Errorf("by POST: %d %s", a.status, a.location())
	}
	bare := b.objectOf(authParams(), map[string]any{"iss": nil, "aud": nil, "iat": nil, "exp": nil, "client_id": nil, "response_type": nil})
	if a := b.authorize(withObject(key.jwt(nil, bare), "response_type", "code")); a.query("code") == "" { // OpenID Connect Core §6.1: SHOULD
		t.Errorf("without iss, aud, exp: %d %s", a.status, a.location())
	}
	many := b.objectOf(authParams(), map[string]any{"aud": []string{"https://other.example.org", b.issuer}})
	if a := b.authorize(withObject(key.jwt(nil, many))); a.query("code") == "" {
		t.Errorf("aud is an array: %d %s", a.status, a.location())
	}
}

// OpenID Connect Core §6.1, §6.3.3: what is in the object supersedes what is beside it. Its values are JSON, of the type that they have.
func TestWhatIsInARequestObjectCountsBeforeWhatIsBesideIt(t *testing.T) {
	b := start(t).browser()
	key := newSigner("ES256", rand.Text())
	b.registerClientKeys("web", key)
	b.exec("UPDATE clients SET audiences = '{https://one.example.org,https://two.example.org}' WHERE client_id = 'web'")
	waitForNotify()
	b.code(authParams())
	object := key.jwt(nil, b.objectOf(authParams("scope", "openid"), map[string]any{"max_age": 600, "resource": []string{"https://two.example.org"},
		"claims": map[string]any{"id_token": map[string]any{"nickname": nil, "email": map[string]any{"essential": true}}}, "unheard_of": []any{nil, 1.5, true}, "prompt": nil}))
	beside := withObject(object, "state", "beside", "nonce", "beside", "scope", "openid groups", "redirect_uri", "https://evil.example/", "max_age", "0",
		"claims", "{", "resource", "https://one.example.org", "response_mode", "form_post", "response_type", "code")
	a := b.authorize(beside)
	if a.status != 200 || !contains(a.body, `action="https://rp.example.org/callback?fixed=1"`) || !contains(a.body, `name="state" value="st"`) {
		t.Fatalf("response_mode is beside the object alone: %d %s %s", a.status, a.location(), a.body)
	}
	_, code, _ := strings.Cut(a.body, `name="code" value="`)
	code, _, _ = strings.Cut(code, `"`)
	out := b.token(redeem(code)).json()
	id, access := claims(str(out["id_token"])), claims(str(out["access_token"]))
	if out["scope"] != "openid" || id["nonce"] != "no" || id["email"] != "alice@example.org" {
		t.Errorf("%v %v", out["scope"], id)
	}
	if aud, _ := access["aud"].([]any); len(aud) != 2 || aud[0] != b.issuer || aud[1] != "https://two.example.org" {
		t.Errorf("aud: %v", access["aud"])
	}
	b.later(11 * time.Minute)
	late := key.jwt(nil, b.objectOf(authParams(), map[string]any{"max_age": 600}))
	if a := b.authorize(withObject(late, "max_age", "6000")); a.location().Path != "/login" {
		t.Errorf("max_age of the object: %s", a.location())
	}
	if a := b.authorize(withObject(key.jwt(nil, b.objectOf(authParams(), map[string]any{"prompt": "none", "max_age": "600"})))); a.query("error") != "login_required" {
		t.Errorf("max_age as text: %s", a.location())
	}
	for what, bad := range map[string]map[string]any{"max_age": {"max_age": 1.5}, "claims": {"claims": []string{"email"}}, "scope twice": {"scope": []string{"openid", "email"}},
		"prompt": {"prompt": true}, "a line feed": {"state": "a\nb"}, "id_token_hint": {"id_token_hint": 5}} {
		if a := b.authorize(withObject(key.jwt(nil, b.objectOf(authParams(), bad)))); a.query("error") != "invalid_request" || a.location().Host != "rp.example.org" {
			t.Errorf("%s: %d %s", what, a.status, a.location())
		}
	}
	if a := b.authorize(withObject(key.jwt(nil, b.objectOf(authParams("redirect_uri", "https://evil.example/"), nil)), "redirect_uri", callback)); a.status != 400 || a.header.Get("Location") != "" {
		t.Errorf("an unregistered redirect_uri in the object: %d %s", a.status, a.location())
	}
}

// RFC 9101 §6.2, §6.3, §7, §10.8; RFC 8725 §2.
func TestARequestObjectThatIsNotGoodIsRefusedWhereTheRedirectURIIsToBeTrusted(t *testing.T) {
	b := start(t).browser()
	key := newSigner("RS256", rand.Text())
	foreign := newSigner("ES256", rand.Text())
	b.registerClientKeys("web", key, newSigner("EdDSA", rand.Text()))
	b.code(authParams())
	now := time.Now()
	object := func(changes map[string]any) string { return key.jwt(nil, b.objectOf(authParams(), changes)) }
	typed := func(typ string) string {
		return key.jwt(map[string]any{"typ": typ}, b.objectOf(authParams(), nil))
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
	modulus, _ := base64.RawURLEncoding.DecodeString(str(key.jwk()["n"]))
	underItsName := foreign
	underItsName.kid = key.kid
	for what, bad := range map[string]string{
		"alg none":                   unsigned(`{"alg":"none"}`),
		"alg none and its signature": unsigned(`{"alg":"none"}`) + parts[2],
		"HMAC with a public key":     hmacOf([]byte(asJSON(key.jwk()))),
		"HMAC with a modulus":        hmacOf(modulus),
		"HMAC with the secret":       hmacOf([]byte("web-secret")),
		"a foreign key":              foreign.jwt(nil, b.objectOf(authParams(), nil)),
		"a foreign key, its kid":     underItsName.jwt(nil, b.objectOf(authParams(), nil)),
		"a key in the header":        foreign.jwt(map[string]any{"kid": nil, "jwk": foreign.jwk()}, b.objectOf(authParams(), nil)),
		"another payload":            parts[0] + "." + strings.Split(object(map[string]any{"state": "x"}), ".")[1] + "." + parts[2],
		"crit":                       key.jwt(map[string]any{"crit": []string{"exp"}}, b.objectOf(authParams(), nil)),
		"no signature":               parts[0] + "." + parts[1] + ".",
		"nonsense":                   "nonsense",
		"encrypted":                  "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d",
		"too long":                   strings.Repeat("x", 12<<10),
		"an array":                   key.jws(nil, "[]"),
		"no JSON":                    key.jws(nil, "{"),
		"two objects":                key.jws(nil, asJSON(b.objectOf(authParams(), nil))+" {}"),
		"expired":                    object(map[string]any{"exp": now.Add(-10 * time.Second).Unix()}),
		"not yet":                    object(map[string]any{"nbf": now.Add(time.Minute).Unix()}),
		"made in the future":         object(map[string]any{"iat": now.Add(time.Minute).Unix()}),
		"exp is text":                object(map[string]any{"exp": "soon"}),
		"another iss":                object(map[string]any{"iss": "spa"}),
		"another aud":                object(map[string]any{"aud": "https://other.example.org"}),
		"no aud in its list":         object(map[string]any{"aud": []string{}}),
		"aud is an endpoint":         object(map[string]any{"aud": b.issuer + "/authorize"}),
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
		a := b.authorize(withObject(bad, "redirect_uri", callback, "response_type", "code", "state", "beside"))
		if a.status != 303 || a.location().Host != "rp.example.org" || a.query("error") != "invalid_request_object" || a.query("state") != "beside" ||
			a.query("iss") != b.issuer || a.query("code") != "" {
			t.Errorf("%s: %d %s", what, a.status, a.location())
		}
		for _, where := range []string{"https://evil.example/", callback + "#"} {
			if a := b.authorize(withObject(bad, "redirect_uri", where, "response_type", "code")); a.status != 400 || a.header.Get("Location") != "" {
				t.Errorf("%s, sent to %s: %d %s", what, where, a.status, a.location())
			}
		}
	}
	if a := b.authorize(withObject(good)); a.query("code") == "" {
		t.Errorf("the good one: %d %s", a.status, a.location())
	}
	b.exec("UPDATE clients SET request_object_signing_alg = 'PS256' WHERE client_id = 'web'")
	waitForNotify()
	if a := b.authorize(withObject(good, "redirect_uri", callback)); a.query("error") != "invalid_request_object" {
		t.Errorf("RS256 of a client that is registered for PS256: %s", a.location())
	}
	spa := url.Values{"client_id": {"spa"}, "redirect_uri": {"https://spa.example.org/cb"}, "request": {good}}
	if a := b.authorize(spa); a.query("error") != "invalid_request_object" {
		t.Errorf("a client without keys: %s", a.location())
	}
}

// RFC 9101 §6.3, §10.5.
func TestAClientThatHasToSignItsRequestsIsHeardInItsObjectsOnly(t *testing.T) {
	b := start(t).browser()
	key := newSigner("EdDSA", rand.Text())
	b.registerClientKeys("web", key)
	b.exec("UPDATE clients SET require_signed_request_object = true WHERE client_id = 'web'")
	waitForNotify()
	b.code(withObject(key.jwt(nil, b.objectOf(authParams(), nil))))
	for what, params := range map[string]url.Values{"plain": authParams(), "an empty object": authParams("request", " ")} {
		if a := b.authorize(params); a.location().Host != "rp.example.org" || !strings.HasPrefix(a.query("error"), "invalid_request") || a.query("code") != "" {
			t.Errorf("%s: %d %s", what, a.status, a.location())
		}
	}
	if a := b.pushRequest(authParams()); a.status != 400 || a.json()["error"] != "invalid_request" {
		t.Errorf("pushed without: %d %s", a.status, a.body)
	}
	object := b.objectOf(authParams("nonce", "", "state", ""), nil)
	a := b.authorize(withObject(key.jwt(nil, object), "state", "beside", "nonce", "beside", "prompt", "login", "scope", "email", "claims", "{", "max_age", "0",
		"redirect_uri", "https://evil.example/", "resource", "x", "response_mode", "fragment"))
	if a.location().Host != "rp.example.org" || a.query("code") == "" || a.query("state") != "" {
		t.Fatalf("%d %s", a.status, a.location())
	}
	if out := b.token(redeem(a.query("code"))).json(); out["scope"] != "openid profile email groups" || claims(str(out["id_token"]))["nonce"] != nil {
		t.Errorf("%v", out)
	}
	for what, changes := range map[string]map[string]any{"no iss": {"iss": nil}, "no aud": {"aud": nil}} {
		if a := b.authorize(withObject(key.jwt(nil, b.objectOf(authParams(), changes)), "redirect_uri", callback)); a.query("error") != "invalid_request_object" {
			t.Errorf("%s: %d %s", what, a.status, a.location())
		}
	}
	outside := b.objectOf(authParams("redirect_uri", ""), nil)
	if a := b.authorize(withObject(key.jwt(nil, outside), "redirect_uri", callback)); a.status != 400 || a.header.Get("Location") != "" {
		t.Errorf("redirect_uri beside it only: %d %s", a.status, a.location())
	}
}

// RFC 9126 §3.
func TestASignedRequestCanBePushed(t *testing.T) {
	b := start(t).browser()
	key := newSigner("ES256", rand.Text())
	b.registerClientKeys("web", key)
	b.code(authParams())
	push := func(object map[string]any) answer {
		return b.do("POST", "/par", url.Values{"request": {key.jwt(nil, object)}}, "Authorization", basic("web", "web-secret"))
	}
	a := push(b.objectOf(authParams("state", "signed"), nil))
	if a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := b.authorize(withPushed(str(a.json()["request_uri"]), "state", "beside")); a.query("code") == "" || a.query("state") != "signed" {
		t.Errorf("%d %s", a.status, a.location())
	}
	for what, changes := range map[string]map[string]any{"another client_id": {"client_id": "spa"}, "another iss": {"iss": "spa"}, "a request_uri": {"request_uri": "x"}} {
		if a := push(b.objectOf(authParams(), changes)); a.status != 400 || a.json()["error"] != "invalid_request_object" {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
}

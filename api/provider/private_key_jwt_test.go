package provider_test

import (
	"crypto/rand"
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

// RFC 7523 §2.2, OpenID Connect Core §9, RFC 9126 §2.
func TestAClientSignsWhoItIsWithEachAlgorithmAtEachEndpoint(t *testing.T) {
	t.Parallel()
	s := startSigning(t)
	for alg, key := range s.keys {
		for path, about := range map[string]struct {
			form   url.Values
			status int
		}{
			"/token":                {form("grant_type", "client_credentials"), 200},
			"/introspect":           {form("token", "x"), 200},
			"/revoke":               {form("token", "x"), 200},
			"/par":                  {AuthParams("client_id", "signs"), 201},
			"/device_authorization": {form("scope", "openid"), 200},
		} {
			for what, aud := range map[string]any{"issuer": s.Issuer, "token endpoint": s.Issuer + "/token", "endpoint": s.Issuer + path,
				"list": []string{"https://elsewhere.example", s.Issuer}} {
				if a := s.Do("POST", path, asserted(about.form, s.assertion("signs", key, "aud", aud))); a.Status != about.status {
					t.Errorf("%s at %s, aud %s: %d %s", alg, path, what, a.Status, a.Body)
				}
			}
			s.refusedClient(alg+" at "+path+", another signature", s.Do("POST", path, asserted(about.form, altered(s.assertion("signs", key)))))
		}
		if a := s.clientCredentials(key.jwt(map[string]any{"kid": nil, "typ": "client-authentication+jwt"},
			Claims(s.assertion("signs", key))), "client_id", "signs"); a.Status != 200 {
			t.Errorf("%s without kid and beside client_id: %d %s", alg, a.Status, a.Body)
		}
	}
	doc := s.Do("GET", "/.well-known/openid-configuration", nil).JSON()
	for _, endpoint := range []string{"token", "revocation", "introspection"} {
		if !strings.Contains(asJSON(doc[endpoint+"_endpoint_auth_methods_supported"]), "private_key_jwt") ||
			asJSON(doc[endpoint+"_endpoint_auth_signing_alg_values_supported"]) != `["RS256","PS256","ES256","EdDSA"]` {
			t.Errorf("the metadata of the %s endpoint: %v", endpoint, doc)
		}
	}
}

// RFC 7523 §3, OpenID Connect Core §9, FAPI 2.0 Security Profile §5.3.2.1.
func TestAnAssertionIsCheckedClaimByClaim(t *testing.T) {
	t.Parallel()
	s := startSigning(t)
	key := s.keys["ES256"]
	for _, c := range []struct {
		what    string
		changes []any
		good    bool
	}{
		{"as it should be", nil, true},
		{"iss of another", []any{"iss", "web"}, false},
		{"no iss", []any{"iss", nil}, false},
		{"sub of another", []any{"sub", "fapi"}, false},
		{"no sub", []any{"sub", nil}, false},
		{"sub is a list", []any{"sub", []string{"signs"}}, false},
		{"sub that nobody can have", []any{"sub", "signs\x00", "iss", "signs\x00"}, false},
		{"sub of 300 characters", []any{"sub", strings.Repeat("s", 300), "iss", strings.Repeat("s", 300)}, false},
		{"aud elsewhere", []any{"aud", "https://elsewhere.example"}, false},
		{"aud is another endpoint", []any{"aud", s.Issuer + "/revoke"}, false},
		{"aud begins as the issuer", []any{"aud", s.Issuer + "0"}, false},
		{"aud with a slash", []any{"aud", s.Issuer + "/"}, false},
		{"an empty list of aud", []any{"aud", []string{}}, false},
		{"aud is a number", []any{"aud", 1}, false},
		{"no aud", []any{"aud", nil}, false},
		{"no jti", []any{"jti", nil}, false},
		{"an empty jti", []any{"jti", ""}, false},
		{"a jti of 256 characters", []any{"jti", strings.Repeat("j", 256)}, false},
		{"a jti of 255 characters", []any{"jti", strings.Repeat("j", 255)}, true},
		{"jti is a number", []any{"jti", 7}, false},
		{"no exp", []any{"exp", nil}, false},
		{"exp is a text", []any{"exp", "tomorrow"}, false},
		{"exp past", []any{"exp", -6 * time.Second}, false},
		{"exp a second ago", []any{"exp", -time.Second}, true},
		{"exp with a fraction", []any{"exp", float64(time.Now().Add(time.Minute).Unix()) + 0.5}, true},
		{"exp in an hour", []any{"exp", time.Hour}, true},
		{"exp in two hours", []any{"exp", 2 * time.Hour}, false},
		{"exp at the end of days", []any{"exp", 1e300}, false},
		{"exp below zero", []any{"exp", -1e300}, false},
		{"nbf and iat 8 seconds ahead", []any{"nbf", 8 * time.Second, "iat", 8 * time.Second}, true},
		{"nbf 61 seconds ahead", []any{"nbf", 61 * time.Second}, false},
		{"iat 61 seconds ahead", []any{"iat", 61 * time.Second, "exp", 2 * time.Minute}, false},
		{"no iat", []any{"iat", nil}, true},
		{"an old iat", []any{"iat", -24 * time.Hour}, true},
	} {
		before := s.remembered()
		a := s.clientCredentials(s.assertion("signs", key, c.changes...))
		if c.good && a.Status != 200 {
			t.Errorf("%s: %d %s", c.what, a.Status, a.Body)
		} else if !c.good {
			s.refusedClient(c.what, a)
		}
		if wrote := s.remembered() > before; wrote != c.good {
			t.Errorf("%s: a row was written: %v", c.what, wrote)
		}
	}
}

// FAPI 2.0 Security Profile §5.3.2.1, §5.4.1.
func TestAnAssertionOfAFAPIClientIsForTheIssuerAloneAndNotByRS256(t *testing.T) {
	t.Parallel()
	s := startSigning(t)
	push := func(key signer, changes ...any) Answer {
		return s.Do("POST", "/par", asserted(AuthParams("client_id", "fapi"), s.assertion("fapi", key, changes...)))
	}
	for _, alg := range []string{"PS256", "ES256", "EdDSA"} {
		if a := push(s.keys[alg]); a.Status != 201 {
			t.Errorf("%s: %d %s", alg, a.Status, a.Body)
		}
	}
	s.refusedClient("RS256", push(s.keys["RS256"]))
	for what, aud := range map[string]any{"token endpoint": s.Issuer + "/token", "endpoint": s.Issuer + "/par", "list": []string{s.Issuer},
		"list of two": []string{s.Issuer, s.Issuer + "/par"}} {
		s.refusedClient("aud "+what, push(s.keys["ES256"], "aud", aud))
	}
}

// RFC 8725 §3.11, RFC 9101 §10.8: no other JWT that the client signed passes for an assertion.
func TestNothingElseThatAClientSignsIsAnAssertion(t *testing.T) {
	t.Parallel()
	s := startSigning(t)
	key := s.keys["ES256"]
	said := func(changes ...any) map[string]any { return Claims(s.assertion("signs", key, changes...)) }
	object := key.jwt(map[string]any{"typ": "oauth-authz-req+jwt"}, s.changed(map[string]any{"iss": "signs", "aud": s.Issuer,
		"jti": rand.Text(), "exp": time.Minute}, pairsOf(AuthParams("client_id", "signs"))))
	if a := s.Authorize(form("client_id", "signs", "request", object)); a.Location().Path != "/login" {
		t.Fatalf("the request object is none: %s", a.Location())
	}
	own := Str(s.clientCredentials(s.assertion("signs", key)).JSON()["access_token"])
	untyped := key.jwt(nil, Claims(object))
	for what, token := range map[string]string{
		"a request object":             object,
		"a request object without typ": untyped,
		"an access token":              own,
		"typ of a request object":      key.jwt(map[string]any{"typ": "oauth-authz-req+jwt"}, said()),
		"typ of an access token":       key.jwt(map[string]any{"typ": "at+jwt"}, said()),
		"typ of a DPoP proof":          key.jwt(map[string]any{"typ": "dpop+jwt", "jwk": key.jwk()}, said()),
		"typ of a logout token":        key.jwt(map[string]any{"typ": "logout+jwt"}, said()),
		"crit":                         key.jwt(map[string]any{"crit": []string{"exp"}}, said()),
		"alg none":                     strings.Join(append(strings.Split(key.jwt(map[string]any{"alg": "none"}, said()), ".")[:2], ""), "."),
		"alg HS256":                    key.jwt(map[string]any{"alg": "HS256"}, said()),
		"alg of another key":           key.jwt(map[string]any{"alg": "PS256", "kid": "key-PS256"}, said()),
		"kid of another key":           key.jwt(map[string]any{"kid": "key-EdDSA"}, said()),
		"an unknown kid":               key.jwt(map[string]any{"kid": "x"}, said()),
		"a key of its own in it":       newSigner("ES256", "").jwt(map[string]any{"jwk": key.jwk()}, said()),
		"claims that are no object":    key.jwt(nil, nil),
		"no JWT":                       "x",
		"five parts":                   "a.b.c.d.e",
		"17 kB":                        s.assertion("signs", key, "more", strings.Repeat("x", 13<<10)),
		"a client that is not there":   s.assertion("nobody", key),
		"of the same keys by a client": s.assertion("fapi", key, "iss", "signs"),
		"a client without keys":        s.assertion("web", key),
		"a public client without keys": s.assertion("spa", key),
	} {
		s.refusedClient(what, s.clientCredentials(token))
	}
	if n := s.remembered(); n != 1 {
		t.Errorf("%d jtis are remembered, want that of the good assertion", n)
	}
}

// RFC 6749 §2.3, RFC 7521 §4.2.
func TestAnAssertionComesAloneAndFromAClientThatIsRegisteredForIt(t *testing.T) {
	t.Parallel()
	s := startSigning(t)
	key := s.keys["ES256"]
	s.Exec(`INSERT INTO clients (client_id, jwks, grant_types)
		VALUES ('both', $1, `+everyGrant+`)`, jwksOf(key))
	s.GiveSecret("both", "s")
	ask := form("grant_type", "client_credentials")
	for what, a := range map[string]Answer{
		"client_id of another": s.clientCredentials(s.assertion("signs", key), "client_id", "fapi"),
		"another type": s.Do("POST", "/token", form("grant_type", "client_credentials", "client_assertion",
			s.assertion("signs", key), "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")),
		"no type": s.Do("POST", "/token", form("grant_type", "client_credentials", "client_assertion",
			s.assertion("signs", key))),
		"a type alone":    s.Do("POST", "/token", asserted(form("grant_type", "client_credentials", "client_id", "signs"), "")),
		"client_id alone": s.Do("POST", "/token", form("grant_type", "client_credentials", "client_id", "signs")),
		"a secret": s.Do("POST", "/token", form("grant_type", "client_credentials", "client_id", "signs",
			"client_secret", "x")),
		"Basic":                        s.Do("POST", "/token", ask, "Authorization", Basic("signs", "x")),
		"Basic without a secret":       s.Do("POST", "/token", ask, "Authorization", Basic("signs", "")),
		"a client with a secret":       s.clientCredentials(s.assertion("both", key)),
		"client_id of a public client": s.clientCredentials(s.assertion("signs", key), "client_id", "spa"),
	} {
		s.refusedClient(what, a)
	}
	for what, a := range map[string]Answer{
		"beside a secret": s.clientCredentials(s.assertion("signs", key), "client_id", "signs", "client_secret", "x"),
		"beside Basic":    s.Do("POST", "/token", asserted(ask, s.assertion("signs", key)), "Authorization", Basic("signs", "x")),
		"twice": s.Do("POST", "/token", url.Values{"grant_type": {"client_credentials"}, "client_assertion": {s.assertion("signs", key),
			s.assertion("signs", key)},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}),
	} {
		if a.Status != 400 || a.JSON()["error"] != "invalid_request" {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	if n := s.remembered(); n != 0 {
		t.Errorf("%d jtis are remembered", n)
	}
	s.Exec("UPDATE clients SET token_endpoint_auth_signing_alg = 'EdDSA' WHERE client_id = 'signs'")
	s.WaitForNotify()
	s.refusedClient("not token_endpoint_auth_signing_alg", s.clientCredentials(s.assertion("signs", key)))
	if a := s.clientCredentials(s.assertion("signs", s.keys["EdDSA"])); a.Status != 200 {
		t.Errorf("token_endpoint_auth_signing_alg: %d %s", a.Status, a.Body)
	}
	s.Exec("UPDATE clients SET disabled_at = now() WHERE client_id = 'signs'")
	s.WaitForNotify()
	s.refusedClient("a disabled client", s.clientCredentials(s.assertion("signs", s.keys["EdDSA"])))
}

// Whoever has the client's key may know what is wrong with the clock; whoever does not, nothing.
func TestAClientWhoseClockDiffersIsToldByHowMuch(t *testing.T) {
	t.Parallel()
	s := startSigning(t)
	s.StopClock()
	now := s.Now()
	at := func(d time.Duration) int64 { return now.Add(d).Round(time.Second).Unix() }
	key, spa := s.keys["ES256"], newSigner("ES256", "")
	said := map[string]string{}
	for way, off := range map[string]time.Duration{"ahead": 5 * time.Minute, "behind": -5 * time.Minute} {
		assertion := s.assertion("signs", key, "iat", at(off), "exp", at(off+time.Minute))
		a := s.clientCredentials(assertion)
		s.refusedClient(way, a)
		said["assertion "+way] = Str(a.JSON()["error_description"])
		a = s.clientCredentials(altered(assertion))
		said["altered "+way] = Str(a.JSON()["error_description"])
		a = s.Do("POST", "/token", Refresh("x", "client_id", "spa"), "DPoP", s.proof(spa, "POST", "/token", "iat", at(off)))
		said["proof "+way] = Str(a.JSON()["error_description"])
	}
	for what, want := range map[string]string{
		"assertion ahead":  "client_assertion: iat is in the future, 300 seconds after the clock here",
		"assertion behind": "client_assertion: expired, 240 seconds before the clock here",
		"altered ahead":    "client authentication failed", "altered behind": "client authentication failed",
		"proof ahead":  "DPoP proof: iat is in the future, 300 seconds after the clock here",
		"proof behind": "DPoP proof: iat is too long ago, 300 seconds before the clock here",
	} {
		if said[what] != want {
			t.Errorf("%s: %q, want %q", what, said[what], want)
		}
	}
}

// RFC 7523 §3 number 7, OpenID Connect Core §9: jti is used once, wherever.
func TestAnAssertionIsUsedOnceAtAnyReplicaAndEndpoint(t *testing.T) {
	t.Parallel()
	s := startSigning(t)
	key := s.keys["ES256"]
	second := httptest.NewUnstartedServer(nil)
	s.Serve(second, authn.NewPasswords(2, 64))
	other := "http://" + second.Listener.Addr().String()

	used := s.assertion("signs", key)
	if a := s.clientCredentials(used); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	s.refusedClient("again", s.clientCredentials(used))
	s.refusedClient("at another endpoint", s.Do("POST", "/revoke", asserted(form("token", "x"), used)))
	s.refusedClient("at another replica", s.Do("POST", other+"/token", asserted(form("grant_type", "client_credentials"), used)))
	jti := Claims(used)["jti"]
	s.refusedClient("its jti in another assertion", s.clientCredentials(s.assertion("signs", key, "jti", jti, "exp", time.Hour)))
	if a := s.Do("POST", "/par", asserted(AuthParams("client_id", "fapi"), s.assertion("fapi", key, "jti", jti))); a.Status != 201 {
		t.Errorf("its jti with another client: %d %s", a.Status, a.Body)
	}

	once := asserted(form("grant_type", "client_credentials"), s.assertion("signs", key))
	var won atomic.Int32
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			a := s.Do("POST", []string{s.Issuer, other}[i%2]+"/token", once)
			switch {
			case a.Status == 200:
				won.Add(1)
			case a.Status != 401 || a.JSON()["error"] != "invalid_client":
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 50 parallel uses won", won.Load())
	}
}

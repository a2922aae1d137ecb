package provider_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// What authenticates a client, or is good for a token, stays out of the log.
func TestNoAssertionProofRequestURIOrExchangedTokenIsEverLogged(t *testing.T) {
	log := TakeLog(t)
	var secrets []string
	keep := func(secret string) string {
		if len(secret) < 5 {
			t.Errorf("the test lost a secret: %q", secret)
		}
		secrets = append(secrets, secret)
		return secret
	}

	s := startSigning(t, ReachesTestServers)
	key, dpop := s.keys["ES256"], newSigner("ES256", "")
	s.Exec(`INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('signs', 'store', 'openid')`)
	s.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, jwks_uri, grant_types)
		VALUES ('away', 'private_key_jwt', 'http://127.0.0.1:1/keys?secret-in-an-address', '{client_credentials}')`)
	s.Exec(`INSERT INTO clients (client_id) VALUES ('secret')`)
	s.GiveSecret("secret", "secret-of-a-client")
	assertion := func(changes ...any) string { return keep(s.assertion("signs", key, changes...)) }
	proof := func(method, path string, changes ...any) string { return keep(s.proof(dpop, method, path, changes...)) }

	used := assertion()
	own := keep(Str(s.clientCredentials(used).JSON()["access_token"]))
	s.clientCredentials(used)
	for _, bad := range [][]any{{"aud", "elsewhere"}, {"exp", -time.Hour}, {"exp", nil}, {"jti", nil}, {"iat", time.Hour}, {"sub", "web"}} {
		s.clientCredentials(assertion(bad...))
	}
	s.clientCredentials(keep(altered(assertion())))
	s.clientCredentials(keep(newSigner("ES256", "unknown").jwt(nil, Claims(assertion()))))
	s.clientCredentials(keep(s.assertion("away", key)))
	s.clientCredentials(keep("no-assertion-0815"))
	s.clientCredentials(assertion(), "client_secret", keep("secret-beside-it"))
	s.Do("POST", "/token", form("grant_type", "client_credentials", "client_id", "signs", "client_secret", keep("secret-in-its-stead")))
	s.Do("POST", "/introspect", asserted(form("token", own), assertion()))
	s.Do("POST", "/introspect", form("token", own), "Authorization", Basic("secret", keep("secret-of-a-client")))
	s.Do("POST", "/revoke", asserted(form("token", own), assertion()))

	pushed := s.Do("POST", "/par", asserted(AuthParams("client_id", "signs", "dpop_jkt", dpop.thumbprint(), "state",
		keep("state-of-a-request")), assertion()),
		"DPoP", proof("POST", "/par"))
	uri := keep(strings.TrimPrefix(Str(pushed.JSON()["request_uri"]), "urn:ietf:params:oauth:request_uri:"))
	begin := form("client_id", "signs", "request_uri", Str(pushed.JSON()["request_uri"]))
	code := keep(s.Code(begin))
	s.Authorize(begin)
	s.Authorize(form("client_id", "web", "request_uri", Str(pushed.JSON()["request_uri"])))
	s.Authorize(form("client_id", "signs", "request_uri", "urn:ietf:params:oauth:request_uri:"+keep(uri[:len(uri)-4]+"AAAA")))
	s.Do("POST", "/par", asserted(AuthParams("client_id", "signs", "redirect_uri", "https://evil.example"), assertion()))
	s.Do("POST", "/par", asserted(AuthParams("client_id", "signs", "request", keep("no-request-object")), assertion()))

	tokens := s.Do("POST", "/token", asserted(Redeem(code), assertion()), "DPoP", proof("POST", "/token"))
	access := keep(Str(tokens.JSON()["access_token"]))
	shown := proof("GET", "/userinfo", "ath", athOf(access))
	s.shown(access, shown)
	s.shown(access, shown)
	s.shown(access, proof("GET", "/userinfo"))
	s.shown(access, keep("no-proof-at-all"))
	s.Userinfo(access)
	s.Do("POST", "/token", asserted(form("grant_type", "client_credentials"), assertion()), "DPoP",
		proof("POST", "/token", "nonce", keep("nonce-of-somebody")))
	s.Do("POST", "/token", asserted(form("grant_type", "client_credentials"), assertion()), "DPoP", keep(altered(proof("POST", "/token"))))

	exchange := func(subject string, more ...string) Answer {
		return s.Do("POST", "/token", asserted(form(append([]string{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange",
			"subject_token", subject,
			"subject_token_type", accessTokenURI}, more...)...), assertion()), "DPoP", proof("POST", "/token"))
	}
	keep(Str(exchange(access, "audience", "store").JSON()["access_token"]))
	exchange(access, "audience", "elsewhere")
	exchange(keep("no-subject-token"), "audience", "store")
	exchange(access, "audience", "store", "actor_token", keep("no-actor-token"), "actor_token_type", accessTokenURI)
	exchange(access, "audience", "store", "actor_token", own, "actor_token_type", accessTokenURI)
	keep("secret-in-an-address")

	text := log.String()
	for _, secret := range secrets {
		if strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) {
			t.Errorf("%q is in the log", secret)
		}
		if _, signature, jwt := cutLast(secret, "."); jwt && strings.Contains(text, signature) {
			t.Errorf("the signature of %q is in the log", secret)
		}
	}
	for _, event := range []string{"its jti was used before", "aud is not this issuer", "exchanged an access token",
		"exchange_policies", "expired",
		"DPoP proof: its jti was used before", "pushed request refused"} {
		if !strings.Contains(text, event) {
			t.Errorf("the log does not say %s", event)
		}
	}
}

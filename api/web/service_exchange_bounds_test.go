package web_test

import (
	"strings"
	"testing"
	"time"
)

// RFC 8693 §2.1, §2.2.2: what may be exchanged, and by whom.
func TestWhatMayBeExchangedAndByWhom(t *testing.T) {
	s := startExchange(t)
	s.exec(`INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('mail', 'store', 'read'), ('web', 'store', 'read'), ('spa', 'store', 'read')`)
	s.exec(`UPDATE clients SET grant_types = grant_types || '{urn:ietf:params:oauth:grant-type:token-exchange}'::text[] WHERE client_id IN ('web', 'spa')`)
	tokens := s.token(redeem(s.code(authParams("scope", "openid read offline_access")))).json()
	subject := str(tokens["access_token"])
	if a := s.swap("web", subject, "store"); a.status != 200 {
		t.Errorf("its own token: %d %s", a.status, a.body)
	}
	s.refuses("sent to another", s.swap("mail", subject, "store"), "invalid_request")
	s.exec("UPDATE exchange_policies SET subject_audience = 'api' WHERE client_id = 'mail'")
	if a := s.swap("mail", subject, "store"); a.status != 200 {
		t.Errorf("sent to its subject_audience: %d %s", a.status, a.body)
	}
	s.exec("UPDATE exchange_policies SET subject_audience = 'elsewhere' WHERE client_id = 'mail'")
	s.refuses("sent to neither", s.swap("mail", subject, "store"), "invalid_request")

	for what, token := range map[string]string{"a personal access token": s.personalAccessToken(), "a refresh token": str(tokens["refresh_token"]),
		"an ID token": str(tokens["id_token"]), "a client's own": s.itself("api"), "altered": altered(subject), "no token": "x",
		"unsigned": strings.Join(append([]string{base64url([]byte(`{"alg":"none","typ":"at+jwt"}`))}, strings.Split(subject, ".")[1], ""), ".")} {
		s.refuses(what, s.swap("api", token, "store"), "invalid_request")
	}
	s.refuses("as an ID token", s.swap("api", subject, "store", "requested_token_type", "urn:ietf:params:oauth:token-type:id_token"), "invalid_request")
	public := s.do("POST", "/token", form("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "client_id", "spa",
		"subject_token", subject, "subject_token_type", accessTokenURI, "audience", "store"))
	s.refuses("a public client", public, "unauthorized_client")
	s.exec(`UPDATE clients SET grant_types = '{authorization_code}' WHERE client_id = 'api'`)
	waitForNotify()
	s.refuses("a client without the grant", s.swap("api", subject, "store"), "unauthorized_client")
}

// The gate of the exchanging client is asked, too; and what an exchange gives ends with its subject.
func TestAnExchangeAsksForThePersonsGroupsAndNeverLengthensALife(t *testing.T) {
	s := startExchange(t)
	subject := s.subject("openid read")
	for _, groups := range []string{"{hub-admins}", "{staff}", "{}"} {
		s.exec("UPDATE clients SET allowed_groups = $1::text[] WHERE client_id = 'api'", groups)
		waitForNotify()
		good := groups != "{hub-admins}"
		if a := s.swap("api", subject, "store"); good != (a.status == 200) || !good && a.json()["error"] != "access_denied" {
			t.Errorf("allowed_groups %s: %d %s", groups, a.status, a.body)
		}
	}
	s.later(14 * time.Minute)
	a := s.swap("api", subject, "store")
	token := str(a.json()["access_token"])
	if a.status != 200 || a.json()["expires_in"].(float64) > 60 || claims(token)["exp"] != claims(subject)["exp"] {
		t.Errorf("after 14 of 15 minutes: %d %s", a.status, a.body)
	}
	s.later(time.Minute + time.Second)
	s.refuses("a second after its end", s.swap("api", subject, "store"), "invalid_request")
	s.later(10 * time.Second)
	if s.said(token)["active"] != false {
		t.Error("it outlives its subject")
	}
}

// RFC 7662 §2.2, RFC 7009 §2.1: an exchanged token ends with what it was made of, at once, and can be revoked alone.
func TestAnExchangedTokenEndsWithItsGrantItsPersonAndEitherClient(t *testing.T) {
	s := startExchange(t)
	for what, step := range map[string]struct{ end, undo string }{
		"revoking the grant":         {"UPDATE grants SET revoked_at = now()", "UPDATE grants SET revoked_at = NULL"},
		"disabling the person":       {"UPDATE users SET disabled_at = now()", "UPDATE users SET disabled_at = NULL"},
		"ending the session":         {"UPDATE sessions SET ended_at = now()", "UPDATE sessions SET ended_at = NULL"},
		"disabling the first client": {"UPDATE clients SET disabled_at = now() WHERE client_id = 'web'", "UPDATE clients SET disabled_at = NULL"},
		"disabling the service":      {"UPDATE clients SET disabled_at = now() WHERE client_id = 'api'", "UPDATE clients SET disabled_at = NULL"},
	} {
		subject := s.subject("openid read")
		token := s.swapped("api", subject, "store")
		said := func() any {
			return s.do("POST", "/introspect", form("token", token), "Authorization", basic("store", "s")).json()["active"]
		}
		if said() != true {
			t.Fatalf("before %s: %v", what, said())
		}
		s.exec(step.end)
		waitForNotify()
		if said() != false {
			t.Errorf("active after %s", what)
		}
		s.refuses("exchanged on after "+what, s.swap("store", token, "mail"), "invalid_request")
		s.exec(step.undo)
		waitForNotify()
	}

	subject := s.subject("openid read")
	token, other := s.swapped("api", subject, "store"), s.swapped("api", subject, "store")
	revoke := func(client, secret string) {
		t.Helper()
		if a := s.do("POST", "/revoke", form("token", token), "Authorization", basic(client, secret)); a.status != 200 {
			t.Errorf("revoke: %d %s", a.status, a.body)
		}
	}
	revoke("store", "s")
	revoke("web", "web-secret")
	if s.said(token)["active"] != true {
		t.Error("another client revoked it")
	}
	revoke("api", "s")
	if s.said(token)["active"] != false {
		t.Error("active although it was revoked")
	}
	s.refuses("exchanged on although it was revoked", s.swap("store", token, "mail"), "invalid_request")
	if s.said(other)["active"] != true || s.said(subject)["active"] != true || s.userinfo(subject).status != 200 {
		t.Error("the revocation ended more than the token")
	}
}

// OpenID Connect Core §8, RFC 9449 §5: the new token is of the client that it is for in this, too.
func TestAnExchangedTokenHasTheSubjectAndTheKeyOfItsClient(t *testing.T) {
	s := startExchange(t)
	subject := s.subject("openid email read")
	s.exec("UPDATE clients SET subject_type = 'pairwise' WHERE client_id = 'api'")
	waitForNotify()
	token := s.swapped("api", subject, "store")
	own := s.token(redeem(s.code(authParams("client_id", "api", "redirect_uri", "https://api.example.org/cb", "scope", "openid")), "client_id", "api",
		"client_secret", "s", "redirect_uri", "https://api.example.org/cb")).json()
	if sub := claims(token)["sub"]; sub == "sub-alice" || sub != claims(str(own["id_token"]))["sub"] || s.said(token)["sub"] != sub {
		t.Errorf("sub %v, of its ID token %v", sub, claims(str(own["id_token"]))["sub"])
	}
	key := newSigner("EdDSA", "")
	a := s.do("POST", "/token", form("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", subject, "subject_token_type",
		accessTokenURI, "audience", "store"), "Authorization", basic("api", "s"), "DPoP", s.proof(key, "POST", "/token"))
	bound := str(a.json()["access_token"])
	if a.status != 200 || a.json()["token_type"] != "DPoP" || jktOf(bound) != key.thumbprint() || s.said(bound)["token_type"] != "DPoP" {
		t.Errorf("with a proof: %d %s", a.status, a.body)
	}
	if jkt := jktOf(s.swapped("api", bound, "store")); jkt != "" {
		t.Errorf("without a proof, from a bound token: %s", jkt)
	}
}

// What was asked for by name, and allowed, was for the first client.
func TestAnExchangedTokenForUserinfoReleasesItsOwnScopeOnly(t *testing.T) {
	s := startExchange(t)
	s.exec("INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('api', $1, 'openid')", s.issuer)
	first := str(s.token(redeem(s.code(authParams("scope", "openid", "claims", `{"userinfo": {"email": null}}`)))).json()["access_token"])
	if a := s.userinfo(first); a.json()["email"] != "alice@example.org" {
		t.Fatalf("the first client: %d %s", a.status, a.body)
	}
	token := s.swapped("api", first, s.issuer)
	if a := s.userinfo(token); a.status != 200 || a.json()["sub"] != "sub-alice" || a.json()["email"] != nil {
		t.Errorf("%d %s", a.status, a.body)
	}
	s.do("POST", "/revoke", form("token", token), "Authorization", basic("api", "s"))
	if a := s.userinfo(token); a.status != 401 {
		t.Errorf("userinfo takes a revoked token: %d", a.status)
	}
	if a := s.userinfo(first); a.status != 200 {
		t.Errorf("the first client's token ended with it: %d", a.status)
	}
}

// Tokens of upstreams are for the client that the person signed in to.
func TestAnExchangedTokenGetsNoTokenOfAnUpstream(t *testing.T) {
	b, _, subject := exchanges(t)
	b.exec("INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('web', 'web', 'openid email')")
	own := str(b.token(exchange(subject, "requested_issuer", "", "audience", "web")).json()["access_token"])
	if own == "" {
		t.Fatal("not exchanged")
	}
	a := b.token(exchange(own))
	if a.status != 400 || a.json()["error"] != "invalid_request" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

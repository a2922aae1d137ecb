package provider_test

import (
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// RFC 8693 §2.1, §2.2.2: what may be exchanged, and by whom.
func TestWhatMayBeExchangedAndByWhom(t *testing.T) {
	t.Parallel()
	s := startExchange(t)
	s.Exec(`INSERT INTO exchange_policies (client_id, audience, scope)
		VALUES ('mail', 'store', 'read'), ('web', 'store', 'read'), ('spa', 'store', 'read')`)
	s.Exec(`UPDATE clients SET grant_types = grant_types || '{urn:ietf:params:oauth:grant-type:token-exchange}'::text[]
		WHERE client_id IN ('web', 'spa')`)
	tokens := s.Token(Redeem(s.Code(AuthParams("scope", "openid read offline_access")))).JSON()
	subject := Str(tokens["access_token"])
	if a := s.swap("web", subject, "store"); a.Status != 200 {
		t.Errorf("its own token: %d %s", a.Status, a.Body)
	}
	s.refuses("sent to another", s.swap("mail", subject, "store"), "invalid_request")
	s.Exec("UPDATE exchange_policies SET subject_audience = 'api' WHERE client_id = 'mail'")
	if a := s.swap("mail", subject, "store"); a.Status != 200 {
		t.Errorf("sent to its subject_audience: %d %s", a.Status, a.Body)
	}
	s.Exec("UPDATE exchange_policies SET subject_audience = 'elsewhere' WHERE client_id = 'mail'")
	s.refuses("sent to neither", s.swap("mail", subject, "store"), "invalid_request")

	for what, token := range map[string]string{"a personal access token": s.personalAccessToken(),
		"a refresh token": Str(tokens["refresh_token"]),
		"an ID token":     Str(tokens["id_token"]), "a client's own": s.itself("api"), "altered": altered(subject), "no token": "x",
		"unsigned": strings.Join(append([]string{base64url([]byte(`{"alg":"none","typ":"at+jwt"}`))}, strings.Split(subject, ".")[1], ""), ".")} {
		s.refuses(what, s.swap("api", token, "store"), "invalid_request")
	}
	s.refuses("as an ID token", s.swap("api", subject, "store", "requested_token_type", "urn:ietf:params:oauth:token-type:id_token"),
		"invalid_request")
	public := s.Do("POST", "/token", form("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "client_id", "spa",
		"subject_token", subject, "subject_token_type", accessTokenURI, "audience", "store"))
	s.refuses("a public client", public, "unauthorized_client")
	s.Exec(`UPDATE clients SET grant_types = '{authorization_code}' WHERE client_id = 'api'`)
	s.WaitForNotify()
	s.refuses("a client without the grant", s.swap("api", subject, "store"), "unauthorized_client")
}

// The gate of the exchanging client is asked, too; and what comes of an exchange ends with its subject token.
func TestAnExchangeAsksForThePersonsGroupsAndNeverLengthensALife(t *testing.T) {
	t.Parallel()
	s := startExchange(t)
	subject := s.subject("openid read")
	for _, groups := range []string{"{hub-admins}", "{staff}", "{}"} {
		s.Exec("UPDATE clients SET allowed_groups = $1::text[] WHERE client_id = 'api'", groups)
		s.WaitForNotify()
		good := groups != "{hub-admins}"
		if a := s.swap("api", subject, "store"); good != (a.Status == 200) || !good && a.JSON()["error"] != "access_denied" {
			t.Errorf("allowed_groups %s: %d %s", groups, a.Status, a.Body)
		}
	}
	s.Later(14 * time.Minute)
	a := s.swap("api", subject, "store")
	token := Str(a.JSON()["access_token"])
	if a.Status != 200 || a.JSON()["expires_in"].(float64) > 60 || Claims(token)["exp"] != Claims(subject)["exp"] {
		t.Errorf("after 14 of 15 minutes: %d %s", a.Status, a.Body)
	}
	s.Later(time.Minute + time.Second)
	s.refuses("a second after its end", s.swap("api", subject, "store"), "invalid_request")
	s.Later(10 * time.Second)
	if s.said(token)["active"] != false {
		t.Error("it outlives its subject")
	}
}

// A client that asks for more than the person signed in with gets nothing by an exchange, either.
func TestAnExchangeIsRefusedWhereTheSignInHadLessThanTheClientAsksFor(t *testing.T) {
	t.Parallel()
	s := startExchange(t)
	token := s.subject("openid read")
	for minACR, want := range map[string]string{"": "", "mfa": "access_denied"} {
		s.Exec("UPDATE clients SET min_acr = nullif($1, '') WHERE client_id = 'api'", minACR)
		s.WaitForNotify()
		if a := s.swap("api", token, "store"); a.Status != 200 && want == "" || Str(a.JSON()["error"]) != want {
			t.Errorf("min_acr %q: %d %s", minACR, a.Status, a.Body)
		}
	}
}

// RFC 7662 §2.2, RFC 7009 §2.1: an exchanged token ends with what it was made of, at once, and can be revoked alone.
func TestAnExchangedTokenEndsWithItsGrantItsPersonAndEitherClient(t *testing.T) {
	t.Parallel()
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
			return s.Do("POST", "/introspect", form("token", token), "Authorization", Basic("store", "s")).JSON()["active"]
		}
		if said() != true {
			t.Fatalf("before %s: %v", what, said())
		}
		s.Exec(step.end)
		s.WaitForNotify()
		if said() != false {
			t.Errorf("active after %s", what)
		}
		s.refuses("exchanged on after "+what, s.swap("store", token, "mail"), "invalid_request")
		s.Exec(step.undo)
		s.WaitForNotify()
	}

	subject := s.subject("openid read")
	token, other := s.swapped("api", subject, "store"), s.swapped("api", subject, "store")
	revoke := func(client, secret string) {
		t.Helper()
		if a := s.Do("POST", "/revoke", form("token", token), "Authorization", Basic(client, secret)); a.Status != 200 {
			t.Errorf("revoke: %d %s", a.Status, a.Body)
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
	if s.said(other)["active"] != true || s.said(subject)["active"] != true || s.Userinfo(subject).Status != 200 {
		t.Error("the revocation ended more than the token")
	}
}

// OpenID Connect Core §8, RFC 9449 §5: the new token is of the client that it is for in this, too.
func TestAnExchangedTokenHasTheSubjectAndTheKeyOfItsClient(t *testing.T) {
	t.Parallel()
	s := startExchange(t)
	subject := s.subject("openid email read")
	s.Exec("UPDATE clients SET subject_type = 'pairwise' WHERE client_id = 'api'")
	s.WaitForNotify()
	token := s.swapped("api", subject, "store")
	own := s.Token(Redeem(s.Code(AuthParams("client_id", "api", "redirect_uri", "https://api.example.org/cb", "scope", "openid")),
		"client_id", "api",
		"client_secret", "s", "redirect_uri", "https://api.example.org/cb")).JSON()
	if sub := Claims(token)["sub"]; sub == "sub-alice" || sub != Claims(Str(own["id_token"]))["sub"] || s.said(token)["sub"] != sub {
		t.Errorf("sub %v, of its ID token %v", sub, Claims(Str(own["id_token"]))["sub"])
	}
	key := newSigner("EdDSA", "")
	a := s.Do("POST", "/token", form("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", subject,
		"subject_token_type",
		accessTokenURI, "audience", "store"), "Authorization", Basic("api", "s"), "DPoP", s.proof(key, "POST", "/token"))
	bound := Str(a.JSON()["access_token"])
	if a.Status != 200 || a.JSON()["token_type"] != "DPoP" || jktOf(bound) != key.thumbprint() || s.said(bound)["token_type"] != "DPoP" {
		t.Errorf("with a proof: %d %s", a.Status, a.Body)
	}
}

// RFC 9449 §5: what is bound to a key is no bearer's after an exchange.
func TestATokenThatIsBoundToAKeyIsExchangedWithAProofOnly(t *testing.T) {
	t.Parallel()
	s := startExchange(t)
	s.Exec(`UPDATE clients SET grant_types = grant_types || '{urn:ietf:params:oauth:grant-type:token-exchange}'::text[]
		WHERE client_id = 'web' AND NOT 'urn:ietf:params:oauth:grant-type:token-exchange' = ANY(grant_types)`)
	s.Exec(`INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('web', 'store', 'read')`)
	s.WaitForNotify()
	key, other := newSigner("EdDSA", ""), newSigner("ES256", "")
	subject := Str(s.Do("POST", "/token", Redeem(s.Code(AuthParams("scope", "openid read"))), "Authorization",
		Basic("web", "web-secret"), "DPoP", s.proof(key, "POST", "/token")).JSON()["access_token"])
	if jktOf(subject) != key.thumbprint() {
		t.Fatalf("the subject token is bound to %q", jktOf(subject))
	}
	with := func(client string, prover *signer, changes ...string) Answer {
		ask := form("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", subject, "subject_token_type",
			accessTokenURI, "audience", "store")
		for i := 0; i < len(changes); i += 2 {
			ask.Set(changes[i], changes[i+1])
		}
		headers := []string{"Authorization", Basic(client, map[string]string{"web": "web-secret", "api": "s"}[client])}
		if prover != nil {
			headers = append(headers, "DPoP", s.proof(*prover, "POST", "/token"))
		}
		return s.Do("POST", "/token", ask, headers...)
	}
	for what, a := range map[string]Answer{"its client, without a proof": with("web", nil),
		"its client, with another key": with("web", &other), "a service, without a proof": with("api", nil),
		"an actor token without its key": with("web", &other, "subject_token", s.subject("openid read"), "actor_token", subject,
			"actor_token_type", accessTokenURI)} {
		s.refuses(what, a, "invalid_request")
	}
	for client, prover := range map[string]*signer{"web": &key, "api": &other} {
		a := with(client, prover)
		if a.Status != 200 || a.JSON()["token_type"] != "DPoP" || jktOf(Str(a.JSON()["access_token"])) != prover.thumbprint() {
			t.Errorf("%s: %d %s", client, a.Status, a.Body)
		}
	}
}

// What was asked for by name, and allowed, was for the first client.
func TestAnExchangedTokenForUserinfoReleasesItsOwnScopeOnly(t *testing.T) {
	t.Parallel()
	s := startExchange(t)
	s.Exec("INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('api', $1, 'openid')", s.Issuer)
	first := Str(s.Token(Redeem(s.Code(AuthParams("scope", "openid", "claims", `{"userinfo": {"email": null}}`)))).JSON()["access_token"])
	if a := s.Userinfo(first); a.JSON()["email"] != "alice@example.org" {
		t.Fatalf("the first client: %d %s", a.Status, a.Body)
	}
	token := s.swapped("api", first, s.Issuer)
	if a := s.Userinfo(token); a.Status != 200 || a.JSON()["sub"] != "sub-alice" || a.JSON()["email"] != nil {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	s.Do("POST", "/revoke", form("token", token), "Authorization", Basic("api", "s"))
	if a := s.Userinfo(token); a.Status != 401 {
		t.Errorf("userinfo takes a revoked token: %d", a.Status)
	}
	if a := s.Userinfo(first); a.Status != 200 {
		t.Errorf("the first client's token ended with it: %d", a.Status)
	}
}

// Tokens of upstreams are for the client that the person signed in to.
func TestAnExchangedTokenGetsNoTokenOfAnUpstream(t *testing.T) {
	t.Parallel()
	b, _, subject := exchanges(t)
	b.Exec("INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('web', 'web', 'openid email')")
	own := Str(b.Token(exchange(subject, "requested_issuer", "", "audience", "web")).JSON()["access_token"])
	if own == "" {
		t.Fatal("not exchanged")
	}
	a := b.Token(exchange(own))
	if a.Status != 400 || a.JSON()["error"] != "invalid_request" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

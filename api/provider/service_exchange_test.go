package provider_test

import (
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// services is a rig with a client "web" that people sign in to, and the services "api", "store" and "mail", which are handed their tokens
// and may exchange them: api for store, store for mail, as rows of exchange_policies say.
type services struct{ *browser }

func startExchange(t *testing.T) services {
	t.Helper()
	s := services{start(t).browser()}
	s.Exec(`UPDATE clients SET audiences = '{api}', scope = scope || ' read write', grant_types = grant_types ||
		'{client_credentials}'::text[] WHERE client_id = 'web'`)
	for _, name := range []string{"api", "store", "mail"} {
		s.Exec(`INSERT INTO clients (client_id, grant_types, scope, redirect_uris, first_party)
			VALUES ($1, `+everyGrant+`, 'openid email read', ARRAY['https://' || $1 || '.example.org/cb'], true)`, name)
		s.GiveSecret(name, "s")
	}
	s.Exec(`INSERT INTO exchange_policies (client_id, audience, scope)
		VALUES ('api', 'store', 'read email openid'), ('store', 'mail', 'read email')`)
	return s
}

// subject is an access token of alice's at "web", which it is allowed to send to "api".
func (s services) subject(scope string) string {
	s.Helper()
	return Str(s.Token(Redeem(s.Code(AuthParams("scope", scope)))).JSON()["access_token"])
}

// swap exchanges a token as client, for audience.
func (s services) swap(client, subject, audience string, more ...string) Answer {
	s.Helper()
	ask := form("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", subject, "subject_token_type",
		accessTokenURI)
	if audience != "" {
		ask.Set("audience", audience)
	}
	for i := 0; i < len(more); i += 2 {
		ask.Add(more[i], more[i+1])
	}
	secret := map[string]string{"web": "web-secret"}[client]
	if secret == "" {
		secret = "s"
	}
	return s.Do("POST", "/token", ask, "Authorization", Basic(client, secret))
}

// swapped is the token that an exchange has to give.
func (s services) swapped(client, subject, audience string, more ...string) string {
	s.Helper()
	a := s.swap(client, subject, audience, more...)
	if a.Status != 200 {
		s.Fatalf("%s for %s: %d %s", client, audience, a.Status, a.Body)
	}
	return Str(a.JSON()["access_token"])
}

func (s services) refuses(what string, a Answer, code string) {
	s.Helper()
	if a.Status != 400 || a.JSON()["error"] != code || a.JSON()["access_token"] != nil {
		s.Errorf("%s: %d %s, want %s", what, a.Status, a.Body, code)
	}
}

// itself is a token that a client gets for itself.
func (s services) itself(client string) string {
	s.Helper()
	return Str(s.Do("POST", "/token", form("grant_type", "client_credentials", "client_id", client, "client_secret",
		"s")).JSON()["access_token"])
}

// RFC 8693 §1.1, §2.1, §2.2.1, §4.1, §4.3.
func TestAServiceExchangesATokenThatItWasSentForOneThatSaysWhoActs(t *testing.T) {
	t.Parallel()
	s := startExchange(t)
	subject := s.subject("openid email groups read write")
	s.Later(5 * time.Minute)
	a := s.swap("api", subject, "store", "requested_token_type", accessTokenURI)
	out := a.JSON()
	if a.Status != 200 || out["issued_token_type"] != accessTokenURI || out["token_type"] != "Bearer" || out["scope"] != "read email openid" ||
		out["refresh_token"] != nil || out["id_token"] != nil || out["expires_in"].(float64) > 600 ||
		a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	token := Str(out["access_token"])
	said := Claims(token)
	if headerOf(token)["typ"] != "at+jwt" || said["sub"] != "sub-alice" || said["client_id"] != "api" || said["aud"] != "store" ||
		said["iss"] != s.Issuer ||
		asJSON(said["act"]) != `{"sub":"api"}` || said["scope"] != "read email openid" || said["groups"] != nil ||
		said["auth_time"] != Claims(subject)["auth_time"] ||
		said["exp"] != Claims(subject)["exp"] || said["jti"] == Claims(subject)["jti"] {
		t.Errorf("claims %v", said)
	}
	if seen := s.said(token); seen["active"] != true || seen["sub"] != "sub-alice" || seen["username"] != nil ||
		seen["client_id"] != "api" || seen["aud"] != "store" ||
		asJSON(seen["act"]) != `{"sub":"api"}` {
		t.Errorf("introspection %v", seen)
	}
	if a := s.Userinfo(token); a.Status != 401 {
		t.Errorf("userinfo takes a token for store: %d", a.Status)
	}

	// A chain of services: each is named, the last first.
	second := s.swapped("store", token, "mail")
	if act := asJSON(Claims(second)["act"]); act != `{"act":{"sub":"api"},"sub":"store"}` || Claims(second)["scope"] != "read email" {
		t.Errorf("the second exchange: %s %v", act, Claims(second)["scope"])
	}
	chain := token
	for range 4 {
		chain = s.swapped("api", chain, "store")
	}
	if n := strings.Count(asJSON(Claims(chain)["act"]), "api"); n != 5 {
		t.Errorf("%d have acted", n)
	}
	s.refuses("a sixth", s.swap("api", chain, "store"), "invalid_request")
}

// RFC 8693 §2.1, §4.1: the actor is the client itself, or whose token it brings.
func TestTheActorIsTheClientOrWhoseTokenItBrings(t *testing.T) {
	t.Parallel()
	s := startExchange(t)
	s.Exec(`INSERT INTO users (sub, username, password) VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)))`, Password)
	bob := s.rig.browser()
	at := bob.Authorize(AuthParams("client_id", "api", "redirect_uri", "https://api.example.org/cb", "scope",
		"openid offline_access")).Location()
	code := bob.Login(at, "bob", Password).Query("code")
	ofBob := bob.Token(Redeem(code, "client_id", "api", "client_secret", "s", "redirect_uri", "https://api.example.org/cb")).JSON()
	subject := s.subject("openid read")
	swap := func(actor string, more ...string) Answer {
		return s.swap("api", subject, "store", append([]string{"actor_token", actor, "actor_token_type", accessTokenURI}, more...)...)
	}
	own := s.itself("api")
	for what, c := range map[string]struct{ actor, act string }{
		"its own token": {own, `{"sub":"api"}`},
		"bob's token":   {Str(ofBob["access_token"]), `{"sub":"sub-bob"}`},
	} {
		if a := swap(c.actor); a.Status != 200 || asJSON(Claims(Str(a.JSON()["access_token"]))["act"]) != c.act {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	for what, actor := range map[string]string{"another client's": s.itself("store"), "the subject token": subject,
		"an ID token":             Str(ofBob["id_token"]),
		"a personal access token": s.personalAccessToken(), "no token": "x", "altered": altered(own)} {
		s.refuses(what, swap(actor), "invalid_request")
	}
	s.refuses("without a type", s.swap("api", subject, "store", "actor_token", own), "invalid_request")
	s.refuses("a type alone", s.swap("api", subject, "store", "actor_token_type", accessTokenURI), "invalid_request")
	s.refuses("another type", s.swap("api", subject, "store", "actor_token", own, "actor_token_type",
		"urn:ietf:params:oauth:token-type:jwt"), "invalid_request")
	s.Do("POST", "/revoke", form("token", own), "Authorization", Basic("api", "s"))
	s.refuses("a revoked one", swap(own), "invalid_request")
	s.Exec("UPDATE users SET disabled_at = now() WHERE username = 'bob'")
	s.refuses("of a disabled person", swap(Str(ofBob["access_token"])), "invalid_request")

	if act := Claims(s.swapped("api", subject, "store"))["act"]; act == nil {
		t.Error("impersonation although no row allows it")
	}
	s.Exec("UPDATE exchange_policies SET impersonation = true WHERE client_id = 'api'")
	if act := Claims(s.swapped("api", subject, "store"))["act"]; act != nil {
		t.Errorf("impersonation: act %v", act)
	}
	if a := swap(s.itself("api")); asJSON(Claims(Str(a.JSON()["access_token"]))["act"]) != `{"sub":"api"}` {
		t.Errorf("delegation where impersonation is allowed: %s", a.Body)
	}
	s.swapped("store", s.swapped("api", subject, "store"), "mail")
	s.Exec("UPDATE exchange_policies SET impersonation = true WHERE client_id = 'store'")
	s.Exec("UPDATE exchange_policies SET impersonation = false WHERE client_id = 'api'")
	chain := s.swapped("store", s.swapped("api", subject, "store"), "mail")
	if act := asJSON(Claims(chain)["act"]); act != `{"sub":"api"}` {
		t.Errorf("who impersonates hides who acted before: %s", act)
	}
}

// RFC 8693 §2.1, §2.2.2, §5, RFC 8707 §2: never more scope than the subject token has or the row allows, and only for the
// audience of a row.
func TestAnExchangedTokenIsNeverWiderThanItsSubjectAndItsRow(t *testing.T) {
	t.Parallel()
	s := startExchange(t)
	subject := s.subject("openid read write")
	for asked, want := range map[string]string{"": "read openid", "read": "read", "read read openid": "read openid"} {
		if a := s.swap("api", subject, "store", "scope", asked); a.Status != 200 || a.JSON()["scope"] != want ||
			Claims(Str(a.JSON()["access_token"]))["scope"] != want {
			t.Errorf("scope %q: %d %s, want %q", asked, a.Status, a.Body, want)
		}
	}
	for what, scope := range map[string]string{"of the row alone": "email", "of the subject alone": "write",
		"of neither": "unheard-of", "one of two": "read write"} {
		s.refuses("scope "+what, s.swap("api", subject, "store", "scope", scope), "invalid_scope")
	}
	narrow := s.swapped("api", subject, "store", "scope", "openid")
	s.refuses("more than an exchanged token has", s.swap("api", narrow, "store", "scope", "read"), "invalid_scope")
	if a := s.swap("api", narrow, "store"); a.JSON()["scope"] != "openid" {
		t.Errorf("an exchanged token again: %s", a.Body)
	}

	s.Exec("INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('api', 'https://cal.example.org/x', 'read')")
	if a := s.swap("api", subject, "", "resource", "https://cal.example.org/x"); a.Status != 200 ||
		Claims(Str(a.JSON()["access_token"]))["aud"] != "https://cal.example.org/x" {
		t.Errorf("resource: %d %s", a.Status, a.Body)
	}
	s.refuses("no row", s.swap("api", subject, "mail"), "invalid_target")
	s.refuses("the row of another client", s.swap("store", s.swapped("api", subject, "store"), "store"), "invalid_target")
	s.refuses("the issuer", s.swap("api", subject, s.Issuer), "invalid_target")
	s.refuses("two audiences", s.swap("api", subject, "store", "audience", "mail"), "invalid_target")
	s.refuses("the same twice", s.swap("api", subject, "store", "audience", "store"), "invalid_target")
	s.refuses("audience and resource", s.swap("api", subject, "store", "resource", "https://cal.example.org/x"), "invalid_target")
	s.refuses("no audience", s.swap("api", subject, ""), "invalid_request")
	for what, audience := range map[string]string{"NUL": "store\x00", "broken UTF-8": "\xff", "a new line": "store\n",
		"long": strings.Repeat("x", 60<<10)} {
		s.refuses("audience with "+what, s.swap("api", subject, audience), "invalid_target")
		s.refuses("resource with "+what, s.swap("api", subject, "", "resource", audience), "invalid_target")
	}
}

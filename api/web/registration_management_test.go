package web_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/api/store"
)

// registered is a client that registered itself, with what it manages that by.
type registered struct {
	id, secret, at, bearer string
}

func (b *browser) registered(metadata any) registered {
	b.Helper()
	a := b.register(metadata)
	if a.status != 201 {
		b.Fatalf("%d %s", a.status, a.body)
	}
	c := a.json()
	return registered{str(c["client_id"]), str(c["client_secret"]), str(c["registration_client_uri"]), "Bearer " + str(c["registration_access_token"])}
}

// RFC 7592 §2.1, §3.
func TestAClientReadsItsRegistration(t *testing.T) {
	b := start(t, openRegistration).browser()
	metadata := withCallback("initiate_login_uri", "https://rp.example.org/login")
	c := b.registered(metadata)
	a := b.do("GET", c.at, nil, "Authorization", c.bearer)
	got := a.json()
	if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") || got["client_id"] != c.id || got["initiate_login_uri"] != "https://rp.example.org/login" ||
		got["registration_client_uri"] != c.at || "Bearer "+str(got["registration_access_token"]) != c.bearer || got["client_secret"] != nil || got["client_id_issued_at"] == nil {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestNothingOfARegistrationThatIsSecretIsLogged(t *testing.T) {
	log := takeLog(t)
	b := start(t, openRegistration).browser()
	b.exec(`INSERT INTO initial_access_tokens (name, token_sha256) VALUES ('x', sha256('initial-token-0815'))`)
	a := b.register(withCallback(), "Authorization", "Bearer initial-token-0815")
	c := b.registered(withCallback())
	for _, bearer := range []string{c.bearer, "Bearer guessed-token-0815"} {
		b.do("GET", c.at, nil, "Authorization", bearer)
		b.sendJSON("PUT", c.at, withCallback("client_id", c.id, "client_secret", "guessed-secret-0815"), "Authorization", bearer)
		b.sendJSON("PUT", c.at, withCallback("client_id", c.id), "Authorization", bearer)
	}
	b.do("DELETE", c.at, nil, "Authorization", c.bearer)
	for _, secret := range []string{"initial-token-0815", str(a.json()["client_secret"]), str(a.json()["registration_access_token"]), c.secret, strings.TrimPrefix(c.bearer, "Bearer "),
		"guessed-token-0815", "guessed-secret-0815"} {
		if secret == "" || contains(log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	if !contains(log.String(), c.id) {
		t.Error("the log does not name the client")
	}
}

func TestTheRegistrationPageIsRight(t *testing.T) {
	page, err := os.ReadFile("../../docs/registration.md")
	if err != nil {
		t.Fatal(err)
	}
	bodies := regexp.MustCompile(`(?s)-d '(\{.*?\})'`).FindAllStringSubmatch(string(page), -1)
	if len(bodies) != 2 {
		t.Fatalf("%d bodies", len(bodies))
	}
	b := start(t, openRegistration).browser()
	c := b.registered(bodies[0][1])
	if a := b.sendJSON("PUT", c.at, strings.Replace(bodies[1][1], "…", c.id, 1), "Authorization", c.bearer); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// RFC 7592 §2: no answer tells whether a client is there.
func TestNobodyButTheClientManagesItsRegistration(t *testing.T) {
	b := start(t, openRegistration).browser()
	c, other := b.registered(withCallback()), b.registered(withCallback())
	web, unknown := b.issuer+"/register/web", b.issuer+"/register/"+strings.Repeat("0", 32)
	first := ""
	for _, try := range [][2]string{{c.at, other.bearer}, {web, c.bearer}, {unknown, c.bearer}, {c.at, "Bearer guessed"}, {b.issuer + "/register/" + strings.Repeat("x", 300), c.bearer}} {
		for method, body := range map[string]any{"GET": "", "PUT": withCallback("client_id", c.id), "DELETE": ""} {
			a := b.sendJSON(method, try[0], body, "Authorization", try[1])
			if first == "" {
				first = a.body
			}
			if a.status != 401 || a.json()["error"] != "invalid_token" || a.body != first || !contains(a.header.Get("WWW-Authenticate"), `error="invalid_token"`) {
				t.Errorf("%s %s: %d %s", method, try[0], a.status, a.body)
			}
		}
	}
	for _, headers := range [][]string{nil, {"Authorization", basic(c.id, c.secret)}} {
		if a := b.sendJSON("DELETE", c.at, "", headers...); a.status != 401 || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	b.exec(`UPDATE clients SET disabled_at = now() WHERE client_id = $1`, c.id)
	if a := b.do("GET", c.at, nil, "Authorization", c.bearer); a.status != 401 {
		t.Errorf("a client that was disabled: %d", a.status)
	}
	if n := b.count("SELECT count(*) FROM clients WHERE registration IS NOT NULL"); n != 2 {
		t.Errorf("%d clients left", n)
	}
}

// RFC 7592 §2.2.
func TestAChangeReplacesAllMetadata(t *testing.T) {
	b := start(t, openRegistration).browser()
	c := b.registered(withCallback("initiate_login_uri", "https://rp.example.org/login"))
	put := func(metadata map[string]any) answer {
		return b.sendJSON("PUT", c.at, metadata, "Authorization", c.bearer)
	}
	for what, metadata := range map[string]map[string]any{
		"without client_id":        withCallback(),
		"with another client_id":   withCallback("client_id", "web"),
		"with another secret":      withCallback("client_id", c.id, "client_secret", "chosen"),
		"that would be refused":    withCallback("client_id", c.id, "redirect_uris", []string{"http://evil.example/"}),
		"that asks for what is no": withCallback("client_id", c.id, "grant_types", []string{"client_credentials"}),
	} {
		if a := put(metadata); a.status != 400 || a.json()["error"] == "" {
			t.Errorf("a change %s: %d %s", what, a.status, a.body)
		}
	}
	a := put(withCallback("client_id", c.id, "client_secret", c.secret, "client_name", "Renamed", "registration_access_token", "x", "client_id_issued_at", 1))
	if got := a.json(); a.status != 200 || got["client_name"] != "Renamed" || got["initiate_login_uri"] != nil || got["client_secret"] != nil ||
		"Bearer "+str(got["registration_access_token"]) != c.bearer {
		t.Errorf("%d %s", a.status, a.body)
	}
	if b.count(`SELECT count(*) FROM clients WHERE client_id = $1 AND client_name = 'Renamed' AND initiate_login_uri IS NULL AND client_secret_sha256 = sha256($2::text::bytea)`, c.id, c.secret) != 1 {
		t.Error("the row is not what was asked for")
	}
	// A client that gives its secret up, and wants one again, gets a new one.
	if a = put(withCallback("client_id", c.id, "token_endpoint_auth_method", "none")); a.status != 200 || a.json()["require_pkce"] != true {
		t.Errorf("%d %s", a.status, a.body)
	}
	a = put(withCallback("client_id", c.id, "token_endpoint_auth_method", "client_secret_post"))
	if secret := str(a.json()["client_secret"]); a.status != 200 || len(secret) != 43 || secret == c.secret || a.json()["client_secret_expires_at"] != 0.0 {
		t.Errorf("%d %s", a.status, a.body)
	}
	for range 30 {
		a = put(withCallback("client_id", c.id))
	}
	if a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("changes are not bounded: %d %s", a.status, a.body)
	}
}

// RFC 7592 §2.3.
func TestAClientThatEndsItsRegistrationIsGoneWithItsTokens(t *testing.T) {
	b := start(t, openRegistration).browser()
	c := b.registered(withCallback())
	tokens := b.token(redeem(b.code(authParams("client_id", c.id)), "client_id", c.id, "client_secret", c.secret)).json()
	access := str(tokens["access_token"])
	if a := b.userinfo(access); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := b.do("DELETE", c.at, nil, "Authorization", c.bearer); a.status != 204 || a.body != "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	waitForNotify()
	if a := b.userinfo(access); a.status != 401 {
		t.Errorf("its access token lives: %d", a.status)
	}
	if a := b.authorize(authParams("client_id", c.id)); a.status != 400 {
		t.Errorf("people still sign in: %d", a.status)
	}
	if a := b.do("DELETE", c.at, nil, "Authorization", c.bearer); a.status != 401 {
		t.Errorf("a second time: %d", a.status)
	}
	if b.count("SELECT count(*) FROM grants WHERE client_id = $1", c.id)+b.count("SELECT count(*) FROM consents WHERE client_id = $1", c.id) != 0 {
		t.Error("grants or consents are left")
	}
}

// OAuth Client ID Metadata Document §6.3 says it of documents; it is as true of registrations.
func TestPeopleAreAskedAgainWhenAClientAnswersFromElsewhere(t *testing.T) {
	b := start(t, openRegistration).browser()
	c := b.registered(withCallback())
	b.code(authParams("client_id", c.id))
	if a := b.authorize(authParams("client_id", c.id, "prompt", "none")); a.query("code") == "" {
		t.Fatalf("%s", a.location())
	}
	a := b.sendJSON("PUT", c.at, withCallback("client_id", c.id, "redirect_uris", []string{callback, "https://elsewhere.example/"}), "Authorization", c.bearer)
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	waitForNotify()
	if a := b.authorize(authParams("client_id", c.id, "prompt", "none")); a.query("error") != "consent_required" {
		t.Errorf("%s", a.location())
	}
	at := b.authorize(authParams("client_id", c.id, "redirect_uri", "https://elsewhere.example/")).header.Get("Location")
	if page := b.interaction(at); page["page"] != "consent" || page["client"].(map[string]any)["uri"] != "https://elsewhere.example" {
		t.Errorf("people do not see where the answer goes: %v", page)
	}
}

// cleanUp does at the clock of the rig what each replica does every minute.
func (r *rig) cleanUp() {
	r.Helper()
	db, err := store.Open(r.Context(), r.url)
	if err != nil {
		r.Fatal(err)
	}
	defer db.Close()
	if _, err := db.CleanUp(r.Context(), time.Now().Add(time.Duration(r.clock.Load()))); err != nil {
		r.Fatal(err)
	}
}

func TestAClientThatNobodySignedInToIsGoneAfterADay(t *testing.T) {
	r := start(t, openRegistration)
	b := r.browser()
	unused, used := b.registered(withCallback()), b.registered(withCallback())
	b.code(authParams("client_id", used.id))
	b.later(25 * time.Hour)
	r.cleanUp()
	if a := b.do("GET", unused.at, nil, "Authorization", unused.bearer); a.status != 401 {
		t.Errorf("an unused client: %d", a.status)
	}
	if a := b.do("GET", used.at, nil, "Authorization", used.bearer); a.status != 200 {
		t.Errorf("a used client: %d", a.status)
	}
}

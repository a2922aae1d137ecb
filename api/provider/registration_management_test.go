package provider_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/store"
)

// registered is a client that registered itself, with what it manages that by.
type registered struct {
	id, secret, at, bearer string
}

func (b *browser) registered(metadata any) registered {
	b.Helper()
	a := b.register(metadata)
	if a.Status != 201 {
		b.Fatalf("%d %s", a.Status, a.Body)
	}
	c := a.JSON()
	return registered{Str(c["client_id"]), Str(c["client_secret"]), Str(c["registration_client_uri"]),
		"Bearer " + Str(c["registration_access_token"])}
}

// RFC 7592 §2.1, §3.
func TestAClientReadsItsRegistration(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	metadata := withCallback("initiate_login_uri", "https://rp.example.org/login")
	c := b.registered(metadata)
	a := b.Do("GET", c.at, nil, "Authorization", c.bearer)
	got := a.JSON()
	if a.Status != 200 || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") || got["client_id"] != c.id ||
		got["initiate_login_uri"] != "https://rp.example.org/login" ||
		got["registration_client_uri"] != c.at || "Bearer "+Str(got["registration_access_token"]) != c.bearer ||
		got["client_secret"] != nil || got["client_id_issued_at"] == nil {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

func TestNothingOfARegistrationThatIsSecretIsLogged(t *testing.T) {
	log := TakeLog(t)
	b := start(t, openRegistration).browser()
	b.Exec(`INSERT INTO initial_access_tokens (name, token_sha256) VALUES ('x', sha256('initial-token-0815'))`)
	a := b.register(withCallback(), "Authorization", "Bearer initial-token-0815")
	c := b.registered(withCallback())
	for _, bearer := range []string{c.bearer, "Bearer guessed-token-0815"} {
		b.Do("GET", c.at, nil, "Authorization", bearer)
		b.sendJSON("PUT", c.at, withCallback("client_id", c.id, "client_secret", "guessed-secret-0815"), "Authorization", bearer)
		b.sendJSON("PUT", c.at, withCallback("client_id", c.id), "Authorization", bearer)
	}
	b.Do("DELETE", c.at, nil, "Authorization", c.bearer)
	for _, secret := range []string{"initial-token-0815", Str(a.JSON()["client_secret"]), Str(a.JSON()["registration_access_token"]),
		c.secret, strings.TrimPrefix(c.bearer, "Bearer "),
		"guessed-token-0815", "guessed-secret-0815"} {
		if secret == "" || strings.Contains(log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	if !strings.Contains(log.String(), c.id) {
		t.Error("the log does not name the client")
	}
}

func TestTheRegistrationPageIsRight(t *testing.T) {
	t.Parallel()
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
	if a := b.sendJSON("PUT", c.at, strings.Replace(bodies[1][1], "…", c.id, 1), "Authorization", c.bearer); a.Status != 200 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// RFC 7592 §2: no answer tells whether a client is there.
func TestNobodyButTheClientManagesItsRegistration(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	c, other := b.registered(withCallback()), b.registered(withCallback())
	web, unknown := b.Issuer+"/register/web", b.Issuer+"/register/"+strings.Repeat("0", 32)
	first := ""
	for _, try := range [][2]string{{c.at, other.bearer}, {web, c.bearer}, {unknown, c.bearer}, {c.at, "Bearer guessed"},
		{b.Issuer + "/register/" + strings.Repeat("x", 300), c.bearer}} {
		for method, body := range map[string]any{"GET": "", "PUT": withCallback("client_id", c.id), "DELETE": ""} {
			a := b.sendJSON(method, try[0], body, "Authorization", try[1])
			if first == "" {
				first = a.Body
			}
			if a.Status != 401 || a.JSON()["error"] != "invalid_token" || a.Body != first ||
				!strings.Contains(a.Header.Get("WWW-Authenticate"), `error="invalid_token"`) {
				t.Errorf("%s %s: %d %s", method, try[0], a.Status, a.Body)
			}
		}
	}
	for _, headers := range [][]string{nil, {"Authorization", Basic(c.id, c.secret)}} {
		if a := b.sendJSON("DELETE", c.at, "", headers...); a.Status != 401 || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	b.Exec(`UPDATE clients SET disabled_at = now() WHERE client_id = $1`, c.id)
	if a := b.Do("GET", c.at, nil, "Authorization", c.bearer); a.Status != 401 {
		t.Errorf("a client that was disabled: %d", a.Status)
	}
	if n := b.Count("SELECT count(*) FROM clients WHERE registration IS NOT NULL"); n != 2 {
		t.Errorf("%d clients left", n)
	}
}

// RFC 7592 §2.2.
func TestAChangeReplacesAllMetadata(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	c := b.registered(withCallback("initiate_login_uri", "https://rp.example.org/login"))
	put := func(metadata map[string]any) Answer {
		return b.sendJSON("PUT", c.at, metadata, "Authorization", c.bearer)
	}
	for what, metadata := range map[string]map[string]any{
		"without client_id":        withCallback(),
		"with another client_id":   withCallback("client_id", "web"),
		"with another secret":      withCallback("client_id", c.id, "client_secret", "chosen"),
		"that would be refused":    withCallback("client_id", c.id, "redirect_uris", []string{"http://evil.example/"}),
		"that asks for what is no": withCallback("client_id", c.id, "grant_types", []string{"client_credentials"}),
	} {
		if a := put(metadata); a.Status != 400 || a.JSON()["error"] == "" {
			t.Errorf("a change %s: %d %s", what, a.Status, a.Body)
		}
	}
	a := put(withCallback("client_id", c.id, "client_secret", c.secret, "client_name", "Renamed", "registration_access_token", "x",
		"client_id_issued_at", 1))
	if got := a.JSON(); a.Status != 200 || got["client_name"] != "Renamed" || got["initiate_login_uri"] != nil ||
		got["client_secret"] != nil ||
		"Bearer "+Str(got["registration_access_token"]) != c.bearer {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if b.Count(`SELECT count(*) FROM clients WHERE client_id = $1 AND client_name = 'Renamed' AND initiate_login_uri IS NULL
		AND ARRAY(SELECT secret_sha256 FROM client_secrets s WHERE s.client_id = clients.client_id) = ARRAY[sha256($2::text::bytea)]`,
		c.id, c.secret) != 1 {
		t.Error("the row is not what was asked for")
	}
	// A client that drops its secret, and wants one again, gets a new one.
	if a = put(withCallback("client_id", c.id, "token_endpoint_auth_method", "none")); a.Status != 200 || a.JSON()["require_pkce"] != true {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	a = put(withCallback("client_id", c.id, "token_endpoint_auth_method", "client_secret_post"))
	if secret := Str(a.JSON()["client_secret"]); a.Status != 200 || len(secret) != 43 || secret == c.secret ||
		a.JSON()["client_secret_expires_at"] != 0.0 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	for range 30 {
		a = put(withCallback("client_id", c.id))
	}
	if a.Status != 429 || a.Header.Get("Retry-After") == "" {
		t.Errorf("changes are not bounded: %d %s", a.Status, a.Body)
	}
}

// RFC 7592 §2.3.
func TestAClientThatEndsItsRegistrationIsGoneWithItsTokens(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	c := b.registered(withCallback())
	tokens := b.Token(Redeem(b.Code(AuthParams("client_id", c.id)), "client_id", c.id, "client_secret", c.secret)).JSON()
	access := Str(tokens["access_token"])
	if a := b.Userinfo(access); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if a := b.Do("DELETE", c.at, nil, "Authorization", c.bearer); a.Status != 204 || a.Body != "" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	b.WaitForNotify()
	if a := b.Userinfo(access); a.Status != 401 {
		t.Errorf("its access token lives: %d", a.Status)
	}
	if a := b.Authorize(AuthParams("client_id", c.id)); a.Status != 400 {
		t.Errorf("people still sign in: %d", a.Status)
	}
	if a := b.Do("DELETE", c.at, nil, "Authorization", c.bearer); a.Status != 401 {
		t.Errorf("a second time: %d", a.Status)
	}
	if b.Count("SELECT count(*) FROM grants WHERE client_id = $1",
		c.id)+b.Count("SELECT count(*) FROM consents WHERE client_id = $1", c.id) != 0 {
		t.Error("grants or consents are left")
	}
}

// OAuth Client ID Metadata Document §6.3 says it of documents; it is as true of registrations.
func TestPeopleAreAskedAgainWhenAClientAnswersFromElsewhere(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	c := b.registered(withCallback())
	b.Code(AuthParams("client_id", c.id))
	if a := b.Authorize(AuthParams("client_id", c.id, "prompt", "none")); a.Query("code") == "" {
		t.Fatalf("%s", a.Location())
	}
	a := b.sendJSON("PUT", c.at, withCallback("client_id", c.id, "redirect_uris", []string{Callback, "https://elsewhere.example/"}),
		"Authorization", c.bearer)
	if a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	b.WaitForNotify()
	if a := b.Authorize(AuthParams("client_id", c.id, "prompt", "none")); a.Query("error") != "consent_required" {
		t.Errorf("%s", a.Location())
	}
	at := b.Authorize(AuthParams("client_id", c.id, "redirect_uri", "https://elsewhere.example/")).Header.Get("Location")
	if page := b.Interaction(at); page["page"] != "consent" || page["client"].(map[string]any)["uri"] != "https://elsewhere.example" {
		t.Errorf("people do not see where the answer goes: %v", page)
	}
}

// cleanUp does at the clock of the rig what each replica does every minute.
func (r *rig) cleanUp() {
	r.Helper()
	db, err := store.Open(r.Context(), r.URL)
	if err != nil {
		r.Fatal(err)
	}
	defer db.Close()
	if _, err := db.CleanUp(r.Context(), kept, r.Now()); err != nil {
		r.Fatal(err)
	}
}

func TestAClientThatNobodySignedInToIsGoneAfterADay(t *testing.T) {
	t.Parallel()
	r := start(t, openRegistration)
	b := r.browser()
	unused, used := b.registered(withCallback()), b.registered(withCallback())
	b.Code(AuthParams("client_id", used.id))
	b.Later(25 * time.Hour)
	r.cleanUp()
	if a := b.Do("GET", unused.at, nil, "Authorization", unused.bearer); a.Status != 401 {
		t.Errorf("an unused client: %d", a.Status)
	}
	if a := b.Do("GET", used.at, nil, "Authorization", used.bearer); a.Status != 200 {
		t.Errorf("a used client: %d", a.Status)
	}
}

package provider_test

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"gatehouse/api/admin"
	. "gatehouse/api/apitest"
)

// What operations ask of Postgres once the client and the keys are in memory: goals of docs/performance.md, and why an endpoint is
// load → decide → save. The counts are exact: one statement more, or one fewer, is for this table to say. Not parallel: the statements of
// all databases share one memory, which forgets some when it is full.
func TestOperationsCostFewStatementsAndFewDurableCommits(t *testing.T) {
	if os.Getenv("TEST_DATABASE_URL") != "" {
		t.Skip("the server of TEST_DATABASE_URL may not count statements")
	}
	r := start(t)
	r.Exec(`CREATE EXTENSION pg_stat_statements`)
	r.Exec(`UPDATE clients SET first_party = false, grant_types = '{authorization_code,refresh_token,client_credentials}'
		WHERE client_id = 'web'`)
	r.Exec(`INSERT INTO users (username, password) SELECT 'bob', password FROM users WHERE username = 'alice'`)
	r.Exec(`INSERT INTO consents (user_id, client_id, scopes, granted_at)
		SELECT id, 'web', '{openid,profile,email,groups,offline_access}', now() FROM users`)
	r.Exec(`INSERT INTO client_claims (client_id, claim, value, in_access_token) VALUES ('web', 'tier', '"gold"', true)`)
	r.workshop(99)
	learners := 0
	opened, err := r.Admin.ShowWorkshop(t.Context(), admin.WorkshopName{Name: "surf2027"})
	if err != nil {
		t.Fatal(err)
	}
	projector := strings.Replace(opened.Projector, "#", "?request=", 1)
	r.WaitForNotify() // what the replica reads then is not counted
	r.browser().Do("GET", "/.well-known/openid-configuration", nil)
	b := r.browser()
	params := AuthParams("scope", "openid profile email groups offline_access")
	tokens := b.Token(Redeem(b.Code(params))).JSON()
	secret := "" // of one-time codes
	key, bob := NewAuthenticator(), r.browser()
	page := bob.Login(bob.Do("GET", "/account", nil).Location(), "bob", Password).Header.Get("Location")
	bob.post("/account/passkeys", page, "credential", key.Create(bob.Interaction(page)["passkey_options"]))
	check := func(a Answer) Answer {
		if a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		return a
	}

	for _, op := range []struct {
		name                string
		statements, durable int
		run                 func()
	}{
		{"single sign-on: code, tokens, userinfo", 3, 1, func() {
			tokens = check(b.Token(Redeem(b.Code(params)))).JSON()
			check(b.Userinfo(Str(tokens["access_token"])))
		}},
		{"refresh", 1, 1, func() { tokens = check(b.Token(Refresh(Str(tokens["refresh_token"])))).JSON() }},
		{"userinfo", 1, 0, func() { check(b.Userinfo(Str(tokens["access_token"]))) }},
		{"introspection", 1, 0, func() {
			form := url.Values{"token": {Str(tokens["access_token"])}}
			if check(b.Do("POST", "/introspect", form, "Authorization", Basic("web", "web-secret"))).JSON()["active"] != true {
				t.Fatal("the token is not active")
			}
		}},
		{"client_credentials", 0, 0, func() { check(b.Token(url.Values{"grant_type": {"client_credentials"}})) }},
		{"discovery", 0, 0, func() { check(b.Do("GET", "/.well-known/openid-configuration", nil)) }},
		{"JWKS", 0, 0, func() { check(b.Do("GET", "/jwks", nil)) }},
		{"single sign-on with an account that is chosen: code", 2, 0, func() {
			chooser := b.Authorize(AuthParams("scope", params.Get("scope"), "prompt", "select_account")).Location().String()
			if a := b.pressOn(chooser, "/select-account", "account", "continue"); a.Query("code") == "" {
				t.Fatalf("%d %s", a.Status, a.Location())
			}
		}},
		{"a sign-in with a passkey", 2, 1, func() {
			b := r.browser()
			page := b.Authorize(params).Header.Get("Location")
			if a := b.byPasskey(page, key.Get(b.Interaction(page)["passkey"])); a.Query("code") == "" {
				t.Fatal(a.Location())
			}
		}},
		{"a sign-in that is asked for without a session", 0, 0, func() { r.browser().Authorize(params) }},
		// Nine of them are ours; sixteen are of the triggers that write two rows of the audit.
		{"a learner joins: the code, the name, the phrase, the account, and signed in", 25, 4, func() {
			learners++
			if _, _, a := r.browser().join(fmt.Sprint("Ada ", learners)); a.Status != 303 {
				t.Fatal(a.Status)
			}
		}},
		{"the projector asks again", 1, 0, func() { b.Interaction(projector) }},
		{"a sign-in with a password", 3, 1, func() { r.browser().Code(params) }},
		{"a sign-in with a password and a one-time code", 5, 2, func() {
			if secret == "" {
				secret, _ = b.enrols(t)
				r.Exec(`SELECT pg_stat_statements_reset()`)
			}
			r.Later(30 * time.Second)
			if a := r.browser().proves(secret); a.Query("code") == "" {
				t.Fatalf("%d %s", a.Status, a.Location())
			}
		}},
	} {
		const times = 20
		r.Exec(`SELECT pg_stat_statements_reset()`)
		for range times {
			op.run()
		}
		// A transaction that writes no WAL has nothing to wait for. A read writes some now and then, where it tidies up a page.
		const counted = `FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND toplevel
			AND query NOT LIKE '%pg_stat_statements%' AND query NOT LIKE '%WITH RECURSIVE queued AS%' -- the poll for logouts, each two seconds
			AND query NOT LIKE '%next_attempt_at = next_attempt_at -%' -- Later
			AND query NOT LIKE 'SELECT clock_timestamp(), ARRAY%' -- of the connection that listens, each second
			AND query <> 'SELECT FROM used_since'` // of a new connection
		statements := r.Count(`SELECT coalesce(sum(calls), 0) ` + counted)
		durable := r.Count(`SELECT coalesce(sum(calls), 0) ` + counted + ` AND wal_records >= calls`)
		if statements != op.statements*times || durable != op.durable*times {
			var all string
			_ = r.DB.QueryRow(t.Context(), `SELECT coalesce(string_agg(calls || ' times, ' || wal_records || ' WAL records: ' ||
				left(regexp_replace(query, '\s+', ' ', 'g'), 120), E'\n'), '') `+counted).Scan(&all)
			t.Errorf("%s, %d times: %d statements, %d durable commits; want %d and %d each time\n%s",
				op.name, times, statements, durable, op.statements, op.durable, all)
		}
	}
}

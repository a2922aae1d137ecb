package web_test

import (
	"net/url"
	"os"
	"testing"
)

// What operations ask of Postgres once the client and the keys are in memory: goals of docs/performance.md, and why an endpoint is
// load → decide → save. The counts are exact: one statement more, or one fewer, is for this table to say.
func TestOperationsCostFewStatementsAndFewDurableCommits(t *testing.T) {
	if os.Getenv("TEST_DATABASE_URL") != "" {
		t.Skip("the server of TEST_DATABASE_URL may not count statements")
	}
	r := start(t)
	r.exec(`CREATE EXTENSION pg_stat_statements`)
	r.exec(`UPDATE clients SET first_party = false, grant_types = '{authorization_code,refresh_token,client_credentials}' WHERE client_id = 'web'`)
	r.exec(`INSERT INTO consents (user_id, client_id, scopes, granted_at)
		SELECT id, 'web', '{openid,profile,email,groups,offline_access}', now() FROM users`)
	b := r.browser()
	params := authParams("scope", "openid profile email groups offline_access")
	tokens := b.token(redeem(b.code(params))).json()
	check := func(a answer) answer {
		if a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		return a
	}

	for _, op := range []struct {
		name                string
		statements, durable int
		run                 func()
	}{
		{"single sign-on: code, tokens, userinfo", 3, 1, func() {
			tokens = check(b.token(redeem(b.code(params)))).json()
			check(b.userinfo(str(tokens["access_token"])))
		}},
		{"refresh", 1, 1, func() { tokens = check(b.token(refresh(str(tokens["refresh_token"])))).json() }},
		{"userinfo", 1, 0, func() { check(b.userinfo(str(tokens["access_token"]))) }},
		{"introspection", 1, 0, func() {
			form := url.Values{"token": {str(tokens["access_token"])}}
			if check(b.do("POST", "/introspect", form, "Authorization", basic("web", "web-secret"))).json()["active"] != true {
				t.Fatal("the token is not active")
			}
		}},
		{"client_credentials", 0, 0, func() { check(b.token(url.Values{"grant_type": {"client_credentials"}})) }},
		{"discovery", 0, 0, func() { check(b.do("GET", "/.well-known/openid-configuration", nil)) }},
		{"JWKS", 0, 0, func() { check(b.do("GET", "/jwks", nil)) }},
		{"a sign-in that is asked for without a session", 0, 0, func() { r.browser().authorize(params) }},
	} {
		const times = 20
		r.exec(`SELECT pg_stat_statements_reset()`)
		for range times {
			op.run()
		}
		// A transaction that writes no WAL has nothing to wait for. A read writes some now and then, where it tidies up a page.
		const counted = `FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND toplevel
			AND query NOT LIKE '%pg_stat_statements%'`
		statements := r.count(`SELECT coalesce(sum(calls), 0) ` + counted)
		durable := r.count(`SELECT coalesce(sum(calls), 0) ` + counted + ` AND wal_records >= calls`)
		if statements != op.statements*times || durable != op.durable*times {
			var all string
			_ = r.db.QueryRow(t.Context(), `SELECT coalesce(string_agg(calls || ' times, ' || wal_records || ' WAL records: ' ||
				left(regexp_replace(query, '\s+', ' ', 'g'), 120), E'\n'), '') `+counted).Scan(&all)
			t.Errorf("%s, %d times: %d statements, %d durable commits; want %d and %d each time\n%s",
				op.name, times, statements, durable, op.statements, op.durable, all)
		}
	}
}

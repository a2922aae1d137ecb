package provider_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
	"gatehouse/api/devdb"
)

// Four browsers at two clients share two connections to Postgres, and so does a stranger, who finds them as they were.
func TestTheProtocolGoesThroughPgBouncerInTransactionMode(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec("UPDATE clients SET first_party = true")
	r.WaitForNotify()
	r.Direct = r.URL
	pgbouncer := devdb.StartPgBouncer(t, r.URL)
	modes := []string{"cache_describe"}
	if pgbouncer.PreparedStatements {
		modes = append(modes, "cache_statement")
	}
	for _, mode := range modes {
		r.URL = pgbouncer.URL + "&pool_max_conns=8&default_query_exec_mode=" + mode
		replica := httptest.NewUnstartedServer(nil)
		r.Serve(replica, authn.NewPasswords(2, 64))
		r.Issuer = "http://" + replica.Listener.Addr().String()
		var browsers sync.WaitGroup
		for i := range 4 {
			browsers.Go(func() {
				for range 5 {
					if i%2 == 0 {
						r.browser().throughTheProtocol("web", "web-secret", AuthParams("scope", "openid profile offline_access"))
					} else {
						r.browser().throughTheProtocol("spa", "", SPAParams("scope", "openid profile offline_access"))
					}
				}
			})
		}
		browsers.Wait()
		if n := r.Count(`SELECT count(*) FROM grants WHERE revoked_at IS NOT NULL`); n == 0 {
			t.Errorf("%s: no replay revoked its family", mode)
		}
		if left := leftBehind(t, r.URL); len(left) > 0 {
			t.Errorf("%s: a stranger's session has %v", mode, left)
		}
	}
}

// leftBehind returns the settings and temporary objects that another client finds on one of the shared connections.
func leftBehind(t *testing.T, database string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), strings.Replace(database, "&pool_max_conns=8", "", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	// The first five are what PgBouncer itself keeps for each client.
	rows, err := conn.Query(t.Context(), `
		SELECT name FROM pg_settings WHERE source = 'session'
			AND name NOT IN ('application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings')
		UNION ALL SELECT 'prepared statement: ' || statement FROM pg_prepared_statements WHERE $1
		UNION ALL SELECT 'lock: ' || objid FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'
		UNION ALL SELECT 'table: ' || relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()
		UNION ALL SELECT 'LISTEN ' || channel FROM pg_listening_channels() AS channel`, !strings.Contains(database, "cache_statement"))
	if err != nil {
		t.Fatal(err)
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// throughTheProtocol signs alice in and out again.
func (b *browser) throughTheProtocol(client, secret string, params url.Values) {
	identified := []string{"client_id", client, "client_secret", secret}
	if secret == "" {
		identified = identified[:2]
	}
	code := b.Code(params)
	redeem := Redeem(code, append(identified, "redirect_uri", params.Get("redirect_uri"))...)
	tokens := b.Token(redeem).JSON()
	first, access := Str(tokens["refresh_token"]), Str(tokens["access_token"])
	if said := b.Userinfo(access).JSON(); said["sub"] != "sub-alice" || said["name"] != "Alice" {
		b.Errorf("%s: userinfo: %v", client, said)
	}
	if said := b.about("/introspect", access).JSON(); client == "web" && (said["active"] != true || said["username"] != "alice") {
		b.Errorf("introspection: %v", said)
	}
	second := Str(b.Token(Refresh(first, identified...)).JSON()["refresh_token"])
	if again := Str(b.Token(Refresh(first, identified...)).JSON()["refresh_token"]); second == "" || again != second {
		b.Errorf("%s: a retry within the grace got another token", client)
	}
	third := Str(b.Token(Refresh(second, identified...)).JSON()["refresh_token"])
	if a := b.Token(Refresh(first, identified...)); third == "" || a.JSON()["error"] != "invalid_grant" {
		b.Errorf("%s: a replay: %d %s", client, a.Status, a.Body)
	}
	if a := b.Userinfo(access); a.Status != 401 {
		b.Errorf("%s: userinfo after a replay: %d", client, a.Status)
	}
	if a := b.Token(redeem); a.JSON()["error"] != "invalid_grant" {
		b.Errorf("%s: a code that was used: %d %s", client, a.Status, a.Body)
	}
	if a := b.Authorize(params); a.Query("code") == "" {
		b.Errorf("%s: no single sign-on: %d %s", client, a.Status, a.Header.Get("Location"))
	}
	out := b.Do("GET", "/logout", url.Values{"id_token_hint": {Str(tokens["id_token"])}})
	if out.Status == 200 { // it asks, as the ID token of a public client names no session
		request := MustParse(out.LeadsTo()).Query().Get("request")
		out = b.Do("POST", "/logout/confirm", url.Values{"request": {request}, "logout": {"yes"}}, "Origin", UIOrigin)
	}
	if out.Status != 303 {
		b.Errorf("%s: logout: %d %s", client, out.Status, out.Body)
	}
	if a := b.Authorize(params); a.Location().Path != "/login" {
		b.Errorf("%s: still signed in after a logout: %s", client, a.Header.Get("Location"))
	}
}

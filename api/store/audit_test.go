package store

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/devdb"
)

// audited returns what audit has, as texts: who by which door, what was done to which row, and about whom.
func audited(t *testing.T, db querier) []string {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT concat_ws(' ', actor || '/' || door, operation, table_name, action, key,
		before::text || ' ->', after,
		'of ' || username, 'at ' || client_id) FROM audit ORDER BY id`)
	try(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	try(t, err)
	return list
}

// runs runs statements, each in a transaction of its own.
func runs(t *testing.T, db querier, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

const (
	digestOf = `sha256('a secret of')`
	adaID    = `00000000-0000-0000-0000-0000000000ad`
	// someOfAda is a session of hers at a client with a grant, and a consent.
	someOfAda = `INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
		VALUES (gen_random_uuid(), gen_random_bytes(32), '` + adaID + `', now(), '{pwd}', now(), now() + interval '1 h', now() + interval '1 h');
	INSERT INTO grants (id, client_id, user_id, sid, offline, scope, auth_time, amr, created_at, expires_at, refresh_sha256)
		SELECT gen_random_uuid(), 'hub', user_id, sid, false, 'openid', now(), '{pwd}', now(), now() + interval '1 hour', ` + digestOf + `
		FROM sessions WHERE ended_at IS NULL`
)

// What is done to each table by bare SQL, and what audit has of it, in this order.
var changes = []struct{ sql, want string }{
	{`INSERT INTO groups (name) VALUES ('staff')`, `groups INSERT {"name": "staff"} {"gid": null, "mfa": false, "name": "staff", `},
	{`UPDATE groups SET mfa = true`, `groups UPDATE {"name": "staff"} {"mfa": false} -> {"mfa": true}`},
	{`INSERT INTO users (id, username, password) VALUES ('` + adaID + `', 'ada', '` + argon + `')`,
		`users INSERT {"username": "ada"} `},
	{`UPDATE users SET name = 'Ada', claims = '{"a": 1}'`,
		`users UPDATE {"username": "ada"} {"name": null, "claims": {}} -> {"name": "Ada", "claims": {"a": 1}} of ada`},
	{`UPDATE users SET password = '` + otherArgon + `'`, `users UPDATE {"username": "ada"} {"password": "(secret)", "password_changed_at": `},
	{`UPDATE users SET name = 'Ada', passkey_later_at = now()`, ``},
	{`INSERT INTO group_members (group_name, username) VALUES ('staff', 'ada')`,
		`group_members INSERT {"username": "ada", "group_name": "staff"} {`},
	{`DELETE FROM group_members`, `group_members DELETE {"username": "ada", "group_name": "staff"} `},
	{`INSERT INTO totp_secrets VALUES ('` + adaID + `', ` + digestOf + `, 1, now())`, `totp_secrets INSERT {"user_id": "` + adaID + `"} `},
	{`UPDATE totp_secrets SET last_step = 2, used_at = now()`, ``},
	{`INSERT INTO recovery_codes SELECT '` + adaID + `', place, ` + digestOf + `, now() FROM generate_series(1, 10) AS place`,
		`recovery_codes INSERT {"user_id": "` + adaID + `"} `},
	{`UPDATE recovery_codes SET spent_at = now(), shown_at = now()`, ``},
	{`UPDATE recovery_codes SET code_pbkdf2 = sha256('x')`,
		`recovery_codes UPDATE {"user_id": "` + adaID + `"} {"code_pbkdf2": "(secret)"} -> {"code_pbkdf2": "(secret)"} of ada`},
	{`DELETE FROM recovery_codes`, `recovery_codes DELETE {"user_id": "` + adaID + `"} `},
	{`DELETE FROM totp_secrets`, `totp_secrets DELETE {"user_id": "` + adaID + `"} `},
	{`INSERT INTO passkeys (user_id, credential_id, rp_id, name, public_key) VALUES ('` + adaID + `', 'c', 'example.org', 'Key', 'k')`,
		`passkeys INSERT {"user_id": "` + adaID + `", "credential_id": "\\x63"} `},
	{`UPDATE passkeys SET used_at = now(), sign_count = 7`, ``},
	{`UPDATE passkeys SET hardware_protected = true`, `passkeys UPDATE {"user_id": "` + adaID + `", "credential_id": "\\x63"} ` +
		`{"hardware_protected": false} -> {"hardware_protected": true} of ada`},
	{`DELETE FROM passkeys`, `passkeys DELETE `},
	{`INSERT INTO personal_access_tokens (id, token_sha256, username, name, expires_at)
		VALUES ('` + adaID + `', ` + digestOf + `, 'ada', 'cron', now() + interval '1 h')`,
		`personal_access_tokens INSERT {"id": "` + adaID + `"} `},
	{`UPDATE personal_access_tokens SET used_at = now(), shown_at = now()`, ``},
	{`UPDATE personal_access_tokens SET revoked_at = now()`, `personal_access_tokens UPDATE {"id": "` + adaID + `"} {"revoked_at": null} -> `},
	{`INSERT INTO account_links (token_sha256, username) VALUES (` + digestOf + `, 'ada')`,
		`account_links INSERT {"username": "ada", "created_at": `},
	{`UPDATE account_links SET spent_at = now()`, `account_links UPDATE {"username": "ada", "created_at": `},
	{`INSERT INTO acr_values VALUES ('high', 70, 2)`, `acr_values INSERT {"value": "high"} `},
	{`UPDATE acr_values SET factors = 1 WHERE value = 'high'`, `acr_values UPDATE {"value": "high"} {"factors": 2} -> {"factors": 1}`},
	{`INSERT INTO clients (client_id, registration_access_token_sha256) VALUES ('hub', ` + digestOf + `)`,
		`clients INSERT {"client_id": "hub"} `},
	{`UPDATE clients SET registration_access_token_sha256 = sha256('x'), min_acr = 'high'`, `clients UPDATE {"client_id": "hub"} ` +
		`{"min_acr": null, "registration_access_token_sha256": "(secret)"} -> ` +
		`{"min_acr": "high", "registration_access_token_sha256": "(secret)"} at hub`},
	{`INSERT INTO client_secrets (client_id, name, secret_sha256) VALUES ('hub', 'a', ` + digestOf + `)`,
		`client_secrets INSERT {"name": "a", "client_id": "hub"} `},
	{`UPDATE client_secrets SET used_at = now()`, ``},
	{`DELETE FROM client_secrets`, `client_secrets DELETE {"name": "a", "client_id": "hub"} `},
	{`UPDATE acr_values SET value = 'higher' WHERE value = 'high'`,
		`acr_values UPDATE {"value": "higher"} {"value": "high"} -> {"value": "higher"}`},
	{`UPDATE clients SET client_name = client_name`, ``},
	{`INSERT INTO initial_access_tokens (name, token_sha256) VALUES ('term', ` + digestOf + `)`,
		`initial_access_tokens INSERT {"name": "term"} `},
	{`UPDATE initial_access_tokens SET used_at = now()`, ``},
	{`INSERT INTO exchange_policies (client_id, audience) VALUES ('hub', 'mail')`,
		`exchange_policies INSERT {"audience": "mail", "client_id": "hub"} `},
	{`INSERT INTO resources (identifier) VALUES ('mail')`, `resources INSERT {"identifier": "mail"} `},
	{`INSERT INTO upstreams (name, issuer, client_id, client_secret) VALUES ('uni', 'https://uni.example.org', 'x', 'a secret of')`,
		`upstreams INSERT {"name": "uni"} `},
	{`UPDATE upstreams SET client_secret = 'another'`,
		`upstreams UPDATE {"name": "uni"} {"client_secret": "(secret)"} -> {"client_secret": "(secret)"}`},
	{`INSERT INTO upstream_accounts (upstream, issuer, sub, username, access_token) VALUES ('uni', 'i', 's', 'ada', ` + digestOf + `)`,
		`upstream_accounts INSERT {"sub": "s", "issuer": "i", "upstream": "uni"} `},
	{`UPDATE upstream_accounts SET access_token = 'x', refresh_token = 'y', used_at = now(), label = 'Ada there'`, ``},
	{`DELETE FROM upstreams`, `upstreams DELETE {"name": "uni"} `},
	{``, `upstream_accounts DELETE {"sub": "s", "issuer": "i", "upstream": "uni"} `},
	{`INSERT INTO signing_keys (kid, alg, private_key, created_at, activates_at) VALUES ('k', 'ES256', ` + digestOf + `, now(), now())`,
		`signing_keys INSERT {"kid": "k"} `},
	{`INSERT INTO consents (user_id, client_id, scopes, granted_at) VALUES ('` + adaID + `', 'hub', '{openid,email}', now())`,
		`consents INSERT {"user_id": "` + adaID + `", "client_id": "hub"} `},
	{someOfAda, ``},
	{`UPDATE grants SET refresh_seq = 2`, ``},
	{`UPDATE sessions SET seen_at = now()`, ``},
	{`UPDATE consents SET scopes = '{openid}'`, `consents UPDATE {"user_id": "` + adaID + `", "client_id": "hub"} ` +
		`{"scopes": ["openid", "email"]} -> {"scopes": ["openid"]} of ada at hub`},
	{`UPDATE grants SET revoked_at = now()`, `grants UPDATE {"id": `},
	{`UPDATE sessions SET ended_at = now()`, `sessions UPDATE {"sid": `},
	{someOfAda, ``},
	{`UPDATE users SET password = '` + argon + `'`, `users UPDATE `}, // ends what she has: that follows
	{someOfAda, ``},
	{`DELETE FROM users`, `users DELETE {"username": "ada"} `}, // takes along what she has
	{``, `personal_access_tokens DELETE {"id": "` + adaID + `"} `},
	{``, `account_links DELETE {"username": "ada", "created_at": `},
	{`UPDATE clients SET client_id = 'hub2'`, `clients UPDATE {"client_id": "hub2"} {"client_id": "hub"} -> {"client_id": "hub2"} at hub2`},
	{`DELETE FROM clients`, `clients DELETE {"client_id": "hub2"} `},
	{``, `exchange_policies DELETE {"audience": "mail", "client_id": "hub2"} `},
}

func TestAuditHasWhatIsChangedBySQL(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	role := conn.Config().User
	seen := 0
	for _, c := range changes {
		if c.sql != "" {
			_, err := conn.Exec(t.Context(), c.sql, pgx.QueryExecModeSimpleProtocol)
			if err != nil {
				t.Fatalf("%s: %v", c.sql, err)
			}
		}
		got := audited(t, conn)[seen:]
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) == 0 || !strings.HasPrefix(got[0], role+"/sql "+c.want)) {
			t.Fatalf("%s:\n%q, want\n%q", c.sql, got, c.want)
		}
		if c.want != "" {
			seen++
		}
	}
	if left := audited(t, conn)[seen:]; len(left) > 0 {
		t.Errorf("more rows than that: %q", left)
	}
	var secrets int
	try(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE audit::text LIKE '%argon2%' OR audit::text LIKE '%a secret of%'
		OR audit::text LIKE '%' || encode('a secret of', 'hex') || '%' OR audit::text LIKE '%' || encode(`+digestOf+`, 'hex') || '%'
		OR audit::text LIKE '%' || encode(`+digestOf+`, 'base64') || '%'`).Scan(&secrets))
	if secrets > 0 {
		t.Errorf("%d rows have a secret", secrets)
	}
	if v, err := open(t, conn.Config().ConnString()).VerifyAudit(t.Context(), nil); err != nil || v.Wrong != nil || v.Rows != int64(seen) {
		t.Errorf("%+v, %v", v, err)
	}
}

// A rename has one row, although other rows follow it; and whom a row is about can be told when they are gone.
func TestAuditNamesPeopleWhoAreRenamedOrGone(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	runs(t, conn, `INSERT INTO users (id, username) VALUES ('`+adaID+`', 'ada')`, `INSERT INTO groups (name) VALUES ('staff')`,
		`INSERT INTO group_members VALUES ('staff', 'ada')`, `INSERT INTO totp_secrets VALUES ('`+adaID+`', 'x', 1, now())`)
	seen := len(audited(t, conn))
	runs(t, conn, `UPDATE users SET username = 'lovelace'`, `DELETE FROM users`)
	var about []string
	rows, err := conn.Query(t.Context(), `SELECT table_name || ' ' || action || ' ' || username FROM audit WHERE id > $1 ORDER BY id`, seen)
	try(t, err)
	about, err = pgx.CollectRows(rows, pgx.RowTo[string])
	want := []string{"users UPDATE lovelace", "users DELETE lovelace", "group_members DELETE lovelace", "totp_secrets DELETE lovelace"}
	if err != nil || !slices.Equal(about, want) {
		t.Errorf("%q, %v", about, err)
	}
}

// Gatehouse's connections are known by their name, but only with the rights of the owner; who else says so is recorded as who they are.
func TestAuditBelievesNobodyToBeGatehouseByNameAlone(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	s := open(t, conn.Config().ConnString())
	try(t, s.AddGroup(t.Context(), GroupRow{Name: "by itself"}))
	root := Actor{Name: "root", Door: "command line", Operation: "group add", RequestID: "ABC", Addr: "192.0.2.1"}
	try(t, s.As(root).AddGroup(t.Context(), GroupRow{Name: "by root"}))
	runs(t, conn, `INSERT INTO users (username, password) VALUES ('ada', '`+argon+`')`, `SET application_name = 'gatehouse'`,
		`BEGIN`, // a role would outlive the database of the test
		`CREATE ROLE somebody`, `GRANT SELECT, UPDATE ON users TO somebody`, `SET SESSION AUTHORIZATION somebody`,
		`SET LOCAL gatehouse.actor = 'ada'`, `SET LOCAL gatehouse.door = 'page'`, `SET LOCAL gatehouse.addr = '192.0.2.2'`,
		`SET LOCAL gatehouse.same_password = on`, `UPDATE users SET password = '`+otherArgon+`'`, `SET CONSTRAINTS ALL IMMEDIATE`,
		`RESET SESSION AUTHORIZATION`)
	rows, err := conn.Query(t.Context(), `
		SELECT concat_ws(' ', actor, door, operation, request_id, addr, table_name, action, 'as ' || role) FROM audit ORDER BY id`)
	try(t, err)
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	try(t, err)
	runs(t, conn, `ROLLBACK`)
	role := " as " + conn.Config().User
	if want := []string{"gatehouse gatehouse groups INSERT" + role, "root command line group add ABC 192.0.2.1 groups INSERT" + role,
		conn.Config().User + " sql users INSERT" + role, "ada sql users UPDATE as somebody"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// What Gatehouse's own statements change beside what was asked for is no change of anybody.
func TestAuditLeavesOutWhatFollowsAndWhatStaysTheSame(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	runs(t, conn, `INSERT INTO users (id, username, password) VALUES ('`+adaID+`', 'ada', '`+argon+`')`,
		`INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ('hub', 'none')`,
		`INSERT INTO upstreams (name, issuer, client_id, client_secret) VALUES ('uni', 'https://uni.example.org', 'x', 'plain')`)
	_, err := conn.Exec(t.Context(), someOfAda, pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	s := open(t, conn.Config().ConnString())
	seen := len(audited(t, conn))
	try(t, s.SealUpstreamSecret(t.Context(), "uni", "plain", "sealed:x"))
	runs(t, s.pool, `UPDATE users SET password = '`+otherArgon+`' WHERE `+samePassword, `UPDATE sessions SET ended_at = now()`,
		`UPDATE grants SET revoked_at = now()`,
		`INSERT INTO consents (user_id, client_id, scopes, granted_at) VALUES ('`+adaID+`', 'hub', '{openid}', now())`,
		`UPDATE consents SET scopes = '{openid,email}'`)
	if got := audited(t, conn)[seen:]; len(got) > 0 {
		t.Errorf("%q", got)
	}
	runs(t, s.pool, `UPDATE consents SET scopes = '{openid}'`)
	runs(t, s.As(Actor{Name: "root", Door: "command line"}).pool, `UPDATE sessions SET ended_at = NULL`,
		`UPDATE sessions SET ended_at = now()`)
	got := audited(t, conn)[seen:]
	if len(got) != 2 || !strings.HasPrefix(got[0], "gatehouse/gatehouse consents UPDATE ") ||
		!strings.HasPrefix(got[1], "root/command line sessions UPDATE ") {
		t.Errorf("%q", got)
	}
}

// A dry run is rolled back; before that, it says what would end.
func TestAuditOfADryRunHasWhatFollows(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	runs(t, conn, `INSERT INTO users (id, username, password) VALUES ('`+adaID+`', 'ada', '`+argon+`')`,
		`INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ('hub', 'none')`)
	for _, statement := range []string{`UPDATE users SET password = '` + otherArgon + `'`, `DELETE FROM users`} {
		_, err := conn.Exec(t.Context(), someOfAda, pgx.QueryExecModeSimpleProtocol)
		try(t, err)
		seen := len(audited(t, conn))
		runs(t, conn, `BEGIN`, `SET LOCAL gatehouse.dry_run = on`, statement, `SET CONSTRAINTS ALL IMMEDIATE`)
		got := audited(t, conn)[seen:]
		runs(t, conn, `ROLLBACK`)
		if all := strings.Join(got, "\n"); len(got) != 3 || !strings.Contains(all, "sessions ") || !strings.Contains(all, "grants ") {
			t.Errorf("%s: %q", statement, got)
		}
		if left := audited(t, conn)[seen:]; len(left) > 0 {
			t.Errorf("%s: is not undone: %q", statement, left)
		}
		runs(t, conn, `DELETE FROM sessions`, `DELETE FROM grants`)
	}
}

// What an operator calls the connections stands behind Gatehouse's own name, by which changes of its own are known.
func TestConnectionsAreCalledGatehouse(t *testing.T) {
	t.Parallel()
	url := devdb.Test(t)
	for name, want := range map[string]string{"": "gatehouse", "gatehouse": "gatehouse", "login-1": "gatehouse login-1",
		"gatehouse login-1": "gatehouse login-1", "gatehouse-1": "gatehouse gatehouse-1"} {
		s := open(t, withPool(url)+"&application_name="+strings.ReplaceAll(name, " ", "%20"))
		var got string
		var is bool
		try(t, s.pool.QueryRow(t.Context(), `SELECT current_setting('application_name'), is_gatehouse()`).Scan(&got, &is))
		if got != want || !is {
			t.Errorf("%q: %q, %v", name, got, is)
		}
	}
}

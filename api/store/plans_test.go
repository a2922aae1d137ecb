package store

import (
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// planned are the statements that requests wait for.
var planned = map[string]query{
	"LoadStanding": loadStanding, "LoadCandidate": loadCandidate,
	"RedeemCode": redeemCode, "RedeemCode and end the oldest": redeemCodeAndEndOldest, "RotateRefreshToken": rotateRefreshToken,
	"LoadGrantUser": loadGrantUser, "LoadGrantUser for a name": loadGrantUsername, "LoadGrantUser with a proof": loadTokenUser,
	"LoadExchange": loadExchange,
}

// rows makes n rows of each kind, where they are not there yet.
func rows(n string) string {
	return strings.ReplaceAll(`
	INSERT INTO users (username) SELECT 'u' || i FROM generate_series(1, @n) AS i ON CONFLICT DO NOTHING;
	INSERT INTO groups (name, gid) SELECT 'g' || i, 1000 + i FROM generate_series(1, @n) AS i WHERE NOT EXISTS
		(SELECT FROM groups WHERE name = 'g' || i);
	INSERT INTO groups (name) VALUES ('staff') ON CONFLICT DO NOTHING;
	INSERT INTO group_members (group_name, username) SELECT 'staff', username FROM users ON CONFLICT DO NOTHING;
	INSERT INTO clients (client_id, token_endpoint_auth_method) SELECT 'c' || i, 'none' FROM generate_series(1, @n) AS i
	ON CONFLICT DO NOTHING;
	INSERT INTO exchange_policies (client_id, audience) SELECT client_id, 'mail' FROM clients ON CONFLICT DO NOTHING;
	INSERT INTO consents (user_id, client_id, scopes, granted_at) SELECT id, 'c1', '{openid}', now() FROM users
	ON CONFLICT DO NOTHING;
	INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
	SELECT id, sha256(username::bytea), id, now(), '{pwd}', now(), now(), now() FROM users ON CONFLICT DO NOTHING;
	INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at)
	SELECT sid, user_id, 'c1', sid, false, 'openid', auth_time, amr, now(), now() FROM sessions ON CONFLICT DO NOTHING;
	INSERT INTO totp_secrets (user_id, secret, last_step, created_at) SELECT id, '', 0, now() FROM users ON CONFLICT DO NOTHING;
	INSERT INTO recovery_codes (user_id, place, code_pbkdf2, created_at)
		SELECT id, 1, sha256(username::bytea), now() FROM users ON CONFLICT DO NOTHING;
	INSERT INTO passkeys (user_id, credential_id, rp_id, name, public_key)
		SELECT id, sha256(username::bytea), 'example.org', 'one', 'x' FROM users
	ON CONFLICT DO NOTHING;
	INSERT INTO terms (name, version, titles, texts) VALUES ('use', '1', '{"en": "Terms"}', '{"en": "Be kind."}') ON CONFLICT DO NOTHING;
	INSERT INTO terms_acceptances (user_id, terms_id) SELECT u.id, t.id FROM users u, terms t ON CONFLICT DO NOTHING;
	INSERT INTO revoked_tokens (jti, expires_at) SELECT sid, now() FROM sessions ON CONFLICT DO NOTHING;
	INSERT INTO used_jtis (jti_sha256, expires_at) SELECT cookie_sha256, now() FROM sessions ON CONFLICT DO NOTHING`, "@n", n)
}

// A connection keeps the plans of its statements, and may have made them when there was next to nothing to find. They have to be good
// when many have come and autovacuum has looked at the tables, as it does within a minute: each row by its key, or those of one person
// by theirs.
func TestPlansThatWereMadeOnSmallTablesAreGoodOnLargeOnes(t *testing.T) {
	t.Parallel()
	for state, prepare := range map[string]string{
		"after the installation": `SELECT`,
		"vacuumed while empty":   `VACUUM ANALYZE`,
		"when few have come":     rows("5") + `; VACUUM ANALYZE`,
	} {
		conn := connect(t)
		exec := func(sql string) {
			t.Helper()
			_, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
			try(t, err)
		}
		explained := func(name string) string {
			t.Helper()
			var params int
			try(t, conn.QueryRow(t.Context(), `SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = $1`, name).
				Scan(&params))
			execute := `EXPLAIN EXECUTE ` + pgx.Identifier{name}.Sanitize() + ` (NULL` + strings.Repeat(`, NULL`, params-1) + `)`
			lines, err := conn.Query(t.Context(), execute, pgx.QueryExecModeSimpleProtocol)
			try(t, err)
			plan, err := pgx.CollectRows(lines, pgx.RowTo[string])
			try(t, err)
			return strings.Join(plan, "\n")
		}
		for statement := range strings.SplitSeq(prepare, ";") {
			exec(statement)
		}
		exec(`SET plan_cache_mode = force_generic_plan`)
		for name, q := range planned {
			exec(`PREPARE ` + pgx.Identifier{name}.Sanitize() + ` AS ` + q.sql)
			explained(name)
		}
		exec(rows("1000"))
		exec(`ANALYZE`)
		for name := range planned {
			plan := explained(name)
			plan = strings.ReplaceAll(plan, "Seq Scan on used_since", "the row of used_since")
			wide := regexp.MustCompile(`Seq Scan on \w+|\w+_by_\w+`).FindString(plan)
			if wide != "" || !strings.Contains(plan, "Index Cond") {
				t.Errorf("%s, %s: %s\n%s", state, name, wide, plan)
			}
		}
	}
}

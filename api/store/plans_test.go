package store

import (
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// A connection keeps the plans of its statements until autovacuum has looked at the tables again, and may have made them when there was next
// to nothing to find. Such a plan has to be good when many have come: each row by its key, or those of one person by his.
func TestPlansThatWereMadeOnSmallTablesAreGoodOnLargeOnes(t *testing.T) {
	for state, prepare := range map[string]string{
		"after the installation": `SELECT`,
		"when few have come": `
			INSERT INTO users (username) SELECT 'u' || i FROM generate_series(1, 5) AS i;
			INSERT INTO groups (name) VALUES ('staff');
			INSERT INTO group_members (group_name, username) SELECT 'staff', username FROM users;
			INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ('spa', 'none');
			INSERT INTO consents (user_id, client_id, scopes, granted_at) SELECT id, 'spa', '{openid}', now() FROM users;
			INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
			SELECT id, sha256(username::bytea), id, now(), '{pwd}', now(), now(), now() FROM users;
			INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at)
			SELECT sid, user_id, 'spa', sid, false, 'openid', auth_time, amr, now(), now() FROM sessions;
			VACUUM ANALYZE`,
	} {
		s := managed(t)
		conn, err := s.pool.Acquire(t.Context())
		try(t, err)
		defer conn.Release()
		exec := func(sql string) {
			t.Helper()
			_, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
			try(t, err)
		}
		for statement := range strings.SplitSeq(prepare, ";") {
			exec(statement)
		}
		exec(`SET plan_cache_mode = force_generic_plan`)
		for name, sql := range map[string]string{
			"LoadStanding": standingSQL, "LoadCandidate": candidateSQL, "RedeemCode": redeemSQL, "RotateRefreshToken": rotateSQL,
			"LoadGrantUser": grantUserSQL, "LoadGrantUser for a name": grantUsernameSQL, "LoadGrantUser with a proof": tokenUserSQL, "LoadExchange": exchangeSQL,
		} {
			exec(`PREPARE statement AS ` + sql)
			var params int
			try(t, conn.QueryRow(t.Context(), `SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'statement'`).Scan(&params))
			rows, err := conn.Query(t.Context(), `EXPLAIN EXECUTE statement (NULL`+strings.Repeat(`, NULL`, params-1)+`)`, pgx.QueryExecModeSimpleProtocol)
			try(t, err)
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			try(t, err)
			plan := strings.Join(lines, "\n")
			if wide := regexp.MustCompile(`Seq Scan on \w+|\w+_by_\w+`).FindString(plan); wide != "" || !strings.Contains(plan, "Index Cond") {
				t.Errorf("%s, %s: %s\n%s", state, name, wide, plan)
			}
			exec(`DEALLOCATE statement`)
		}
	}
}

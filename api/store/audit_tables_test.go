package store

import (
	"bytes"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// notAudited are the tables in which nobody but Gatehouse changes anything.
var notAudited = []string{"audit", "audit_turn", "backchannel_logouts", "cache_version", "device_codes", "email_codes",
	"goose_db_version",
	"idempotency_keys", "login_throttle", "mail_outbox", "pairwise_salt", "password_resets", "recent_registrations", "refusals",
	"invitation_uses", "sign_in_counts", "end_notices",
	"revoked_tokens", "sign_ins", "used_jtis", "used_since"}

// noSecret are columns of audited tables that are called as secrets are, or are bytes, and are none.
var noSecret = []string{"clients.token_endpoint_auth_method", "clients.token_endpoint_auth_signing_alg", "clients.access_token_signing_alg",
	"clients.access_token_typ", "clients.refresh_token_format", "clients.dpop_bound_access_tokens", "clients.id_token_signed_response_alg",
	"clients.id_token_scope_claims", "client_claims.in_access_token", "grants.id_token_claims", "passkeys.credential_id",
	"passkeys.public_key",
	"resources.access_token_lifetime",
	"upstream_accounts.access_token_expires_at", "upstream_accounts.token_scope", "users.password_changed_at", "users.must_change_password"}

// secretName is what columns are called that have secrets, or digests of them.
var secretName = regexp.MustCompile(`token|secret|password|cookie|private|sha256|pbkdf2|hmac|^code$`)

func TestEveryTableOfAnAdministratorIsAuditedWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	rows, err := conn.Query(t.Context(), `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
		AND NOT relispartition ORDER BY 1`)
	try(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	try(t, err)
	for _, table := range tables {
		var triggers []string
		var args []byte
		try(t, conn.QueryRow(t.Context(), `SELECT coalesce(array_agg(tgname ORDER BY tgname), '{}'), coalesce((array_agg(tgargs))[1], '')
			FROM pg_trigger
			WHERE tgrelid = $1::text::regclass AND tgfoid = 'audit_change'::regproc`, table).Scan(&triggers, &args))
		if slices.Contains(notAudited, table) {
			if len(triggers) > 0 {
				t.Errorf("%s is audited and named as a table that is not", table)
			}
			continue
		}
		if !slices.Contains(triggers, table+"_audit_update") || !slices.Contains(triggers, table+"_audit_delete") ||
			!slices.Contains(triggers, table+"_truncated_audit") {
			t.Errorf("%s is not audited: add it to the list at the end of the migration, or here if nobody but Gatehouse changes it", table)
			continue
		}
		if len(triggers) != auditTriggers[table] {
			t.Errorf("%s has %d triggers: say so in auditTriggers, by which the command line finds those that are gone", table, len(triggers))
		}
		lists := bytes.Split(args, []byte{0}) // by which a row is known, secret, and by use
		secrets := strings.Split(strings.Trim(string(lists[1]), "{}"), ",")
		for _, column := range tableColumns(t, conn, table, "") {
			looks := secretName.MatchString(column) || slices.Contains(tableColumns(t, conn, table, "bytea"), column)
			if is := slices.Contains(secrets, column); looks != is && !slices.Contains(noSecret, table+"."+column) {
				t.Errorf("%s.%s: in the list of secrets: %v", table, column, is)
			}
		}
		for _, list := range lists[:3] {
			for column := range strings.SplitSeq(strings.Trim(string(list), "{}"), ",") {
				if column != "" && !slices.Contains(tableColumns(t, conn, table, ""), column) {
					t.Errorf("%s has no column %s", table, column)
				}
			}
		}
	}
}

func tableColumns(t *testing.T, conn *pgx.Conn, table, kind string) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0
		AND NOT attisdropped
		AND ($2 = '' OR format_type(atttypid, NULL) = $2)`, table, kind)
	try(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	try(t, err)
	return list
}

func TestTruncatedTablesAreAudited(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	runs(t, conn, `INSERT INTO groups (name) VALUES ('staff')`, `TRUNCATE groups CASCADE`)
	got := audited(t, conn)[1:]
	if len(got) < 2 || !strings.HasSuffix(got[0], " groups TRUNCATE") || !strings.HasSuffix(got[1], " group_members TRUNCATE") {
		t.Errorf("%q", got)
	}
}

// The role that docs/sql.md prints can read the audit and is in it, and writes nothing of it.
func TestTheRoleOfTheSQLPageIsAudited(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	page, err := os.ReadFile("../../docs/sql.md")
	try(t, err)
	role := regexp.MustCompile("(?s)```sql\n(CREATE ROLE.*?)```").FindStringSubmatch(string(page))[1]
	runs(t, conn, `INSERT INTO groups (name) VALUES ('staff')`, `BEGIN`) // a role would outlive the database of the test
	_, err = conn.Exec(t.Context(), role, pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	runs(t, conn, `SET SESSION AUTHORIZATION sso_admin`, `INSERT INTO users (username) VALUES ('ada')`, `UPDATE groups SET mfa = true`,
		`SET CONSTRAINTS ALL IMMEDIATE`)
	got := audited(t, conn)[1:]
	if len(got) != 2 || !strings.HasPrefix(got[0], "sso_admin/sql users INSERT") || !strings.HasPrefix(got[1], "sso_admin/sql groups UPDATE") {
		t.Errorf("%q", got)
	}
	for _, statement := range []string{`UPDATE audit SET actor = 'x'`, `DELETE FROM audit`, `TRUNCATE audit`,
		`INSERT INTO audit SELECT * FROM audit`,
		`UPDATE audit_turn SET turns = 0`, `SELECT audit_change()`, `DROP TABLE audit`, `ALTER TABLE users DISABLE TRIGGER ALL`,
		`SET session_replication_role = replica`} {
		runs(t, conn, `SAVEPOINT s`)
		var refused *pgconn.PgError
		if _, err := conn.Exec(t.Context(), statement); !errors.As(err, &refused) || refused.Code != "42501" && refused.Code != "0A000" {
			t.Errorf("%s: %v", statement, err)
		}
		runs(t, conn, `ROLLBACK TO s`)
	}
	runs(t, conn, `RESET SESSION AUTHORIZATION`, `ROLLBACK`)
}

// What cannot be recorded is not done, and whoever tried is told what to do.
func TestWithoutAPartitionNothingIsChanged(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	s := open(t, conn.Config().ConnString())
	try(t, s.AddGroup(t.Context(), GroupRow{Name: "staff"}))
	runs(t, conn, `DROP TABLE audit_other`, `DO $$ DECLARE p text; BEGIN
		FOR p IN SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit'::regclass LOOP
			EXECUTE 'DROP TABLE ' || p;
		END LOOP; END $$`)
	err := s.AddGroup(t.Context(), GroupRow{Name: "more"})
	as := s.As(Actor{Name: "root"}).AddGroup(t.Context(), GroupRow{Name: "more"})
	for _, err := range []error{err, as} {
		if !errors.As(err, new(Refusal)) || !strings.HasPrefix(err.Error(), "nothing can be changed, as audit has no partition for 20") ||
			!strings.HasSuffix(err.Error(), "Make one: CREATE TABLE audit_other PARTITION OF audit DEFAULT") {
			t.Errorf("%v", err)
		}
	}
	groups, err := s.ListGroups(t.Context(), GroupQuery{Page: all}, Administration{})
	if err != nil || len(groups) != 1 {
		t.Errorf("%+v, %v", groups, err)
	}
	runs(t, conn, `CREATE TABLE audit_other PARTITION OF audit DEFAULT`)
	try(t, s.AddGroup(t.Context(), GroupRow{Name: "more"}))
}

// Months go by their age; what came without one is moved to its month; and the chain goes on.
func TestAuditGoesAMonthAtATime(t *testing.T) {
	t.Parallel()
	_, conn := fiveUsers(t)
	at := "'2031-06-15'::timestamptz"
	runs(t, conn, `SELECT partition_by_month('audit', `+at+`, interval '10 years')`)
	// As if months had passed: the times of rows are those of the clock.
	_, err := conn.Exec(t.Context(), `SET session_replication_role = replica;
		UPDATE audit SET at = '2031-02-01'::timestamptz + id * interval '30 days';
		SET session_replication_role = DEFAULT`, pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	spread := func(want string) {
		t.Helper()
		var got string
		try(t, conn.QueryRow(t.Context(), `SELECT string_agg(tableoid::regclass::text || ' ' || id, ', ' ORDER BY id) FROM audit`).Scan(&got))
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	spread("audit_other 1, audit_other 2, audit_other 3, audit_2031_06 4, audit_2031_07 5")
	for _, month := range []string{"2031-03-15", "2031-05-15"} {
		runs(t, conn, `SELECT partition_by_month('audit', '`+month+`', interval '10 years')`)
	}
	spread("audit_2031_03 1, audit_2031_04 2, audit_2031_05 3, audit_2031_06 4, audit_2031_07 5")
	runs(t, conn, `SELECT partition_by_month('audit', '2031-07-15', interval '60 days')`)
	spread("audit_2031_05 3, audit_2031_06 4, audit_2031_07 5")
	runs(t, conn, `SELECT partition_by_month('audit', '2033-07-15', interval '60 days')`)
	spread("audit_2031_07 5") // the last row stays, which the next one goes on from
	runs(t, conn, `INSERT INTO users (username) VALUES ('u6')`)
	if got := audited(t, conn); len(got) != 2 {
		t.Errorf("%q", got)
	}
	var refused *pgconn.PgError
	if _, err := conn.Exec(t.Context(), `DELETE FROM audit`); !errors.As(err, &refused) {
		t.Errorf("can be deleted: %v", err)
	}
}

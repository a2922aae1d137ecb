package store

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// fiveUsers returns a store whose audit has five rows of users, and a connection to it of a superuser.
func fiveUsers(t *testing.T) (*Store, *pgx.Conn) {
	t.Helper()
	conn := connect(t)
	for i := range 5 {
		runs(t, conn, fmt.Sprintf(`INSERT INTO users (username) VALUES ('u%d')`, i+1))
	}
	return open(t, conn.Config().ConnString()), conn
}

func TestAuditShowsWhereItWasTamperedWith(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		sql  string
		id   int64 // of the row that is named
		says string
	}{
		"a column changed":      {`UPDATE audit SET actor = 'somebody else' WHERE id = 3`, 3, "it was changed"},
		"a value in it changed": {`UPDATE audit SET after = after || '{"mfa": true}' WHERE id = 3`, 3, "it was changed"},
		"the time changed":      {`UPDATE audit SET at = at - interval '1 us' WHERE id = 3`, 3, "it was changed"},
		"NULL for a text":       {`UPDATE audit SET operation = '' WHERE id = 3`, 3, "it was changed"},
		"changed, with its digest": {`UPDATE audit SET actor = 'somebody else' WHERE id = 3;
			UPDATE audit a SET digest = audit_digest(a) WHERE id = 3`, 4, "it does not follow"},
		"removed":                          {`DELETE FROM audit WHERE id = 3`, 3, "it was removed"},
		"several removed":                  {`DELETE FROM audit WHERE id IN (2, 3)`, 2, "it was removed, with all up to 3"},
		"removed, and the rest moved down": {`DELETE FROM audit WHERE id = 3; UPDATE audit SET id = id - 1 WHERE id > 3`, 3, "it was changed"},
		"two in each other's place":        {`UPDATE audit SET id = CASE id WHEN 2 THEN 3 WHEN 3 THEN 2 ELSE id END`, 2, "it was changed"},
		"one put in beside another": {`INSERT INTO audit SELECT id, at + interval '1 us', 'x', door, role, operation, request_id, addr,
			table_name, action, key, before, after, username, client_id, previous, digest FROM audit WHERE id = 3`, 3, "it is there twice"},
		"the first, with nothing before it": {`UPDATE audit SET previous = 'x' WHERE id = 1; UPDATE audit a SET digest = audit_digest(a)
			WHERE id = 1`, 1, "it does not follow"},
	} {
		s, conn := fiveUsers(t)
		if v, err := s.VerifyAudit(t.Context(), nil); err != nil || v.Wrong != nil || v.Rows != 5 || v.First.ID != 1 || v.Last.ID != 5 {
			t.Fatalf("%s: before: %+v, %v", what, v, err)
		}
		_, err := conn.Exec(t.Context(), `SET session_replication_role = replica;`+c.sql, pgx.QueryExecModeSimpleProtocol)
		try(t, err)
		v, err := s.VerifyAudit(t.Context(), nil)
		if err != nil || v.Wrong == nil || v.Wrong.ID != c.id || !strings.HasPrefix(v.Wrong.Why, c.says) {
			t.Errorf("%s: %+v, %v", what, v.Wrong, err)
		}
	}
}

// Whoever owns the database can write all of it anew, or leave out what is last: then the digest that was noted elsewhere says so.
func TestAnAnchorShowsWhatTheChainCannot(t *testing.T) {
	t.Parallel()
	for what, sql := range map[string]string{
		"the last is removed": `DELETE FROM audit WHERE id > 3`,
		"all is removed":      `DELETE FROM audit`,
		"the last is changed": `UPDATE audit SET actor = 'x' WHERE id = 5; UPDATE audit a SET digest = audit_digest(a) WHERE id = 5`,
		"all is written anew": `DO $$ DECLARE r audit; last bytea := ''; BEGIN
			FOR r IN SELECT * FROM audit ORDER BY id LOOP
				r.actor := 'x'; r.previous := last; r.digest := audit_digest(r); last := r.digest;
				UPDATE audit SET actor = r.actor, previous = r.previous, digest = r.digest WHERE id = r.id;
			END LOOP; END $$`,
	} {
		s, conn := fiveUsers(t)
		before, err := s.VerifyAudit(t.Context(), nil)
		try(t, err)
		if v, err := s.VerifyAudit(t.Context(), before.Last); err != nil || v.Wrong != nil {
			t.Fatalf("%+v, %v", v, err)
		}
		_, err = conn.Exec(t.Context(), `SET session_replication_role = replica;`+sql, pgx.QueryExecModeSimpleProtocol)
		try(t, err)
		runs(t, conn, `SET session_replication_role = DEFAULT`, `INSERT INTO users (username) VALUES ('u6')`)
		if v, err := s.VerifyAudit(t.Context(), nil); err != nil || v.Wrong != nil {
			t.Errorf("%s: without an anchor: %+v, %v", what, v.Wrong, err)
		}
		if v, err := s.VerifyAudit(t.Context(), before.Last); err != nil || v.Wrong == nil || v.Wrong.ID != 5 {
			t.Errorf("%s: %+v, %v", what, v.Wrong, err)
		}
	}
}

func TestNobodyWritesAuditByHand(t *testing.T) {
	t.Parallel()
	_, conn := fiveUsers(t)
	for _, statement := range []string{`UPDATE audit SET actor = 'x'`, `DELETE FROM audit`, `TRUNCATE audit`,
		`INSERT INTO audit SELECT * FROM audit`,
		`UPDATE audit SET digest = digest WHERE id = 2`} {
		var refused *pgconn.PgError
		if _, err := conn.Exec(t.Context(), statement); !errors.As(err, &refused) || !strings.HasPrefix(refused.Message, "audit is written by") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// Changes at once make one chain, whatever their transactions can see.
func TestChangesAtOnceMakeOneChain(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	s := open(t, withPool(conn.Config().ConnString())+"0") // 30 connections
	var changing sync.WaitGroup
	for i := range 50 {
		changing.Go(func() {
			for n := range 4 {
				name := fmt.Sprintf("g%d-%d", i, n)
				if err := s.Transaction(t.Context(), func(s *Store) error {
					_, err := s.AddUser(t.Context(), UserRow{Username: name}, "")
					_, failed := s.AddUser(t.Context(), UserRow{Username: name + "-too"}, "")
					return errors.Join(err, failed)
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	changing.Wait()
	if v, err := s.VerifyAudit(t.Context(), nil); err != nil || v.Wrong != nil || v.Rows != 400 || v.First.ID != 1 || v.Last.ID != 400 {
		t.Errorf("%+v, %+v, %v", v, v.Wrong, err)
	}
}

// A transaction whose snapshot is older than the last row of audit would go on from a row that is not the last: it fails, as those do that
// are not READ COMMITTED, with what says that it may be tried again.
func TestASnapshotThatIsTooOldForTheChainIsRefused(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"REPEATABLE READ", "SERIALIZABLE"} {
		s, conn := fiveUsers(t)
		other := openConn(t, conn)
		runs(t, conn, `BEGIN ISOLATION LEVEL `+level, `INSERT INTO users (username) VALUES ('mine')`, `COMMIT`)
		runs(t, conn, `BEGIN ISOLATION LEVEL `+level, `INSERT INTO users (username) VALUES ('mine-too')`)
		runs(t, other, `INSERT INTO users (username) VALUES ('in-between')`)
		var refused *pgconn.PgError
		if _, err := conn.Exec(t.Context(), `COMMIT`); !errors.As(err, &refused) || refused.Code != "40001" { // serialization_failure
			t.Errorf("%s: %v", level, err)
		}
		if v, err := s.VerifyAudit(t.Context(), nil); err != nil || v.Wrong != nil || v.Rows != 7 {
			t.Errorf("%s: %+v, %v", level, v, err)
		}
	}
}

func openConn(t *testing.T, conn *pgx.Conn) *pgx.Conn {
	t.Helper()
	other, err := pgx.ConnectConfig(t.Context(), conn.Config())
	try(t, err)
	t.Cleanup(func() { other.Close(t.Context()) })
	return other
}

// Two transactions that change the same two rows in opposite order deadlock without the audit, too: one is undone, the other is not. In the
// same order, and with different rows, they never do, as the audit is written when all else is locked.
func TestTheAuditMakesNoDeadlock(t *testing.T) {
	t.Parallel()
	s, conn := fiveUsers(t)
	other := openConn(t, conn)
	set := func(c *pgx.Conn, user string) error {
		_, err := c.Exec(t.Context(), `UPDATE users SET must_change_password = NOT must_change_password WHERE username = $1`, user)
		return err
	}
	runs(t, conn, `BEGIN`)
	runs(t, other, `BEGIN`)
	try(t, set(conn, "u1"))
	try(t, set(other, "u2"))
	runs(t, conn, `COMMIT`) // does not wait for the other
	runs(t, other, `COMMIT`)

	runs(t, conn, `BEGIN`)
	runs(t, other, `BEGIN`)
	try(t, set(conn, "u1"))
	try(t, set(other, "u2"))
	waits := make(chan error)
	go func() { waits <- set(conn, "u2") }()
	failed := []error{set(other, "u1"), <-waits}
	var refused *pgconn.PgError
	if (failed[0] == nil) == (failed[1] == nil) || !errors.As(errors.Join(failed...), &refused) || refused.Code != "40P01" {
		t.Fatalf("%v", failed)
	}
	runs(t, conn, `COMMIT`) // or ROLLBACK, of the one that failed
	runs(t, other, `COMMIT`)
	if v, err := s.VerifyAudit(t.Context(), nil); err != nil || v.Wrong != nil || v.Rows != 5+2+2 {
		t.Errorf("%+v, %v", v, err)
	}
}

// Many changes in one transaction read little each, also where the plans were made of tables that are known to be empty.
func TestManyChangesAtOnceReadTheLastRowAlone(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	runs(t, conn, `ANALYZE`, `BEGIN`, `INSERT INTO users (username) SELECT 'u' || i FROM generate_series(1, 1000) AS i`,
		`SET CONSTRAINTS ALL IMMEDIATE`)
	var rows, ofTurn int
	try(t, conn.QueryRow(t.Context(), `SELECT sum(seq_tup_read) FILTER (WHERE relname <> 'audit_turn'),
		sum(seq_tup_read) FILTER (WHERE relname = 'audit_turn') FROM pg_stat_xact_user_tables WHERE relname LIKE 'audit%'`).Scan(&rows, &ofTurn))
	if rows > 0 || ofTurn > 1100 {
		t.Errorf("%d rows of audit were read beside those found by its index, %d of audit_turn", rows, ofTurn)
	}
}

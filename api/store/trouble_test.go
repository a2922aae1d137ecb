package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/devdb"
)

// What an administrator's limits end, and what others hold, is worth another try, and no fault of the statement.
func TestWhatPostgresCannotDoNowIsWorthAnotherTry(t *testing.T) {
	t.Parallel()
	s := open(t, withPool(devdb.Test(t)))
	other, err := s.conns.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Release()
	if _, err := other.Exec(t.Context(), "BEGIN; LOCK TABLE sessions"); err != nil {
		t.Fatal(err)
	}
	limited := func(limit, statement string) error {
		return pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), "SET LOCAL "+limit); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), statement)
			return err
		})
	}
	raised := func(code string) error {
		_, err := s.pool.Exec(t.Context(), fmt.Sprintf("DO $$BEGIN RAISE 'said by the test' USING ERRCODE = '%s'; END$$", code))
		return err
	}
	for what, err := range map[string]error{
		"lock_timeout":                        limited("lock_timeout = '50ms'", "SELECT FROM sessions"),
		"statement_timeout":                   limited("statement_timeout = '50ms'", "SELECT FROM sessions"),
		"idle_in_transaction_session_timeout": raised("25P03"),
		"serialization_failure":               raised("40001"),
		"transaction_timeout":                 raised("25P04"),
		"disk_full":                           raised("53100"),
		"io_error":                            raised("58030"),
		"a tablespace that is not mounted":    raised("58P01"),
	} {
		away := Unavailable{}
		if !errors.As(failure(err), &away) {
			t.Errorf("%s: %v", what, err)
		} else if !strings.Contains(away.Error(), "SQLSTATE") || strings.Contains(away.Error(), "not available") {
			t.Errorf("%s: what happened is not said: %v", what, away)
		}
	}
	for what, code := range map[string]string{"syntax_error": "42601", "unique_violation": "23505", "raise_exception": "P0001",
		"insufficient_privilege": "42501", "internal_error": "XX000", "data_corrupted": "XX001", "object_not_in_prerequisite_state": "55000",
		"transaction_integrity_constraint_violation": "40002", "in_failed_sql_transaction": "25P02"} {
		if err := failure(raised(code)); err == nil || errors.As(err, new(Unavailable)) {
			t.Errorf("%s is none of Postgres's troubles: %v", what, err)
		}
	}
}

package store

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Whoever is at a statement is known in its transaction, in one round trip, and to no other statement of the connection.
func TestAStatementSaysWhoIsAtIt(t *testing.T) {
	t.Parallel()
	s := open(t, connect(t).Config().ConnString())
	who := `SELECT concat_ws(' ', current_setting('gatehouse.actor', true), current_setting('gatehouse.door', true),
		current_setting('gatehouse.operation', true))`
	ada := s.As(Actor{Name: "ada", Door: "page", Operation: "password"})
	for range 3 {
		var got string
		if try(t, ada.pool.QueryRow(t.Context(), who).Scan(&got)); got != "ada page password" {
			t.Errorf("QueryRow: %q", got)
		}
		rows, err := ada.pool.Query(t.Context(), who+` FROM generate_series(1, 2)`)
		try(t, err)
		if list, err := pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || len(list) != 2 || list[1] != "ada page password" {
			t.Errorf("Query: %q, %v", list, err)
		}
		err = ada.Transaction(t.Context(), func(s *Store) error {
			return s.pool.QueryRow(t.Context(), who).Scan(&got)
		})
		if try(t, err); got != "ada page password" {
			t.Errorf("Transaction: %q", got)
		}
		if try(t, s.pool.QueryRow(t.Context(), who).Scan(&got)); got != "  " {
			t.Errorf("a statement of nobody: %q", got)
		}
	}
}

// What is refused when a transaction ends is an error of its statement.
func TestWhatIsRefusedAtTheEndOfATransactionIsAnError(t *testing.T) {
	t.Parallel()
	s := open(t, connect(t).Config().ConnString())
	_, err := s.pool.Exec(t.Context(), `CREATE TABLE a (n integer CONSTRAINT once UNIQUE DEFERRABLE INITIALLY DEFERRED);
		INSERT INTO a VALUES (1)`,
		pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	as := s.As(Actor{Name: "ada"})
	add := func(s *Store) error {
		_, err := s.pool.Exec(t.Context(), `INSERT INTO a VALUES (1)`)
		return err
	}
	var n int
	rows, err := as.pool.Query(t.Context(), `INSERT INTO a VALUES (1) RETURNING n`)
	try(t, err)
	_, err = pgx.CollectRows(rows, pgx.RowTo[int])
	for how, err := range map[string]error{
		"Exec": add(as), "QueryRow": as.pool.QueryRow(t.Context(), `INSERT INTO a VALUES (1) RETURNING n`).Scan(&n), "Query": err,
		"Transaction": as.Transaction(t.Context(), add),
	} {
		if err == nil {
			t.Errorf("%s: no error", how)
		}
	}
	if refused := new(Refusal); !errors.As(s.Transaction(t.Context(), add), refused) || refused.Constraint != "once" {
		t.Errorf("Transaction: %v", refused)
	}
}

func TestATransactionIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s := open(t, connect(t).Config().ConnString())
	stop := errors.New("stop")
	count := func(ctx context.Context) (n int) {
		try(t, s.pool.QueryRow(ctx, `SELECT count(*) FROM groups`).Scan(&n))
		return n
	}
	add := func(s *Store) error { return s.AddGroup(t.Context(), GroupRow{Name: "staff"}) }
	err := s.Transaction(t.Context(), func(s *Store) error { return errors.Join(add(s), stop) })
	if n := count(t.Context()); !errors.Is(err, stop) || n != 0 {
		t.Errorf("%v, %d groups", err, n)
	}
	if try(t, s.Transaction(t.Context(), add)); count(t.Context()) != 1 {
		t.Error("the group was not added")
	}
}

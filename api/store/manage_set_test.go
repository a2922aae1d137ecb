package store

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestSetUserWritesWhatIsNamedAndNoMore(t *testing.T) {
	t.Parallel()
	s := managed(t)
	_, err := s.AddUser(t.Context(), UserRow{Username: "ada", Name: "Ada", GivenName: "A", Email: "ada@example.org", EmailVerified: true,
		Zoneinfo: "Europe/Paris", Claims: json.RawMessage(`{"a": 12345678901234567890}`)}, argon)
	try(t, err)
	show := func(name string) UserDetails {
		t.Helper()
		u, err := s.ShowUser(t.Context(), name)
		try(t, err)
		return u
	}
	before := show("ada")
	try(t, s.SetUser(t.Context(), "ada", Columns{}))
	if after := show("ada"); after.UpdatedAt != before.UpdatedAt || string(after.Claims) != `{"a": 12345678901234567890}` {
		t.Errorf("%+v", after)
	}
	try(t, s.SetUser(t.Context(), "ada", Columns{"family_name": "Lovelace"}))
	try(t, s.SetUser(t.Context(), "ada", Columns{"given_name": "", "claims": json.RawMessage(nil), "email": "ada@example.org"}))
	after := show("ada")
	if after.FamilyName != "Lovelace" || after.GivenName != "" || after.Name != "Ada" || string(after.Claims) != "{}" ||
		!after.EmailVerified || after.Zoneinfo != "Europe/Paris" || !after.UpdatedAt.After(before.UpdatedAt) {
		t.Errorf("%+v", after)
	}
	for _, test := range []struct {
		change   Columns
		email    string
		verified bool
	}{
		{Columns{"email": "other@example.org"}, "other@example.org", false},
		{Columns{"email": "ada@example.org", "email_verified": true}, "ada@example.org", true},
		{Columns{"email": ""}, "", false},
	} {
		try(t, s.SetUser(t.Context(), "ada", test.change))
		if u := show("ada"); u.Email != test.email || u.EmailVerified != test.verified {
			t.Errorf("%v: %s %v", test.change, u.Email, u.EmailVerified)
		}
	}
	try(t, s.SetUser(t.Context(), "ada", Columns{"username": "countess"}))
	if u := show("countess"); u.Sub != before.Sub {
		t.Errorf("%+v", u)
	}
	if err := s.SetUser(t.Context(), "ada", Columns{"name": "x"}); !errors.Is(err, Missing{"user", "ada"}) {
		t.Error(err)
	}
	if err := s.SetUser(t.Context(), "ada", Columns{}); !errors.Is(err, Missing{"user", "ada"}) {
		t.Error(err)
	}
	for want, change := range map[string]Columns{
		`username must be at most 32 lower-case letters, digits, . _ -, not beginning with a digit, . or -, such as alice.b: "Ada"`: {
			"username": "Ada"},
		`username must be at most 32 lower-case letters, digits, . _ -, not beginning with a digit, . or -, such as alice.b`: {"username": ""},
		`email must have one @, with something on both sides: "x"`:                                                           {"email": "x"},
		`email_verified needs an email`: {"email_verified": true},
		`claims must be a JSON object`:  {"claims": json.RawMessage(`[]`)},
	} {
		if err := s.SetUser(t.Context(), "countess", change); err == nil || err.Error() != want {
			t.Errorf("%v: %v, want %s", change, err, want)
		}
	}
}

func TestRemoveUserSaysWhatWentWithThem(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	s := open(t, conn.Config().ConnString())
	_, err := conn.Exec(t.Context(), rows("2")+`; UPDATE sessions SET expires_at = now() + interval '1 h';
		UPDATE grants SET expires_at = now() + interval '1 h'`, pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	gone, err := s.RemoveUser(t.Context(), "u1")
	want := RemovedUser{Groups: 1, Sessions: 1, Grants: 1, Consents: 1, Passkeys: 1, OneTimeCodes: 1}
	if err != nil || gone != want {
		t.Errorf("%+v, %v", gone, err)
	}
	if _, err := s.RemoveUser(t.Context(), "u1"); !errors.Is(err, Missing{"user", "u1"}) {
		t.Error(err)
	}
	if list, err := s.ListUsers(t.Context(), UserQuery{Page: all}); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}

// Whoever has locked a row is not overtaken, and nobody signs in later for it.
func TestALockedRowWaitsForItsTransaction(t *testing.T) {
	t.Parallel()
	s := managed(t)
	_, err := s.AddUser(t.Context(), UserRow{Username: "ada"}, argon)
	try(t, err)
	done := make(chan error, 1)
	try(t, s.Transaction(t.Context(), func(tx *Store) error {
		try(t, tx.Lock(t.Context(), "users", "ada"))
		go func() { done <- s.SetUser(t.Context(), "ada", Columns{"name": "second"}) }()
		waiting := func() (waits bool) {
			try(t, s.pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waits))
			return waits
		}
		for !waiting() {
			time.Sleep(time.Millisecond)
		}
		// What refers to the row, as a session does, goes on.
		_, err := s.pool.Exec(t.Context(), `INSERT INTO personal_access_tokens (token_sha256, username, name, expires_at)
			VALUES (sha256('x'), 'ada', 'x', now() + interval '1 h')`)
		try(t, err)
		return tx.SetUser(t.Context(), "ada", Columns{"name": "first"})
	}))
	try(t, <-done)
	if u, err := s.ShowUser(t.Context(), "ada"); err != nil || u.Name != "second" {
		t.Errorf("%+v, %v", u, err)
	}
	for table, n := range nouns {
		if err := s.Lock(t.Context(), table, "gone"); !errors.Is(err, Missing{n.kind, "gone"}) {
			t.Errorf("%s: %v", table, err)
		}
	}
	if err := s.Lock(t.Context(), "sessions", "x"); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("a table of no administrator: %v", err)
	}
}

// Where Postgres wants a value, what is empty is not made NULL.
func TestNounsSayWhichColumnsHaveAValue(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	for table, n := range nouns {
		rows, err := conn.Query(t.Context(), `SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'public'
			AND table_name = $1 AND is_nullable = 'NO' AND data_type IN ('text', 'jsonb') ORDER BY 1`, table)
		try(t, err)
		must, err := pgx.CollectRows(rows, pgx.RowTo[string])
		try(t, err)
		must = slices.DeleteFunc(must, func(name string) bool { return table == "users" && name == "sub" }) // it never changes
		if slices.Sort(n.must); !slices.Equal(n.must, must) {
			t.Errorf("%s: %v, want %v", table, n.must, must)
		}
	}
}

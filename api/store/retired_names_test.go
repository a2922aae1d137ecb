package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// The name of somebody who is deleted or renamed is nobody else's, in whichever case, until it is freed; they may have it back.
func TestANameThatWasSomebodysIsNobodyElses(t *testing.T) {
	t.Parallel()
	s := managed(t)
	exec := func(sql string) {
		t.Helper()
		_, err := s.pool.Exec(t.Context(), sql)
		try(t, err)
	}
	add := func(username, sub string) error {
		_, err := s.AddUser(t.Context(), UserRow{Username: username, Sub: sub}, "")
		return err
	}
	exec(`SELECT set_username_rule('open')`)
	try(t, add("ada", "ada-sub"))
	exec(`UPDATE users SET name = 'Ada Lovelace' WHERE username = 'ada'`)
	try(t, s.SetUser(t.Context(), "ada", Columns{"username": "lovelace"}))
	_, err := s.RemoveUser(t.Context(), "lovelace")
	try(t, err)
	for _, name := range []string{"ada", "lovelace"} {
		var refused Refusal
		err := add(name, "")
		if !errors.As(err, &refused) || refused.Constraint != "users_username_is_retired_free_it_first" ||
			!strings.HasPrefix(err.Error(), "the username "+name+" was that of Ada Lovelace (sub ada-sub) until 2") ||
			!strings.HasSuffix(err.Error(), "gatehouse user free-name "+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.SetUser(t.Context(), "nobody", Columns{"username": "ada"}); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	try(t, add("bob", "bob-sub"))
	if err := s.SetUser(t.Context(), "bob", Columns{"username": "ada"}); !errors.As(err, new(Refusal)) {
		t.Errorf("by another name: %v", err)
	}
	try(t, add("lovelace", "ada-sub")) // the same person
	try(t, s.SetUser(t.Context(), "lovelace", Columns{"username": "ada"}))
	list, err := s.ListRetiredNames(t.Context(), RetiredNamesQuery{Page: Page{Limit: 10}, Search: "love"})
	if err != nil || len(list) != 1 || list[0].Name != "lovelace" || list[0].Sub != "ada-sub" {
		t.Errorf("%+v, %v", list, err)
	}
	try(t, s.FreeName(t.Context(), "lovelace"))
	try(t, add("lovelace", ""))
	if err := s.FreeName(t.Context(), "lovelace"); !errors.Is(err, ErrNotFound) {
		t.Errorf("freed twice: %v", err)
	}
	exec(`INSERT INTO retired_names (name, sub) VALUES ('Erik', 'x')`)
	if err := add("erik", ""); !errors.As(err, new(Refusal)) {
		t.Errorf("in another case: %v", err)
	}
}

// Whoever deletes a user while somebody else gets the name at the same time: the name is not given.
func TestANameIsNotGivenWhileItsOwnerIsDeleted(t *testing.T) {
	t.Parallel()
	s := managed(t)
	_, err := s.AddUser(t.Context(), UserRow{Username: "ada"}, "")
	try(t, err)
	tx, err := s.pool.Begin(t.Context())
	try(t, err)
	_, err = tx.Exec(t.Context(), `DELETE FROM users WHERE username = 'ada'`)
	try(t, err)
	var waiting sync.WaitGroup
	var given error
	waiting.Go(func() { _, given = s.AddUser(t.Context(), UserRow{Username: "ada"}, "") })
	for locked := false; !locked; { // it waits for the index of usernames
		try(t, s.pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&locked))
	}
	try(t, tx.Commit(t.Context()))
	if waiting.Wait(); !errors.As(given, new(Refusal)) {
		t.Errorf("%v", given)
	}
}

// What people choose for themselves must not look like another's name.
func TestANameThatLooksLikeAnothersIsNotChosen(t *testing.T) {
	t.Parallel()
	s := managed(t)
	_, err := s.pool.Exec(t.Context(), `
		SELECT set_username_rule('open');
		INSERT INTO users (username) VALUES ('alice'), ('mary.ann'), ('bob0'), ('вова'), ('e.münch');
		INSERT INTO retired_names (name, sub) VALUES ('modern-w', 'x')`, pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	for name, want := range map[string]string{
		"alice": NameTaken, "ALICE": NameTaken, "modern-w": NameRetired, "Modern-W": NameRetired,
		"a1ice": NameAlike, "a.lice": NameAlike, "aIice": NameAlike, "a_l-i.c.e": NameAlike, "rnary.ann": NameAlike, "maryann": NameAlike,
		"bobo": NameAlike, "modemw": NameAlike, "rnodern.vv": NameAlike, "аlice": NameAlike /* Cyrillic а */, "ａｌｉｃｅ": NameAlike,
		"alіce": NameAlike, "e.munch": NameAlike, "al\u200bice": NameAlike, "bob": "", "carol": "", "дима": "", "вовa2": NameMixed,
		"дarol": NameMixed, "ωmega": NameMixed, "jürgen": "", "物理": "", "mary.anna": "",
	} {
		got, err := s.ChosenNameProblem(t.Context(), name)
		if err != nil || got != want {
			t.Errorf("%q: %q, want %q (%v)", name, got, want, err)
		}
	}
	tx, err := s.pool.Begin(t.Context())
	try(t, err)
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	_, err = tx.Exec(t.Context(), `SET LOCAL enable_seqscan = off`)
	try(t, err)
	plan, err := tx.Query(t.Context(), `EXPLAIN SELECT FROM users WHERE name_skeleton(username) = name_skeleton('x')`)
	try(t, err)
	lines, err := pgx.CollectRows(plan, pgx.RowTo[string])
	if err != nil || !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, "users_by_skeleton") }) {
		t.Errorf("%v %v", lines, err)
	}
}

package admin

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Somebody who leaves is shut out with all that is theirs, at once and told beforehand; within the grace account and memberships come
// back, and nothing else does.
func TestWhoLeavesIsOffboardedAtOnceAndCanComeBack(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	exec := func(sql string) {
		t.Helper()
		_, err := conn.Exec(t.Context(), sql)
		try(t, err)
	}
	exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris, backchannel_logout_uri)
		VALUES ('hub', 'none', '{https://hub.example.org/cb}', 'https://hub.example.org/out'),
			('wiki', 'none', '{https://w.example.org/cb}', NULL)`)
	exec(`INSERT INTO users (username) VALUES ('ada'), ('bob')`)
	exec(`INSERT INTO groups (name) VALUES ('physics'), ('chess'), ('old')`)
	exec(`INSERT INTO group_members (username, group_name, until) VALUES ('ada', 'physics', '2099-01-01Z'), ('ada', 'chess', NULL),
		('ada', 'old', NULL), ('bob', 'physics', NULL)`)
	exec(`INSERT INTO group_owners (username, group_name) VALUES ('ada', 'chess'), ('ada', 'physics'), ('bob', 'physics')`)
	exec(`INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
		SELECT gen_random_uuid(), gen_random_bytes(32), id, now(), '{pwd}', now(), now() + interval '1 h', now() + interval '1 h' FROM users`)
	exec(`INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at)
		SELECT gen_random_uuid(), u.id, c, s.sid, true, 'openid', now(), '{}', now(), now() + interval '1 d'
		FROM users u JOIN sessions s ON s.user_id = u.id, unnest('{hub,wiki}'::text[]) AS c`)
	exec(`INSERT INTO personal_access_tokens (username, name, expires_at, token_sha256)
		SELECT username, 'x', now() + interval '1 d', gen_random_bytes(32) FROM users`)
	exec(`INSERT INTO account_links (username, token_sha256) SELECT username, gen_random_bytes(32) FROM users`)
	state := func() (text string) {
		t.Helper()
		try(t, conn.QueryRow(t.Context(), `SELECT concat_ws(' ', (SELECT string_agg(username, ',' ORDER BY username) FROM users
			WHERE disabled_at IS NULL), (SELECT count(*) FROM sessions), (SELECT count(*) FROM grants WHERE revoked_at IS NULL),
			(SELECT count(*) FROM personal_access_tokens WHERE revoked_at IS NULL), (SELECT count(*) FROM account_links WHERE spent_at IS NULL),
			(SELECT string_agg(username || ':' || group_name || coalesce(':' || extract(year FROM until), ''), ',' ORDER BY 1)
				FROM (SELECT * FROM group_members ORDER BY 1, 2) AS m),
			(SELECT count(*) FROM backchannel_logouts), (SELECT count(*) FROM offboardings))`).Scan(&text))
		return text
	}
	before := state()
	run := func(in Offboard) (Offboarded, error) { in.Username = "ada"; return a.Offboard(t.Context(), in) }
	previewed, err := run(Offboard{Preview: true})
	if err != nil || state() != before {
		t.Errorf("a dry run changes something: %s, was %s (%v)", state(), before, err)
	}
	done, err := run(Offboard{Grace: Duration(7 * day)})
	try(t, err)
	said := fmt.Sprint(done.Sessions, done.Grants, done.PersonalAccessTokens, done.AccountLinks, done.Memberships,
		done.OwnedAlone, done.Told, done.Homes)
	if said != "1 [hub wiki] 1 1 [chess gatehouse-owners old physics] [chess] [hub] [hub wiki]" {
		t.Errorf("done: %s", said)
	}
	if fmt.Sprint(previewed.Steps[:9]) != fmt.Sprint(done.Steps[:9]) || len(done.Steps) != 10 {
		t.Errorf("said before: %q, done: %q", previewed.Steps, done.Steps)
	}
	if left := time.Until(done.UndoUntil); left < 6*day || left > 7*day {
		t.Errorf("can be undone for %s", left)
	}
	if got, want := state(), "bob 1 2 1 1 bob:gatehouse-owners,bob:physics 1 1"; got != want {
		t.Errorf("after: %s, want %s", got, want)
	}
	var audited string
	try(t, conn.QueryRow(t.Context(), `SELECT string_agg(DISTINCT table_name, ' ') FROM audit
		WHERE at >= (SELECT created_at FROM offboardings) AND username = 'ada'`).Scan(&audited))
	for _, table := range []string{"account_links", "group_members", "offboardings", "personal_access_tokens", "users"} {
		if !strings.Contains(audited, table) {
			t.Errorf("the audit has no %s: %s", table, audited)
		}
	}
	exec(`DELETE FROM groups WHERE name = 'old'`)
	back, err := run(Offboard{Undo: true})
	if err != nil || fmt.Sprint(back.Memberships) != "[chess gatehouse-owners physics]" {
		t.Errorf("%+v, %v", back, err)
	}
	want := "ada,bob 1 2 1 1 ada:chess,ada:gatehouse-owners,bob:gatehouse-owners,ada:physics:2099,bob:physics 1 1"
	if got := state(); got != want {
		t.Errorf("undone: %s, want %s", got, want)
	}
	if _, err := run(Offboard{Undo: true}); !errors.As(err, new(Missing)) {
		t.Errorf("undone twice: %v", err)
	}
	// Whoever was shut out before is so afterwards, too; and once the grace is over nothing comes back.
	exec(`UPDATE users SET disabled_at = '2026-01-01Z' WHERE username = 'ada'`)
	_, err = run(Offboard{})
	try(t, err)
	_, err = run(Offboard{Undo: true})
	if try(t, err); !strings.HasPrefix(state(), "bob ") {
		t.Errorf("undone, somebody is let in who was not before: %s", state())
	}
	_, err = run(Offboard{})
	try(t, err)
	exec(`UPDATE offboardings SET undo_until = now() WHERE undone_at IS NULL`)
	if _, err := run(Offboard{Undo: true}); !errors.As(err, new(Missing)) {
		t.Errorf("after the grace: %v", err)
	}
	if _, err := a.Offboard(t.Context(), Offboard{Username: "nobody"}); !errors.As(err, new(Missing)) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := run(Offboard{Undo: true, Preview: true}); !errors.As(err, new(Invalid)) {
		t.Errorf("both: %v", err)
	}
}

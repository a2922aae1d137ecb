package provider_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

func (r *rig) endAccounts() {
	r.Helper()
	if err := r.Provider.EndAccounts(r.Context()); err != nil {
		r.Fatal(err)
	}
}

// Applications hear of an account's end once, whether a session is there or only what outlives it, and the rows are as if the person had
// been disabled. Whose account has not ended notices nothing.
func TestApplicationsHearOfAnAccountsEndOnce(t *testing.T) {
	t.Parallel()
	r := start(t, private)
	r.Exec(`INSERT INTO users (sub, username, password) SELECT 'sub-bob', 'bob', password FROM users`)
	web, b := r.receiver("web"), r.browser()
	b.offline()
	bob := r.browser()
	bob.Login(bob.Authorize(AuthParams()).Location(), "bob", Password)
	r.Exec(`UPDATE users SET expires_at = $1 WHERE username = 'alice'`, r.Now().Add(time.Hour))
	if r.endAccounts(); r.Count("SELECT count(*) FROM grants WHERE revoked_at IS NOT NULL") != 0 {
		t.Fatal("ended before the end")
	}
	r.Later(time.Hour)
	var both sync.WaitGroup
	for range 4 { // as many replicas
		both.Go(r.endAccounts)
	}
	both.Wait()
	r.endAccounts()
	if told := web.next(soon); told["sub"] != "sub-alice" {
		t.Errorf("told %v", told)
	}
	if told := web.next(never); told != nil {
		t.Errorf("told again: %v", told)
	}
	if n := r.Count("SELECT count(*) FROM sessions"); n != 1 {
		t.Errorf("%d sessions, want that of bob", n)
	}
	if !slices.Equal(r.audited(), []string(nil)) {
		t.Errorf("audit: %s", r.audited())
	}
	r.Exec(`UPDATE users SET expires_at = NULL`)
	if b.isSignedIn() || r.Count(`SELECT count(*) FROM grants g JOIN users u ON u.id = g.user_id
		WHERE sub = 'sub-alice' AND revoked_at IS NULL`) != 0 {
		t.Error("prolonged after that, they go on with what was before")
	}
}

// audited is what the audit has of changes that Gatehouse made itself.
func (r *rig) audited() (list []string) {
	r.Helper()
	rows, err := r.DB.Query(r.Context(), `SELECT concat_ws(' ', actor, door, operation, table_name, action, username) FROM audit
		WHERE door = 'gatehouse' AND table_name NOT IN ('signing_keys') ORDER BY id`)
	if err != nil {
		r.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			r.Fatal(err)
		}
		list = append(list, line)
	}
	return list
}

// Who did not sign in for as long as a group allows is disabled by Gatehouse, which says so in the audit: also whoever never did, counted
// from when they were added; not who is in the group no more, and never the last of those who administer. Enabled again, they have all
// the time once more.
func TestWhoIsInactiveForLongIsDisabled(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	r.Exec(`INSERT INTO users (username, password, created_at, active_at, expires_at)
		SELECT v.name, u.password, now() - added, now() - active, ends
		FROM users u, (VALUES ('never', interval '100 days', NULL::interval, NULL::timestamptz), ('fresh', '1 day', NULL, NULL),
			('long', '1 year', '91 days', NULL), ('lately', '1 year', '89 days', NULL), ('left', '1 year', '1 year', NULL),
			('out', '1 year', '1 year', NULL), ('gone', '1 year', '1 year', '2026-01-01'), ('root', '1 year', '1 year', NULL),
			('root2', '1 year', '300 days', NULL)) AS v (name, added, active, ends)`)
	r.Exec(`UPDATE groups SET inactive_after = '90 days' WHERE name IN ('staff', 'hub-admins')`)
	r.Exec(`INSERT INTO group_members (group_name, username) SELECT 'staff', username FROM users
		WHERE username IN ('never', 'fresh', 'long', 'lately', 'left', 'gone', 'root', 'root2')`)
	r.Exec(`DELETE FROM group_members WHERE group_name = 'hub-admins'`)
	r.Exec(`INSERT INTO group_members (group_name, username) VALUES ('hub-admins', 'root'), ('hub-admins', 'root2')`)
	r.Exec(`UPDATE group_members SET until = now() WHERE username = 'left'`)
	var replicas sync.WaitGroup
	for range 4 {
		replicas.Go(r.endAccounts)
	}
	replicas.Wait()
	disabled := func() (names string) {
		if err := r.DB.QueryRow(t.Context(), `SELECT string_agg(username, ' ' ORDER BY username) FROM users WHERE disabled_at IS NOT NULL`).
			Scan(&names); err != nil {
			t.Fatal(err)
		}
		return names
	}
	if got := disabled(); got != "long never root" {
		t.Errorf("disabled: %s", got)
	}
	audited := r.audited()
	slices.Sort(audited)
	by := "gatehouse gatehouse disable who is inactive users UPDATE "
	if strings.Join(audited, "\n") != by+"long\n"+by+"never\n"+by+"root" {
		t.Errorf("audit: %q", audited)
	}
	r.Exec(`UPDATE users SET disabled_at = NULL WHERE username IN ('long', 'never')`)
	if r.endAccounts(); disabled() != "root" {
		t.Errorf("enabled again, and disabled again: %s", disabled())
	}
	r.Later(91 * 24 * time.Hour)
	if r.endAccounts(); disabled() != "alice fresh lately long never root" {
		t.Errorf("after as long: %s", disabled())
	}
}

// More people than one statement takes.
func TestManyWhoEndAtOnceAllEnd(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`INSERT INTO users (username, expires_at, active_at) SELECT 'u' || i, CASE WHEN i % 2 = 0 THEN now() END, now() - interval '1 year'
		FROM generate_series(1, 601) AS i`)
	r.Exec(`INSERT INTO group_members (group_name, username) SELECT 'staff', username FROM users WHERE username LIKE 'u%'`)
	r.Exec(`UPDATE groups SET inactive_after = '90 days' WHERE name = 'staff'`)
	r.Exec(`INSERT INTO grants (id, user_id, client_id, offline, scope, auth_time, amr, created_at, expires_at)
		SELECT gen_random_uuid(), id, 'web', true, 'openid', now(), '{pwd}', now(), now() + interval '1 day'
		FROM users WHERE expires_at IS NOT NULL`)
	r.Later(time.Second)
	r.endAccounts()
	if n := r.Count(`SELECT count(*) FROM grants WHERE revoked_at IS NOT NULL`); n != 300 {
		t.Errorf("%d of 300 grants are revoked", n)
	}
	if n := r.Count(`SELECT count(*) FROM users WHERE disabled_at IS NOT NULL`); n != 301 {
		t.Errorf("%d of 301 are disabled", n)
	}
}

// A sign-in that was begun before the end and is finished after it starts nothing: the statement that would start it asks again.
func TestASignInThatRacesTheEndStartsNothingThatLasts(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	end := r.Now().Add(time.Hour)
	r.Exec(`UPDATE users SET expires_at = $1`, end)
	r.Later(time.Hour - time.Millisecond)
	var all sync.WaitGroup
	for range 8 {
		b := r.browser()
		page := b.Authorize(AuthParams()).Location()
		all.Go(func() { b.Login(page, "alice", Password) })
	}
	r.Later(time.Millisecond)
	all.Wait()
	r.endAccounts()
	if n := r.Count("SELECT count(*) FROM sessions") + r.Count("SELECT count(*) FROM grants WHERE revoked_at IS NULL"); n != 0 {
		t.Errorf("%d sessions and grants outlive the account", n)
	}
}

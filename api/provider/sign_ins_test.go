package provider_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/store"
)

// signIns are the rows of sign_ins in order, without their times.
func (r *rig) signIns() (list []string) {
	r.Helper()
	rows, err := r.DB.Query(context.Background(), `SELECT concat_ws(' ', coalesce(u.username, '?'), coalesce(i.client_id, '-'), i.outcome,
		i.why, i.amr::text, i.addr, left(i.user_agent, 7), CASE WHEN length(i.request_id) >= 8 THEN 'id' END)
		FROM sign_ins i LEFT JOIN users u ON u.id = i.user_id ORDER BY i.at, i.id`)
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

func TestSignInsAreSessionsThatBeganAndFailuresOfPeopleWhoExist(t *testing.T) {
	t.Parallel()
	r := start(t)
	b := r.browser()
	r.Exec(`INSERT INTO users (username, password, disabled_at)
		SELECT v.username, v.password, now() FROM (VALUES ('carol', NULL), ('dora', crypt($1, gen_salt('bf', 4)))) AS v (username, password)`,
		Password)
	login := b.Authorize(AuthParams("scope", "openid")).Location()
	for _, who := range [][2]string{{"alice", "wrong"}, {"nobody-of-that-name", Password}, {"carol", Password}, {"dora", Password},
		{"ALICE ", Password}} {
		r.Later(time.Second)
		b.Login(login, who[0], who[1], "User-Agent", "Firefox/1")
	}
	b.Authorize(AuthParams("scope", "openid")) // with single sign-on
	r.Later(time.Second)
	b.Do("GET", "/account", nil)
	phone := r.browser()
	phone.Login(phone.Do("GET", "/account", nil).Location(), "alice", Password, "User-Agent", strings.Repeat("x", 500))
	want := []string{
		"alice web failed wrong_password {} 127.0.0.1 Firefox id",
		"carol web failed wrong_password {} 127.0.0.1 Firefox id",
		"dora web failed disabled {} 127.0.0.1 Firefox id",
		"alice web signed_in {pwd} 127.0.0.1 Firefox id",
		"alice - signed_in {pwd} 127.0.0.1 xxxxxxx id",
	}
	if got := r.signIns(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n := r.Count(`SELECT max(length(user_agent)) FROM sign_ins`); n != 200 {
		t.Errorf("%d characters", n)
	}
	r.Exec(`DELETE FROM users WHERE username = 'alice'`)
	if left := r.signIns(); len(left) != 2 {
		t.Errorf("kept of somebody who is deleted: %v", left)
	}
}

// Whoever floods an account is bounded by the throttle, and so are the rows that they leave.
func TestAFloodOfFailuresIsBounded(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	b := r.browser()
	login := b.Authorize(AuthParams("scope", "openid")).Location()
	for range 20 {
		b.Login(login, "alice", "wrong")
	}
	if n := len(r.signIns()); n != 5 {
		t.Errorf("%d rows, want as many as were tried: 5", n)
	}
}

func TestPartitionsOfSignInsAreMadeAheadAndDroppedByAge(t *testing.T) {
	t.Parallel()
	r := start(t)
	db, err := store.Open(t.Context(), r.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	partitions := func() (n int) {
		return r.Count(`SELECT count(*) FROM pg_inherits WHERE inhparent = 'sign_ins'::regclass`)
	}
	note := func(at time.Time) {
		r.Exec(`INSERT INTO sign_ins (at, user_id, outcome) SELECT $1, id, 'signed_in' FROM users WHERE username = 'alice'`, at)
	}
	if n := partitions(); n != 3 { // this month, the next, and the one for all else
		t.Fatalf("%d partitions after the installation", n)
	}
	now := time.Date(2031, 1, 31, 23, 59, 0, 0, time.UTC)
	note(now)                    // before there is a partition for it
	note(now.Add(2 * time.Hour)) // of the next month
	note(now.AddDate(0, 0, -95)) // nobody made one for that, ever
	errs := make(chan error)
	for range 20 { // replicas at once
		go func() {
			_, err := db.CleanUp(context.Background(), kept, now)
			errs <- err
		}()
	}
	for range 20 {
		err = errors.Join(err, <-errs)
	}
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Count(`SELECT count(*) FROM sign_ins_2031_01`) * 10; n+r.Count(`SELECT count(*) FROM sign_ins_2031_02`) != 11 {
		t.Error("rows are not in the partitions of their months")
	}
	if n := r.Count(`SELECT count(*) FROM sign_ins`); n != 2 || r.Count(`SELECT count(*) FROM sign_ins_other`) != 0 || partitions() != 3 {
		t.Errorf("%d rows, %d partitions", n, partitions())
	}
	note(now)
	for i, days := range []int{31, 91, 121} {
		_, err := db.CleanUp(t.Context(), kept, now.AddDate(0, 0, days))
		if n := r.Count(`SELECT count(*) FROM sign_ins`); err != nil || n != []int{3, 1, 0}[i] {
			t.Errorf("after %d days: %d rows, %v", days, n, err)
		}
	}
}

// Nobody waits for the clean-up, and it waits for nobody: a reader who takes their time has it done later.
func TestSignInsGoOnWhileSomebodyReadsThem(t *testing.T) {
	t.Parallel()
	r := start(t)
	db, err := store.Open(t.Context(), r.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := r.DB.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM sign_ins`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if _, err := db.CleanUp(t.Context(), kept, r.Now().AddDate(1, 0, 0)); err != nil {
		t.Error(err)
	}
	r.browser().openAccount()
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := r.signIns(); len(got) != 1 {
		t.Errorf("%v", got)
	}
	_, err = db.CleanUp(t.Context(), kept, r.Now().AddDate(1, 0, 0))
	if got := r.signIns(); err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
}

func TestListingSignIns(t *testing.T) {
	t.Parallel()
	r := start(t)
	db, err := store.Open(t.Context(), r.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now := time.Now().UTC().Truncate(time.Microsecond)
	for i := range 4 { // two of them at the same moment
		r.Exec(`INSERT INTO sign_ins (at, user_id, outcome, why) SELECT $1, id, $2, $3 FROM users WHERE username = 'alice'`,
			now.Add(-time.Duration(i/2)*time.Hour), []string{"signed_in", "failed"}[i%2], []any{nil, "wrong_password"}[i%2])
	}
	for _, c := range []struct {
		q    store.SignInQuery
		want int
	}{
		{store.SignInQuery{}, 4}, {store.SignInQuery{Failed: true}, 2}, {store.SignInQuery{Username: "alice", Since: now.Add(-time.Minute)}, 2},
		{store.SignInQuery{Username: "alice", Failed: true, Since: now.Add(-time.Minute)}, 1},
	} {
		c.q.Limit, c.q.Before = 1, now.Add(time.Hour)
		seen := map[string]bool{}
		for {
			list, err := db.ListSignIns(t.Context(), c.q)
			if err != nil || len(list) == 0 {
				break
			}
			seen[list[0].ID] = true
			c.q.Before, c.q.ID = list[0].At, list[0].ID
		}
		if len(seen) != c.want {
			t.Errorf("%+v: %d, want %d", c.q, len(seen), c.want)
		}
	}
	if _, err := db.ListSignIns(t.Context(), store.SignInQuery{Username: "nobody"}); fmt.Sprint(err) != `there is no user "nobody"` {
		t.Error(err)
	}
}

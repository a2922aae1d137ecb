package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/api/oidc"
)

// numbered is a database in which people and groups have numbers, so many of each.
func numbered(t *testing.T, of int64) *Store {
	t.Helper()
	s := managed(t)
	try(t, s.SetPosixRanges(t.Context(), PosixRanges{UIDs: &Numbers{100000, 99999 + of}, GIDs: &Numbers{200000, 199999 + of},
		Home: "/home/{username}", Shell: "/bin/bash"}))
	return s
}

func refusedWith(t *testing.T, err error, words string) {
	t.Helper()
	if !errors.As(err, new(Refusal)) || err.Error() != words {
		t.Errorf("%v, want %s", err, words)
	}
}

func number(n int64) *int64 { return &n }

func (s *Store) numbersOf(t *testing.T, username string) (u UserDetails) {
	t.Helper()
	u, err := s.ShowUser(t.Context(), username)
	try(t, err)
	if u.UID == nil {
		u.UID = number(0)
	}
	if u.GID == nil {
		u.GID = number(0)
	}
	return u
}

func TestUsersAndGroupsHaveNumbersOnceThereAreRanges(t *testing.T) {
	t.Parallel()
	s := managed(t)
	ctx := t.Context()
	_, err := s.AddUser(ctx, UserRow{Username: "ada"}, "")
	try(t, err)
	try(t, s.AddGroup(ctx, GroupRow{Name: "staff"}))
	if u := s.numbersOf(t, "ada"); *u.UID != 0 || *u.GID != 0 || u.Home != "" {
		t.Errorf("without ranges: %+v", u)
	}
	try(t, s.SetPosixRanges(ctx, PosixRanges{UIDs: &Numbers{100000, 199999}, GIDs: &Numbers{200000, 299999},
		Home: "/srv/{username}", Shell: "/bin/zsh"}))
	if u := s.numbersOf(t, "ada"); *u.UID != 100000 || *u.GID != 100000 || u.Home != "/srv/ada" || u.Shell != "/bin/zsh" {
		t.Errorf("who was there: %+v", u)
	}
	if g, err := s.ShowGroup(ctx, "staff", Administration{}); err != nil || *g.GID != 200000 {
		t.Errorf("%+v, %v", g, err)
	}
	_, err = s.AddUser(ctx, UserRow{Username: "bob", Groups: []string{"staff"}, Home: "/data/bob"}, "")
	try(t, err)
	if u := s.numbersOf(t, "bob"); *u.UID != 100001 || *u.GID != 100001 || u.Home != "/data/bob" || u.Shell != "/bin/zsh" {
		t.Errorf("who came: %+v", u)
	}
	c, err := s.LoadCandidate(ctx, "bob", &oidc.Client{}, nil, time.Now())
	try(t, err)
	if *c.User.UID != 100001 || *c.User.GID != 100001 || c.User.Home != "/data/bob" || !slices.Equal(c.User.GIDs, []int64{200000}) {
		t.Errorf("%+v", c.User)
	}
	try(t, s.SetPosixRanges(ctx, PosixRanges{}))
	_, err = s.AddUser(ctx, UserRow{Username: "carol"}, "")
	try(t, err)
	if u := s.numbersOf(t, "carol"); *u.UID != 0 || *s.numbersOf(t, "bob").UID != 100001 {
		t.Errorf("off again: %+v", u)
	}
}

func TestANumberIsNeverGivenTwice(t *testing.T) {
	t.Parallel()
	s := numbered(t, 1000)
	ctx := t.Context()
	add := func(name string, uid, gid *int64) error {
		_, err := s.AddUser(ctx, UserRow{Username: name, UID: uid, GID: gid}, "")
		return err
	}
	try(t, add("ada", nil, nil))
	try(t, add("bob", nil, nil))
	_, err := s.RemoveUser(ctx, "bob")
	try(t, err)
	try(t, add("carol", nil, nil))
	if u := s.numbersOf(t, "carol"); *u.UID != 100002 {
		t.Errorf("%+v", u)
	}
	today := ""
	try(t, s.pool.QueryRow(ctx, `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')`).Scan(&today))
	wasBobs := "uid 100001 was that of bob until " + today + ", whose files may be there; " +
		"To free it: DELETE FROM posix_numbers WHERE number = 100001 AND kind = 'uid'"
	refusedWith(t, add("dora", number(100001), nil), wasBobs)
	refusedWith(t, add("dora", number(100000), nil), "uid 100000 is that of ada; Give another.")
	refusedWith(t, s.Set(ctx, "users", "ada", Columns{"uid": int64(100001)}), wasBobs)
	try(t, add("eve", number(1001), nil)) // as she was in /etc/passwd
	try(t, s.Set(ctx, "users", "eve", Columns{"uid": int64(1002)}))
	refusedWith(t, add("dora", number(1001), nil), "uid 1001 was that of eve until "+today+", whose files may be there; "+
		"To free it: DELETE FROM posix_numbers WHERE number = 1001 AND kind = 'uid'")
	if u := s.numbersOf(t, "eve"); *u.UID != 1002 || *u.GID != 1002 {
		t.Errorf("her own group goes with her: %+v", u)
	}
	try(t, s.Set(ctx, "users", "eve", Columns{"username": "evelyn"}))
	refusedWith(t, s.AddGroup(ctx, GroupRow{Name: "eves", GID: number(1002)}), "gid 1002 is that of eve; Give another.")

	// The line frees it.
	_, err = s.pool.Exec(ctx, `DELETE FROM posix_numbers WHERE number = 100001`)
	try(t, err)
	try(t, add("dora", number(100001), nil))
	_, err = s.pool.Exec(ctx, `DELETE FROM users; DELETE FROM groups`)
	try(t, err)
	try(t, add("frank", nil, nil))
	if u := s.numbersOf(t, "frank"); *u.UID != 100003 {
		t.Errorf("after all are gone: %+v", u)
	}
}

func TestAFirstGroupIsTheirOwnOrOneThatIsThere(t *testing.T) {
	t.Parallel()
	s := numbered(t, 1000)
	ctx := t.Context()
	add := func(name string, uid, gid *int64) error {
		_, err := s.AddUser(ctx, UserRow{Username: name, UID: uid, GID: gid}, "")
		return err
	}
	refusedWith(t, add("ada", number(1000), number(100)), "gid 100 is that of no group; Add one: gatehouse group add NAME --gid 100")
	try(t, s.AddGroup(ctx, GroupRow{Name: "users", GID: number(100)}))
	try(t, add("ada", number(1000), number(100)))
	try(t, s.AddGroup(ctx, GroupRow{Name: "project", GID: number(1000)})) // as machines have it: nobody's own group
	refusedWith(t, s.Set(ctx, "users", "ada", Columns{"gid": int64(1000)}), "gid 1000 is that of project; Give another.")
	refusedWith(t, add("bob", number(1001), number(2000)), "gid 2000 is that of no group; Add one: gatehouse group add NAME --gid 2000")
	try(t, add("bob", number(1001), number(1000)))
	try(t, s.Set(ctx, "users", "bob", Columns{"gid": int64(1001)}))
	_, err := s.RemoveUser(ctx, "ada")
	try(t, err)
	try(t, s.Set(ctx, "groups", "project", Columns{"description": "still there"}))
	refusedWith(t, s.AddGroup(ctx, GroupRow{Name: "second", GID: number(1000)}), "gid 1000 is that of project; Give another.")
	try(t, s.RemoveGroup(ctx, "project"))
	if err := s.AddGroup(ctx, GroupRow{Name: "project", GID: number(1000)}); err == nil ||
		!strings.Contains(err.Error(), "was that of project") {
		t.Errorf("%v", err)
	}
}

func TestNumbersThatNobodyShouldHaveAreRefused(t *testing.T) {
	t.Parallel()
	s := numbered(t, 1000)
	for _, n := range []int64{0, -1, 99, 65534, 65535, 4294967294, 4294967295, 1 << 40} {
		_, err := s.AddUser(t.Context(), UserRow{Username: "ada", UID: &n}, "")
		refusedWith(t, err, "uid must be 100 to 4294967293, and neither 65534 nor 65535, which are nobody's")
		refusedWith(t, s.AddGroup(t.Context(), GroupRow{Name: "a", GID: &n}),
			"gid must be 100 to 4294967293, and neither 65534 nor 65535, which are nobody's")
	}
	for _, path := range []string{"home/ada", "/home/../root", "/home/ada/..", "/home/a:da", "/home/a\nda", "/" + strings.Repeat("a", 255)} {
		for _, u := range []UserRow{{Username: "ada", Home: path}, {Username: "ada", Shell: path}} {
			if _, err := s.AddUser(t.Context(), u, ""); err == nil || !strings.Contains(err.Error(), "must be an absolute path of at most") {
				t.Errorf("%q: %v", path, err)
			}
		}
	}
	for _, r := range []PosixRanges{{UIDs: &Numbers{99, 1000}, GIDs: &Numbers{2000, 3000}},
		{UIDs: &Numbers{1000, 2000}, GIDs: &Numbers{2000, 3000}},
		{UIDs: &Numbers{60000, 70000}, GIDs: &Numbers{80000, 90000}}, {UIDs: &Numbers{1000, 2000}, GIDs: &Numbers{3000, 1 << 32}}} {
		refusedWith(t, s.SetPosixRanges(t.Context(), r),
			"the ranges must be apart, from 100 to 4294967293 and without 65534 and 65535, such as 100000 to 199999")
	}
}

func TestFiftyAtOnceGetFiftyNumbersAndNoMoreThanThereAre(t *testing.T) {
	t.Parallel()
	s := numbered(t, 50)
	var all sync.WaitGroup
	errs := make([]error, 60)
	for i := range errs {
		all.Go(func() {
			_, errs[i] = s.AddUser(context.Background(), UserRow{Username: "u" + string(rune('a'+i/26)) + string(rune('a'+i%26))}, "")
		})
	}
	all.Wait()
	full := 0
	for _, err := range errs {
		if err != nil {
			full++
			refusedWith(t, err, "no uid is left from 100000 to 100049; Have more: gatehouse user set-posix-ranges, or set_posix_ranges in SQL.")
		}
	}
	var different, least, most int
	try(t, s.pool.QueryRow(t.Context(), `SELECT count(DISTINCT uid), min(uid), max(uid) FROM users`).Scan(&different, &least, &most))
	if full != 10 || different != 50 || least != 100000 || most != 100049 {
		t.Errorf("%d refused; %d numbers from %d to %d", full, different, least, most)
	}
	try(t, s.SetPosixRanges(t.Context(), PosixRanges{UIDs: &Numbers{100000, 100060}, GIDs: &Numbers{200000, 200010}}))
	_, err := s.AddUser(t.Context(), UserRow{Username: "last", UID: number(100060)}, "") // on purpose: there are some before it
	try(t, err)
	_, err = s.AddUser(t.Context(), UserRow{Username: "before"}, "")
	try(t, err)
	if u := s.numbersOf(t, "before"); *u.UID != 100050 {
		t.Errorf("%+v", u)
	}
}

package main

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/store"
	"gatehouse/migrations"
)

//go:embed people.sql
var peopleSQL string

// peopleGoal is how long an administrator waits for a list or a search at most.
const peopleGoal = 50 * time.Millisecond

// lookUp is what an administrator looks up among the people.
type lookUp struct {
	what string
	run  func(ctx context.Context, s *store.Store) (found int, err error)
	want int // rows
}

// list is a look-up of a page of a hundred, as the API and the command line read one.
func list(what string, want int, q store.UserQuery) lookUp {
	q.Limit = 101
	return lookUp{what, func(ctx context.Context, s *store.Store) (int, error) {
		rows, err := s.ListUsers(ctx, q)
		return len(rows), err
	}, want}
}

// lookUps are pages and searches by what many, few and none have, at the beginning and in the middle of the list.
var lookUps = []lookUp{
	list("the first page", 101, store.UserQuery{}),
	list("a page in the middle", 101, store.UserQuery{Page: store.Page{After: "p5"}}),
	list("a page of a group", 101, store.UserQuery{Page: store.Page{After: "p5"}, Group: "everybody"}),
	list("a search for one address", 1, store.UserQuery{Search: "p777@example"}),
	list("a search for part of a name", 1, store.UserQuery{Search: "person 777777"}),
	list("a search for what all have", 101, store.UserQuery{Search: "example.com"}),
	list("a search for what one in eight has", 101, store.UserQuery{Search: "grace"}),
	list("a search for what one in a hundred has, who come last", 101, store.UserQuery{Search: "person 99"}),
	list("the same in a group", 101, store.UserQuery{Search: "person 99", Group: "everybody"}),
	list("a search for what nobody has", 0, store.UserQuery{Search: "nobody at all"}),
	list("a search for two letters that begin a word", 101, store.UserQuery{Search: "He"}),
	{"one person", func(ctx context.Context, s *store.Store) (int, error) {
		_, err := s.ShowUser(ctx, "p1777")
		return 1, err
	}, 1},
}

// people measures what an administrator looks up among a million people: the median of many times, and from the fastest to the ninth
// decile.
func (b *bench) people(ctx context.Context) ([]row, error) {
	number := people1M
	if b.quick {
		number /= 10
	}
	if err := b.sql(ctx, "postgres", "CREATE DATABASE people"); err != nil {
		return nil, err
	}
	url := b.db.URL("people")
	if err := store.Migrate(ctx, url, migrations.FS, store.VersionTable, func(string) {}); err != nil {
		return nil, err
	}
	if err := b.addPeople(ctx, number); err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var rows []row
	for _, l := range lookUps {
		progress("Looking up %s", l.what)
		took, err := timed(ctx, s, l, b.quick)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.what, err)
		}
		in := func(decile int) string { return ms(took[len(took)*decile/10].Seconds() * 1000) }
		rows = append(rows, row{what: fmt.Sprintf("%s, of %d people", l.what, number), ours: in(5), goal: "≤ 50 ms",
			met: took[len(took)/2] <= peopleGoal, spread: in(0) + "–" + in(9)})
	}
	return rows, nil
}

// addPeople makes the rows.
func (b *bench) addPeople(ctx context.Context, number int) error {
	return b.connected(ctx, "people", func(conn *pgx.Conn) error {
		for step := range strings.SplitSeq(strings.ReplaceAll(peopleSQL, "{people}", strconv.Itoa(number)), "\n\n") {
			title, sql, _ := strings.Cut(step, "\n")
			progress("%s", strings.TrimPrefix(title, "-- "))
			for statement := range strings.SplitSeq(sql, ";\n") {
				if _, err := conn.Exec(ctx, statement); err != nil {
					return fmt.Errorf("%s: %w", title, err)
				}
			}
		}
		return nil
	})
}

// timed returns how long a look-up takes, many times, the shortest first. The first times are left out, which read the pages from the disk
// and make the plans.
func timed(ctx context.Context, s *store.Store, l lookUp, quick bool) ([]time.Duration, error) {
	const warm = 10
	times := 110
	if quick {
		times = 30
	}
	var took []time.Duration
	for i := range times {
		began := time.Now()
		found, err := l.run(ctx, s)
		if err == nil && found != l.want && !quick {
			err = fmt.Errorf("%d rows were found, not %d", found, l.want)
		}
		if err != nil {
			return nil, err
		}
		if i >= warm {
			took = append(took, time.Since(began))
		}
	}
	slices.Sort(took)
	return took, nil
}

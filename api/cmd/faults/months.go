package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// kept are shorter than they are by default, so that each ends within a month.
var kept = []string{"GATEHOUSE_REFRESH_IDLE=72h", "GATEHOUSE_REFRESH_MAX=168h", "GATEHOUSE_SIGN_INS_KEPT=168h", "GATEHOUSE_AUDIT_KEPT=168h",
	"GATEHOUSE_KEY_ROTATION=240h"}

// remember are the tables that go on growing, and why.
var remember = map[string]string{
	"retired_names":  "usernames are nobody else's",
	"posix_numbers":  "numbers are given once",
	"sign_in_counts": "90 days are kept, whatever is set",
}

// months has people and strangers come each day of three months, a day after the other within seconds: what they leave is cleaned up, so
// that no table and no index is larger in the third month than it was in the second.
func months(ctx context.Context, l *lab) (outcome, error) {
	program, err := l.programAhead(ctx)
	if err != nil {
		return outcome{}, err
	}
	l.gatehouse = program
	db, ahead, err := l.postgresAhead(ctx)
	if err != nil {
		return outcome{}, err
	}
	s, err := l.site(ctx, siteOptions{database: db.URL("gatehouse"), env: append([]string{"FAULTS_CLOCK=" + ahead.file}, kept...)})
	if err != nil {
		return outcome{}, err
	}
	s.clock = ahead
	if err := execute(ctx, s.database, devices); err != nil {
		return outcome{}, err
	}
	third := 31
	if l.quick {
		third = 2
	}
	var all outcome
	g := growth{}
	signIns := 0
	for day := range 3 * third {
		if err := ahead.reaches(ctx, s, day); err != nil {
			return all, err
		}
		o, n, err := s.day(ctx, day, signIns)
		if err != nil {
			return all, err
		}
		signIns = n
		all.acknowledged, all.lost, all.doubled = all.acknowledged+o.acknowledged, all.lost+o.lost, all.doubled+o.doubled
		all.silent = max(all.silent, o.silent)
		if err := g.measure(ctx, s); err != nil {
			return all, err
		}
		if day%10 == 9 {
			l.say("day %d: %d kB", day+1, g.total(day)/1024)
		}
	}
	all.saw = fmt.Sprintf("nothing; %d tables and indexes had at most %d kB in the first month, %d kB in the second, %d kB in the third",
		len(g), g.most(0, third)/1024, g.most(third, 2*third)/1024, g.most(2*third, 3*third)/1024)
	if l.quick {
		return all, nil
	}
	return all, g.flat(third)
}

const devices = `INSERT INTO clients (client_id, redirect_uris, grant_types, token_endpoint_auth_method)
	VALUES ('tv', '{}', '{urn:ietf:params:oauth:grant-type:device_code}', 'none')`

// day is one of the crowd, which begins with so many sign-ins before, and of whoever else comes. It returns how many sign-ins there were.
func (s *site) day(ctx context.Context, day, before int) (outcome, int, error) {
	c := s.crowd(ctx, 4)
	c.mu.Lock()
	c.book.signIns += before
	c.mu.Unlock()
	err := c.goesOn(ctx, 30)
	if err == nil {
		err = newPerson(c, day%population).strays(day)
	}
	c.stop()
	if err != nil {
		return outcome{}, 0, err
	}
	o, err := c.check(ctx)
	return o, c.book.signIns, err
}

// strays is what somebody does who is lost, or no friend: wrong passwords, requests that are refused, devices that nobody approves, pushed
// requests and tokens that are revoked. An administrator has a guest.
func (p *person) strays(day int) error {
	for i := range 5 {
		a, _ := p.ask("GET", "/authorize", authorization("web", "login"))
		p.ask("POST", "/login", url.Values{"request": {a.location().Query().Get("request")}, "username": {fmt.Sprint("nobody", day, i)},
			"password": {"a wrong one"}}, "Origin", uiOrigin)
		wrong := authorization("web", "")
		wrong.Set("redirect_uri", fmt.Sprintf("https://rp.example.org/elsewhere/%d/%d", day, i))
		p.ask("GET", "/authorize", wrong)
		if a, ok := p.ask("POST", "/device_authorization", url.Values{"client_id": {"tv"}}); !ok || a.status != http.StatusOK {
			return fmt.Errorf("device authorization: %d %.200s", a.status, a.body)
		}
		pushed := authorization("web", "")
		pushed.Set("client_secret", secret)
		a, ok := p.ask("POST", "/par", pushed)
		_, rest, found := strings.Cut(string(a.body), `"request_uri":"`)
		if !ok || !found {
			return fmt.Errorf("pushed request: %d %.200s", a.status, a.body)
		}
		uri, _, _ := strings.Cut(rest, `"`)
		p.ask("GET", "/authorize", url.Values{"client_id": {"web"}, "request_uri": {uri}})
	}
	if back, ok := p.signIn(); ok {
		if t, _, ok := p.token("web", redemption(back.Query().Get("code"))); ok {
			p.ask("POST", "/revoke", url.Values{"token": {t.Access}, "client_id": {"web"}, "client_secret": {secret}})
			p.ask("POST", "/revoke", url.Values{"token": {t.Refresh}, "client_id": {"web"}, "client_secret": {secret}})
		}
	}
	return execute(p.ctx, p.database, fmt.Sprintf(`INSERT INTO users (username) VALUES ('guest%[1]d');
		UPDATE users SET name = 'Guest' WHERE username = 'guest%[1]d'; DELETE FROM users WHERE username = 'guest%[1]d'`, day))
}

// growth has the size of each table and each index, in bytes, day by day. Those of partitions are one.
type growth map[string][]int64

const sizes = `SELECT coalesce(pg_partition_root(oid), oid)::regclass::text,
	sum(CASE relkind WHEN 'r' THEN pg_table_size(oid) ELSE pg_relation_size(oid) END)::bigint
	FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i') GROUP BY 1`

func (g growth) measure(ctx context.Context, s *site) error {
	return connected(ctx, s.database, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, sizes)
		if err != nil {
			return err
		}
		var name string
		var size int64
		_, err = pgx.ForEachRow(rows, []any{&name, &size}, func() error {
			g[name] = append(g[name], size)
			return nil
		})
		return err
	})
}

func (g growth) total(day int) (sum int64) {
	for _, days := range g {
		if day < len(days) {
			sum += days[day]
		}
	}
	return sum
}

// most is the largest total of those days.
func (g growth) most(from, to int) (most int64) {
	for day := from; day < to; day++ {
		most = max(most, g.total(day))
	}
	return most
}

// slack is how much a table or an index may differ from one month to the next: a fifth, as months have 28 to 31 days, and some pages.
const slack = 8 * 8192

// flat returns an error that names what was larger in the third month than in the second.
func (g growth) flat(third int) error {
	var grown []string
	for _, name := range slices.Sorted(maps.Keys(g)) {
		days := g[name]
		second, last := slices.Max(days[third:2*third]), slices.Max(days[2*third:])
		if last <= second+second/5+slack || remembers(name) {
			continue
		}
		grown = append(grown, fmt.Sprintf("%s (%d kB, then %d kB)", name, second/1024, last/1024))
	}
	if grown != nil {
		return fmt.Errorf("grows on and on: %s", strings.Join(grown, ", "))
	}
	return nil
}

// remembers reports whether a table, or the one of an index, goes on growing as it should.
func remembers(name string) bool {
	for table := range remember {
		if strings.HasPrefix(name, table) {
			return true
		}
	}
	return false
}

package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/api/apitest"
)

// half is what strangers begin and do not end, on and on.
type half struct {
	what   string
	bound  int                                       // of rows, but for those of requests in parallel
	begins func(*person) func(n int) (answer, error) // what one of them does again and again
}

// again is a request that is sent as it is.
func again(method, path string, form url.Values) func(*person) func(int) (answer, error) {
	return func(p *person) func(int) (answer, error) {
		return func(int) (answer, error) { return p.send(method, path, form) }
	}
}

// fromLogin is a form of the page that a button of the login page leads to. It has something else in a field each time.
func fromLogin(button, path, field, value string) func(*person) func(int) (answer, error) {
	return func(p *person) func(int) (answer, error) {
		login, _ := p.ask("GET", "/authorize", authorization("web", ""))
		page, _ := p.form(login, "/login", button, "yes")
		form := url.Values{"request": {page.location().Query().Get("request")}, "language": {"en"}}
		return func(n int) (answer, error) {
			form.Set(field, fmt.Sprintf(value, n))
			return p.send("POST", path, form, "Origin", uiOrigin)
		}
	}
}

func asClient(form url.Values) url.Values {
	form.Set("client_id", "web")
	form.Set("client_secret", secret)
	return form
}

var halves = []half{
	{"authorization requests", 0, again("GET", "/authorize", authorization("web", ""))},
	{"pushed requests", 0, again("POST", "/par", asClient(authorization("web", "")))},
	{"device codes", 100, again("POST", "/device_authorization", asClient(url.Values{"scope": {"openid"}}))},
	{"mails to set a password", 2 * 30, fromLogin("forgot", "/forgot-password", "username", "person%04d")}, // a row, and one of the mail
	{"sign-ups", 2 * 300, fromLogin("sign_up", "/sign-up", "email", "somebody%d@uni.example")},
	{"registrations that are refused", 0, again("POST", "/register", url.Values{"redirect_uris": {"no JSON"}})},
	{"invitations that are opened", 0, func(p *person) func(int) (answer, error) {
		return func(int) (answer, error) {
			return p.send("POST", "/link", url.Values{"link": {"an invitation"}}, "Origin", uiOrigin)
		}
	}},
}

// halvesSQL lets people sign up, and invites somebody.
const halvesSQL = `UPDATE clients SET grant_types = grant_types || '{urn:ietf:params:oauth:grant-type:device_code}' WHERE client_id = 'web';
INSERT INTO sign_up_domains (domain) VALUES ('uni.example');
INSERT INTO invitations (token_sha256) VALUES (sha256('an invitation'))`

// halfMade has strangers begin what nobody ends: sign-ins, pushed requests, codes for devices that are not there, mails, accounts. What
// that leaves is bounded, and gone after its time.
func halfMade(ctx context.Context, l *lab) (outcome, error) {
	program, err := l.programAhead(ctx)
	if err != nil {
		return outcome{}, err
	}
	l.gatehouse = program
	db, ahead, err := l.postgresAhead(ctx)
	if err != nil {
		return outcome{}, err
	}
	s, err := l.site(ctx, siteOptions{database: db.URL("gatehouse"), env: []string{"FAULTS_CLOCK=" + ahead.file, "GATEHOUSE_REGISTRATION=open",
		"GATEHOUSE_PRIVATE_HOSTS=127.0.0.1", fmt.Sprintf("GATEHOUSE_SMTP_URL=smtp://127.0.0.1:%d", apitest.StartSMTP(l).Port()),
		"GATEHOUSE_MAIL_FROM=no-reply@example.org"}})
	if err != nil {
		return outcome{}, err
	}
	if err := execute(ctx, s.database, halvesSQL); err != nil {
		return outcome{}, err
	}
	c := s.crowd(ctx, 4)
	defer c.stop()
	if err := c.goesOn(ctx, 20); err != nil {
		return outcome{}, err
	}
	many, memory := l.times(10_000, 300), s.memory()
	var said []string
	for _, half := range halves {
		before, err := s.rows(ctx)
		if err != nil {
			return outcome{}, err
		}
		statuses := s.askMany(ctx, many, half.begins)
		after, err := s.rows(ctx)
		if err != nil {
			return outcome{}, err
		}
		left := sum(after) - sum(before)
		l.say("%d %s: answers %v, %d rows", many, half.what, statuses, left)
		said = append(said, fmt.Sprintf("%d rows of %d %s", left, many, half.what))
		if left > half.bound+2*16 { // as many as ask at once
			return outcome{}, fmt.Errorf("%d rows were written for strangers who begin %s", left, half.what)
		}
	}
	grown := s.memory() - memory
	o, err := c.afterwards(ctx)
	o.saw += "; " + strings.Join(said, ", ") + fmt.Sprintf("; %d MiB of memory", grown>>20)
	if err == nil && grown > 128<<20 {
		err = fmt.Errorf("the process grew by %d MiB", grown>>20)
	}
	if err != nil {
		return o, err
	}
	if err := until(ctx, 5*time.Minute, "mail that waits leaves", func() bool {
		n, err := s.count(ctx, "SELECT count(*) FROM mail_outbox WHERE next_attempt_at IS NOT NULL")
		return err == nil && n == 0
	}); err != nil {
		return o, err
	}
	if err := ahead.reaches(ctx, s, 9); err != nil {
		return o, err
	}
	var left map[string]int
	err = until(ctx, time.Minute, "nothing is left of what was half made", func() bool {
		left, err = s.rows(ctx)
		return err == nil && sum(left) == 0
	})
	if err != nil {
		err = fmt.Errorf("%w: %v", err, left)
	}
	return o, err
}

// askMany has 16 people do something so many times, all together, and returns how often it was answered with which status.
func (s *site) askMany(ctx context.Context, many int, begins func(*person) func(int) (answer, error)) map[int]int {
	statuses := map[int]int{}
	var mu sync.Mutex
	var next atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			c := s.crowd(ctx, 0)
			p := newPerson(c, 0)
			defer p.browser.CloseIdleConnections()
			does := begins(p)
			for n := next.Add(1); n <= int64(many); n = next.Add(1) {
				a, _ := does(int(n))
				mu.Lock()
				statuses[a.status]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return statuses
}

// rows counts those of the tables that somebody who is not signed in writes to.
func (s *site) rows(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	for _, table := range []string{"device_codes", "used_jtis", "password_resets",
		"mail_outbox WHERE template IN ('reset', 'sign_up')", "sign_up_requests", "recent_registrations",
		"clients WHERE registration = 'open'", "refusals", "invitation_uses"} {
		n, err := s.count(ctx, "SELECT count(*) FROM "+table)
		if err != nil {
			return nil, err
		}
		counts[table] = n
	}
	return counts, nil
}

func sum(counts map[string]int) (all int) {
	for _, n := range counts {
		all += n
	}
	return all
}

// memory is what the first replica has of the machine's, in bytes.
func (s *site) memory() int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.replicas[0].cmd.Process.Pid))
	if fields := strings.Fields(string(text)); len(fields) > 1 {
		pages, _ := strconv.Atoi(fields[1])
		return pages * os.Getpagesize()
	}
	return 0
}

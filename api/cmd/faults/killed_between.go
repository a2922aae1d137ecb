package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"gatehouse/api/apitest"
	"gatehouse/api/devdb"
)

// moment is when a replica, or Postgres, is killed, as seen from one request.
type moment string

const (
	before moment = "before it is sent"
	amid   moment = "while it is worked on"
	after  moment = "after it is done, its answer held back"

	crashes moment = "after it is done, its answer held back, Postgres in place of the replica"
)

// journey is somebody's way through some steps. It asks again as the owner of a browser or a client library does.
type journey struct {
	steps []string
	goes  func(*person, *killer) error
}

var journeys = []journey{
	{[]string{"login", "redeem", "refresh", "authorize", "logout"}, (*person).comesThrough},
	{[]string{"one-time code"}, (*person).provesCode},
	{[]string{"recovery code"}, (*person).provesRecoveryCode},
	{[]string{"passkey"}, (*person).provesPasskey},
	{[]string{"consent"}, (*person).consents},
	{[]string{"push", "pushed"}, (*person).comesPushed},
	{[]string{"device code", "user code", "allow", "poll"}, (*person).allowsDevice},
	{[]string{"link", "name", "accept"}, (*person).isInvited},
	{[]string{"reset", "mailed code", "new password"}, (*person).forgetsPassword},
	{[]string{"assertion", "proof"}, (*person).signs},
}

// moments are those at which a step is tried: one of them where the lab is in a hurry, and that of Postgres where what is used up is in an
// unlogged table.
func (l *lab) moments(step string, n int) []moment {
	all := []moment{after, before, amid, crashes}
	switch {
	case !l.quick:
		return all
	case step == "pushed" || step == "proof":
		return all[3:]
	}
	return all[n%3 : n%3+1]
}

// killedBetween kills the only replica (-9) at each step of each journey, at each moment of it, and Postgres once it is done. The person
// asks again, and gets what they wanted; what is good once is not good twice.
func killedBetween(ctx context.Context, l *lab) (outcome, error) {
	db, err := l.postgres(ctx)
	if err != nil {
		return outcome{}, err
	}
	mails := apitest.StartSMTP(l)
	s, err := l.site(ctx, siteOptions{database: db.URL("gatehouse"), env: []string{"GATEHOUSE_PRIVATE_HOSTS=127.0.0.1",
		fmt.Sprintf("GATEHOUSE_SMTP_URL=smtp://127.0.0.1:%d", mails.Port()), "GATEHOUSE_MAIL_FROM=no-reply@example.org"}})
	if err != nil {
		return outcome{}, err
	}
	if err := execute(ctx, s.database, devices+";"+othersSQL); err != nil {
		return outcome{}, err
	}
	c, n := s.crowd(ctx, 0), 0
	twice := newTally(c)
	for round := range l.times(2, 1) {
		for i, j := range journeys {
			if l.quick && i > 0 { // the last step is where something is spent
				j.steps = j.steps[len(j.steps)-1:]
			}
			for at, step := range j.steps {
				for _, when := range l.moments(step, n+at) {
					n++
					k := &killer{site: s, db: db, mails: mails, twice: twice, step: step, when: when, n: n + round*1000,
						delay: time.Duration(n%7) * 4 * time.Millisecond, back: make(chan error, 1)}
					p := newPerson(c, n%population)
					p.browser.Transport = k
					err := j.goes(p, k)
					p.browser.CloseIdleConnections()
					if err := errors.Join(err, k.isBack(ctx)); err != nil {
						return outcome{}, fmt.Errorf("killed at %s, %s: %w", step, when, err)
					}
				}
			}
		}
	}
	o, err := c.check(ctx)
	o.doubled += twice.n
	o.saw += fmt.Sprintf("; killed %d times", n)
	return o, err
}

// comesThrough is a visit during which the killer strikes at its step.
func (p *person) comesThrough(k *killer) error {
	k.reaches("login", "/login")
	back, ok := p.signIn()
	if !ok {
		return errors.New("nobody could sign in")
	}
	session, code := p.cookie(), back.Query().Get("code")
	p.told(func(b *ledger) { b.acknowledged++; b.sessions = append(b.sessions, session) })
	k.reaches("redeem", "/token")
	t, ok := p.redeem("web", code)
	switch {
	case k.step != "redeem" && !ok, k.when == before && !ok:
		return errors.New("a code that nobody had used was refused")
	case k.step == "redeem" && k.isDone() && ok:
		return errors.New("a code had tokens twice")
	case !ok: // it was used: the application sends the browser once more, and nobody types anything
		if code, ok = p.signOnAt("web"); !ok {
			return errors.New("after a lost answer of the token endpoint no other code was to be had")
		}
		if t, ok = p.redeem("web", code); !ok {
			return errors.New("the other code was refused")
		}
	}
	k.reaches("refresh", "/token")
	if t, ok = p.refresh(code, t); !ok {
		return errors.New("a refresh token was refused")
	}
	p.userinfo(t.Access)
	k.reaches("authorize", "/authorize")
	other, ok := p.signOn(session)
	if !ok {
		return errors.New("nobody could sign on")
	}
	p.redeem("other", other)
	if k.step == "logout" {
		k.reaches("logout", "/logout")
		p.signOut(session, t.ID)
	}
	return nil
}

// signOnAt has a code for an application without a form.
func (p *person) signOnAt(client string) (code string, ok bool) {
	a, ok := p.ask("GET", "/authorize", authorization(client, ""))
	code = a.location().Query().Get("code")
	return code, ok && code != ""
}

// killer stands between a browser and the site, and kills the replica once, when a request of its step comes by.
type killer struct {
	*site
	db    *devdb.Fresh
	mails *apitest.SMTP
	twice *tally // what was used a second time
	n     int    // of which there is no other
	step  string
	when  moment
	delay time.Duration // with amid: how long it is worked on
	path  string        // whose next request it is; "": none yet, or not any more
	back  chan error
	done  bool
}

// isDone reports whether the request has been worked on, and nobody was told.
func (k *killer) isDone() bool { return k.when == after || k.when == crashes }

// reaches says that the requests to path are now those of a step.
func (k *killer) reaches(step, path string) {
	if step == k.step && !k.done {
		k.path = path
	}
}

// RoundTrip sends a request, of which nobody hears where the replica is killed at it.
func (k *killer) RoundTrip(r *http.Request) (*http.Response, error) {
	if k.path == "" || !strings.HasSuffix(r.URL.Path, k.path) {
		return http.DefaultTransport.RoundTrip(r)
	}
	k.path, k.done = "", true
	switch k.when {
	case before:
		k.strike()
		return http.DefaultTransport.RoundTrip(r)
	case amid:
		struck := make(chan struct{})
		time.AfterFunc(k.delay, func() { k.strike(); close(struck) })
		a, err := http.DefaultTransport.RoundTrip(r)
		<-struck
		return a, err
	}
	a, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, a.Body)
	k.strike()
	return nil, errors.Join(errors.New("the connection was cut"), err, a.Body.Close())
}

// strike kills the replica, or Postgres, and has it back a moment later.
func (k *killer) strike() {
	kill, start := k.replicas[0].kill, k.replicas[0].start
	if k.when == crashes {
		kill, start = k.db.Crash, func() error { return k.db.Start(context.Background()) }
	}
	kill()
	time.AfterFunc(200*time.Millisecond, func() { k.back <- start() })
}

// nextSecond waits: what says in seconds when it was made does not count in the one in which Postgres came back after a crash.
func nextSecond() { time.Sleep(time.Second) }

// isBack waits until the replica that was killed is ready again.
func (k *killer) isBack(ctx context.Context) error {
	if !k.done {
		return errors.New("it was not killed")
	}
	if err := <-k.back; err != nil {
		return err
	}
	return k.ready(ctx, 0)
}

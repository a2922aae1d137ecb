package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// moment is when a replica is killed, as seen from one request.
type moment string

const (
	before moment = "before it is sent"
	amid   moment = "while it is worked on"
	after  moment = "after it is done, its answer held back"
)

// killedBetween kills the only replica (-9) at each step between the password and the logout, at each moment of it. The person asks again,
// as the owner of a browser or a client library does, and gets what they wanted.
func killedBetween(ctx context.Context, l *lab) (outcome, error) {
	db, err := l.postgres(ctx)
	if err != nil {
		return outcome{}, err
	}
	s, err := l.site(ctx, siteOptions{database: db.URL("gatehouse")})
	if err != nil {
		return outcome{}, err
	}
	rounds := 6
	if l.quick {
		rounds = 1
	}
	c, n := s.crowd(ctx, 0), 0
	for range rounds {
		for _, step := range []string{"login", "redeem", "refresh", "authorize", "logout"} {
			for _, when := range []moment{before, amid, after} {
				n++
				k := &killer{site: s, step: step, when: when, delay: time.Duration(n%7) * 4 * time.Millisecond, back: make(chan error, 1)}
				p := newPerson(c, n%population)
				p.browser.Transport = k
				err := p.comesThrough(k)
				if err := errors.Join(err, k.isBack(ctx)); err != nil {
					return outcome{}, fmt.Errorf("killed at %s, %s: %w", step, when, err)
				}
			}
		}
	}
	l.say("killed %d times", n)
	return c.check(ctx)
}

// comesThrough is a visit during which the killer strikes at its step.
func (p *person) comesThrough(k *killer) error {
	defer p.browser.CloseIdleConnections()
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
	case k.step == "redeem" && k.when == after && ok:
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
	step  string
	when  moment
	delay time.Duration // with amid: how long it is worked on
	path  string        // whose next request it is; "": none yet, or not any more
	back  chan error
	done  bool
}

// reaches says that the requests to path are now those of a step.
func (k *killer) reaches(step, path string) {
	if step == k.step {
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

// strike kills the replica, and has it back a moment later.
func (k *killer) strike() {
	k.replicas[0].kill()
	time.AfterFunc(200*time.Millisecond, func() { k.back <- k.replicas[0].start() })
}

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

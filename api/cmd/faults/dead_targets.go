package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/api/outgoing"
)

// deadTargets has whatever Gatehouse sends requests to dead or slow: SMTP, back-channel logout, the jwks_uri and the request_uri of a
// client, a document at a client_id, an upstream, and one endpoint alone of three others. Nobody else notices, though they come from the
// same address, and least those who sign in at an upstream that is well; what needs the target is answered within its bound; what waits
// for it arrives once when it is back.
func deadTargets(ctx context.Context, l *lab) (outcome, error) {
	db, err := l.postgres(ctx)
	if err != nil {
		return outcome{}, err
	}
	web, err := l.target()
	if err != nil {
		return outcome{}, err
	}
	mail, err := l.mailTarget()
	if err != nil {
		return outcome{}, err
	}
	s, err := l.site(ctx, siteOptions{database: db.URL("gatehouse"), env: []string{"GATEHOUSE_PRIVATE_HOSTS=127.0.0.1",
		"GATEHOUSE_CLIENT_ID_METADATA_DOCUMENTS=on",
		"GATEHOUSE_SMTP_URL=smtp://" + mail.at, "GATEHOUSE_MAIL_FROM=no-reply@example.org"}})
	if err != nil {
		return outcome{}, err
	}
	at := "http://" + web.at
	if err := execute(ctx, s.database, fmt.Sprintf(`UPDATE clients SET backchannel_logout_uri = '%[1]s/bye' WHERE client_id = 'web';
		INSERT INTO upstreams (name, issuer, client_id, client_secret) VALUES ('up', '%[1]s', 'us', 'a secret there');
		INSERT INTO clients (client_id, redirect_uris, grant_types, token_endpoint_auth_method, jwks_uri)
		VALUES ('keyed', '{https://rp.example.org/cb}', '{authorization_code,client_credentials}', 'private_key_jwt', '%[1]s/keys');
		INSERT INTO clients (client_id, redirect_uris, request_uris) VALUES ('referring', '{https://rp.example.org/cb}', '{%[1]s/request}')`,
		at)); err != nil {
		return outcome{}, err
	}
	upstreams, err := s.upstreams(ctx)
	if err != nil {
		return outcome{}, err
	}
	c := s.crowd(ctx, 8)
	defer c.stop()
	going, end := context.WithCancel(ctx)
	defer end()
	ways := make([]*through, len(upstreams))
	for i, u := range upstreams {
		ways[i] = c.goThrough(going, 6, u.name, u.path == "")
	}
	asks := &asker{crowd: c, at: web.at}
	for _, how := range []howDead{refuses, silent, dribbles, floods} {
		if err := web.become(how); err != nil {
			return outcome{}, err
		}
		if err := mail.become(how); err != nil {
			return outcome{}, err
		}
		for _, u := range upstreams[1:] {
			u.becomeAt(u.path, how)
		}
		over := time.Now().Add(l.last(12*time.Second, 2*time.Second))
		for n := 0; n < 5 || time.Now().Before(over); n++ {
			if err := asks.once(n < 5); err != nil {
				return outcome{}, fmt.Errorf("%s: %w", how, err)
			}
		}
	}
	longest := time.Duration(asks.longest.Load())
	l.say("%d people asked for a mail; what needs a target was answered within %s", asks.mails, longest)
	if err := web.become(well); err != nil {
		return outcome{}, err
	}
	if err := mail.become(well); err != nil {
		return outcome{}, err
	}
	end()
	saw, err := sawThrough(upstreams, ways)
	if err != nil {
		return outcome{}, err
	}
	o, err := c.afterwards(ctx)
	if err != nil {
		return o, err
	}
	o.saw += saw
	if o.silent > 5*time.Second || longest > outgoing.Patience+2*time.Second {
		return o, fmt.Errorf("the crowd had no answer for %s, what needs a target for %s", o.silent, longest)
	}
	peak, err := s.peak()
	if err != nil {
		return o, err
	}
	o.saw += fmt.Sprintf("; what needed a target was refused within %.1f s; %d MiB of memory at most", longest.Seconds(), peak)
	if peak > 400 {
		return o, fmt.Errorf("the replica had %d MiB", peak)
	}
	err = s.allArrive(ctx, &o, web, mail)
	return o, err
}

// sawThrough waits for those who signed in through upstreams, and returns what they saw.
func sawThrough(upstreams []upstream, ways []*through) (saw string, err error) {
	for i, u := range upstreams {
		t := ways[i]
		t.people.Wait()
		u.say("upstream %s: %d signed in and %d were sent back, within %s", u.name, t.signedIn, t.refused, t.longest)
		serves := u.path == "" || u.suffices
		switch {
		case len(t.wrong) > 0:
			err = errors.Join(err, fmt.Errorf("%d times %s", len(t.wrong), t.wrong[0]))
		case t.longest > outgoing.Patience+2*time.Second || u.path == "" && t.longest > outgoing.Patience:
			err = errors.Join(err, fmt.Errorf("%s: an answer took %s", u.name, t.longest))
		case serves && t.signedIn == 0 || !serves && t.refused == 0:
			err = errors.Join(err, fmt.Errorf("%s: %d signed in, %d were sent back", u.name, t.signedIn, t.refused))
		}
	}
	return fmt.Sprintf("; at an upstream that was well %d signed in, within %.1f s", ways[0].signedIn, ways[0].longest.Seconds()), err
}

// peak returns the most memory that the first replica had at any time, in MiB.
func (s *site) peak() (mib int, err error) {
	path := fmt.Sprintf("/proc/%d/status", s.replicas[0].cmd.Process.Pid)
	text, err := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, "VmHWM:"); found {
			_, err = fmt.Sscan(value, &mib)
			return mib / 1024, err
		}
	}
	return 0, cmp.Or(err, errors.New(path+" has no VmHWM"))
}

// allArrive waits until everything that is queued has been delivered, and counts it. The crowd has been stopped. The pauses between
// attempts, which grow to hours, are cut short once: it is not they that are tried out.
func (s *site) allArrive(ctx context.Context, o *outcome, web, mail *target) error {
	if err := pause(ctx, 2*time.Second); err != nil { // what was under way when the targets came back has ended
		return err
	}
	if err := execute(ctx, s.database, `
		UPDATE mail_outbox SET next_attempt_at = now() WHERE next_attempt_at > now() AND last_error IS NOT NULL AND handed_at IS NULL;
		UPDATE backchannel_logouts SET next_attempt_at = now() WHERE next_attempt_at > now() AND last_error IS NOT NULL`); err != nil {
		return err
	}
	late := until(ctx, 90*time.Second, "what is queued arrives", func() bool {
		left, err := s.count(ctx, `SELECT (SELECT count(*) FROM mail_outbox WHERE next_attempt_at IS NOT NULL) +
			(SELECT count(*) FROM backchannel_logouts WHERE next_attempt_at IS NOT NULL)`)
		return err == nil && left == 0
	})
	for _, q := range []struct {
		what, table string
		at          *target
	}{{"mails", "mail_outbox", mail}, {"logouts", "backchannel_logouts", web}} {
		queued, err := s.count(ctx, "SELECT count(*) FROM "+q.table)
		if err != nil {
			return err
		}
		all, different := q.at.arrived()
		s.say("%d %s were queued; %d arrived, %d of them different", queued, q.what, all, different)
		o.acknowledged += queued
		o.lost += max(0, queued-different)
		o.doubled += all - different
	}
	return late
}

// asker does what needs a target.
type asker struct {
	*crowd
	at      string // of the target that is dead as a whole
	mails   int
	longest atomic.Int64
}

// once asks for a mail, if there is to be one, and then for all else that the target is needed for.
func (k *asker) once(mail bool) error {
	p := newPerson(k.crowd, k.mails)
	defer p.browser.CloseIdleConnections()
	if mail {
		if err := p.forgets(); err != nil {
			return err
		}
		k.mails++
	}
	hint, referring, document := authorization("web", ""), authorization("referring", ""), authorization("https://"+k.at+"/app", "")
	hint.Set("idp_hint", "up")
	referring.Set("request_uri", "http://"+k.at+"/request")
	asks := []struct {
		what, method, path string
		form               url.Values
		fits               func(answer) bool
	}{
		{"the upstream", "GET", "/authorize", hint, answer.leadsToLogin},
		{"request_uri", "GET", "/authorize", referring, func(a answer) bool { // the application hears of it
			return a.status == http.StatusSeeOther && a.location().Query().Get("error") != ""
		}},
		{"the document", "GET", "/authorize", document, func(a answer) bool { // nobody knows what the application is
			return (a.status == http.StatusBadRequest || a.status == http.StatusServiceUnavailable) && a.header.Get("Location") == ""
		}},
		{"jwks_uri", "POST", "/token", newSigner().assertion("keyed", p.issuer, 0), func(a answer) bool { // a key that is nobody's
			var body struct{ Error string }
			return json.Unmarshal(a.body, &body) == nil && body.Error != ""
		}},
	}
	errs := make([]error, len(asks))
	var all sync.WaitGroup
	for i, ask := range asks {
		all.Go(func() {
			began := time.Now()
			a, err := p.send(ask.method, ask.path, ask.form)
			if err != nil || !ask.fits(a) {
				errs[i] = fmt.Errorf("%s: %d %s %.200s %w", ask.what, a.status, a.location(), a.body, err)
			}
			most(&k.longest, time.Since(began))
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// asksForMail asks for one once, and returns the answer, or the first that is none to go on with.
func (p *person) asksForMail() (a answer, err error) {
	if a, err = p.send("GET", "/authorize", authorization("web", "")); err != nil || a.status != http.StatusSeeOther {
		return a, err
	}
	request := a.location().Query().Get("request")
	if a, err = p.send("POST", "/login", url.Values{"request": {request}, "forgot": {"yes"}}, "Origin", uiOrigin); err != nil ||
		a.status != http.StatusSeeOther {
		return a, err
	}
	request = a.location().Query().Get("request")
	return p.send("POST", "/forgot-password", url.Values{"request": {request}, "username": {p.name}}, "Origin", uiOrigin)
}

// forgets asks for a mail with which a password is set.
func (p *person) forgets() error {
	a, _ := p.ask("GET", "/authorize", authorization("web", ""))
	a, _ = p.form(a, "/login", "forgot", "yes")
	request := a.location().Query().Get("request")
	a, err := p.send("POST", "/forgot-password", url.Values{"request": {request}, "username": {p.name}}, "Origin", uiOrigin)
	if err != nil || a.status != http.StatusSeeOther {
		return fmt.Errorf("a mail: %d %.200s %v", a.status, a.body, err)
	}
	return nil
}

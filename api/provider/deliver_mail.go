package provider

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/mail"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// How mail is sent.
const (
	mailPoll    = 2 * time.Second // for mail that other replicas and programs queued
	mailsAtOnce = 4
	mailLease   = mail.Patience + 15*time.Second
	mailHanded  = 11 * time.Minute // longer than the server may take to answer
)

// mailPauses come after each attempt; the last one after all further ones, until the mail is of no use any more.
var mailPauses = []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute,
	40 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour}

// outbox is how mail leaves; nil where there is none.
type outbox struct {
	server    *mail.Server
	templates *mail.Templates
	notices   notices
}

// newOutbox returns nil where no mail is sent.
func newOutbox(s Settings, sealer *keys.Sealer, client *http.Client, now func() time.Time) (*outbox, error) {
	if !s.SendsMail() {
		return nil, nil
	}
	templates, err := mail.LoadTemplates(s.Mail.Templates, map[string]string{"Place": s.Name, "Address": s.UIOrigin})
	if err != nil {
		return nil, err
	}
	s.Mail.Helo = heloOf(s.Issuer)
	o := &outbox{server: mail.NewServer(s.Mail), templates: templates}
	if s.Mail.TokenURL != "" {
		o.server.Tokens = &mailTokens{settings: s.Mail, client: client, now: now, refresh: s.Mail.RefreshToken}
	}
	o.notices.now = now
	o.notices.seal = func(template string, values map[string]string) []byte { return SealMail(sealer, template, values) }
	return o, nil
}

// heloOf returns what we call ourselves at the SMTP server: a name (RFC 5321 §4.1.1.1), which some of them look at.
func heloOf(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil || u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil {
		return "localhost"
	}
	return u.Hostname()
}

// SealMail returns the values of a template as store.Mail has them.
func SealMail(sealer *keys.Sealer, template string, values map[string]string) []byte {
	plain, err := json.Marshal(values)
	if err != nil {
		panic(err) // texts
	}
	return sealer.Seal(keys.ForMail, plain, []byte(template))
}

// deliverMail sends what is in mail_outbox until ctx ends, if there is a server. Attempts run in parallel. One that is cut short is made
// again when its lease is over, unless the server has the whole mail by then.
func (p *Provider) deliverMail(ctx context.Context) {
	if p.outbox == nil {
		return
	}
	defer p.outbox.server.CloseIdle(true)
	poll := time.NewTicker(mailPoll)
	defer poll.Stop()
	ended := make(chan struct{}, mailsAtOnce)
	var saves outcomes
	var attempts sync.WaitGroup
	defer attempts.Wait()
	for underWay := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-ended:
			underWay--
		case <-poll.C:
			p.outbox.server.CloseIdle(false)
		}
		if underWay == mailsAtOnce || ctx.Err() != nil {
			continue
		}
		due, err := p.store.ClaimMail(ctx, mailsAtOnce-underWay, p.now(), mailLease)
		if err != nil && ctx.Err() == nil {
			p.tell(ctx, oidc.MailNotRead{Error: err.Error()})
		}
		for _, m := range due {
			if m.GivenUp != "" {
				p.tellMailGivenUp(ctx, m, m.GivenUp, "")
				continue
			}
			underWay++
			attempts.Go(func() {
				if result := p.attemptMail(ctx, m); result != nil {
					p.saveMail(ctx, &saves, m, result)
				}
				ended <- struct{}{}
			})
		}
	}
}

// saveMail tries for as long as nobody else takes what was handed over for one that may have been sent.
func (p *Provider) saveMail(ctx context.Context, saves *outcomes, m store.DueMail, result *store.MailResult) {
	err := saves.save(ctx, mailHanded, func(ctx context.Context) error { return p.store.SaveMail(ctx, m.ID, m.Attempts, *result) })
	if err != nil {
		p.tell(ctx, oidc.MailNotSaved{ID: m.ID, Error: err.Error()})
	}
}

const mayHaveBeenSent = "the server had all of it and did not answer, so that it may have been sent: "

// attemptMail makes one attempt and returns what is to be saved of it; nil where it is another replica's by now.
func (p *Provider) attemptMail(ctx context.Context, m store.DueMail) *store.MailResult {
	err := p.sendMail(ctx, m)
	now := p.now()
	var f mail.Failure
	switch {
	case err == nil:
		p.tell(ctx, oidc.MailSent{ID: m.ID, Template: m.Template, Username: m.Username, Attempt: m.Attempts})
		return &store.MailResult{Sent: now}
	case errors.Is(err, store.ErrNotFound):
		return nil
	case errors.As(err, &f) && f.MayHaveBeenSent():
		result := p.giveMailUp(ctx, m, now, mayHaveBeenSent+f.Err.Error(), f.Advice())
		result.MayHaveBeenSent = true
		return result
	case errors.As(err, &f) && f.Final, errors.Is(err, keys.ErrSealed):
		return p.giveMailUp(ctx, m, now, err.Error(), f.Advice())
	case ctx.Err() != nil:
		return &store.MailResult{Error: "the process that sent it ended"}
	}
	result := &store.MailResult{Pause: mailPause(m.Attempts), Error: readable(err.Error(), 500)}
	if !now.Add(result.Pause).Before(m.ExpiresAt) {
		return p.giveMailUp(ctx, m, now, err.Error(), f.Advice())
	}
	p.tell(ctx, oidc.MailFailed{ID: m.ID, Template: m.Template, Username: m.Username, Attempt: m.Attempts, Error: result.Error,
		Mend: f.Advice()})
	return result
}

func (p *Provider) giveMailUp(ctx context.Context, m store.DueMail, now time.Time, why, mend string) *store.MailResult {
	why = readable(why, 500)
	p.tellMailGivenUp(ctx, m, why, mend)
	return &store.MailResult{GivenUp: now, Error: why}
}

func (p *Provider) tellMailGivenUp(ctx context.Context, m store.DueMail, why, mend string) {
	p.tell(ctx, oidc.MailGivenUp{ID: m.ID, Template: m.Template, Username: m.Username, Attempt: m.Attempts, Error: why, Mend: mend})
}

// mailPause returns how long to wait after so many attempts: up to a quarter more or less, so that what failed together does not come
// again together.
func mailPause(attempts int) time.Duration {
	pause := mailPauses[min(attempts, len(mailPauses))-1]
	return pause*3/4 + rand.N(pause/2)
}

// sendMail sends a mail. Its errors are mail.Failures, ErrSealed, ErrNotFound if the attempt is another replica's by now, and others after
// which it can be tried again.
func (p *Provider) sendMail(ctx context.Context, m store.DueMail) error {
	var values map[string]string
	plain, err := p.sealer.Open(keys.ForMail, m.Sealed, []byte(m.Template))
	if err == nil {
		err = json.Unmarshal(plain, &values)
	}
	if err != nil {
		return keys.ErrSealed
	}
	switch {
	case m.To == "" && m.Template == "sign_up":
		to, err := p.addressSignUp(ctx, m, values)
		if err != nil {
			return err
		}
		m.Username, m.To, m.Locale = to.Username, to.Email, to.Locale
	case m.To == "": // it is about a forgotten password
		to, err := p.store.AddressReset(ctx, m.ID, values["reset"], values["typed"], p.now())
		if err != nil {
			return err
		}
		m.Username, m.To, m.Locale, values["Name"] = to.Username, to.Email, to.Locale, to.Name
	}
	values["Username"] = m.Username
	subject, text, err := p.outbox.templates.Fill(m.Template, values, strings.Split(m.Locale, ",")...)
	if err != nil {
		return mail.Failure{Step: mail.AtContent, Final: true, Err: err}
	}
	message := mail.Message{ID: m.ID, To: m.To, Subject: subject, Text: text, Date: m.CreatedAt}
	return p.outbox.server.Send(ctx, message, func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return p.store.HandMail(ctx, m.ID, m.Attempts, p.now(), mailHanded)
	})
}

// ExamineMail connects to the SMTP server and logs in, and sends a test mail if to is an address. Errors are mail.Failures, and what is
// wrong with templates.
func (p *Provider) ExamineMail(ctx context.Context, to string) error {
	switch {
	case p.unfit != nil:
		return p.unfit
	case to == "":
		return p.outbox.server.Check(ctx)
	}
	subject, text, err := p.outbox.templates.Fill("test", nil)
	if err != nil {
		return err
	}
	message := mail.Message{ID: newID(), To: to, Subject: subject, Text: text, Date: p.now()}
	return p.outbox.server.Send(ctx, message, func() error { return ctx.Err() })
}

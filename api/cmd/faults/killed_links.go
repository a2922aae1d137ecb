package main

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"gatehouse/api/apitest"
)

var mailedDigits = regexp.MustCompile(`\n    (\d{6})\n`)

// forgetsPassword sets a password by the code of a mail. Where a code is spent and nobody was told, they ask for another mail.
func (p *person) forgetsPassword(k *killer) error {
	p.name = fmt.Sprintf("forgets%d", k.n)
	if err := execute(p.ctx, k.database, fmt.Sprintf(`DELETE FROM password_resets;
		INSERT INTO users (username, password, email, email_verified)
		SELECT '%[1]s', password, '%[1]s@example.com', true FROM users WHERE username = 'person0000'`, p.name)); err != nil {
		return err
	}
	var err error
	for try := range 2 {
		if err = p.setsForgotten(k, try); err == nil {
			p.told(func(b *ledger) { b.acknowledged++ })
			return p.signsInWith(newPassword)
		}
		k.say("  %s, %s: they ask for another mail: %v", k.step, k.when, err)
	}
	return err
}

const newPassword = "perf-Pass-2!"

func (p *person) setsForgotten(k *killer, try int) error {
	login, ok := p.ask("GET", "/authorize", authorization("web", ""))
	if err := login.leads(ok, "/login"); err != nil {
		return err
	}
	page, ok := p.form(login, "/login", "forgot", "yes")
	if err := page.leads(ok, "/forgot-password"); err != nil {
		return err
	}
	k.reaches("reset", "/forgot-password")
	before := len(p.mailsOf(k))
	page, ok = p.form(page, "/forgot-password", "username", p.name, "language", "en")
	if err := page.leads(ok, "/forgot-password"); err != nil {
		return err
	}
	var right answer
	proves := func(mail apitest.ReceivedMail) bool {
		found := mailedDigits.FindStringSubmatch(mail.Text)
		if found == nil {
			return false
		}
		k.reaches("mailed code", "/forgot-password")
		right, ok = p.form(page, "/forgot-password", "code", found[1])
		return ok && right.location().Path == "/new-password"
	}
	// Of two mails, where the request was repeated, the code of one fits.
	proven, tried := false, before
	for end := time.Now().Add(10 * time.Second); !proven; time.Sleep(20 * time.Millisecond) {
		for mails := p.mailsOf(k); !proven && tried < len(mails); tried++ {
			proven = proves(mails[tried])
		}
		if !proven && (time.Now().After(end) || tried > before && k.step == "mailed code" && try == 0) {
			return fmt.Errorf("the code of %d mails led to %d %s", tried-before, right.status, right.location().Path)
		}
	}
	k.reaches("new password", "/new-password")
	a, ok := p.form(right, "/new-password", "new_password", newPassword)
	if !ok {
		return errors.New("no answer")
	}
	if a.location().Path != "/login" && p.signsInWith(newPassword) != nil { // they try what they have just typed
		return fmt.Errorf("the new password: %d %s", a.status, a.location().Path)
	}
	const another = newPassword + "!"
	if a, ok := p.form(right, "/new-password", "new_password", another); ok && a.location().Path == "/login" && p.signsInWith(another) == nil {
		k.twice.add("a link to set a password")
	}
	return nil
}

func (p *person) mailsOf(k *killer) (list []apitest.ReceivedMail) {
	for _, m := range k.mails.Mails() {
		if strings.HasPrefix(m.To, p.name+"@") && mailedDigits.MatchString(m.Text) {
			list = append(list, m)
		}
	}
	return list
}

// signsInWith is an error where nobody signs in with a password.
func (p *person) signsInWith(password string) error {
	other := newPerson(p.crowd, 0)
	defer other.browser.CloseIdleConnections()
	page, ok := other.ask("GET", "/authorize", authorization("web", ""))
	if !ok {
		return errors.New("no page")
	}
	p.counts(1)
	a, ok := other.form(page, "/login", "username", p.name, "password", password)
	if !ok || a.location().Query().Get("code") == "" {
		return fmt.Errorf("%s cannot sign in: %d %s", p.name, a.status, a.location().Path)
	}
	return nil
}

// isInvited makes an account with an invitation, which is for one.
func (p *person) isInvited(k *killer) error {
	p.name = fmt.Sprintf("invited%d", k.n)
	token := "an invitation for " + p.name
	if err := execute(p.ctx, k.database, fmt.Sprintf(`INSERT INTO invitations (token_sha256) VALUES (sha256('%s'))`, token)); err != nil {
		return err
	}
	k.reaches("link", "/link")
	page, ok := p.ask("POST", "/link", url.Values{"link": {token}}, "Origin", uiOrigin)
	if err := page.leads(ok, "/accept-invitation"); err != nil {
		return err
	}
	k.reaches("name", "/invitation")
	next, ok := p.form(page, "/invitation", "username", p.name, "name", "Ada")
	if err := next.leads(ok, "/new-password"); err != nil {
		return err
	}
	k.reaches("accept", "/new-password")
	p.counts(1)
	a, ok := p.form(next, "/new-password", "new_password", newPassword)
	if !ok {
		return errors.New("no answer")
	}
	if err := p.signsInWith(newPassword); err != nil { // as they do who are told that it is spent
		return fmt.Errorf("%w, after %d %s", err, a.status, a.location().Path)
	}
	p.told(func(b *ledger) { b.acknowledged++ })
	other := newPerson(p.crowd, 0)
	defer other.browser.CloseIdleConnections()
	if a, ok := other.ask("POST", "/link", url.Values{"link": {token}}, "Origin", uiOrigin); ok && a.location().Path == "/accept-invitation" {
		k.twice.add("an invitation")
	}
	n, err := k.count(p.ctx, fmt.Sprintf(`SELECT count(*) FROM invitation_uses u JOIN invitations i ON i.id = u.invitation_id
		WHERE i.token_sha256 = sha256('%s') AND i.uses_left = 0`, token))
	if n != 1 {
		k.twice.add(fmt.Sprintf("an invitation has %d uses", n))
	}
	return err
}

package provider_test

import (
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

func TestPeopleHearByMailOfWhatTheyShouldKnowOf(t *testing.T) {
	t.Parallel()
	r, server := whereMailGoes(t)
	r.Exec(`UPDATE users SET locale = 'en' WHERE username = 'alice'`)
	b := r.browser()
	const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	for range 2 { // the second time it is known
		b.Login(b.Authorize(AuthParams("prompt", "login")).Location(), "alice", Password, "User-Agent", firefox)
	}
	mail := r.WaitForMail(server, "alice@example.org", 1)[0]
	if mail.Subject != "A new browser at Gatehouse" || !strings.Contains(mail.Text, "Firefox, Linux") ||
		!strings.Contains(mail.Text, "127.0.0.1") {
		t.Errorf("%s\n%s", mail.Subject, mail.Text)
	}
	b.setPassword(b.openLink(r.link("a token")), newPassword)
	mails := r.WaitForMail(server, "alice@example.org", 2)
	if mails[1].Subject != "Your password at Gatehouse was changed" || len(mails) != 2 {
		t.Errorf("%d mails, %s", len(mails), mails[1].Subject)
	}
}

func TestNoticesAreBoundedAndGoToVerifiedAddressesOnly(t *testing.T) {
	t.Parallel()
	r, server := whereMailGoes(t)
	r.Exec(`INSERT INTO users (username, email, password) VALUES ('unverified', 'u@example.org', password_hash('a long passphrase'))`)
	other := r.browser()
	other.Login(other.Authorize(AuthParams()).Location(), "unverified", "a long passphrase")
	for range 12 {
		b := r.browser()
		b.Login(b.Authorize(AuthParams()).Location(), "alice", Password)
	}
	r.WaitForMail(server, "alice@example.org", 10)
	other.Login(other.Authorize(AuthParams("prompt", "login")).Location(), "unverified", "a long passphrase")
	wait(t, func() bool { return r.Count(`SELECT count(*) FROM mail_outbox WHERE sent_at IS NULL`) == 0 })
	if n := r.Count(`SELECT count(*) FROM mail_outbox`); n != 10 || len(server.Mails()) != 10 {
		t.Errorf("%d mails were queued, %d sent", n, len(server.Mails()))
	}
}

package provider_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// whereMailGoes starts the API with an SMTP server, and alice with an address of hers.
func whereMailGoes(t *testing.T) (r *rig, server *SMTP) {
	t.Helper()
	server = StartSMTP(t)
	r = start(t, server.Settings)
	r.Exec(`UPDATE users SET email = 'alice@example.org', email_verified = true, locale = 'de-CH' WHERE username = 'alice'`)
	return r, server
}

// forgets goes from the login page of a sign-in to the page that asks who has forgotten their password.
func (b *browser) forgets() (page string) {
	return b.on(b.Authorize(AuthParams()).Header.Get("Location"), "/login", "forgot", "yes")
}

// on posts the form of the page at location, and returns where that leads.
func (b *browser) on(location, path string, fields ...string) string {
	a := b.posts(location, path, fields...)
	if a.Status != 303 {
		return a.LeadsTo()
	}
	return a.Header.Get("Location")
}

func (b *browser) posts(location, path string, fields ...string) Answer {
	u, _ := url.Parse(location)
	form := url.Values{"request": {u.Query().Get("request")}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.Do("POST", path, form, "Origin", UIOrigin)
}

// resetMail returns the nth mail about a forgotten password that alice gets.
func resetMail(r *rig, server *SMTP, n int) ReceivedMail {
	r.Helper()
	for about := n; ; about++ { // there may be others
		var found []ReceivedMail
		for _, m := range r.WaitForMail(server, "alice@example.org", about) {
			if strings.Contains(m.Text, "#reset-") {
				found = append(found, m)
			}
		}
		if len(found) >= n {
			return found[n-1]
		}
	}
}

// codeAndLink are those of a mail.
func codeAndLink(t *testing.T, m ReceivedMail) (code, token string) {
	t.Helper()
	found := regexp.MustCompile(`(?s)\n    (\d{6})\n.*https://ui\.example\.org/link#(reset-[\w-]{43})\n`).FindStringSubmatch(m.Text)
	if found == nil {
		t.Fatalf("no code and no link in\n%s", m.Text)
	}
	return found[1], found[2]
}

func TestAForgottenPasswordIsSetAgainByTheCodeOfAMail(t *testing.T) {
	t.Parallel()
	r, server := whereMailGoes(t)
	before := r.browser()
	before.Code(AuthParams())
	b := r.browser()
	page := b.forgets()
	if shown := b.Interaction(page); shown["page"] != "forgot_password" || shown["sent"] != nil {
		t.Fatalf("%v", shown)
	}
	page = b.on(page, "/forgot-password", "username", " Alice@Example.org ", "language", "fr")
	if shown := b.Interaction(page); shown["sent"] != true || shown["minutes"] != 15.0 {
		t.Fatalf("%v", shown)
	}
	mail := resetMail(r, server, 1)
	code, _ := codeAndLink(t, mail)
	if mail.Subject != "Ein neues Passwort für Gatehouse" || !strings.Contains(mail.Text, "Konto alice") {
		t.Errorf("%s\n%s", mail.Subject, mail.Text)
	}
	if n := r.Count(`SELECT count(*) FROM account_links`); n != 0 {
		t.Errorf("%d links were made before the code was typed", n)
	}
	wrong := fmt.Sprintf("%06d", (atoi(t, code)+1)%1_000_000)
	if to := b.on(page, "/forgot-password", "code", wrong); b.errorOn(to) != "wrong_mailed_code" {
		t.Errorf("a wrong code: %s", b.errorOn(to))
	}
	set := b.on(page, "/forgot-password", "code", code[:3]+" "+code[3:])
	if !strings.HasPrefix(set, UIOrigin+"/new-password?") {
		t.Fatal(set)
	}
	if to := b.on(page, "/forgot-password", "code", code); b.errorOn(to) != "mailed_code_ended" {
		t.Errorf("the code a second time: %s", to)
	}
	a := b.setPassword(set, newPassword)
	login := b.Interaction(a.Header.Get("Location"))
	if login["done"] != "password_set" || login["username"] != "alice" || login["client"] == nil { // on the way to the application
		t.Fatalf("%v", login)
	}
	if r.signsIn(Password) || !r.signsIn(newPassword) {
		t.Error("the old password counts, or the new one does not")
	}
	if before.Do("GET", "/account", nil).Location().Path != "/login" {
		t.Error("what was signed in before goes on")
	}
}

func atoi(t *testing.T, s string) (n int) {
	t.Helper()
	if _, err := fmt.Sscanf(s, "%d", &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Programs that look at mail open its links, run their scripts and post their forms, from elsewhere.
func TestALinkInAMailWorksInTheBrowserThatAskedAndNowhereElse(t *testing.T) {
	t.Parallel()
	r, server := whereMailGoes(t)
	b := r.browser()
	page := b.on(b.forgets(), "/forgot-password", "username", "alice")
	_, token := codeAndLink(t, resetMail(r, server, 1))
	scanner := r.browser()
	for range 3 {
		if to := scanner.openLink(token); scanner.errorOn(to) != "reset_elsewhere" {
			t.Errorf("a scanner without a cookie gets to %s", to)
		}
		scanner.forgets() // which binds it
		if to := scanner.openLink(token); scanner.errorOn(to) != "reset_elsewhere" {
			t.Errorf("a scanner with a cookie gets to %s", to)
		}
		if to := scanner.on(page, "/forgot-password", "code", "123456"); scanner.errorOn(to) != "request_from_another_browser" {
			t.Errorf("a scanner with the page of the other browser gets to %s", to)
		}
	}
	if n := r.Count(`SELECT count(*) FROM password_resets WHERE spent_at IS NOT NULL OR tries_left < 5`); n != 0 {
		t.Errorf("%d were spent", n)
	}
	set := b.openLink(token)
	if !strings.HasPrefix(set, UIOrigin+"/new-password?") {
		t.Fatal(set)
	}
	if to := b.openLink(token); b.errorOn(to) != "reset_elsewhere" {
		t.Errorf("a second time: %s", to)
	}
	if a := b.setPassword(set, newPassword); a.Status != 303 || !r.signsIn(newPassword) {
		t.Errorf("%d", a.Status)
	}
}

func TestNobodyElseGetsAMailAndNothingTells(t *testing.T) {
	t.Parallel()
	r, server := whereMailGoes(t)
	r.Exec(`INSERT INTO users (username, email, email_verified, password, disabled_at) VALUES
		('unverified', 'unverified@example.org', false, password_hash('a long passphrase'), NULL),
		('disabled', 'disabled@example.org', true, password_hash('a long passphrase'), now()),
		('one', 'shared@example.org', true, password_hash('a long passphrase'), NULL),
		('two', 'Shared@example.org', true, password_hash('a long passphrase'), NULL),
		('upstream', 'upstream@example.org', true, NULL, NULL)`)
	r.Exec(`INSERT INTO upstreams (name, issuer, client_id, display_name) VALUES ('google', 'https://google.example.org', 'x', 'Google')`)
	r.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) VALUES ('google', 'https://google.example.org', '1', 'upstream')`)
	answers := map[string]bool{}
	for _, typed := range []string{"nobody", "nobody@example.org", "unverified", "unverified@example.org", "disabled", "shared@example.org",
		"upstream", strings.Repeat("x", 254), "alice"} {
		b := r.browser()
		a := b.posts(b.forgets(), "/forgot-password", "username", typed)
		shown := b.Interaction(a.Header.Get("Location"))
		answers[fmt.Sprint(a.Status, a.Location().Path, shown["page"], shown["sent"], shown["error"])] = true
	}
	for _, typed := range []string{"", strings.Repeat("x", 256), "a\x00b", "a\xff"} {
		b := r.browser()
		if a := b.posts(b.forgets(), "/forgot-password", "username", typed); a.Status != 400 {
			t.Errorf("%.10q: %d", typed, a.Status)
		}
	}
	if len(answers) != 1 {
		t.Errorf("there are several answers: %v", answers)
	}
	r.WaitForMail(server, "alice@example.org", 1)
	wait(t, func() bool { return r.Count(`SELECT count(*) FROM mail_outbox WHERE sent_at IS NULL`) == 0 })
	if n := len(server.Mails()); n != 1 {
		t.Errorf("%d mails were sent", n)
	}
	if n := r.Count(`SELECT count(*) FROM mail_outbox`); n != 1 {
		t.Errorf("%d rows are left", n)
	}
}

func TestACodeCanBeTriedFiveTimesAndForAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	r, server := whereMailGoes(t)
	b := r.browser()
	page := b.on(b.forgets(), "/forgot-password", "username", "alice")
	code, token := codeAndLink(t, resetMail(r, server, 1))
	wrong := fmt.Sprintf("%06d", (atoi(t, code)+1)%1_000_000)
	for i, want := range []string{"wrong_mailed_code", "wrong_mailed_code", "wrong_mailed_code", "wrong_mailed_code", "mailed_code_ended"} {
		if to := b.on(page, "/forgot-password", "code", wrong); b.errorOn(to) != want {
			t.Errorf("try %d: %s, want %s", i, b.errorOn(to), want)
		}
	}
	if to := b.on(page, "/forgot-password", "code", code); b.errorOn(to) != "mailed_code_ended" {
		t.Errorf("the right one after five: %s", to)
	}
	if to := b.openLink(token); b.errorOn(to) != "reset_elsewhere" {
		t.Errorf("the link after five wrong codes: %s", to)
	}
	page = b.on(b.forgets(), "/forgot-password", "username", "alice")
	code, _ = codeAndLink(t, resetMail(r, server, 2))
	r.Later(15 * time.Minute)
	if to := b.on(page, "/forgot-password", "code", code); b.errorOn(to) != "mailed_code_ended" {
		t.Errorf("after a quarter of an hour: %s", to)
	}
}

func TestOfManyWhoTypeTheCodeAtOnceOneGetsOn(t *testing.T) {
	t.Parallel()
	r, server := whereMailGoes(t)
	b := r.browser()
	page := b.on(b.forgets(), "/forgot-password", "username", "alice")
	code, _ := codeAndLink(t, resetMail(r, server, 1))
	var through atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if strings.Contains(b.on(page, "/forgot-password", "code", code), "/new-password?") {
				through.Add(1)
			}
		})
	}
	all.Wait()
	if through.Load() != 1 {
		t.Errorf("%d got on", through.Load())
	}
}

func TestMailsAboutAForgottenPasswordAreBounded(t *testing.T) {
	t.Parallel()
	r, _ := whereMailGoes(t)
	asked := func(typed string) (status int) {
		b := r.browser()
		return b.posts(b.forgets(), "/forgot-password", "username", typed).Status
	}
	for i := range 3 {
		if status := asked("alice"); status != 303 {
			t.Errorf("mail %d: %d", i, status)
		}
	}
	if status := asked("ALICE"); status != 429 {
		t.Errorf("a fourth mail for one name: %d", status)
	}
	for i := range 27 {
		if status := asked(fmt.Sprintf("nobody%d", i)); status != 303 {
			t.Fatalf("name %d: %d", i, status)
		}
	}
	if status := asked("somebody"); status != 429 {
		t.Errorf("one more from one network: %d", status)
	}
	if n := r.Count(`SELECT count(*) FROM password_resets`); n != 30 {
		t.Errorf("%d rows", n)
	}
	r.Later(16 * time.Minute)
	if status := asked("alice"); status != 303 {
		t.Errorf("after a quarter of an hour: %d", status)
	}
}

// A mail gets nobody around a factor.
func TestAResetByMailTakesNoFactorAway(t *testing.T) {
	t.Parallel()
	r, server := whereMailGoes(t)
	r.Exec(`INSERT INTO passkeys (user_id, credential_id, rp_id, name, public_key) SELECT id, '\x01', 'ui.example.org', 'Key', 'x' FROM users
		WHERE username = 'alice'`)
	b := r.browser()
	page := b.on(b.forgets(), "/forgot-password", "username", "alice")
	code, _ := codeAndLink(t, resetMail(r, server, 1))
	set := b.on(page, "/forgot-password", "code", code)
	if b.Interaction(set)["passkey"] != nil {
		t.Error("a mail makes another factor")
	}
	b.setPassword(set, newPassword)
	a := b.Login(b.Authorize(AuthParams()).Location(), "alice", newPassword)
	if a.Location().Path != "/factor" || r.Count(`SELECT count(*) FROM passkeys`) != 1 {
		t.Errorf("%d %s", a.Status, a.Location())
	}
}

func TestWithoutMailNobodyIsOfferedOne(t *testing.T) {
	t.Parallel()
	r := start(t)
	b := r.browser()
	login := b.Authorize(AuthParams()).Header.Get("Location")
	if b.Interaction(login)["forgot"] != nil {
		t.Error("the page offers a mail")
	}
	if to := b.on(login, "/login", "forgot", "yes"); strings.Contains(to, "/forgot-password") {
		t.Error(to)
	}
}

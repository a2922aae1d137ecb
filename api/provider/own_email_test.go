package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// codeFor returns the code in the nth mail that an address gets.
func codeFor(r *rig, server *SMTP, to string, n int) string {
	r.Helper()
	m := r.WaitForMail(server, to, n)[n-1]
	found := regexp.MustCompile(`\n    (\d{6})\n`).FindStringSubmatch(m.Text)
	if found == nil {
		r.Fatalf("no code in\n%s", m.Text)
	}
	return found[1]
}

func TestAnAddressIsVerifiedByACodeThatWasMailedThere(t *testing.T) {
	t.Parallel()
	r, server := whereMailGoes(t)
	b := r.browser()
	b.Code(AuthParams())
	page := b.Do("GET", "/account", nil).Header.Get("Location")
	email := func() string {
		var address string
		var verified bool
		err := r.DB.QueryRow(r.Context(), `SELECT email, email_verified FROM users WHERE username = 'alice'`).Scan(&address, &verified)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(address, " ", verified)
	}
	if to := b.on(page, "/account/email", "email", "a>b@example.org"); b.errorOn(to) != "invalid_email" {
		t.Errorf("%s", b.errorOn(to))
	}
	asked := b.on(page, "/account/email", "email", "new@example.org")
	if shown := b.Interaction(asked); shown["email_asked"] != "new@example.org" || email() != "alice@example.org true" {
		t.Fatalf("%v, %s", shown["email_asked"], email())
	}
	code := codeFor(r, server, "new@example.org", 1)
	wrong := fmt.Sprintf("%06d", (atoi(t, code)+1)%1_000_000)
	if to := b.on(asked, "/account/email", "code", wrong); b.errorOn(to) != "wrong_mailed_code" {
		t.Errorf("a wrong code: %s", b.errorOn(to))
	}
	other := r.browser() // nor is the page of use to anybody else
	if to := other.on(asked, "/account/email", "code", code); email() != "alice@example.org true" {
		t.Errorf("another browser: %s", to)
	}
	if to := b.on(asked, "/account/email", "code", code); b.Interaction(to)["done"] != "email_verified" || email() != "new@example.org true" {
		t.Errorf("%v, %s", b.Interaction(to), email())
	}
	if to := b.on(asked, "/account/email", "code", code); b.errorOn(to) != "mailed_code_ended" {
		t.Errorf("a second time: %s", b.errorOn(to))
	}
	for about := 1; ; about++ { // who has the former address hears of it
		list := r.WaitForMail(server, "alice@example.org", about)
		if strings.Contains(list[len(list)-1].Text, "eine andere Adresse") {
			break
		}
	}
	asked = b.on(page, "/account/email", "email", "newer@example.org")
	wrong = fmt.Sprintf("%06d", (atoi(t, codeFor(r, server, "newer@example.org", 1))+1)%1_000_000)
	for range 5 {
		b.on(asked, "/account/email", "code", wrong)
	}
	if to := b.on(asked, "/account/email", "code", codeFor(r, server, "newer@example.org", 1)); b.errorOn(to) != "mailed_code_ended" {
		t.Errorf("after five wrong codes: %s", b.errorOn(to))
	}
	for range 3 {
		b.on(page, "/account/email", "email", "newest@example.org")
	}
	if a := b.posts(page, "/account/email", "email", "newest@example.org"); a.Status != 429 {
		t.Errorf("a sixth mail in an hour: %d", a.Status)
	}
}

// Whoever has the mailbox can set a new password: a browser that somebody left does not get that far.
func TestAnotherAddressTakesAFreshSignIn(t *testing.T) {
	t.Parallel()
	r, server := whereMailGoes(t)
	b := r.browser()
	b.Code(AuthParams())
	page := b.Do("GET", "/account", nil).Header.Get("Location")
	r.Later(20 * time.Minute)
	if to := b.on(page, "/account/email", "email", "eve@example.org"); !strings.HasPrefix(to, UIOrigin+"/login?") {
		t.Errorf("%s", to)
	}
	if n := r.Count(`SELECT count(*) FROM email_codes`); n != 0 || len(server.Mails()) > 1 { // one of the sign-in
		t.Errorf("%d codes", n)
	}
}

package provider_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"gatehouse/api/admin"
	. "gatehouse/api/apitest"
)

// mailInvitation has an invitation mailed to ada and returns what the mail has.
func mailInvitation(r *rig, server *SMTP, in admin.AddInvitation) (code, token string) {
	r.Helper()
	in.Mail = true
	if in.Email == "" {
		in.Email = "ada@uni.example"
	}
	added, err := r.Admin.AddInvitation(r.Context(), in)
	if err != nil || added.Link != "" || added.MailedTo != in.Email {
		r.Fatalf("%+v, %v", added, err)
	}
	return invitationIn(r, r.WaitForMail(server, in.Email, 1)[0])
}

// invitationIn returns the code and the token in a mail.
func invitationIn(r *rig, m ReceivedMail) (code, token string) {
	r.Helper()
	found := regexp.MustCompile(`(?s)\n    https://ui\.example\.org/link#([\w-]{43})\n.*\n    (\d{6})\n`).FindStringSubmatch(m.Text)
	if found == nil {
		r.Fatalf("no code and no link in\n%s", m.Text)
	}
	return found[2], found[1]
}

// wrongCode returns another code than the right one.
func wrongCode(t *testing.T, code string) string {
	return fmt.Sprintf("%06d", (atoi(t, code)+1)%1_000_000)
}

func TestAnInvitationIsMailedAndItsCodeVerifiesTheAddress(t *testing.T) {
	t.Parallel()
	r, server := whereMailGoes(t)
	r.Exec(`INSERT INTO groups (name) VALUES ('class')`)
	code, token := mailInvitation(r, server, admin.AddInvitation{Name: "Ada Lovelace", Groups: []string{"class"}, Language: "fr"})
	mail := r.WaitForMail(server, "ada@uni.example", 1)[0]
	if !strings.HasPrefix(mail.Subject, "Vous êtes invité") || !strings.Contains(mail.Text, "Bonjour Ada Lovelace") ||
		!strings.Contains(mail.Text, "class") {
		t.Errorf("%s\n%s", mail.Subject, mail.Text)
	}
	b := r.browser()
	page := b.openLink(token)
	if view := b.Interaction(page); view["code"] != true || view["new"] != false || view["have"] != false {
		t.Fatalf("%v", view)
	}
	if to := b.on(page, "/invitation", "code", wrongCode(t, code)); b.errorOn(to) != "wrong_mailed_code" {
		t.Errorf("a wrong code: %s", b.errorOn(to))
	}
	page = b.on(page, "/invitation", "code", code[:3]+" "+code[3:])
	if view := b.Interaction(page); view["code"] != nil || view["new"] != true || view["name"] != "Ada Lovelace" {
		t.Fatalf("%v", view)
	}
	next := b.on(page, "/invitation", "username", "ada")
	b.setPassword(next, newPassword)
	if n := r.Count(`SELECT count(*) FROM users JOIN group_members USING (username)
		WHERE username = 'ada' AND email = 'ada@uni.example' AND email_verified AND group_name = 'class'`); n != 1 {
		t.Error("the account is not as the invitation says, or its address not verified")
	}
}

// Whoever has an account with that address, and did not prove it yet, has by the code; with another address nothing is proven.
func TestAMailedInvitationVerifiesTheAddressOfWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		email string
		want  int
	}{{"Ada@Uni.Example", 1}, {"eve@uni.example", 0}} {
		r, server := whereMailGoes(t)
		r.Exec(`UPDATE users SET email = $1, email_verified = false WHERE username = 'alice'`, test.email)
		code, token := mailInvitation(r, server, admin.AddInvitation{})
		b := r.browser()
		b.Code(AuthParams())
		page := b.openLink(token)
		if view := b.Interaction(page); view["have"] != false {
			t.Fatalf("%v", view)
		}
		if to := b.on(page, "/invitation", "have", "me"); b.errorOn(to) != "wrong_mailed_code" {
			t.Errorf("without a code: %s", to)
		}
		page = b.on(page, "/invitation", "code", code)
		if view := b.Interaction(b.on(page, "/invitation", "have", "me")); view["done"] != "invitation_accepted" {
			t.Fatalf("%v", view)
		}
		if n := r.Count(`SELECT count(*) FROM users WHERE username = 'alice' AND email_verified`); n != test.want {
			t.Errorf("%s: verified %d", test.email, n)
		}
	}
}

// Programs that look at mail open links, run scripts and post every form that they find, with what they like in the fields.
func TestAScannerOfMailDoesNotUseAnInvitationUp(t *testing.T) {
	t.Parallel()
	r, server := whereMailGoes(t)
	code, token := mailInvitation(r, server, admin.AddInvitation{})
	scanner := r.browser()
	for range 10 {
		page := scanner.openLink(token)
		for _, fields := range [][]string{{}, {"code", ""}, {"code", "test"}, {"username", "scanner"}, {"have", "me"}, {"have", "other"},
			{"code", "a@b.example", "username", "scanner", "name", "x", "have", "other"}} {
			if to := scanner.on(page, "/invitation", fields...); scanner.errorOn(to) != "wrong_mailed_code" {
				t.Errorf("%v lead to %s", fields, to)
			}
		}
	}
	if n := r.Count(`SELECT count(*) FROM invitations WHERE uses_left = 1 AND code_tries_left = 5`); n != 1 {
		t.Fatal("a scanner spent something")
	}
	b := r.browser()
	page := b.on(b.openLink(token), "/invitation", "code", code)
	b.setPassword(b.on(page, "/invitation", "username", "ada"), newPassword)
	if r.Count(`SELECT count(*) FROM users WHERE username = 'ada'`) != 1 {
		t.Error("the person comes too late")
	}
}

func TestTheCodeOfAnInvitationCannotBeGuessed(t *testing.T) {
	t.Parallel()
	r, server := whereMailGoes(t)
	code, token := mailInvitation(r, server, admin.AddInvitation{})
	wrong := wrongCode(t, code)
	browsers, pages := make([]*browser, 20), make([]string, 20)
	for i := range browsers {
		browsers[i] = r.browser()
		pages[i] = browsers[i].openLink(token)
	}
	var all sync.WaitGroup
	for i, b := range browsers {
		all.Go(func() { b.on(pages[i], "/invitation", "code", wrong) })
	}
	all.Wait()
	if n := r.Count(`SELECT code_tries_left FROM invitations`); n != 0 {
		t.Errorf("%d tries are left", n)
	}
	b := browsers[0]
	if to := b.on(pages[0], "/invitation", "code", code); b.errorOn(to) != "invitation_locked" {
		t.Errorf("the right code after many wrong ones leads to %s", b.errorOn(to))
	}
	if to := b.openLink(token); b.errorOn(to) != "invitation_locked" {
		t.Errorf("the link leads to %s", to)
	}
	// Nor is the page of who proved it of use in another browser.
	other, fresh := mailInvitation(r, server, admin.AddInvitation{Email: "grace@uni.example"})
	proven := b.on(b.openLink(fresh), "/invitation", "code", other)
	if a := r.browser().posts(proven, "/invitation", "username", "eve"); a.Status != 400 {
		t.Errorf("the page in another browser: %d", a.Status)
	}
}

func TestAnInvitationIsMadeAndMailedOrNeither(t *testing.T) {
	t.Parallel()
	r, _ := whereMailGoes(t)
	for _, test := range []struct {
		in   admin.AddInvitation
		want string
	}{
		{admin.AddInvitation{Mail: true}, "mail takes email"},
		{admin.AddInvitation{Mail: true, Email: "a>b@uni.example"}, "must be an address that mail can be sent to"},
		{admin.AddInvitation{Mail: true, Email: "ada@uni.example\r\nBcc: eve@evil.example"}, "must be an address"},
		{admin.AddInvitation{Mail: true, Email: `"ada lovelace"@uni.example`}, "must be an address"},
		{admin.AddInvitation{Mail: true, Email: "ada@uni.example", Language: "tlh"}, "must be one of en, de, fr"},
		{admin.AddInvitation{Mail: true, Email: "ada@uni.example", Groups: []string{"nothing"}}, "there is no such group"},
		{admin.AddInvitation{Mail: true, Email: "ada@uni.example", Uses: 2}, "is for one use"},
	} {
		if _, err := r.Admin.AddInvitation(r.Context(), test.in); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %s", test.in, err, test.want)
		}
	}
	r.Exec(`INSERT INTO mail_outbox (template, created_at, expires_at, next_attempt_at)
		SELECT 'test', now(), now() + interval '9 days', now() + interval '8 days' FROM generate_series(1, 50000)`)
	_, err := r.Admin.AddInvitation(context.Background(), admin.AddInvitation{Mail: true, Email: "ada@uni.example"})
	if err == nil || !strings.Contains(err.Error(), "as many mails wait as may") {
		t.Errorf("a full outbox: %v", err)
	}
	if r.Count(`SELECT count(*) FROM invitations`) != 0 || r.Count(`SELECT count(*) FROM mail_outbox WHERE template = 'invitation'`) != 0 {
		t.Error("something was made")
	}
	without := start(t)
	_, err = without.Admin.AddInvitation(context.Background(), admin.AddInvitation{Mail: true, Email: "ada@uni.example"})
	if err == nil || !strings.Contains(err.Error(), "GATEHOUSE_SMTP_URL") {
		t.Errorf("where no mail is sent: %v", err)
	}
}

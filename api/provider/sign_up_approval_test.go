package provider_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/api/admin"
	. "gatehouse/api/apitest"
	"gatehouse/api/oidc"
)

// waits returns who waits for somebody to say yes or no.
func (r *rig) waits() []admin.SignUp {
	r.Helper()
	list, err := r.Admin.ListSignUps(r.Context(), admin.ListSignUps{})
	if err != nil {
		r.Fatal(err)
	}
	return list.Items
}

func TestSomebodySaysYesOrNoToWhoAsksForAnAccount(t *testing.T) {
	t.Parallel()
	r, server := whereAccountsAreOpen(t, admin.AddSignUpDomain{Domain: "*", Approval: true})
	r.Exec(`UPDATE users SET email = 'alice@example.org', email_verified = true WHERE username = 'alice'`)
	r.Exec(`INSERT INTO users (username, email, email_verified) VALUES ('desk', 'desk@example.org', true), ('nobody', 'n@example.org', true)`)
	r.Exec(`INSERT INTO group_members (username, group_name) VALUES ('alice', 'admins'), ('desk', 'desk'), ('nobody', 'class')`)
	b := r.browser()
	page := b.on(b.Authorize(AuthParams()).Header.Get("Location"), "/login", "sign_up", "yes")
	if b.Interaction(page)["approval"] != true {
		t.Error("the page asks for no reason")
	}
	b.signsUp("ada@elsewhere.example", "name", "Ada  Lovelace", "reason", "For the  workshop")
	r.browser().signsUp("eve@elsewhere.example")
	r.waitForSignUps()
	r.browser().signsUp("eve+2@elsewhere.example") // the mailbox waits already
	r.waitForSignUps()
	list := r.waits()
	if len(list) != 2 || list[0].Email != "ada@elsewhere.example" || list[0].Name != "Ada Lovelace" || list[0].Reason != "For the workshop" {
		t.Fatalf("%+v", list)
	}
	for range 3 { // those who may say yes hear of it once
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if err := r.Provider.TellOfSignUps(r.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
	}
	for _, to := range []string{"alice@example.org", "desk@example.org"} {
		if m := r.WaitForMail(server, to, 1)[0]; !strings.Contains(m.Text, UIOrigin+"/admin/sign-ups") || strings.Contains(m.Raw, "Lovelace") {
			t.Errorf("%s", m.Raw)
		}
	}
	if n := r.Count(`SELECT count(*) FROM mail_outbox WHERE template = 'sign_up_waits'`); n != 2 {
		t.Errorf("%d mails to those who may say yes", n)
	}
	var approved atomic.Int32
	var all sync.WaitGroup
	for range 5 { // at the same time
		all.Go(func() {
			_, err := r.Admin.ApproveSignUp(r.Context(), admin.SignUpID{ID: list[0].ID})
			if err == nil {
				approved.Add(1)
			} else if !errors.As(err, new(admin.Missing)) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if approved.Load() != 1 {
		t.Errorf("approved %d times", approved.Load())
	}
	code, token := invitationIn(r, r.WaitForMail(server, "ada@elsewhere.example", 1)[0])
	there := r.browser()
	next := there.on(there.openLink(token), "/invitation", "code", code)
	if view := there.Interaction(next); view["name"] != "Ada Lovelace" {
		t.Errorf("%v", view)
	}
	there.setPassword(there.on(next, "/invitation", "username", "ada"), newPassword)
	if n := r.Count(`SELECT count(*) FROM users WHERE username = 'ada' AND email_verified`); n != 1 {
		t.Error("there is no such account")
	}
	refusal := admin.RefuseSignUp{ID: list[1].ID, Reason: "Only for students.\r\nBcc: x@evil.net"}
	if _, err := r.Admin.RefuseSignUp(r.Context(), refusal); err != nil {
		t.Fatal(err)
	}
	m := r.WaitForMail(server, "eve@elsewhere.example", 1)[0]
	if !strings.Contains(m.Text, "Only for students.") || m.Header.Get("Bcc") != "" {
		t.Errorf("%s", m.Raw)
	}
	if len(r.waits()) != 0 || r.Count(`SELECT count(*) FROM users WHERE email LIKE 'eve%'`) != 0 {
		t.Error("somebody waits, or was not refused")
	}
	done, err := r.Admin.ListSignUps(r.Context(), admin.ListSignUps{All: true})
	if err != nil || len(done.Items) != 2 || done.Items[0].DecidedBy == "" || *done.Items[1].Approved {
		t.Errorf("%+v, %v", done.Items, err)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE table_name = 'sign_up_requests'`); n != 2 {
		t.Errorf("%d rows in the audit", n)
	}
}

func TestWhatWasDecidedOrEndedIsDecidedNoMore(t *testing.T) {
	t.Parallel()
	r, _ := whereAccountsAreOpen(t, admin.AddSignUpDomain{Domain: "*", Approval: true})
	r.browser().signsUp("ada@elsewhere.example", "reason", "x")
	r.waitForSignUps()
	id := r.waits()[0].ID
	r.Exec(`INSERT INTO users (username, email) VALUES ('ada', 'Ada+x@elsewhere.example')`)
	_, err := r.Admin.ApproveSignUp(r.Context(), admin.SignUpID{ID: id})
	if err == nil || !strings.Contains(err.Error(), "there is an account with that mailbox by now: ada") {
		t.Errorf("%v", err)
	}
	r.Exec(`DELETE FROM users WHERE username = 'ada'`)
	r.Exec(`UPDATE sign_up_requests SET expires_at = now()`)
	for _, id := range []string{id, "00000000-0000-4000-8000-000000000000", "nothing"} {
		if _, err := r.Admin.ApproveSignUp(r.Context(), admin.SignUpID{ID: id}); !errors.As(err, new(admin.Missing)) {
			t.Errorf("approve %s: %v", id, err)
		}
		if _, err := r.Admin.RefuseSignUp(r.Context(), admin.RefuseSignUp{ID: id}); !errors.As(err, new(admin.Missing)) {
			t.Errorf("refuse %s: %v", id, err)
		}
	}
	if r.Count(`SELECT count(*) FROM invitations`) != 0 {
		t.Error("somebody is invited")
	}
	// As many wait as may; who comes then is not taken, and nobody is told so.
	r.Exec(`INSERT INTO sign_up_requests (id, email, network_hmac, browser_sha256, looked_at, waits_since, created_at, expires_at)
		SELECT gen_random_uuid(), i || '@x.example', '', '', now(), now(), now() - interval '2 hours', now() + interval '9 days'
		FROM generate_series(1, 500) AS i`)
	b := r.browser()
	if view := b.Interaction(b.signsUp("grace@elsewhere.example")); view["sent"] != true {
		t.Errorf("%v", view)
	}
	r.waitForSignUps()
	if n := r.Count(`SELECT count(*) FROM sign_up_requests WHERE email LIKE 'grace%' AND waits_since IS NOT NULL`); n != 0 {
		t.Error("there is no bound")
	}
	r.Later(15 * 24 * time.Hour)
}

func TestSignUpMakesNoAdministrators(t *testing.T) {
	t.Parallel()
	r, _ := whereAccountsAreOpen(t)
	for _, test := range []struct {
		in   admin.AddSignUpDomain
		want string
	}{
		{admin.AddSignUpDomain{Domain: "a.example", Groups: []string{"admins"}}, "must be none whose members administer"},
		{admin.AddSignUpDomain{Domain: "a.example", Groups: []string{"desk"}}, "must be none whose members administer"},
		{admin.AddSignUpDomain{Domain: "*"}, "say yes to each"},
		{admin.AddSignUpDomain{Domain: "example"}, "must be a domain"},
		{admin.AddSignUpDomain{Domain: "*.example.org"}, "must be a domain"},
		{admin.AddSignUpDomain{Domain: "@example.org"}, "must be a domain"},
		{admin.AddSignUpDomain{Domain: "uni.example"}, "already"},
	} {
		if _, err := r.Admin.AddSignUpDomain(r.Context(), test.in); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %s", test.in, err, test.want)
		}
	}
	if _, err := r.Admin.AddSignUpDomain(r.Context(), admin.AddSignUpDomain{Domain: "Bücher.Example"}); err != nil {
		t.Error(err)
	}
	if r.Count(`SELECT count(*) FROM sign_up_domains WHERE domain = 'xn--bcher-kva.example'`) != 1 {
		t.Error("the domain is not as DNS has it")
	}
}

// The help desk says yes or no, to groups that do not administer: where somebody put one into the rows that does, an administrator has to.
func TestTheHelpDeskApprovesWhatLetsNobodyAdminister(t *testing.T) {
	t.Parallel()
	r, _ := whereAccountsAreOpen(t, admin.AddSignUpDomain{Domain: "*", Approval: true, Groups: []string{"class"}})
	r.browser().signsUp("ada@elsewhere.example")
	r.browser().signsUp("eve@elsewhere.example")
	r.waitForSignUps()
	do := func(role oidc.AdminRole, name, id string) error {
		operations := admin.Operations()
		i := slices.IndexFunc(operations, func(o admin.Operation) bool { return o.Name == name })
		caller := admin.Caller{Role: role, Scope: oidc.AdminWrite}
		_, err := r.Admin.Do(r.Context(), caller, operations[i], admin.SignUpID{ID: id}, admin.How{})
		return err
	}
	ids := []string{r.waits()[0].ID, r.waits()[1].ID}
	if err := do(oidc.Reader, "sign-up approve", ids[0]); !errors.As(err, new(admin.Forbidden)) {
		t.Errorf("a reader: %v", err)
	}
	if err := do(oidc.HelpDesk, "sign-up approve", ids[0]); err != nil {
		t.Errorf("the help desk: %v", err)
	}
	if err := do(oidc.HelpDesk, "sign-up domain remove", "*"); !errors.As(err, new(admin.Forbidden)) {
		t.Errorf("the help desk changes to whom accounts are open: %v", err)
	}
	r.Exec(`INSERT INTO sign_up_domain_groups (domain, group_name) VALUES ('*', 'admins')`)
	if err := do(oidc.HelpDesk, "sign-up approve", ids[1]); !errors.As(err, new(admin.Forbidden)) {
		t.Errorf("the help desk makes an administrator: %v", err)
	}
	if len(r.waits()) != 1 || r.Count(`SELECT count(*) FROM invitations`) != 1 {
		t.Error("what was refused was done")
	}
}

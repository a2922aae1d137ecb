package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/api/admin"
	. "gatehouse/api/apitest"
	"gatehouse/api/provider"
)

// whereAccountsAreOpen has people of uni.example have accounts by themselves, as members of class, and with more of them those of
// others.
func whereAccountsAreOpen(t *testing.T, more ...admin.AddSignUpDomain) (r *rig, server *SMTP) {
	t.Helper()
	server = StartSMTP(t)
	r = start(t, server.Settings, func(s *provider.Settings) { s.AdminGroup, s.HelpDeskGroup = "admins", "desk" })
	r.Exec(`INSERT INTO groups (name) VALUES ('class'), ('admins'), ('desk')`)
	for _, d := range append(more, admin.AddSignUpDomain{Domain: "uni.example", Groups: []string{"class"}}) {
		if _, err := r.Admin.AddSignUpDomain(r.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	r.WaitForNotify()
	return r, server
}

// signsUp asks for an account from the login page on, and returns where that leads.
func (b *browser) signsUp(email string, more ...string) string {
	page := b.on(b.Authorize(AuthParams()).Header.Get("Location"), "/login", "sign_up", "yes")
	return b.on(page, "/sign-up", append([]string{"email", email, "language", "en"}, more...)...)
}

// waitForSignUps returns when it was decided what becomes of all that was asked for.
func (r *rig) waitForSignUps() {
	r.Helper()
	wait(r.T, func() bool {
		return r.Count(`SELECT count(*) FROM sign_up_requests WHERE looked_at IS NULL`) == 0 &&
			r.Count(`SELECT count(*) FROM mail_outbox WHERE template = 'sign_up' AND sent_at IS NULL`) == 0
	})
}

func TestPeopleOfADomainMakeAccountsByThemselves(t *testing.T) {
	t.Parallel()
	r, server := whereAccountsAreOpen(t)
	b := r.browser()
	login := b.Authorize(AuthParams()).Header.Get("Location")
	if b.Interaction(login)["sign_up"] != true {
		t.Fatal("the login page does not offer it")
	}
	sent := b.signsUp(" Ada@UNI.example ")
	if view := b.Interaction(sent); view["page"] != "sign_up" || view["sent"] != true || view["approval"] != nil {
		t.Fatalf("%v", view)
	}
	code, token := invitationIn(r, r.WaitForMail(server, "Ada@uni.example", 1)[0])
	// In the browser where they asked the link is enough; in another one it takes the code, whatever programs post there.
	other := r.browser()
	page := other.openLink(token)
	if other.Interaction(page)["code"] != true || other.errorOn(other.on(page, "/invitation", "username", "eve")) != "wrong_mailed_code" {
		t.Error("another browser does without the code")
	}
	if view := other.Interaction(other.on(page, "/invitation", "code", code)); view["new"] != true {
		t.Errorf("another browser with the code: %v", view)
	}
	page = b.openLink(token)
	if view := b.Interaction(page); view["code"] != nil || view["new"] != true {
		t.Fatalf("%v", view)
	}
	b.setPassword(b.on(page, "/invitation", "username", "ada"), newPassword)
	if n := r.Count(`SELECT count(*) FROM users JOIN group_members USING (username) WHERE username = 'ada' AND email = 'Ada@uni.example'
		AND email_verified AND group_name = 'class'`); n != 1 {
		t.Error("there is no such account")
	}
	if n := r.Count(`SELECT count(*) FROM invitations WHERE client_id = 'web' AND created_by = 'sign-up'`); n != 1 {
		t.Error("the invitation does not end where they came from")
	}
}

// Whoever types an address learns nothing: the answer is the same page, with the same statements before it, and the mailbox alone gets to
// know more.
func TestSignUpTellsNobodyWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	r, server := whereAccountsAreOpen(t)
	r.Exec(`INSERT INTO users (username, email, email_verified, disabled_at) VALUES ('bob', 'bob@uni.example', true, NULL),
		('gone', 'gone@uni.example', true, now()), ('roster', 'roster@uni.example', false, NULL)`)
	answers := map[string]string{}
	for _, email := range []string{"new@uni.example", "bob@uni.example", "Bob+again@uni.example", "gone@uni.example", "roster@uni.example",
		"who@elsewhere.example"} {
		b := r.browser()
		view := b.Interaction(b.signsUp(email))
		delete(view, "request")
		delete(view, "request_id")
		delete(view, "email")
		delete(view, "expires_in")
		answers[fmt.Sprint(view)] = email
	}
	if len(answers) != 1 {
		t.Errorf("answers differ: %v", answers)
	}
	r.waitForSignUps()
	for to, want := range map[string]string{"new@uni.example": "Your account: Gatehouse", "bob@uni.example": "You have an account already",
		"roster@uni.example": "You have an account already"} {
		if mail := r.WaitForMail(server, to, 1)[0]; !strings.HasPrefix(mail.Subject, want) {
			t.Errorf("%s: %s", to, mail.Subject)
		}
	}
	var to []string
	for _, m := range server.Mails() {
		to = append(to, m.To)
	}
	slices.Sort(to)
	if want := []string{"bob@uni.example", "bob@uni.example", "new@uni.example", "roster@uni.example"}; !slices.Equal(to, want) {
		t.Errorf("mails went to %v", to)
	}
	if r.Count(`SELECT count(*) FROM invitations`) != 1 {
		t.Error("more than one is invited")
	}
}

// What looks like an address of the domain, or hides another one, is none.
func TestAddressesThatAreMeantToDeceiveGetNoAccount(t *testing.T) {
	t.Parallel()
	r, server := whereAccountsAreOpen(t)
	for name, email := range map[string]string{
		"a domain below the domain":     "ada@cs.uni.example",
		"the domain as a label":         "ada@uni.example.evil.net",
		"the domain as a suffix":        "ada@eviluni.example",
		"a Cyrillic letter":             "ada@unі.example",
		"a small capital":               "ada@ᴜni.example",
		"another domain in Punycode":    "ada@xn--un-uma.example",
		"a percent hack":                "ada%uni.example@evil.net",
		"a local part with a bang":      "evil.net!ada@relay.example",
		"the last letters of a domain":  "ada@i.example",
		"an underscore":                 "ada@uni_.example",
		"a domain with a trailing part": "ada@uni.example.",
	} {
		b := r.browser()
		to := b.signsUp(email)
		if view := b.Interaction(to); view["sent"] != true && b.errorOn(to) != "invalid_email" {
			t.Errorf("%s: %v", name, view)
		}
	}
	for name, email := range map[string]string{
		"a quoted local part":    `"ada@uni.example"@evil.net`,
		"a quoted name":          `"Ada" <ada@uni.example>`,
		"a comment":              "ada(eve@evil.net)@uni.example",
		"two addresses":          "ada@uni.example,eve@evil.net",
		"two at signs":           "ada@evil.net@uni.example",
		"a header":               "ada@uni.example\r\nBcc: eve@evil.net",
		"a header after a space": "ada@uni.example Bcc:eve@evil.net",
		"a source route":         "@evil.net:ada@uni.example",
		"an address literal":     "ada@[192.0.2.1]",
		"a right-to-left mark":   "ada\u202e@uni.example",
		"a zero-width space":     "ada@uni\u200b.example",
		"a NUL":                  "ada@uni.example\x00",
		"nothing":                "",
	} {
		b := r.browser()
		if to := b.signsUp(email); b.errorOn(to) != "invalid_email" && b.errorOn(to) != "invalid_request" {
			t.Errorf("%s: %s", name, to)
		}
	}
	r.waitForSignUps()
	if n := r.Count(`SELECT count(*) FROM invitations`); n != 0 || len(server.Mails()) != 0 {
		t.Errorf("%d invitations, mails: %v", n, server.Mails())
	}
	// The same domain in other letters is the domain.
	b := r.browser()
	b.signsUp("ada@Uni.EXAMPLE")
	r.WaitForMail(server, "ada@uni.example", 1)
}

// Tags behind a + lead to one mailbox, which has one account, and one invitation at a time.
func TestOneMailboxHasOneAccount(t *testing.T) {
	t.Parallel()
	r, server := whereAccountsAreOpen(t)
	b := r.browser()
	b.signsUp("ada+one@uni.example")
	_, first := invitationIn(r, r.WaitForMail(server, "ada+one@uni.example", 1)[0])
	b.signsUp("ADA+two@uni.example")
	_, second := invitationIn(r, r.WaitForMail(server, "ADA+two@uni.example", 1)[0])
	if to := b.openLink(first); b.errorOn(to) != "link_unknown" {
		t.Errorf("the first invitation leads to %s", to)
	}
	b.setPassword(b.on(b.openLink(second), "/invitation", "username", "ada"), newPassword)
	r.browser().signsUp("ada+three@uni.example")
	mails := r.WaitForMail(server, "ADA+two@uni.example", 3) // the invitation, that ada signed in at a new browser, and this one
	if !slices.ContainsFunc(mails, func(m ReceivedMail) bool { return strings.Contains(m.Text, "You have one already: ada") }) {
		t.Errorf("%v", mails)
	}
	if n := r.Count(`SELECT count(*) FROM invitations WHERE uses_left > 0`); n != 0 {
		t.Errorf("%d invitations are left", n)
	}
}

func TestSignUpIsNoBombOfMail(t *testing.T) {
	t.Parallel()
	r, server := whereAccountsAreOpen(t)
	for range 3 {
		b := r.browser()
		for i := range 4 { // more from one mailbox within an hour are not taken, whichever tag it has
			b.signsUp(fmt.Sprintf("victim+%d@uni.example", i), "name", "Buy pills at evil.example")
		}
		b = r.browser()
		page := b.on(b.Authorize(AuthParams()).Header.Get("Location"), "/login", "sign_up", "yes")
		if a := b.posts(page, "/sign-up", "email", "victim@uni.example"); a.Status != 429 {
			t.Errorf("once more: %d", a.Status)
		}
		r.waitForSignUps()
		r.Later(time.Hour + time.Second)
	}
	mails := server.Mails()
	if len(mails) != 5 { // within a day
		t.Errorf("%d mails", len(mails))
	}
	for _, m := range mails {
		if strings.Contains(m.Raw, "pills") {
			t.Errorf("what somebody typed is in the mail:\n%s", m.Raw)
		}
	}
}

func TestSignUpTakesNoMoreThanItHasRoomFor(t *testing.T) {
	t.Parallel()
	r, _ := whereAccountsAreOpen(t)
	fill := func(n int, network string) {
		r.Exec(`INSERT INTO sign_up_requests (id, email, network_hmac, browser_sha256, looked_at, created_at, expires_at)
			SELECT gen_random_uuid(), i || '@x.example', `+network+`, '', now(), now(), now() + interval '1 day'
			FROM generate_series(1, $1) AS i`, n)
	}
	ask := func() int {
		b := r.browser()
		page := b.on(b.Authorize(AuthParams()).Header.Get("Location"), "/login", "sign_up", "yes")
		return b.posts(page, "/sign-up", "email", "ada@uni.example").Status
	}
	if ask() != 303 { // of our network there is one now
		t.Fatal("refused")
	}
	fill(299, `(SELECT network_hmac FROM sign_up_requests LIMIT 1)`)
	if status := ask(); status != 429 {
		t.Errorf("a full network: %d", status)
	}
	r.Exec(`DELETE FROM sign_up_requests`)
	fill(2000, `sha256(i::text::bytea)`)
	if status := ask(); status != 429 {
		t.Errorf("a full table: %d", status)
	}
	r.Later(time.Hour + time.Second)
	if status := ask(); status != 303 {
		t.Errorf("an hour later: %d", status)
	}
}

func TestWhereAccountsAreNotOpenNothingSaysThatTheyCouldBe(t *testing.T) {
	t.Parallel()
	r, server := whereAccountsAreOpen(t)
	b := r.browser()
	page := b.on(b.Authorize(AuthParams()).Header.Get("Location"), "/login", "sign_up", "yes")
	if _, err := r.Admin.RemoveSignUpDomain(r.Context(), admin.SignUpDomainName{Domain: "uni.example"}); err != nil {
		t.Fatal(err)
	}
	r.WaitForNotify()
	if login := b.Interaction(b.Authorize(AuthParams()).Header.Get("Location")); login["sign_up"] != nil {
		t.Error("the login page offers it")
	}
	if a := b.posts(page, "/sign-up", "email", "ada@uni.example"); a.Status != 400 {
		t.Errorf("a page that was open: %d", a.Status)
	}
	without := start(t)
	without.Exec(`INSERT INTO sign_up_domains (domain) VALUES ('uni.example')`)
	without.WaitForNotify()
	if login := b.Interaction(without.browser().Authorize(AuthParams()).Header.Get("Location")); login["sign_up"] != nil {
		t.Error("without mail the login page offers it")
	}
	if len(server.Mails()) != 0 {
		t.Error("a mail was sent")
	}
}

package provider_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/oidc"
)

// invite makes an invitation into the group class and returns its token; set is more of its columns.
func (r *rig) invite(token, set string) string {
	r.Helper()
	digest := oidc.Digest(token)
	r.Exec(`INSERT INTO groups (name) VALUES ('class') ON CONFLICT DO NOTHING`)
	r.Exec(`INSERT INTO invitations (token_sha256) VALUES ($1)`, digest[:])
	if set != "" {
		r.Exec(`UPDATE invitations SET ` + set)
	}
	r.Exec(`INSERT INTO invitation_groups SELECT id, 'class' FROM invitations ON CONFLICT DO NOTHING`)
	return token
}

// accept takes an invitation up to the page of a new password, and returns where that leads.
func (b *browser) accept(token string, fields ...string) Answer {
	b.Helper()
	page := b.openLink(token)
	if MustParse(page).Path != "/accept-invitation" {
		b.Fatalf("the link leads to %s: %s", page, b.errorOn(page))
	}
	return b.post("/invitation", page, fields...)
}

func TestAnInvitationMakesAnAccountAndEndsAtItsApplication(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`UPDATE clients SET initiate_login_uri = 'https://hub.example.org/hub/oauth_login' WHERE client_id = 'web'`)
	r.WaitForNotify()
	token := r.invite("a token", `client_id = 'web', email = 'ada@uni.example', name = 'Ada Lovelace',
		account_expires_at = now() + interval '100 days', membership_until = now() + interval '50 days'`)
	r.Exec(`INSERT INTO users (username) VALUES ('gone')`)
	r.Exec(`DELETE FROM users WHERE username = 'gone'`)
	b := r.browser()
	page := b.openLink(token)
	view := b.Interaction(page)
	if view["page"] != "accept_invitation" || view["name"] != "Ada Lovelace" || view["email"] != "ada@uni.example" ||
		len(list(view["groups"])) != 1 || view["new"] != true || view["have"] != true || view["user"] != nil {
		t.Errorf("%v", view)
	}
	for _, test := range []struct{ username, name, want string }{
		{"alice", "Ada", "username_taken"}, {" ALICE ", "Ada", "username_taken"},
		{"al1ce", "Ada", "username_taken"}, {"a.lice", "Ada", "username_taken"}, {"gone", "Ada", "username_taken"},
		{"", "Ada", "username_unfit"}, {"ada l", "Ada", "username_unfit"},
		{strings.Repeat("a", 33), "Ada", "username_unfit"}, {"ada", strings.Repeat("x", 201), "name_unfit"},
		{"../ada", "", "username_unfit"},
	} {
		a := b.post("/invitation", page, "username", test.username, "name", test.name)
		if code := b.errorOn(a.Header.Get("Location")); code != test.want {
			t.Errorf("%q, %q: %q, want %s", test.username, test.name, code, test.want)
		}
	}
	next := b.post("/invitation", page, "username", " Ada", "name", " Ada  Lovelace ").Header.Get("Location")
	if b.errorOn(b.setPassword(next, "short").Header.Get("Location")) != "password_too_short" ||
		r.Count(`SELECT uses_left FROM invitations`) != 1 ||
		r.Count(`SELECT count(*) FROM users WHERE username = 'ada'`) != 0 {
		t.Error("a password that is refused spent the invitation")
	}
	done := b.setPassword(next, newPassword)
	if to := done.Header.Get("Location"); to != "https://hub.example.org/hub/oauth_login?iss="+url.QueryEscape(r.Issuer) {
		t.Fatalf("it ends at %s", to)
	}
	if b.Code(AuthParams()) == "" || !strings.Contains(b.Do("GET", "/account", nil).Location().Path, "/account") {
		t.Error("nobody is signed in")
	}
	if n := r.Count(`SELECT count(*) FROM users u JOIN group_members m USING (username) WHERE username = 'ada' AND name = 'Ada Lovelace'
		AND email = 'ada@uni.example' AND NOT email_verified AND expires_at > now() + interval '99 days'
		AND m.until < now() + interval '51 days' AND m.group_name = 'class'`); n != 1 {
		t.Error("the account is not as the invitation says")
	}
	if code := r.browser().errorOn(r.browser().openLink(token)); code != "invitation_spent" {
		t.Errorf("a second time: %s", code)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE table_name = 'users' AND actor = 'ada' AND operation = 'accept invitation'
		AND door = 'page'`); n != 1 {
		t.Errorf("%d rows in the audit", n)
	}
}

func TestAnInvitationIsAcceptedWithAnAccountThatIsThere(t *testing.T) {
	t.Parallel()
	r := start(t)
	token := r.invite("a token", `uses_left = 2`)
	b := r.browser()
	b.Code(AuthParams()) // alice is signed in
	page := b.openLink(token)
	if user, _ := b.Interaction(page)["user"].(map[string]any); Str(user["username"]) != "alice" {
		t.Fatalf("%v", b.Interaction(page))
	}
	for range 2 { // the second time they have it already
		a := b.post("/invitation", page, "have", "me")
		if view := b.Interaction(a.Header.Get("Location")); view["page"] != "account" || view["done"] != "invitation_accepted" {
			t.Fatalf("%d %v", a.Status, view["page"])
		}
	}
	if r.Count(`SELECT uses_left FROM invitations`) != 1 || r.Count(`SELECT count(*) FROM group_members WHERE username = 'alice'
		AND group_name = 'class'`) != 1 {
		t.Error("it was spent twice, or alice is in no group")
	}
	// Somebody who is not signed in yet: at the sign-in first.
	r.Exec(`INSERT INTO users (username, password) VALUES ('bob', crypt($1, gen_salt('bf', 4)))`, Password)
	other := r.browser()
	a := other.accept(token, "have", "other")
	if a.Location().Path != "/login" {
		t.Fatal(a.Location())
	}
	after := other.Login(a.Location(), "bob", Password)
	if view := other.Interaction(after.Header.Get("Location")); view["done"] != "invitation_accepted" ||
		r.Count(`SELECT count(*) FROM group_members WHERE username = 'bob' AND group_name = 'class'`) != 1 {
		t.Errorf("%d %v", after.Status, view)
	}
	if r.Count(`SELECT uses_left FROM invitations`) != 0 {
		t.Error("a use is left")
	}
}

func TestUsesOfAnInvitationHoldExactly(t *testing.T) {
	t.Parallel()
	r := start(t)
	token := r.invite("a token", `uses_left = 5`)
	const people = 20
	pages, browsers := make([]string, people), make([]*browser, people)
	for i := range people {
		browsers[i] = r.browser()
		pages[i] = browsers[i].accept(token, "username", "p"+string(rune('a'+i))).Header.Get("Location")
	}
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() { browsers[i].setPassword(pages[i], newPassword) })
	}
	all.Wait()
	made, left := r.Count(`SELECT count(*) FROM users WHERE username ~ '^p.$'`), r.Count(`SELECT uses_left FROM invitations`)
	if made != 5 || left != 0 ||
		r.Count(`SELECT count(*) FROM invitation_uses`) != 5 || r.Count(`SELECT count(*) FROM group_members WHERE group_name = 'class'`) != 5 {
		t.Errorf("%d accounts, %d uses left", made, left)
	}
}

func TestAnInvitationThatIsNoGoodSaysWhyAndMakesNobody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, sql, want string }{
		{"expired while somebody types",
			`UPDATE invitations SET created_at = now() - interval '2 days', expires_at = now() - interval '1 s'`, "link_expired"},
		{"revoked", `DELETE FROM invitations`, "link_unknown"},
		{"used up", `UPDATE invitations SET uses_left = 0`, "invitation_spent"},
		{"the name is somebody's by now", `INSERT INTO users (username) VALUES ('ada')`, "username_taken"},
		{"for passkeys alone by now", `UPDATE invitations SET methods = '{passkey}'`, "invitation_spent"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			b, token := r.browser(), r.invite("a token", "")
			next := b.accept(token, "username", "ada").Header.Get("Location")
			r.Exec(test.sql)
			a := b.setPassword(next, newPassword)
			if code := b.errorOn(a.Header.Get("Location")); code != test.want {
				t.Errorf("%d %s, want %s", a.Status, code, test.want)
			}
			if r.Count(`SELECT count(*) FROM users WHERE password IS NOT NULL AND username = 'ada'`) != 0 {
				t.Error("there is an account")
			}
		})
	}
}

func TestAnInvitationIsGoodInTheBrowserThatOpenedIt(t *testing.T) {
	t.Parallel()
	r := start(t)
	b, token := r.browser(), r.invite("a token", "")
	page := b.openLink(token)
	if a := r.browser().post("/invitation", page, "username", "ada"); a.Status != 400 {
		t.Errorf("the page in another browser: %d", a.Status)
	}
	next := b.post("/invitation", page, "username", "ada").Header.Get("Location")
	if a := r.browser().setPassword(next, newPassword); a.Status != 400 {
		t.Errorf("the password in another browser: %d", a.Status)
	}
	// Only who is still signed in joins.
	b.Code(AuthParams())
	page = b.openLink(token)
	r.Exec(`UPDATE sessions SET ended_at = now()`)
	if a := b.post("/invitation", page, "have", "me"); a.Location().Path != "/login" {
		t.Errorf("after the session has ended: %d %s", a.Status, a.Location())
	}
	if r.Count(`SELECT uses_left FROM invitations`) != 1 {
		t.Error("it was spent")
	}
}

func TestAnInvitationMakesAnAccountWithAPasskey(t *testing.T) {
	t.Parallel()
	r := start(t)
	token := r.invite("a token", `methods = '{passkey}'`)
	b, key := r.browser(), NewAuthenticator()
	next := b.accept(token, "username", "ada").Header.Get("Location")
	view := b.Interaction(next)
	if view["passkey_only"] != true {
		t.Fatalf("%v", view)
	}
	a := b.post("/new-password", next, "credential", key.Create(view["passkey"]), "new_password", newPassword)
	login := a.Header.Get("Location")
	if MustParse(login).Path != "/login" || r.Count(`SELECT count(*) FROM passkeys JOIN users ON id = user_id WHERE username = 'ada'`) != 1 ||
		r.Count(`SELECT count(*) FROM users WHERE username = 'ada' AND password IS NULL`) != 1 {
		t.Fatalf("%d %s", a.Status, login)
	}
	done := b.byPasskey(login, key.Get(b.Interaction(login)["passkey"]))
	if view := b.Interaction(done.Header.Get("Location")); view["done"] != "invitation_accepted" {
		t.Errorf("%d %v", done.Status, view)
	}
}

// An account's end is the end of what it may do with an invitation, too.
func TestWhoseAccountEndedJoinsNothing(t *testing.T) {
	t.Parallel()
	r := start(t)
	token := r.invite("a token", "")
	b := r.browser()
	b.Code(AuthParams())
	page := b.openLink(token)
	r.Exec(`UPDATE users SET expires_at = $1 WHERE username = 'alice'`, r.Now().Add(time.Minute))
	r.Later(time.Minute)
	if a := b.post("/invitation", page, "have", "me"); a.Location().Path != "/login" || r.Count(`SELECT uses_left FROM invitations`) != 1 {
		t.Errorf("%d %s", a.Status, a.Location())
	}
}

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

const newPassword = "a staple, correct horse"

// link makes an account link for alice and returns its token.
func (r *rig) link(token string) string {
	digest := oidc.Digest(token)
	r.Exec(`INSERT INTO account_links (username, token_sha256) VALUES ('alice', $1)`, digest[:])
	return token
}

// openLink posts the token as the page does, and returns the address that it leads to.
func (b *browser) openLink(token string) string {
	return b.Do("POST", "/link", url.Values{"link": {token}}, "Origin", UIOrigin).Header.Get("Location")
}

// setPassword posts the form of the page at location.
func (b *browser) setPassword(location, password string) Answer {
	u, _ := url.Parse(location)
	return b.Do("POST", "/new-password", url.Values{"request": {u.Query().Get("request")}, "new_password": {password}}, "Origin", UIOrigin)
}

// errorOn is the code of the error on the page at location.
func (b *browser) errorOn(location string) string {
	e, _ := b.Interaction(location)["error"].(map[string]any)
	return Str(e["code"])
}

// signsIn reports whether alice signs in with the password in a browser of her own.
func (r *rig) signsIn(password string) bool {
	other := r.browser()
	return other.Login(other.Authorize(AuthParams()).Location(), "alice", password).Query("code") != ""
}

func TestALinkSetsAPasswordOnceAndEndsWhatWasSignedIn(t *testing.T) {
	t.Parallel()
	r := start(t)
	before := r.browser()
	tokens := before.Token(Redeem(before.Code(AuthParams("scope", "openid offline_access")))).JSON()
	b, token := r.browser(), r.link("a token")
	b.openLink(token)
	page := b.openLink(token)
	if !strings.HasPrefix(page, UIOrigin+"/new-password?") { // a look spends nothing
		t.Fatal(page)
	}
	view := b.Interaction(page)
	if user, _ := view["user"].(map[string]any); Str(user["username"]) != "alice" || view["must"] != nil || view["min"] != 8.0 {
		t.Errorf("%v", view)
	}
	for password, code := range map[string]string{"short": "password_too_short", "password1": "password_common", "alice": "password_too_short",
		"alice@example.org": "password_is_name", strings.Repeat("größe ", 200): "password_too_long"} {
		if a := b.setPassword(page, password); b.errorOn(a.Header.Get("Location")) != code {
			t.Errorf("%.20q: %d %s, want %s", password, a.Status, b.errorOn(a.Header.Get("Location")), code)
		}
	}
	if !r.signsIn(Password) {
		t.Fatal("a password that is refused replaced the one that there was")
	}
	a := b.setPassword(page, newPassword)
	login := b.Interaction(a.Header.Get("Location"))
	if a.Status != 303 || login["page"] != "login" || login["done"] != "password_set" || Str(login["username"]) != "alice" {
		t.Fatalf("%d %v", a.Status, login)
	}
	if r.signsIn(Password) || !r.signsIn(newPassword) {
		t.Error("the old password counts, or the new one does not")
	}
	if before.Do("GET", "/account", nil).Location().Path != "/login" || before.Token(Refresh(Str(tokens["refresh_token"]))).Status != 400 {
		t.Error("what was signed in before goes on")
	}
	if a := b.setPassword(page, newPassword); b.errorOn(a.Header.Get("Location")) != "link_spent" {
		t.Errorf("a second time: %d %s", a.Status, a.Location())
	}
	if to := b.openLink(token); b.errorOn(to) != "link_spent" {
		t.Errorf("%s", to)
	}
	if shown := b.Interaction(page); shown["page"] != "error" {
		t.Errorf("the page of a spent link: %v", shown)
	}
}

func TestALinkEndsAtTheApplicationThatItNames(t *testing.T) {
	t.Parallel()
	r := start(t)
	for name, one := range map[string]struct{ sql, end string }{
		"where it starts a sign-in": {`UPDATE clients SET initiate_login_uri = 'https://hub.example.org/hub/oauth_login' WHERE client_id = 'web'`,
			"https://hub.example.org/hub/oauth_login?iss="},
		"else at its home page": {`UPDATE clients SET initiate_login_uri = NULL, client_uri = 'https://hub.example.org/' WHERE client_id = 'web'`,
			"https://hub.example.org/"},
		"not while it is disabled": {`UPDATE clients SET disabled_at = now() WHERE client_id = 'web'`, UIOrigin + "/account?"},
	} {
		r.Exec(`UPDATE clients SET disabled_at = NULL WHERE client_id = 'web'`)
		r.Exec(one.sql)
		b, token := r.browser(), r.link(name)
		r.Exec(`UPDATE account_links SET client_id = 'web' WHERE spent_at IS NULL`)
		r.WaitForNotify()
		a := b.Login(MustParse(b.setPassword(b.openLink(token), newPassword).Header.Get("Location")), "alice", newPassword)
		if to := a.Header.Get("Location"); a.Status != 303 || !strings.HasPrefix(to, one.end) {
			t.Errorf("%s: %d %s", name, a.Status, to)
		}
	}
}

func TestALinkThatIsNoGoodSaysWhy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, sql, want string }{
		{"expired", `UPDATE account_links SET created_at = now() - interval '2 days', expires_at = now() - interval '1 second'`, "link_expired"},
		{"replaced", `INSERT INTO account_links (username, token_sha256) VALUES ('alice', sha256('a newer one'))`, "link_spent"},
		{"deleted", `DELETE FROM account_links`, "link_unknown"},
		{"of somebody who is disabled", `UPDATE users SET disabled_at = now()`, "link_unknown"},
		{"the password changed without it", `UPDATE users SET password = password_hash('another horse') WHERE username = 'alice'`, "link_spent"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			b, token := r.browser(), r.link("a token")
			page := b.openLink(token)
			r.Exec(test.sql)
			if to := b.openLink(token); b.errorOn(to) != test.want {
				t.Errorf("opened: %s", b.errorOn(to))
			}
			if a := b.setPassword(page, newPassword); b.errorOn(a.Header.Get("Location")) != test.want {
				t.Errorf("used: %d %s", a.Status, b.errorOn(a.Header.Get("Location")))
			}
			if n := r.Count(`SELECT count(*) FROM users WHERE password_changed_at > created_at AND password NOT LIKE '$2%'`); n != 0 {
				t.Error("the password was set")
			}
		})
	}
	b := start(t).browser()
	for _, token := range []string{"", "nobody made it", strings.Repeat("x", 5000)} {
		if to := b.openLink(token); b.errorOn(to) != "link_unknown" {
			t.Errorf("%.20q: %s", token, to)
		}
	}
}

func TestALinkIsForTheBrowserAndThePageThatOpenedIt(t *testing.T) {
	t.Parallel()
	r := start(t)
	b, token := r.browser(), r.link("a token")
	page := b.openLink(token)
	if a := r.browser().setPassword(page, newPassword); a.Status != 400 {
		t.Errorf("another browser: %d", a.Status)
	}
	if a := b.Do("POST", "/link", url.Values{"link": {token}}, "Origin", "https://evil.example"); a.Status != 403 {
		t.Errorf("another site opens it: %d", a.Status)
	}
	u, _ := url.Parse(page)
	form := url.Values{"request": {u.Query().Get("request")}, "new_password": {newPassword}}
	if a := b.Do("POST", "/new-password", form, "Origin", "https://evil.example"); a.Status != 403 {
		t.Errorf("another site posts it: %d", a.Status)
	}
	if a := b.Login(u, "alice", Password); a.Status != 400 {
		t.Errorf("the request of this page at another: %d", a.Status)
	}
	form["new_password"] = []string{newPassword, newPassword}
	if a := b.Do("POST", "/new-password", form, "Origin", UIOrigin); a.Status != 400 {
		t.Errorf("two passwords: %d", a.Status)
	}
}

func TestOfManyWhoUseALinkAtOnceOneWins(t *testing.T) {
	t.Parallel()
	r := start(t)
	token := r.link("a token")
	var wait sync.WaitGroup
	var lock sync.Mutex
	won := 0
	for range 50 {
		b := r.browser()
		page := b.openLink(token)
		wait.Go(func() {
			for range 20 { // 503 is for another try
				a := b.setPassword(page, newPassword)
				if a.Status == 503 {
					time.Sleep(100 * time.Millisecond)
					continue
				}
				lock.Lock()
				defer lock.Unlock()
				if b.Interaction(a.Header.Get("Location"))["done"] == "password_set" {
					won++
				}
				return
			}
		})
	}
	if wait.Wait(); won != 1 {
		t.Errorf("%d won", won)
	}
}

func TestWhoeverMustChangeTheirPasswordDoesSoFirst(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`UPDATE users SET must_change_password = true WHERE username = 'alice'`)
	b := r.browser()
	a := b.Login(b.Authorize(AuthParams("state", "of the request")).Location(), "alice", Password)
	page := a.Header.Get("Location")
	if view := b.Interaction(page); view["page"] != "new_password" || view["must"] != true {
		t.Fatalf("%d %v", a.Status, view)
	}
	if a := b.Authorize(AuthParams("prompt", "none")); a.Query("error") != "interaction_required" {
		t.Errorf("prompt=none: %s", a.Location())
	}
	if a := b.Do("GET", "/account", nil); a.Location().Path != "/new-password" {
		t.Errorf("the account page: %s", a.Location())
	}
	if a := b.setPassword(page, Password); b.errorOn(a.Header.Get("Location")) != "password_unchanged" {
		t.Errorf("the same one: %s", a.Location())
	}
	a = b.setPassword(page, newPassword)
	if a.Query("code") == "" || a.Query("state") != "of the request" {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	if r.signsIn(Password) || !r.signsIn(newPassword) {
		t.Error("the old password counts, or the new one does not")
	}
	if a := b.Authorize(AuthParams()); a.Query("code") == "" {
		t.Errorf("the session has ended: %s", a.Location())
	}
	if a := b.setPassword(page, "yet another horse"); a.Query("code") == "" || r.signsIn("yet another horse") {
		t.Errorf("the page set a password twice: %s", a.Location())
	}
}

// The page takes the new password without the old one, so it is for somebody who typed that a moment ago.
func TestAnOldSessionMustSignInToChangeThePassword(t *testing.T) {
	t.Parallel()
	r := start(t)
	b := r.browser()
	b.Code(AuthParams())
	r.Exec(`UPDATE users SET must_change_password = true`)
	r.Later(oidc.FreshSignIn + time.Minute)
	a := b.Authorize(AuthParams())
	if a.Location().Path != "/login" {
		t.Fatal(a.Location())
	}
	if a = b.Login(a.Location(), "alice", Password); a.Location().Path != "/new-password" {
		t.Error(a.Location())
	}
	r.Exec(`UPDATE sessions SET amr = '{otp}'`) // whoever comes without a password has none to change
	if a := b.Authorize(AuthParams()); a.Query("code") == "" {
		t.Error(a.Location())
	}
}

// change posts the form of the account page at location.
func (b *browser) change(location, former, password string, more ...string) Answer {
	u, _ := url.Parse(location)
	form := url.Values{"request": {u.Query().Get("request")}, "password": {former}, "new_password": {password}}
	for _, name := range more {
		form.Set(name, "yes")
	}
	return b.Do("POST", "/account/password", form, "Origin", UIOrigin)
}

func TestThePasswordIsChangedOnTheAccountPage(t *testing.T) {
	t.Parallel()
	for _, keeps := range []bool{false, true} {
		r := start(t)
		elsewhere, b := r.browser(), r.browser()
		tokens := elsewhere.Token(Redeem(elsewhere.Code(AuthParams("scope", "openid offline_access")))).JSON()
		mine := b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()
		page := b.openAccount()
		if shown, _ := b.Interaction(page)["password"].(map[string]any); shown["changed_at"] == nil || shown["min"] != 8.0 {
			t.Fatalf("%v", shown)
		}
		for _, refused := range []struct{ former, password, code string }{
			{"wrong", newPassword, "wrong_password"}, {Password, "short", "password_too_short"}, {Password, Password, "password_unchanged"},
			{Password, "alice@example.org", "password_is_name"},
		} {
			a := b.change(page, refused.former, refused.password)
			if code := b.errorOn(a.Header.Get("Location")); code != refused.code {
				t.Errorf("%v: %d %s", refused, a.Status, code)
			}
		}
		var more []string
		if keeps {
			more = []string{"keep_sessions"}
		}
		a := b.change(page, Password, newPassword, more...)
		if b.Interaction(a.Header.Get("Location"))["done"] != "password_changed" {
			t.Fatalf("%d %s", a.Status, a.Location())
		}
		if r.signsIn(Password) || !r.signsIn(newPassword) {
			t.Error("the old password counts, or the new one does not")
		}
		if b.Do("GET", "/account", nil).Location().Path != "/account" || b.Token(Refresh(Str(mine["refresh_token"]))).Status != 200 {
			t.Error("the session that changed it has ended")
		}
		goesOn := elsewhere.Do("GET", "/account", nil).Location().Path == "/account"
		refreshed := elsewhere.Token(Refresh(Str(tokens["refresh_token"]))).Status == 200
		if goesOn != keeps || refreshed != keeps {
			t.Errorf("keep_sessions %v: the session elsewhere goes on: %v, its grant: %v", keeps, goesOn, refreshed)
		}
	}
}

func TestTheFormOfTheAccountPageIsNoWayAroundTheThrottle(t *testing.T) {
	t.Parallel()
	r := start(t)
	thief := r.browser()
	page := thief.openAccount()
	slowed := 0
	for range 40 {
		a := thief.change(page, "a guess", newPassword)
		if a.Status == 429 {
			slowed++
			if thief.errorOn(a.LeadsTo()) != "too_many_attempts" {
				t.Errorf("%s", a.LeadsTo())
			}
			break
		}
	}
	if slowed == 0 {
		t.Error("forty guesses were looked at")
	}
}

func TestAPasswordIsChangedByItsOwnerOnly(t *testing.T) {
	t.Parallel()
	r := start(t)
	b := r.browser()
	page := b.openAccount()
	if a := r.browser().change(page, Password, newPassword); a.Status != 400 {
		t.Errorf("another browser: %d", a.Status)
	}
	r.Exec(`UPDATE sessions SET ended_at = now()`)
	if a := b.change(page, Password, newPassword); a.Location().Path != "/login" || !r.signsIn(Password) {
		t.Errorf("the session has ended: %d %s", a.Status, a.Location())
	}
}

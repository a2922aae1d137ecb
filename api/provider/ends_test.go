package provider_test

import (
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// startAtTheEnd has alice's account or, with membership, her memberships end a second from now, by the rig's clock.
func startAtTheEnd(t *testing.T, membership bool) *rig {
	t.Helper()
	r := startAdmin(t)
	r.StopClock()
	end := r.Now().Truncate(time.Second).Add(time.Hour)
	r.Exec(`INSERT INTO clients (client_id, client_name, token_endpoint_auth_method, grant_types, allowed_groups)
		VALUES ('tv', 'The screen', 'none', ARRAY[$1, 'refresh_token'], '{staff}')`, deviceGrant)
	r.Exec(`INSERT INTO clients (client_id, grant_types, scope) VALUES ('api', ` + everyGrant + `, 'openid email')`)
	r.GiveSecret("api", "s")
	r.Exec(`INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('api', 'store', 'email')`)
	r.Exec(`UPDATE clients SET audiences = '{api}' WHERE client_id = 'web'`)
	if membership {
		r.Exec(`UPDATE clients SET allowed_groups = '{staff}' WHERE client_id IN ('web', 'spa', 'api')`)
		r.Exec(`UPDATE group_members SET until = $1`, end)
	} else {
		r.Exec(`UPDATE users SET expires_at = $1`, end)
	}
	r.WaitForNotify()
	r.Later(end.Sub(r.Now()) - time.Second)
	return r
}

// doorsOfAPerson are what a person, or what holds something of theirs, does: each gets ready, and then tries. A membership counts at those
// that open what groups open.
var doorsOfAPerson = map[string]struct {
	ofGroups bool
	ready    func(b *browser) (try func() bool)
}{
	"password": {true, func(b *browser) func() bool {
		page := b.Authorize(AuthParams()).Location()
		return func() bool { return b.Login(page, "alice", Password).Query("code") != "" }
	}},
	"passkey": {true, func(b *browser) func() bool {
		key := NewAuthenticator()
		b.browser().addPasskey(key)
		page := b.loginPage()
		answer := key.Get(b.Interaction(page)["passkey"])
		return func() bool { return b.byPasskey(page, answer).Query("code") != "" }
	}},
	"account link": {false, func(b *browser) func() bool {
		page := b.openLink(b.rig.link("a token"))
		return func() bool {
			b.setPassword(page, "a quite new password")
			return b.Count("SELECT count(*) FROM account_links WHERE spent_at IS NOT NULL") == 1
		}
	}},
	"account link with a passkey": {false, func(b *browser) func() bool {
		page := b.openLink(b.rig.link("a token"))
		answer := NewAuthenticator().Create(b.Interaction(page)["passkey"])
		return func() bool {
			b.post("/new-password", page, "credential", answer)
			return b.Count("SELECT count(*) FROM passkeys") == 1
		}
	}},
	"single sign-on": {true, func(b *browser) func() bool {
		b.Code(AuthParams())
		return func() bool { return b.Authorize(AuthParams("prompt", "none")).Query("code") != "" }
	}},
	"consent": {true, func(b *browser) func() bool {
		a := b.Login(b.Authorize(SPAParams()).Location(), "alice", Password)
		return func() bool { return b.press("yes", a).Query("code") != "" }
	}},
	"code": {true, func(b *browser) func() bool {
		code := b.Code(AuthParams())
		return func() bool { return b.Token(Redeem(code)).Status == 200 }
	}},
	"refresh": {true, func(b *browser) func() bool {
		token := b.offline()
		return func() bool { return b.Token(Refresh(token)).Status == 200 }
	}},
	"introspection of a refresh token": {true, func(b *browser) func() bool {
		token := b.offline()
		return func() bool { return b.about("/introspect", token).JSON()["active"] == true }
	}},
	"userinfo": {true, func(b *browser) func() bool {
		token := Str(b.Token(Redeem(b.Code(AuthParams()))).JSON()["access_token"])
		return func() bool { return b.Userinfo(token).Status == 200 }
	}},
	"introspection": {true, func(b *browser) func() bool {
		token := Str(b.Token(Redeem(b.Code(AuthParams()))).JSON()["access_token"])
		return func() bool { return b.about("/introspect", token).JSON()["active"] == true }
	}},
	"personal token at userinfo": {false, func(b *browser) func() bool {
		token := b.personalAccessToken()
		return func() bool { return b.Userinfo(token).Status == 200 }
	}},
	"personal token at a service": {true, func(b *browser) func() bool {
		token := b.personalAccessToken()
		return func() bool { return b.about("/introspect", token).JSON()["active"] == true }
	}},
	"device": {true, func(b *browser) func() bool {
		d := b.waiting("openid")
		b.press("yes", b.toConsent(d.user))
		return func() bool { return d.poll().Status == 200 }
	}},
	"device that waits": {false, func(b *browser) func() bool {
		d := b.waiting("openid")
		consent := b.toConsent(d.user)
		return func() bool {
			b.press("yes", consent)
			return b.Count("SELECT count(*) FROM device_codes WHERE allowed") == 1
		}
	}},
	"exchange": {true, func(b *browser) func() bool {
		s := services{b}
		token := s.subject("openid email")
		return func() bool { return s.swap("api", token, "store").Status == 200 }
	}},
	"account page": {false, func(b *browser) func() bool {
		b.openAccount()
		return func() bool { return b.Do("GET", "/account", nil).Location().Path == "/account" }
	}},
	"form of the account page": {false, func(b *browser) func() bool {
		page := b.openAccount()
		return func() bool {
			b.makeToken(page)
			return b.Count("SELECT count(*) FROM personal_access_tokens") == 1
		}
	}},
	"admin API": {true, func(b *browser) func() bool {
		c := b.console("")
		return func() bool { return c.ask("GET", "/users", "").Status == 200 }
	}},
	"personal token at the admin API": {true, func(b *browser) func() bool {
		c := b.withToken("alice", "admin.read")
		return func() bool { return c.ask("GET", "/users", "").Status == 200 }
	}},
}

// An account, and a membership, ends at its very second: the moment before all doors are open, and at it none is.
func TestAnEndIsAnEndAtEachDoor(t *testing.T) {
	t.Parallel()
	for name, door := range doorsOfAPerson {
		for of, membership := range map[string]bool{"account": false, "membership": true} {
			if membership && !door.ofGroups {
				continue
			}
			t.Run(of+" at "+name, func(t *testing.T) {
				t.Parallel()
				if !door.ready(startAtTheEnd(t, membership).browser())() {
					t.Error("it is closed a second before the end")
				}
				r := startAtTheEnd(t, membership)
				try := door.ready(r.browser())
				if r.Later(time.Second); try() {
					t.Error("it is open at the end")
				}
			})
		}
	}
}

// Whoever has proved that the account is theirs is told that it has ended, and when; the log and the list of sign-ins have a reason of
// their own. Nobody else learns of it.
func TestWhoseAccountHasEndedIsToldWhen(t *testing.T) {
	t.Parallel()
	r := startAtTheEnd(t, false)
	r.Later(time.Second)
	end := r.Now().UTC().Format(time.RFC3339)
	b := r.browser()
	at := b.Authorize(AuthParams()).Location()
	if a := b.Login(at, "alice", "wrong"); b.errorOf(a) != "invalid_credentials" {
		t.Errorf("a wrong password: %s", b.errorOf(a))
	}
	a := b.Login(at, "alice", Password)
	said, _ := b.Interaction(a.LeadsTo())["error"].(map[string]any)
	if a.Status != 403 || said["code"] != "account_expired" || said["ended_at"] != end {
		t.Errorf("the right one: %d %v, want the end %s", a.Status, said, end)
	}
	if n := r.Count(`SELECT count(*) FROM sign_ins WHERE why = 'expired'`); n != 1 {
		t.Errorf("%d failures with the reason expired", n)
	}
	r.Exec(`UPDATE users SET disabled_at = now()`)
	a = b.Login(at, "alice", Password)
	said, _ = b.Interaction(a.LeadsTo())["error"].(map[string]any)
	if said["code"] != "account_disabled" || said["ended_at"] != nil {
		t.Errorf("disabled and ended: %v", said)
	}
}

func TestAnAccountThatHasEndedIsRefusedFromAnUpstream(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.StopClock()
	end := n.Now().Truncate(time.Second).Add(time.Hour)
	n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) VALUES ('up', $1, 'sub-bob', 'alice')`, n.there.Issuer)
	n.Exec(`UPDATE users SET expires_at = $1`, end)
	n.Later(end.Sub(n.Now()))
	n.there.Later(end.Sub(n.there.Now()))
	a := n.via(n.choose(n.Authorize(AuthParams()).Location(), "up"), "bob")
	said, _ := n.Interaction(a.LeadsTo())["error"].(map[string]any)
	if a.Status != 403 || said["code"] != "upstream_account_expired" || said["ended_at"] != end.UTC().Format(time.RFC3339) {
		t.Errorf("%d %v", a.Status, said)
	}
}

// A membership that has ended is in no claim, asks for no second factor and is no role.
func TestAMembershipThatHasEndedCountsNowhere(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.StopClock()
	b.Exec(`INSERT INTO client_claims (client_id, claim, value, from_group) VALUES ('web', 'role', '"teacher"', 'staff')`)
	b.Exec(`UPDATE group_members SET until = $1`, b.Now().Truncate(time.Second).Add(time.Minute))
	b.WaitForNotify()
	token := Str(b.Token(Redeem(b.Code(AuthParams("scope", "openid groups")))).JSON()["access_token"])
	if said := b.Userinfo(token).JSON(); len(list(said["groups"])) != 1 || said["role"] == nil {
		t.Errorf("before: %v", said)
	}
	b.Later(time.Minute)
	if said := b.Userinfo(token).JSON(); said["groups"] == nil || len(list(said["groups"])) != 0 || said["role"] != nil {
		t.Errorf("after: %v", said)
	}
	b.Exec(`UPDATE groups SET mfa = true WHERE name = 'staff'`)
	b.WaitForNotify()
	if b.Authorize(AuthParams("prompt", "none")).Query("code") == "" {
		t.Error("a group that they have left asks them for a factor")
	}
}

// The hour of a sign-in is in users.active_at; a sign-on, and another sign-in in the same hour, write nothing, and the row is no newer to
// applications.
func TestTheHourOfASignInIsNoted(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	r.Later(time.Until(time.Now().Truncate(time.Hour).Add(time.Hour + time.Minute)))
	active := func() (at time.Time, row, updated string) {
		if err := r.DB.QueryRow(t.Context(), `SELECT active_at, xmin::text, updated_at::text FROM users`).Scan(&at, &row, &updated); err != nil {
			t.Fatal(err)
		}
		return at, row, updated
	}
	b := r.browser()
	b.Code(AuthParams())
	first, row, then := active()
	if !first.Equal(r.Now().Truncate(time.Hour)) {
		t.Errorf("%s at %s", first, r.Now())
	}
	r.Later(2 * time.Minute)
	r.browser().Code(AuthParams())
	if _, again, _ := active(); again != row {
		t.Error("a second sign-in in the hour writes the row")
	}
	r.Later(time.Hour)
	b.Code(AuthParams()) // a sign-on
	if at, _, _ := active(); !at.Equal(first) {
		t.Errorf("a sign-on moves it to %s", at)
	}
	r.browser().Code(AuthParams())
	if at, _, last := active(); !at.Equal(first.Add(time.Hour)) || last != then {
		t.Errorf("after another hour: %s, and updated_at went from %s to %s", at, then, last)
	}
}

// The account page has the ends of the account and of memberships.
func TestTheAccountPageHasTheEnds(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	end := b.Now().Add(20 * 24 * time.Hour).Truncate(time.Second).UTC()
	b.Exec(`UPDATE users SET expires_at = $1`, end)
	b.Exec(`UPDATE group_members SET until = $1`, end.Add(-time.Hour))
	about, _ := b.Interaction(b.openAccount())["about"].(map[string]any)
	until, _ := about["groups_until"].(map[string]any)
	if about["expires_at"] != end.Format(time.RFC3339) || until["staff"] != end.Add(-time.Hour).Format(time.RFC3339) {
		t.Errorf("%v", about)
	}
}

package provider_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	. "gatehouse/api/apitest"
)

// startInvited is a browser that has opened an invitation at the one of two Gatehouses, and has accounts at the other alone.
func startInvited(t *testing.T, set string, upstream ...string) (neighbours, string) {
	t.Helper()
	n := startWithUpstream(t, upstream...)
	token := n.rig.invite("a token", set)
	return n, n.openLink(token)
}

// atUpstream presses the button of the upstream on the page of an invitation, signs in there, and returns the address that leads back.
func (n neighbours) atUpstream(page, username string) string {
	n.Helper()
	return n.signInThere(n.post("/invitation", page, "upstream", "up"), username).Location().String()
}

// person adds somebody at the upstream who is nobody here.
func (n neighbours) person(username, email string) {
	n.there.Exec(`INSERT INTO users (sub, username, password, name, email, email_verified)
		VALUES ('sub-' || $1, $1, crypt($2, gen_salt('bf', 4)), initcap($1), $3, true)`, username, Password, email)
}

func TestWhoIsInvitedSignsInAtAnUpstreamAndIsAUserOfIt(t *testing.T) {
	t.Parallel()
	n, page := startInvited(t, `client_id = 'web', uses_left = 2, account_expires_at = now() + interval '100 days',
		membership_until = now() + interval '50 days'`)
	n.Exec(`UPDATE clients SET initiate_login_uri = 'https://hub.example.org/hub/oauth_login' WHERE client_id = 'web'`)
	n.WaitForNotify()
	if offered := list(n.Interaction(page)["upstreams"]); len(offered) != 1 || offered[0].(map[string]any)["display_name"] != "The other" {
		t.Fatalf("%v", n.Interaction(page))
	}
	done := n.Do("GET", n.atUpstream(page, "bob"), nil)
	if to := done.Header.Get("Location"); to != "https://hub.example.org/hub/oauth_login?iss="+url.QueryEscape(n.Issuer) {
		t.Fatalf("it ends at %d %s %s", done.Status, to, done.Body)
	}
	if n.Code(AuthParams()) == "" {
		t.Error("nobody is signed in")
	}
	if n.Count(`SELECT count(*) FROM users u JOIN group_members m USING (username) JOIN upstream_accounts a USING (username)
		JOIN invitation_uses x ON x.user_id = u.id WHERE username = 'bob' AND password IS NULL AND u.name = 'Bob'
		AND email = 'bob@example.org' AND email_verified AND expires_at > now() + interval '99 days' AND m.group_name = 'class'
		AND m.until < now() + interval '51 days' AND a.sub = 'sub-bob' AND a.access_token IS NOT NULL`) != 1 {
		t.Error("the account is not as the invitation says")
	}
	if n.Count(`SELECT count(*) FROM audit WHERE table_name IN ('users', 'upstream_accounts') AND actor = 'bob'
		AND operation = 'accept invitation' AND door = 'page'`) != 2 {
		t.Error("it is not in the audit")
	}
	// Again, from another browser: they are signed in, and have it already.
	b := n.rig.browser()
	again := neighbours{b, b.at(n.there.rig)}
	done = again.Do("GET", again.atUpstream(again.openLink("a token"), "bob"), nil)
	if !strings.HasPrefix(done.Header.Get("Location"), "https://hub.example.org/") || n.Count(`SELECT uses_left FROM invitations`) != 1 {
		t.Errorf("a second time: %d %s", done.Status, done.Header.Get("Location"))
	}
}

// What the invitation suggests comes before what the upstream offers, and neither where it is taken, was somebody's, or looks like one.
func TestWhoIsInvitedByAnUpstreamChoosesANameThatIsFree(t *testing.T) {
	t.Parallel()
	n, page := startInvited(t, `name = 'Robert Roe'`)
	n.Exec(`INSERT INTO users (username) VALUES ('gone')`)
	n.Exec(`DELETE FROM users WHERE username = 'gone'`)
	for _, suggested := range []string{"alice", "al1ce", "a.lice", "gone", "root"} {
		n.Exec(`UPDATE invitations SET username = $1`, suggested)
		if suggested == "root" { // as the upstream offers
			n.Exec(`UPDATE invitations SET username = NULL`)
			n.there.Exec(`UPDATE users SET username = 'root', email_verified = false, email = '' || $1 WHERE sub = 'sub-bob'`, "root@x.example")
		}
		b := n.rig.browser()
		fresh := neighbours{b, b.at(n.there.rig)}
		username := "bob"
		if suggested == "root" {
			username = "root"
		}
		a := fresh.Do("GET", fresh.atUpstream(fresh.openLink("a token"), username), nil)
		view := fresh.Interaction(a.Header.Get("Location"))
		link, _ := view["link"].(map[string]any)
		if view["page"] != "accept_invitation" || link["upstream"] != "The other" || view["new"] != true || view["have"] != true ||
			view["name"] != "Robert Roe" || view["upstreams"] != nil {
			t.Fatalf("%s: %d %v", suggested, a.Status, view)
		}
		if code := errorOf(view); suggested != "root" && code != "username_taken " || suggested == "root" && code != "username_unfit " {
			t.Errorf("%s: %q", suggested, code)
		}
		for _, typed := range []string{"ALICE", "al1ce", "gone", "../x", ""} {
			if next := fresh.post("/invitation", a.Header.Get("Location"), "username", typed).Header.Get("Location"); fresh.errorOn(next) == "" {
				t.Errorf("%q is a name", typed)
			}
		}
		page = a.Header.Get("Location")
		n = fresh
	}
	if n.Count(`SELECT count(*) FROM upstream_accounts`) != 0 || n.Count(`SELECT uses_left FROM invitations`) != 1 {
		t.Fatal("somebody was made")
	}
	again := n.post("/invitation", page, "username", " Rob ", "name", "Robert Roe")
	if n.rig.Count(`SELECT count(*) FROM users JOIN upstream_accounts a USING (username) WHERE username = 'rob' AND name = 'Robert Roe'
		AND given_name IS NULL AND NOT email_verified AND a.sub = 'sub-bob'`) != 1 {
		t.Fatalf("%d %s", again.Status, again.Header.Get("Location"))
	}
	if view := n.Interaction(n.via(again, "root").Header.Get("Location")); view["done"] != "invitation_accepted" {
		t.Errorf("%v", view)
	}
	// The page once more, of another tab.
	if code := n.errorOn(n.post("/invitation", page, "username", "rob2").Header.Get("Location")); code != "invitation_spent" {
		t.Error(code)
	}
	if n.Count(`SELECT count(*) FROM upstream_accounts`) != 1 || n.Count(`SELECT count(*) FROM users WHERE username = 'rob2'`) != 0 {
		t.Error("one account made two people")
	}
}

// An invitation for an address is for whoever has it, verified; an upstream with domains is for those.
func TestAnInvitationForAnAddressIsForThatAddressAtAnUpstream(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ set, there, upstream, want string }{
		{`email = 'Bob@Example.ORG'`, "", "scope = scope", ""},
		{`email = 'ada@example.org'`, "", "scope = scope", "upstream_other_address The other"},
		{`email = 'bob@example.org'`, `UPDATE users SET email_verified = false`, "scope = scope", "upstream_other_address The other"},
		{`email = 'bob@example.org'`, `UPDATE users SET email = NULL, email_verified = false`, "scope = scope",
			"upstream_other_address The other"},
		{`email = NULL`, "", "email_domains = '{uni.example}'", "upstream_other_domain The other"},
		{`email = NULL`, `UPDATE users SET email_verified = false`, "email_domains = '{example.org}'", "upstream_other_domain The other"},
		{`email = 'bob@example.org'`, "", "email_domains = '{example.org}'", ""},
	} {
		t.Run(test.set+test.there+test.upstream, func(t *testing.T) {
			t.Parallel()
			n, page := startInvited(t, test.set, test.upstream)
			if test.there != "" {
				n.there.Exec(test.there)
			}
			a := n.Do("GET", n.atUpstream(page, "bob"), nil)
			view := n.Interaction(a.Header.Get("Location"))
			made := n.Count(`SELECT count(*) FROM users WHERE username = 'bob' AND email_verified`)
			if errorOf(view) != test.want || (made == 1) != (test.want == "") || n.Count(`SELECT uses_left FROM invitations`) != 1-made {
				t.Errorf("%d %v, %d made", a.Status, view, made)
			}
			if test.want != "" && (view["page"] != "accept_invitation" || view["new"] != true) {
				t.Errorf("no other way: %v", view)
			}
		})
	}
}

// An upstream that cannot have the address of the invitation is not offered, nor is any where the invitation does not say so.
func TestUpstreamsAreOfferedAsTheInvitationSays(t *testing.T) {
	t.Parallel()
	n, page := startInvited(t, `email = 'ada@uni.example'`, "email_domains = '{example.org}'")
	for set, offered := range map[string]int{
		`email = 'ada@uni.example'`: 0, `email = 'bob@example.org'`: 1, `email = NULL`: 1, `methods = '{password,passkey,account}'`: 0,
		`methods = '{upstream}'`: 1, `methods = '{account}'`: 0,
	} {
		n.Exec(`UPDATE invitations SET email = NULL, methods = DEFAULT`)
		n.Exec(`UPDATE invitations SET ` + set)
		view := n.Interaction(page)
		if got := len(list(view["upstreams"])); got != offered ||
			set == `methods = '{upstream}'` && (view["new"] != false || view["have"] != false) {
			t.Errorf("%s: %v", set, view)
		}
		if a := n.post("/invitation", page, "upstream", "up"); strings.HasPrefix(set, "methods") && offered == 0 &&
			a.Location().Host == MustParse(n.there.Issuer).Host {
			t.Errorf("%s: sent there all the same", set)
		}
	}
	n.Exec(`UPDATE invitations SET methods = DEFAULT`)
	if view := n.Interaction(n.post("/invitation", page, "upstream", "nobody").LeadsTo()); errorOf(view) != "upstream_failed nobody" {
		t.Errorf("%v", view)
	}
}

func TestAnInvitationThatIsNoGoodAfterTheUpstreamMakesNobody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, sql, want string }{
		{"expired", `UPDATE invitations SET created_at = now() - interval '2 days', expires_at = now() - interval '1 s'`, "link_expired"},
		{"withdrawn", `DELETE FROM invitations`, "link_unknown"},
		{"used up", `UPDATE invitations SET uses_left = 0`, "invitation_spent"},
		{"for passwords alone by now", `UPDATE invitations SET methods = '{password}'`, "invitation_spent"},
		{"its maker owns the group no more", `DELETE FROM group_owners`, "invitation_spent"},
		{"its maker's account ended", `UPDATE users SET disabled_at = now() WHERE username = 'teacher'`, "invitation_spent"},
		{"its group takes two factors by now", `UPDATE groups SET mfa = true WHERE name = 'class'`, "invitation_spent"},
		{"its group opens the administration by now", `INSERT INTO clients (client_id, token_endpoint_auth_method, scope, allowed_groups)
			VALUES ('console', 'none', 'openid admin.read', '{class}')`, "invitation_spent"},
		{"the upstream is disabled by now", `UPDATE upstreams SET disabled_at = now()`, "upstream_failed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n, _ := startInvited(t, "")
			n.Exec(`INSERT INTO users (username) VALUES ('teacher')`)
			n.Exec(`INSERT INTO group_members (group_name, username) VALUES ('class', 'teacher')`)
			n.Exec(`INSERT INTO group_owners (group_name, username) VALUES ('class', 'teacher')`)
			n.Exec(`UPDATE invitations SET owner = 'teacher'`)
			back := n.atUpstream(n.openLink("a token"), "bob")
			n.Exec(test.sql)
			n.WaitForNotify()
			a := n.Do("GET", back, nil)
			at := a.Header.Get("Location")
			if at == "" {
				at = a.LeadsTo()
			}
			if code := n.errorOn(at); code != test.want || n.Count(`SELECT count(*) FROM users WHERE username = 'bob'`) != 0 ||
				n.Count(`SELECT count(*) FROM upstream_accounts`) != 0 || n.Cookie("gatehouse_session") != "" {
				t.Errorf("%d %s, want %s: %s", a.Status, code, test.want, at)
			}
		})
	}
}

// The same, while the name is being chosen.
func TestAnInvitationThatIsNoGoodAfterTheNameWasChosenMakesNobody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, sql, want string }{
		{"withdrawn", `DELETE FROM invitations`, "link_unknown"},
		{"used up", `UPDATE invitations SET uses_left = 0`, "invitation_spent"},
		{"for passwords alone by now", `UPDATE invitations SET methods = '{password}'`, "invitation_spent"},
		{"for another address by now", `UPDATE invitations SET email = 'ada@uni.example'`, ""},
		{"the address is somebody's by now", `INSERT INTO users (username, email) VALUES ('robert', 'BOB@example.org')`, ""},
		{"the upstream is disabled by now", `UPDATE upstreams SET disabled_at = now()`, "upstream_failed"},
		{"the upstream is another by now", `UPDATE upstreams SET issuer = 'https://evil.example.org'`, "upstream_failed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n, page := startInvited(t, "username = 'alice'")
			page = n.Do("GET", n.atUpstream(page, "bob"), nil).Header.Get("Location")
			if a := n.rig.browser().post("/invitation", page, "username", "rob"); a.Status != 400 {
				t.Errorf("in another browser: %d", a.Status)
			}
			n.Exec(test.sql)
			n.WaitForNotify()
			a := n.post("/invitation", page, "username", "rob")
			at := a.Header.Get("Location")
			if at == "" {
				at = a.LeadsTo()
			}
			if code := n.errorOn(at); code != test.want || n.Count(`SELECT count(*) FROM users WHERE username = 'rob'`) != 0 ||
				n.Count(`SELECT count(*) FROM upstream_accounts`) != 0 {
				t.Errorf("%d %s, want %s: %s", a.Status, code, test.want, at)
			}
			if test.want == "" && n.Interaction(at)["link"] == nil {
				t.Error("they are not asked who they are here")
			}
		})
	}
}

func TestAnInvitationForOneIsOfOneThoughTwentyComeBackAtOnce(t *testing.T) {
	t.Parallel()
	n, _ := startInvited(t, "")
	const people = 20 // the codes of the upstream are good for a minute, which is short under the race detector
	backs, browsers := make([]string, people), make([]neighbours, people)
	for i := range people {
		name := fmt.Sprintf("p%c%c", 'a'+i/26, 'a'+i%26)
		n.person(name, name+"@example.org")
		b := n.rig.browser()
		browsers[i] = neighbours{b, b.at(n.there.rig)}
		backs[i] = browsers[i].atUpstream(b.openLink("a token"), name)
	}
	var all sync.WaitGroup
	codes := make([]string, people)
	for i := range people {
		all.Go(func() {
			a := browsers[i].Do("GET", backs[i], nil)
			if codes[i] = browsers[i].errorOn(a.Header.Get("Location")); a.Status != 303 {
				t.Errorf("%d %s", a.Status, a.LeadsTo())
			}
		})
	}
	all.Wait()
	spent := strings.Count(strings.Join(codes, " "), "invitation_spent")
	if made := n.Count(`SELECT count(*) FROM users WHERE username ~ '^p..$'`); made != 1 || spent != people-1 ||
		n.Count(`SELECT uses_left FROM invitations`) != 0 || n.Count(`SELECT count(*) FROM upstream_accounts`) != 1 ||
		n.Count(`SELECT count(*) FROM group_members WHERE group_name = 'class'`) != 1 {
		t.Errorf("%d accounts, %d were told that it is used up: %v", made, spent, codes)
	}
}

// Two tabs of one person make one user, and both are signed in.
func TestTwoTabsOfWhoIsInvitedMakeOneUser(t *testing.T) {
	t.Parallel()
	n, page := startInvited(t, "uses_left = 5")
	backs := []string{n.atUpstream(page, "bob"), n.atUpstream(n.openLink("a token"), "bob"), n.atUpstream(page, "bob")}
	var all sync.WaitGroup
	for _, back := range backs {
		all.Go(func() {
			if a := n.Do("GET", back, nil); a.Location().Path != "/account" {
				t.Errorf("%d %s %s", a.Status, a.Location(), a.Body)
			}
		})
	}
	all.Wait()
	if n.Count(`SELECT count(*) FROM upstream_accounts`) != 1 || n.Count(`SELECT uses_left FROM invitations`) != 4 {
		t.Error("not one user, or more than one use")
	}
}

func TestAnInvitationIsAcceptedInTheBrowserThatWentToTheUpstream(t *testing.T) {
	t.Parallel()
	n, page := startInvited(t, "")
	if a := n.rig.browser().post("/invitation", page, "upstream", "up"); a.Status != 400 {
		t.Errorf("the page in another browser: %d", a.Status)
	}
	back := n.atUpstream(page, "bob")
	if a := n.rig.browser().Do("GET", back, nil); a.Status != 400 || n.Count(`SELECT uses_left FROM invitations`) != 1 {
		t.Errorf("the way back in another browser: %d", a.Status)
	}
	if a := n.Do("GET", back, nil); a.Location().Path != "/account" {
		t.Errorf("%d %s", a.Status, a.Location())
	}
}

// Who says that they have an account is asked before one is made, and links theirs as without an invitation.
func TestWhoHasAnAccountLinksItThoughTheyAreInvited(t *testing.T) {
	t.Parallel()
	n, page := startInvited(t, "")
	login := n.post("/invitation", page, "have", "other").Location()
	a := n.via(n.choose(login, "up"), "bob")
	view := n.Interaction(a.Header.Get("Location"))
	if view["page"] != "accept_invitation" || view["link"] == nil || view["username"] != "bob" || errorOf(view) != "" ||
		n.Count(`SELECT count(*) FROM users WHERE username = 'bob'`) != 0 {
		t.Fatalf("%d %v", a.Status, view)
	}
	a = n.post("/invitation", a.Header.Get("Location"), "have", "other")
	if page := n.page(a); page["link"] == nil {
		t.Fatalf("%v", page)
	}
	a = n.via(n.Login(a.Location(), "alice", Password), "bob")
	if view := n.Interaction(a.Header.Get("Location")); view["done"] != "invitation_accepted" ||
		n.Count(`SELECT count(*) FROM upstream_accounts WHERE username = 'alice'`) != 1 ||
		n.Count(`SELECT count(*) FROM group_members WHERE username = 'alice' AND group_name = 'class'`) != 1 {
		t.Errorf("%d %v", a.Status, view)
	}
}

// An invitation for accounts that are there makes nobody; one for new ones is nobody's who is here.
func TestWithoutTheMethodAnUpstreamIsAsBefore(t *testing.T) {
	t.Parallel()
	n, page := startInvited(t, `methods = '{account}'`)
	a := n.via(n.choose(n.post("/invitation", page, "have", "other").Location(), "up"), "bob")
	if page := n.page(a); page["link"] == nil {
		t.Errorf("%v", page)
	}
	n.Exec(`UPDATE invitations SET methods = '{upstream}'`)
	n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'alice' FROM upstreams`)
	a = n.Do("GET", n.atUpstream(page, "bob"), nil)
	if code := n.errorOn(a.Header.Get("Location")); code != "invitation_for_new" || n.Count(`SELECT uses_left FROM invitations`) != 1 {
		t.Errorf("%d %s", a.Status, code)
	}
	// Nobody whose account ended, or was disabled, comes in by it.
	n.Exec(`UPDATE users SET disabled_at = now() WHERE username = 'alice'`)
	a = n.Do("GET", n.atUpstream(n.openLink("a token"), "bob"), nil)
	if view := n.Interaction(a.LeadsTo()); errorOf(view) != "upstream_account_disabled The other" || view["page"] != "accept_invitation" {
		t.Errorf("%d %v", a.Status, view)
	}
	// The person did not want to: the invitation is still good.
	there := n.post("/invitation", page, "upstream", "up")
	a = n.Do("GET", "/upstream/up/callback", url.Values{"error": {"access_denied"}, "state": {there.Query("state")}, "iss": {n.there.Issuer}})
	if view := n.Interaction(a.Header.Get("Location")); errorOf(view) != "upstream_denied The other" || view["page"] != "accept_invitation" {
		t.Errorf("%d %v", a.Status, view)
	}
}

// An upstream that creates users makes those who are invited as the invitation says.
func TestAnUpstreamThatCreatesUsersMakesThoseWhoAreInvitedAsTheInvitationSays(t *testing.T) {
	t.Parallel()
	n, page := startInvited(t, `account_expires_at = now() + interval '9 days'`, "creates_users = true, username_prefix = 'uni-'")
	login := n.post("/invitation", page, "have", "other").Location()
	a := n.via(n.choose(login, "up"), "bob")
	if a.Location().Path != "/account" || n.Count(`SELECT count(*) FROM users WHERE username = 'uni-bob'
		AND expires_at < now() + interval '10 days'`) != 1 {
		t.Errorf("%d %s", a.Status, a.Location())
	}
}

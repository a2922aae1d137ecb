package web_test

import (
	"net/url"
	"sync"
	"testing"
)

func TestAnUnknownUpstreamAccountIsLinkedByAPasswordAndKnownFromThenOn(t *testing.T) {
	n := startWithUpstream(t)
	at := n.authorize(authParams())
	page := n.page(at)
	if page["upstream_action"] != n.issuer+"/login/upstream" || len(page["upstreams"].([]any)) != 1 ||
		page["upstreams"].([]any)[0].(map[string]any)["display_name"] != "The other" {
		t.Fatalf("login page: %v", page)
	}
	there := n.choose(at.location(), "up")
	q := there.location().Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" || len(q.Get("state")) != 43 || q.Get("redirect_uri") != n.issuer+"/upstream/up/callback" {
		t.Errorf("request: %v", q)
	}
	asked := n.via(there, "bob")
	page = n.page(asked)
	link, _ := page["link"].(map[string]any)
	if link["upstream"] != "The other" || link["account"] != "bob@example.org" || page["error"] != nil || page["client"] == nil {
		t.Fatalf("page of an unknown account: %v", page)
	}
	if n.count("SELECT count(*) FROM upstream_accounts")+n.count("SELECT count(*) FROM sessions") != 0 {
		t.Error("an account that belongs to nobody wrote a row")
	}
	again := n.login(asked.location(), "alice", "wrong")
	if page = n.page(again); errorOf(page) != "invalid_credentials " || page["link"] == nil {
		t.Errorf("after a wrong password: %v", page)
	}
	linked := n.login(again.location(), "alice", password)
	if n.count("SELECT count(*) FROM upstream_accounts WHERE username = 'alice' AND sub = 'sub-bob' AND issuer = $1 AND access_token IS NULL", n.there.issuer) != 1 {
		t.Error("the account was not linked")
	}
	back := n.via(linked, "bob")
	if back.query("code") == "" || back.query("state") != "st" {
		t.Fatalf("not signed in: %d %s %s", back.status, back.location(), back.body)
	}
	tokens := n.token(redeem(back.query("code"))).json()
	if id := claims(str(tokens["id_token"])); id["sub"] != "sub-alice" || id["nonce"] != "no" || id["amr"].([]any)[0] != "pwd" {
		t.Errorf("ID token: %v", id)
	}
	if n.count(`SELECT count(*) FROM upstream_accounts WHERE octet_length(access_token) > 100 AND octet_length(refresh_token) > 40
		AND access_token_expires_at > now() AND token_scope LIKE '%offline_access%' AND used_at IS NOT NULL
		AND position('eyJ'::bytea IN access_token) = 0`) != 1 {
		t.Error("the tokens are not kept, or not sealed")
	}
	if n.count("SELECT count(*) FROM sessions WHERE ended_at IS NULL") != 1 {
		t.Error("the session of the password did not end")
	}

	elsewhere := n.rig.browser()
	known := neighbours{elsewhere, &browser{n.there.rig, elsewhere.http}}
	if a := known.via(known.choose(known.authorize(authParams()).location(), "up"), "bob"); a.query("code") == "" {
		t.Errorf("a known account: %d %s %s", a.status, a.location(), a.body)
	}
}

func TestAVerifiedAddressLinksOnlyWhereTheUpstreamIsTrustedForItsDomain(t *testing.T) {
	n := startWithUpstream(t, "email_domains = '{example.org}', trusts_email = true")
	way := func() answer {
		b := n.rig.browser()
		fresh := neighbours{b, &browser{n.there.rig, b.http}}
		return fresh.via(fresh.choose(fresh.authorize(authParams()).location(), "up"), "alice")
	}
	for name, sql := range map[string]string{
		"another domain":         "UPDATE upstreams SET email_domains = '{example.com}'",
		"not trusted":            "UPDATE upstreams SET trusts_email = false",
		"not verified here":      "UPDATE users SET email_verified = false",
		"disabled here":          "UPDATE users SET disabled_at = now()",
		"two with the address":   "INSERT INTO users (username, email, email_verified) VALUES ('alice2', 'Alice@example.org', true)",
		"has an account already": "INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'another', 'alice' FROM upstreams",
	} {
		n.exec(sql)
		waitForNotify()
		if page := n.page(way()); page["link"] == nil {
			t.Errorf("%s: %v", name, page)
		}
		n.exec("DELETE FROM users WHERE username = 'alice2'")
		n.exec("DELETE FROM upstream_accounts")
		n.exec("UPDATE users SET email_verified = true, disabled_at = NULL")
		n.exec("UPDATE upstreams SET trusts_email = true, email_domains = '{example.org}'")
		waitForNotify()
	}
	n.there.exec("UPDATE users SET email_verified = false")
	if page := n.page(way()); page["link"] == nil {
		t.Errorf("not verified there: %v", page)
	}
	n.there.exec("UPDATE users SET email_verified = true")
	if a := way(); a.query("code") == "" || n.count("SELECT count(*) FROM upstream_accounts WHERE username = 'alice' AND sub = 'sub-alice'") != 1 {
		t.Errorf("a trusted address: %d %s", a.status, a.location())
	}
	n.exec("UPDATE users SET email = 'moved@example.org'")
	if a := way(); a.query("code") == "" {
		t.Errorf("a linked account depends on its address: %s", a.location())
	}
}

func TestAnUpstreamThatCreatesUsersNeverTakesAnExistingNameOrAddress(t *testing.T) {
	n := startWithUpstream(t, "creates_users = true")
	way := func(username string) answer {
		b := n.rig.browser()
		fresh := neighbours{b, &browser{n.there.rig, b.http}}
		return fresh.via(fresh.choose(fresh.authorize(authParams()).location(), "up"), username)
	}
	if page := n.page(way("alice")); page["link"] == nil {
		t.Errorf("an existing username: %v", page)
	}
	n.exec("INSERT INTO users (username, email) VALUES ('robert', 'Bob@example.org')")
	if page := n.page(way("bob")); page["link"] == nil {
		t.Errorf("an existing address: %v", page)
	}
	n.exec("DELETE FROM users WHERE username = 'robert'")
	n.exec("UPDATE upstreams SET email_domains = '{example.com}'")
	waitForNotify()
	if page := n.page(way("bob")); page["link"] == nil {
		t.Errorf("an address of another domain: %v", page)
	}
	n.exec("UPDATE upstreams SET email_domains = '{}'")
	waitForNotify()
	if n.count("SELECT count(*) FROM users") != 1 {
		t.Error("a user was made")
	}
	for range 2 {
		if a := way("bob"); a.query("code") == "" {
			t.Fatalf("not signed in: %d %s %s", a.status, a.location(), a.body)
		}
	}
	if n.count(`SELECT count(*) FROM users u JOIN upstream_accounts a USING (username) WHERE username = 'bob' AND password IS NULL AND name = 'Bob'
		AND email = 'bob@example.org' AND email_verified AND u.sub <> 'sub-bob' AND a.sub = 'sub-bob' AND access_token IS NOT NULL`) != 1 {
		t.Error("the new user is not as the upstream says")
	}
}

func TestParallelSignInsOfANewAccountMakeOneUser(t *testing.T) {
	n := startWithUpstream(t, "creates_users = true")
	answers := make([]answer, 8)
	var group sync.WaitGroup
	for i := range answers {
		b := n.rig.browser()
		tab := neighbours{b, &browser{n.there.rig, b.http}}
		back := tab.signInThere(tab.choose(tab.authorize(authParams()).location(), "up"), "bob").location().String()
		group.Go(func() { answers[i] = tab.do("GET", back, nil) })
	}
	group.Wait()
	for _, a := range answers {
		if a.query("code") == "" {
			t.Errorf("%d %s %s", a.status, a.location(), a.body)
		}
	}
	if n.count("SELECT count(*) FROM users WHERE username = 'bob'") != 1 || n.count("SELECT count(*) FROM upstream_accounts") != 1 {
		t.Error("not one user with one account")
	}
}

func TestALinkedUserIsStillTheAdministratorsToDecideAbout(t *testing.T) {
	n := startWithUpstream(t)
	n.exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'alice' FROM upstreams`)
	way := func() answer { return n.via(n.choose(n.authorize(authParams()).location(), "up"), "bob") }
	n.exec("UPDATE users SET disabled_at = now()")
	a := way()
	if page := n.page(a); a.status != 403 || errorOf(page) != "upstream_unknown_account The other" {
		t.Errorf("a disabled user: %d %v", a.status, page)
	}
	n.exec("UPDATE users SET disabled_at = NULL")
	n.exec("UPDATE clients SET allowed_groups = '{hub-admins}'")
	waitForNotify()
	if a := way(); a.query("error") != "access_denied" {
		t.Errorf("a user who may not use the client: %d %s", a.status, a.location())
	}
	n.exec("UPDATE clients SET allowed_groups = '{}'")

	// The person who links must not take what became another's meanwhile.
	n.exec("DELETE FROM upstream_accounts")
	waitForNotify()
	n.http.Jar = n.rig.browser().http.Jar
	asked := way()
	n.exec("INSERT INTO users (username) VALUES ('carol')")
	n.exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'carol' FROM upstreams`)
	a = n.login(asked.location(), "alice", password)
	if page := n.page(a); a.status != 403 || errorOf(page) != "upstream_unknown_account The other" || page["link"] != nil {
		t.Errorf("an account that became another's: %d %v", a.status, page)
	}
	if n.count("SELECT count(*) FROM upstream_accounts WHERE username = 'carol'") != 1 {
		t.Error("the account was taken")
	}
}

func TestNobodyCanPlantAnAccountInAnotherBrowser(t *testing.T) {
	n := startWithUpstream(t)
	asked := n.via(n.choose(n.authorize(authParams()).location(), "up"), "bob")
	victim := n.rig.browser()
	victim.authorize(authParams())
	a := victim.login(asked.location(), "alice", password)
	if a.status != 400 || n.count("SELECT count(*) FROM upstream_accounts") != 0 {
		t.Errorf("%d %s", a.status, a.location())
	}
	foreign := n.do("POST", "/login/upstream", url.Values{"request": {asked.query("request")}, "upstream": {"up"}}, "Origin", "https://evil.example.org")
	if foreign.status != 403 {
		t.Errorf("a form of another site: %d %s", foreign.status, foreign.location())
	}
	// Who goes on with another button does not link.
	if back := n.via(n.choose(asked.location(), "up"), "bob"); n.page(back)["link"] == nil || n.count("SELECT count(*) FROM upstream_accounts") != 0 {
		t.Errorf("%d %s", back.status, back.location())
	}
}

func TestTheAccountPageOpensAfterASignInWithAnUpstream(t *testing.T) {
	n := startWithUpstream(t)
	n.exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'alice' FROM upstreams`)
	a := n.via(n.choose(n.do("GET", "/account", nil).location(), "up"), "bob")
	if page := n.interaction(a.location().String()); page["page"] != "account" || page["user"].(map[string]any)["username"] != "alice" {
		t.Errorf("%d %s %v", a.status, a.location(), page)
	}
}

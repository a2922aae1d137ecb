package provider_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"

	. "gatehouse/api/apitest"
)

func TestAnUnknownUpstreamAccountIsLinkedByAPasswordAndKnownFromThenOn(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	at := n.Authorize(AuthParams())
	page := n.page(at)
	if page["upstream_action"] != n.Issuer+"/login/upstream" || len(page["upstreams"].([]any)) != 1 ||
		page["upstreams"].([]any)[0].(map[string]any)["display_name"] != "The other" {
		t.Fatalf("login page: %v", page)
	}
	there := n.choose(at.Location(), "up")
	q := there.Location().Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" || len(q.Get("state")) != 43 ||
		q.Get("redirect_uri") != n.Issuer+"/upstream/up/callback" {
		t.Errorf("request: %v", q)
	}
	asked := n.via(there, "bob")
	page = n.page(asked)
	link, _ := page["link"].(map[string]any)
	if link["upstream"] != "The other" || link["account"] != "bob@example.org" || page["error"] != nil || page["client"] == nil {
		t.Fatalf("page of an unknown account: %v", page)
	}
	if n.Count("SELECT count(*) FROM upstream_accounts")+n.Count("SELECT count(*) FROM sessions") != 0 {
		t.Error("an account that belongs to nobody wrote a row")
	}
	again := n.Login(asked.Location(), "alice", "wrong")
	if page = n.page(again); errorOf(page) != "invalid_credentials " || page["link"] == nil {
		t.Errorf("after a wrong password: %v", page)
	}
	linked := n.Login(again.Location(), "alice", Password)
	if n.Count(`SELECT count(*) FROM upstream_accounts WHERE username = 'alice' AND sub = 'sub-bob' AND issuer = $1
		AND access_token IS NULL`, n.there.Issuer) != 1 {
		t.Error("the account was not linked")
	}
	back := n.via(linked, "bob")
	if back.Query("code") == "" || back.Query("state") != "st" {
		t.Fatalf("not signed in: %d %s %s", back.Status, back.Location(), back.Body)
	}
	tokens := n.Token(Redeem(back.Query("code"))).JSON()
	if id := Claims(Str(tokens["id_token"])); id["sub"] != "sub-alice" || id["nonce"] != "no" || len(id["amr"].([]any)) != 0 {
		t.Errorf("ID token: %v", id)
	}
	if n.Count(`SELECT count(*) FROM upstream_accounts WHERE octet_length(access_token) > 100 AND octet_length(refresh_token) > 40
		AND access_token_expires_at > now() AND token_scope LIKE '%offline_access%' AND used_at IS NOT NULL
		AND position('eyJ'::bytea IN access_token) = 0`) != 1 {
		t.Error("the tokens are not kept, or not sealed")
	}
	if n.Count("SELECT count(*) FROM sessions WHERE ended_at IS NULL") != 1 {
		t.Error("the session of the password did not end")
	}

	elsewhere := n.rig.browser()
	known := neighbours{elsewhere, elsewhere.at(n.there.rig)}
	if a := known.via(known.choose(known.Authorize(AuthParams()).Location(), "up"), "bob"); a.Query("code") == "" {
		t.Errorf("a known account: %d %s %s", a.Status, a.Location(), a.Body)
	}
}

// freshVia signs in at the upstream as username, in a browser that has been nowhere.
func (n neighbours) freshVia(username string) Answer {
	b := n.rig.browser()
	fresh := neighbours{b, b.at(n.there.rig)}
	return fresh.via(fresh.choose(fresh.Authorize(AuthParams()).Location(), "up"), username)
}

func TestAVerifiedAddressLinksOnlyWhereTheUpstreamIsTrustedForItsDomain(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t, "email_domains = '{example.org}', trusts_email = true")
	way := func() Answer { return n.freshVia("alice") }
	for name, sql := range map[string]string{
		"another domain":       "UPDATE upstreams SET email_domains = '{example.com}'",
		"not trusted":          "UPDATE upstreams SET trusts_email = false",
		"not verified here":    "UPDATE users SET email_verified = false",
		"disabled here":        "UPDATE users SET disabled_at = now()",
		"two with the address": "INSERT INTO users (username, email, email_verified) VALUES ('alice2', 'Alice@example.org', true)",
		"has an account already": `INSERT INTO upstream_accounts (upstream, issuer, sub, username)
			SELECT name, issuer, 'another', 'alice' FROM upstreams`,
	} {
		n.Exec(sql)
		n.WaitForNotify()
		if page := n.page(way()); page["link"] == nil {
			t.Errorf("%s: %v", name, page)
		}
		n.Exec("DELETE FROM users WHERE username = 'alice2'")
		n.Exec("DELETE FROM upstream_accounts")
		n.Exec("UPDATE users SET email_verified = true, disabled_at = NULL")
		n.Exec("UPDATE upstreams SET trusts_email = true, email_domains = '{example.org}'")
		n.WaitForNotify()
	}
	n.there.Exec("UPDATE users SET email_verified = false")
	if page := n.page(way()); page["link"] == nil {
		t.Errorf("not verified there: %v", page)
	}
	n.there.Exec("UPDATE users SET email_verified = true")
	if a := way(); a.Query("code") == "" ||
		n.Count("SELECT count(*) FROM upstream_accounts WHERE username = 'alice' AND sub = 'sub-alice'") != 1 {
		t.Errorf("a trusted address: %d %s", a.Status, a.Location())
	}
	n.Exec("UPDATE users SET email = 'moved@example.org'")
	if a := way(); a.Query("code") == "" {
		t.Errorf("a linked account depends on its address: %s", a.Location())
	}
}

func TestAnUpstreamThatCreatesUsersNeverTakesAnExistingNameOrAddress(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t, "creates_users = true, username_pattern = '.+'")
	way := n.freshVia
	if page := n.page(way("alice")); page["link"] == nil {
		t.Errorf("an existing username: %v", page)
	}
	n.Exec("INSERT INTO users (username, email) VALUES ('robert', 'Bob@example.org')")
	if page := n.page(way("bob")); page["link"] == nil {
		t.Errorf("an existing address: %v", page)
	}
	n.Exec("DELETE FROM users WHERE username = 'robert'")
	n.Exec("UPDATE upstreams SET email_domains = '{example.com}'")
	n.WaitForNotify()
	if page := n.page(way("bob")); page["link"] == nil {
		t.Errorf("an address of another domain: %v", page)
	}
	n.Exec("UPDATE upstreams SET email_domains = '{}'")
	n.WaitForNotify()
	if n.Count("SELECT count(*) FROM users") != 1 {
		t.Error("a user was made")
	}
	for range 2 {
		if a := way("bob"); a.Query("code") == "" {
			t.Fatalf("not signed in: %d %s %s", a.Status, a.Location(), a.Body)
		}
	}
	if n.Count(`SELECT count(*) FROM users u JOIN upstream_accounts a USING (username) WHERE username = 'bob' AND password IS NULL
		AND name = 'Bob'
		AND email = 'bob@example.org' AND email_verified AND u.sub <> 'sub-bob' AND a.sub = 'sub-bob' AND access_token IS NOT NULL`) != 1 {
		t.Error("the new user is not as the upstream says")
	}
}

// Nobody becomes postgres or www-data by calling themselves so elsewhere.
func TestAnUpstreamNamesItsUsersByItsRule(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t, "creates_users = true, username_prefix = 'uni-'")
	way := func() Answer { return n.freshVia("bob") }
	if a := way(); a.Query("code") == "" || n.Count("SELECT count(*) FROM users WHERE username = 'uni-bob'") != 1 {
		t.Errorf("with a prefix: %d %s", a.Status, a.Location())
	}
	n.Exec("DELETE FROM users WHERE username = 'uni-bob'")
	if a := way(); n.Count("SELECT count(*) FROM users WHERE username = 'uni-bob'") != 0 || n.page(a)["link"] == nil {
		t.Errorf("with the name of somebody who was deleted: %d %s", a.Status, a.Location())
	}
	n.Exec("DELETE FROM retired_names")
	for rule, fits := range map[string]bool{"username_pattern = '[a-z]{2}[0-9]{5}'": false, "username_pattern = 'ob|bo'": false,
		"username_pattern = '[a-z]+'": true, "username_pattern = 'uni-.*', username_prefix = 'uni-'": true} {
		n.Exec("UPDATE upstreams SET username_prefix = NULL, username_pattern = '.'")
		n.Exec("UPDATE upstreams SET " + rule)
		n.WaitForNotify()
		a := way()
		made := n.Count("SELECT count(*) FROM users WHERE username IN ('bob', 'uni-bob')") == 1
		if made != fits || (a.Query("code") != "") != fits {
			t.Errorf("%s: %d %s, made %t", rule, a.Status, a.Location(), made)
		}
		if !fits && n.page(a)["link"] == nil {
			t.Errorf("%s: not asked who they are here", rule)
		}
		n.Exec("DELETE FROM users WHERE username IN ('bob', 'uni-bob')")
		n.Exec("DELETE FROM retired_names")
	}
}

func TestParallelSignInsOfANewAccountMakeOneUser(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t, "creates_users = true, username_pattern = '.+'")
	answers := make([]Answer, 8)
	var group sync.WaitGroup
	for i := range answers {
		b := n.rig.browser()
		tab := neighbours{b, b.at(n.there.rig)}
		back := tab.signInThere(tab.choose(tab.Authorize(AuthParams()).Location(), "up"), "bob").Location().String()
		group.Go(func() { answers[i] = tab.Do("GET", back, nil) })
	}
	group.Wait()
	for _, a := range answers {
		if a.Query("code") == "" {
			t.Errorf("%d %s %s", a.Status, a.Location(), a.Body)
		}
	}
	if n.Count("SELECT count(*) FROM users WHERE username = 'bob'") != 1 || n.Count("SELECT count(*) FROM upstream_accounts") != 1 {
		t.Error("not one user with one account")
	}
}

func TestALinkedUserIsStillTheAdministratorsToDecideAbout(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'alice' FROM upstreams`)
	way := func() Answer { return n.via(n.choose(n.Authorize(AuthParams()).Location(), "up"), "bob") }
	n.Exec("UPDATE users SET disabled_at = now()")
	a := way()
	if page := n.page(a); a.Status != 403 || errorOf(page) != "upstream_account_disabled The other" {
		t.Errorf("a disabled user: %d %v", a.Status, page)
	}
	n.Exec("UPDATE users SET disabled_at = NULL")
	n.Exec("UPDATE clients SET allowed_groups = '{hub-admins}'")
	n.WaitForNotify()
	if a := way(); a.Status != 403 || n.Interaction(a.LeadsTo())["page"] != "refused" {
		t.Errorf("a user who may not use the client: %d %s", a.Status, a.Location())
	}
	n.Exec("UPDATE clients SET allowed_groups = '{}'")

	// The person who links must not take what became another's meanwhile.
	n.Exec("DELETE FROM upstream_accounts")
	n.WaitForNotify()
	n.HTTP.Jar = n.rig.browser().HTTP.Jar
	asked := way()
	n.Exec("INSERT INTO users (username) VALUES ('carol')")
	n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'carol' FROM upstreams`)
	a = n.Login(asked.Location(), "alice", Password)
	if page := n.page(a); a.Status != 403 || errorOf(page) != "upstream_unknown_account The other" || page["link"] != nil {
		t.Errorf("an account that became another's: %d %v", a.Status, page)
	}
	if n.Count("SELECT count(*) FROM upstream_accounts WHERE username = 'carol'") != 1 {
		t.Error("the account was taken")
	}
}

func TestNobodyCanPlantAnAccountInAnotherBrowser(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	asked := n.via(n.choose(n.Authorize(AuthParams()).Location(), "up"), "bob")
	victim := n.rig.browser()
	victim.Authorize(AuthParams())
	a := victim.Login(asked.Location(), "alice", Password)
	if a.Status != 400 || n.Count("SELECT count(*) FROM upstream_accounts") != 0 {
		t.Errorf("%d %s", a.Status, a.Location())
	}
	foreign := n.Do("POST", "/login/upstream", url.Values{"request": {asked.Query("request")}, "upstream": {"up"}}, "Origin",
		"https://evil.example.org")
	if foreign.Status != 403 {
		t.Errorf("a form of another site: %d %s", foreign.Status, foreign.Location())
	}
	// Who goes on with another button does not link.
	if back := n.via(n.choose(asked.Location(), "up"), "bob"); n.page(back)["link"] == nil ||
		n.Count("SELECT count(*) FROM upstream_accounts") != 0 {
		t.Errorf("%d %s", back.Status, back.Location())
	}
}

func TestTheAccountPageOpensAfterASignInWithAnUpstream(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'alice' FROM upstreams`)
	a := n.via(n.choose(n.Do("GET", "/account", nil).Location(), "up"), "bob")
	if page := n.Interaction(a.Location().String()); page["page"] != "account" || page["user"].(map[string]any)["username"] != "alice" {
		t.Errorf("%d %s %v", a.Status, a.Location(), page)
	}
}

func TestTheButtonsOfUpstreamsStandByPositionAndThenByName(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.Exec(`INSERT INTO upstreams (name, display_name, issuer, client_id, position) VALUES
		('google', 'Google', 'https://accounts.google.com', 'us', 1), ('campus', 'Campus', 'https://sso.example.org', 'us', -1),
		('orcid', 'ORCID', 'https://orcid.org', 'us', 1), ('a', 'Zenodo', 'https://zenodo.example.org', 'us', 0)`)
	n.WaitForNotify()
	var names, issuers []string
	for _, u := range n.page(n.Authorize(AuthParams()))["upstreams"].([]any) {
		button := u.(map[string]any)
		names, issuers = append(names, Str(button["display_name"])), append(issuers, Str(button["issuer"]))
	}
	if got := strings.Join(names, ", "); got != "Campus, The other, Zenodo, Google, ORCID" {
		t.Errorf("the buttons are %s", got)
	}
	if issuers[0] != "https://sso.example.org" || issuers[3] != "https://accounts.google.com" {
		t.Errorf("the issuers are %s", issuers)
	}
}

package provider_test

import (
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

// Who signs in changes nothing: with a password, whose hash is replaced, with a session that is there, a code, tokens, and out again.
func TestASignOnIsNotInTheAudit(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`UPDATE users SET password = password_hash($1)`, Password)
	r.WaitForNotify()
	const rows = `SELECT count(*) FROM audit`
	before := r.Count(rows)
	b := r.browser()
	params := AuthParams("scope", "openid profile email groups offline_access")
	b.Token(Redeem(b.Code(params)))
	if r.Count(`SELECT count(*) FROM users WHERE password LIKE '$argon2id$%'`) != 1 {
		t.Error("the hash was not replaced")
	}
	b.throughTheProtocol("web", "web-secret", params)                                    // signs on, refreshes, asks userinfo, signs out
	b.throughTheProtocol("spa", "", SPAParams("scope", "openid profile offline_access")) // with consent
	if n := r.Count(rows) - before; n > 0 {
		t.Errorf("%d rows", n)
	}
}

// auditedSince returns what the audit has since the last call, each as who, how, by which operation, the table and the action.
func (r *rig) auditedSince(seen *int) (list []string) {
	r.Helper()
	rows, err := r.DB.Query(r.Context(), `SELECT id, concat_ws('|', actor, door, operation,
		table_name || ' ' || action || coalesce(' of ' || username, '')),
		request_id IS NOT NULL AND (addr = '127.0.0.1' OR addr = '::1') FROM audit WHERE id > $1 ORDER BY id`, *seen)
	if err != nil {
		r.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var what string
		var where bool
		if err := rows.Scan(seen, &what, &where); err != nil {
			r.Fatal(err)
		}
		if !where {
			r.Errorf("%s: without its request and address", what)
		}
		list = append(list, what)
	}
	return list
}

func TestWhatPeopleChangeOnTheirPagesIsInTheAuditAsTheirs(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	seen := r.Count(`SELECT max(id) FROM audit`)
	elsewhere, b, key := r.browser(), r.browser(), NewAuthenticator()
	expect := func(want ...string) {
		t.Helper()
		if got := r.auditedSince(&seen); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%q, want %q", got, want)
		}
	}
	elsewhere.openAccount()
	page := b.openAccount()
	expect()
	b.post("/account/profile", page, "name", "Ada", "given_name", "", "family_name", "", "locale", "de")
	expect("alice|page|change profile|users UPDATE of alice")
	b.personalAccessToken()
	expect("alice|page|add token|personal_access_tokens INSERT of alice")
	b.post("/account/tokens/revoke", page, "revoke", Str(b.tokensOn(page)[0]["id"]))
	expect("alice|page|revoke token|personal_access_tokens UPDATE of alice")
	b.endSession(page, "others")
	expect("alice|page|end sessions|sessions UPDATE of alice")
	b.addPasskey(key)
	expect("alice|page|add passkey|passkeys INSERT of alice", "alice|page|add passkey|recovery_codes INSERT of alice")
	b.post("/account/passkeys/rename", page, "passkey", Base64URL(key.ID), "name", "My phone")
	expect("alice|page|rename passkey|passkeys UPDATE of alice")
	added := b.post("/account/totp", b.account(), "add", "totp").Header.Get("Location")
	b.post("/factor/totp", added, "code", codeOf(Str(b.Interaction(added)["secret"]), r.Now()))
	expect("alice|page|add one-time codes|totp_secrets INSERT of alice")
	b.post("/account/totp", page, "recovery_codes", "new")
	expect("alice|page|replace recovery codes|recovery_codes UPDATE of alice")
	b.post("/account/passkeys/remove", page, "passkey", Base64URL(key.ID))
	expect("alice|page|remove passkey|passkeys DELETE of alice")
	b.post("/account/totp", page, "remove", "totp")
	expect("alice|page|remove one-time codes|totp_secrets DELETE of alice",
		"alice|page|remove one-time codes|recovery_codes DELETE of alice")
	b.change(page, Password, newPassword)
	expect("alice|page|change password|users UPDATE of alice")
}

func TestWhatIsChangedOnTheWayOfASignInIsInTheAudit(t *testing.T) {
	t.Parallel()
	r := start(t, openRegistration)
	r.Exec(`UPDATE users SET must_change_password = true`)
	seen := r.Count(`SELECT max(id) FROM audit`)
	expect := func(want ...string) {
		t.Helper()
		if got := r.auditedSince(&seen); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%q, want %q", got, want)
		}
	}
	b := r.browser()
	b.setPassword(b.asked(), newPassword)
	expect("alice|page|change password|users UPDATE of alice")

	token := r.link("a link of alice")
	seen++
	b.setPassword(b.openLink(token), "yet another long passphrase")
	expect("alice|page|set password by link|account_links UPDATE of alice", "alice|page|set password by link|users UPDATE of alice")

	b = r.browser()
	b.Login(b.Authorize(SPAParams("scope", "openid email")).Location(), "alice", "yet another long passphrase")
	r.Exec(`INSERT INTO consents (user_id, client_id, scopes, granted_at)
		SELECT id, 'spa', '{openid,email}', now() FROM users WHERE username = 'alice'`)
	seen++
	page := b.Do("GET", "/account", nil).Header.Get("Location")
	b.post("/account/consents/withdraw", page, "withdraw", "spa")
	expect("alice|page|withdraw consent|consents DELETE of alice")

	c := b.registered(withCallback())
	expect("registration|registration|client registration|clients INSERT",
		"registration|registration|client registration|client_secrets INSERT")
	metadata := withCallback("client_name", "Other name")
	metadata["client_id"] = c.id
	if a := b.sendJSON("PUT", c.at, metadata, "Authorization", c.bearer); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	expect(c.id + "|registration|client change|clients UPDATE")
	b.Do("DELETE", c.at, nil, "Authorization", c.bearer)
	expect(c.id+"|registration|client removal|clients DELETE", c.id+"|registration|client removal|client_secrets DELETE")
}

// Who comes from an upstream is made a user by it, and signs in from then on without a row, though tokens and label are kept.
func TestAnUpstreamIsWhoMakesItsUsers(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t, "creates_users = true, username_pattern = '.+'")
	seen := n.rig.Count(`SELECT max(id) FROM audit`)
	if a := n.freshVia("bob"); a.Query("code") == "" {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	got := n.rig.auditedSince(&seen)
	want := []string{"upstream:up|page|add user|users INSERT of bob", "upstream:up|page|add user|upstream_accounts INSERT of bob"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q, want %q", got, want)
	}
	if a := n.freshVia("bob"); a.Query("code") == "" {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	if got := n.rig.auditedSince(&seen); len(got) > 0 {
		t.Errorf("a sign-in: %q", got)
	}
}

// What was in the log has to be in the table still.
func TestTheLogHasTheLastRowOfTheAuditWhereThereAreNewOnes(t *testing.T) {
	log := TakeLog(t)
	r := start(t)
	anchor := func() {
		t.Helper()
		if err := r.Provider.AnchorAudit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	anchor()
	anchor() // nothing is new
	r.Exec(`UPDATE users SET name = 'Ada'`)
	anchor()
	if n := strings.Count(log.String(), `"event":"audit_anchor"`); n != 2 {
		t.Errorf("%d anchors", n)
	}
	var id, digest string
	err := r.DB.QueryRow(t.Context(), `SELECT id::text, encode(digest, 'hex') FROM audit a ORDER BY a.id DESC LIMIT 1`).Scan(&id, &digest)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), `"id":`+id+`,"digest":"`+digest+`"`) {
		t.Error(log.String())
	}
}

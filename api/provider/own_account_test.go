package provider_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// post sends a form of the account page at location; fields are name, value pairs.
func (b *browser) post(path, location string, fields ...string) Answer {
	u, _ := url.Parse(location)
	form := url.Values{"request": {u.Query().Get("request")}}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.Do("POST", path, form, "Origin", UIOrigin)
}

// at returns where an answer leads.
func led(a Answer) string {
	if at := a.Header.Get("Location"); at != "" {
		return at
	}
	return a.LeadsTo()
}

// shown are values of name in a list of the account page at location.
func (b *browser) listed(location, list, name string) (values []string) {
	rows, _ := b.Interaction(location)[list].([]any)
	for _, row := range rows {
		m, _ := row.(map[string]any)
		values = append(values, Str(m[name]))
	}
	return values
}

func TestPeopleSeeTheApplicationsTheyMayOpen(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`DELETE FROM clients`)
	r.Exec(`INSERT INTO clients (client_id, client_name, token_endpoint_auth_method, first_party, client_uri, initiate_login_uri,
			allowed_groups, registration, disabled_at, metadata_fetched_at) VALUES
		('hub', 'JupyterHub', 'none', true, 'https://hub.example.org/', NULL, '{}', NULL, NULL, NULL),
		('grafana', 'Grafana', 'none', true, 'https://g.example.org/', 'https://g.example.org/login?x=1', '{}', NULL, NULL, NULL),
		('archive', 'Archive', 'none', false, 'https://archive.example.org/', NULL, '{}', NULL, NULL, NULL),
		('unused', 'Not used yet', 'none', false, 'https://unused.example.org/', NULL, '{}', NULL, NULL, NULL),
		('admins', 'For others', 'none', true, 'https://admins.example.org/', NULL, '{nobody}', NULL, NULL, NULL),
		('gone', 'Disabled', 'none', true, 'https://gone.example.org/', NULL, '{}', NULL, now(), NULL),
		('homeless', 'Without an address', 'none', true, NULL, NULL, '{}', NULL, NULL, NULL),
		('stranger', 'JupyterHub', 'none', true, 'https://evil.example.org/', NULL, '{}', 'open', NULL, NULL),
		('guest', 'With a token', 'none', false, 'https://evil.example.org/', NULL, '{}', 'token', NULL, NULL),
		('https://viewer.example.org/client.json', 'Viewer', 'none', false, 'https://viewer.example.org/', NULL, '{}', 'document', NULL, now()),
		('https://liar.example.org/client.json', 'Liar', 'none', false, 'https://hub.example.org/', NULL, '{}', 'document', NULL, now())`)
	r.Exec(`INSERT INTO groups (name) VALUES ('nobody')`)
	r.Exec(`INSERT INTO consents (user_id, client_id, scopes, granted_at) SELECT u.id, c.client_id, '{openid,email}', now()
		FROM users u, clients c WHERE NOT c.first_party AND c.client_id <> 'unused'`)
	r.WaitForNotify()
	b := r.browser()
	page := b.openAccount()
	want := []string{"https://archive.example.org/", "https://g.example.org/login?iss=" + url.QueryEscape(r.Issuer) + "&x=1",
		"https://hub.example.org/", "https://viewer.example.org/"}
	if got := b.listed(page, "applications", "href"); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	apps, _ := b.Interaction(page)["applications"].([]any)
	for _, app := range apps {
		m, _ := app.(map[string]any)
		if (m["name"] == "Viewer") != (m["unchecked"] == true) {
			t.Errorf("%v", m)
		}
	}
	allowed, _ := b.Interaction(page)["allowed"].([]any)
	if len(allowed) != 4 {
		t.Errorf("%v", allowed)
	}
	for _, a := range allowed {
		m, _ := a.(map[string]any)
		client, _ := m["client"].(map[string]any)
		if client["name"] == "With a token" && (client["unchecked"] != true || client["uri"] != nil) {
			t.Errorf("a stranger's address is shown: %v", client)
		}
	}
}

func TestPeopleWithdrawWhatTheyAllowedAndItsGrantsEnd(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`UPDATE clients SET first_party = false, grant_types = '{authorization_code,refresh_token}' WHERE client_id = 'web'`)
	r.WaitForNotify()
	b := r.browser()
	consent := b.Login(b.Authorize(AuthParams("scope", "openid email offline_access")).Location(), "alice", Password)
	code := b.post("/consent", consent.Header.Get("Location"), "consent", "yes")
	tokens := b.Token(Redeem(code.Query("code"))).JSON()
	page := b.openAccount()
	allowed, _ := b.Interaction(page)["allowed"].([]any)
	if len(allowed) != 1 {
		t.Fatalf("%v", allowed)
	}
	if first, _ := allowed[0].(map[string]any); first["id"] != "web" || len(first["scopes"].([]any)) != 3 || first["since"] == nil {
		t.Errorf("%v", allowed)
	}
	// Another person's, and another browser's.
	r.Exec(`INSERT INTO users (username, password) VALUES ('bob', crypt($1, gen_salt('bf', 4)))`, Password)
	bob := r.browser()
	his := bob.Login(bob.Do("GET", "/account", nil).Location(), "bob", Password).Header.Get("Location")
	for _, a := range []Answer{bob.post("/account/consents/withdraw", his, "withdraw", "web"),
		bob.post("/account/consents/withdraw", page, "withdraw", "web"), b.post("/account/consents/withdraw", page, "withdraw", ""),
		b.post("/account/consents/withdraw", page, "withdraw", strings.Repeat("x", 5000))} {
		if r.Count(`SELECT count(*) FROM consents`) != 1 || r.Count(`SELECT count(*) FROM grants WHERE revoked_at IS NOT NULL`) != 0 {
			t.Fatalf("withdrawn by %d %s", a.Status, led(a))
		}
	}
	done := b.post("/account/consents/withdraw", page, "withdraw", "web")
	if view := b.Interaction(led(done)); view["done"] != "consent_withdrawn" || len(view["allowed"].([]any)) != 0 {
		t.Errorf("%v", view["done"])
	}
	if a := b.Token(Refresh(Str(tokens["refresh_token"]))); a.Status != 400 {
		t.Errorf("its tokens go on: %d", a.Status)
	}
	if a := b.Userinfo(Str(tokens["access_token"])); a.Status != 401 {
		t.Errorf("its access token goes on: %d", a.Status)
	}
	if again := b.post("/account/consents/withdraw", page, "withdraw", "web"); b.Interaction(led(again))["done"] != "consent_withdrawn" {
		t.Errorf("a second time: %d", again.Status)
	}
	if a := b.Authorize(AuthParams("scope", "openid email offline_access")); a.Location().Path != "/consent" {
		t.Errorf("it is not asked for again: %s", a.Location())
	}
	r.Exec(`UPDATE sessions SET ended_at = now()`)
	if a := b.post("/account/consents/withdraw", page, "withdraw", "web"); a.Location().Path != "/login" {
		t.Errorf("an ended session: %s", a.Location())
	}
}

// A first-party application asks nobody, and yet people see what it holds, and end that.
func TestPeopleEndWhatAFirstPartyApplicationHoldsBeyondSessions(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`UPDATE clients SET grant_types = '{authorization_code,refresh_token}' WHERE client_id = 'web'`)
	r.WaitForNotify()
	b := r.browser()
	b.Token(Redeem(b.Code(AuthParams("scope", "openid"))))
	page := b.openAccount()
	if got := b.listed(page, "allowed", "id"); len(got) != 0 {
		t.Errorf("what ends with the session is listed: %v", got)
	}
	tokens := b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()
	if got := b.listed(page, "allowed", "id"); !slices.Equal(got, []string{"web"}) {
		t.Errorf("%v", got)
	}
	b.post("/account/consents/withdraw", page, "withdraw", "web")
	if got := b.listed(page, "allowed", "id"); len(got) != 0 || b.Token(Refresh(Str(tokens["refresh_token"]))).Status != 400 {
		t.Errorf("%v", got)
	}
}

func TestPeopleSeeTheirSignInsAndWhatFailed(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`INSERT INTO users (username, password) VALUES ('bob', crypt($1, gen_salt('bf', 4)))`, Password)
	r.Exec(`UPDATE clients SET client_name = 'Wiki' WHERE client_id = 'web'`)
	r.WaitForNotify()
	b := r.browser()
	b.Login(b.Authorize(AuthParams()).Location(), "bob", Password)
	b.Login(r.browser().Authorize(AuthParams("prompt", "login")).Location(), "alice", "wrong", "User-Agent", "Mozilla/5.0 Firefox/130.0")
	other := r.browser()
	at := other.Authorize(AuthParams()).Location()
	r.Later(time.Second)
	other.Login(at, "alice", "wrong", "User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0")
	r.Later(time.Second)
	mine := r.browser()
	rows, _ := mine.Interaction(mine.openAccount())["sign_ins"].([]any)
	if len(rows) != 2 {
		t.Fatalf("%v", rows)
	}
	latest, _ := rows[0].(map[string]any)
	failed, _ := rows[1].(map[string]any)
	client, _ := failed["client"].(map[string]any)
	if latest["outcome"] != "signed_in" || latest["client"] != nil || failed["outcome"] != "failed" || failed["why"] != "wrong_password" ||
		failed["browser"] != "Firefox" || failed["system"] != "Linux" || failed["addr"] != "127.0.0.1" || client["name"] != "Wiki" {
		t.Errorf("%v", rows)
	}
}

func TestPeopleChangeWhatTheyAreCalled(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`UPDATE users SET managed_by = 'people.yaml:1'`) // it is theirs all the same
	b := r.browser()
	page := b.openAccount()
	change := func(fields ...string) Answer { return b.post("/account/profile", page, fields...) }
	a := change("name", "  Alice Ünal ", "given_name", "Alice", "family_name", "Ünal", "locale", "de-CH", "email", "evil@example.org",
		"username", "root", "groups", "hub-admins")
	view := b.Interaction(led(a))
	about, _ := view["about"].(map[string]any)
	user, _ := view["user"].(map[string]any)
	if view["done"] != "profile_changed" || about["name"] != "Alice Ünal" || about["locale"] != "de-CH" || user["name"] != "Alice Ünal" ||
		user["username"] != "alice" || r.Count(`SELECT count(*) FROM users WHERE email = 'evil@example.org'`) != 0 {
		t.Errorf("%v", view)
	}
	if view := b.Interaction(led(change("name", strings.Repeat("ü", 201)))); problemOn(view) != "invalid_name" {
		t.Errorf("too long: %v", view["error"])
	}
	for _, name := range []string{"a\nb", "a\x00b", "\xff"} { // no browser sends that
		if a := change("name", name); a.Status != 400 {
			t.Errorf("%.20q: %d", name, a.Status)
		}
	}
	for _, locale := range []string{"x", "de--", strings.Repeat("x", 400), "<b>"} {
		if a := change("locale", locale); a.Status != 400 {
			t.Errorf("%.20q: %d", locale, a.Status)
		}
	}
	if r.Count(`SELECT count(*) FROM users WHERE name = 'Alice Ünal' AND locale = 'de-CH'`) != 1 {
		t.Error("what was refused was done")
	}
	if view := b.Interaction(led(change())); view["done"] != "profile_changed" ||
		r.Count(`SELECT count(*) FROM users WHERE username = 'alice' AND name IS NULL AND locale IS NULL`) != 1 {
		t.Errorf("emptied: %v", view["done"])
	}
	if a := r.browser().post("/account/profile", page, "name", "x"); a.Status != 400 {
		t.Errorf("another browser: %d", a.Status)
	}
	r.Exec(`UPDATE sessions SET ended_at = now()`)
	if a := change("name", "x"); a.Location().Path != "/login" || r.Count(`SELECT count(*) FROM users WHERE name = 'x'`) != 0 {
		t.Errorf("an ended session: %s", a.Location())
	}
}

func problemOn(view map[string]any) string {
	e, _ := view["error"].(map[string]any)
	return Str(e["code"])
}

func TestPeopleGetWhatThereIsAboutThemAsAFile(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`INSERT INTO users (username, password, email) VALUES ('bob', crypt($1, gen_salt('bf', 4)), 'bob@example.org')`, Password)
	r.Exec(`UPDATE clients SET grant_types = '{authorization_code,refresh_token}' WHERE client_id = 'web'`)
	r.Exec(`INSERT INTO totp_secrets (user_id, secret, last_step, created_at)
		SELECT id, 'a secret', 1, now() FROM users WHERE username = 'bob'`)
	r.WaitForNotify()
	b := r.browser()
	b.Login(b.Authorize(AuthParams()).Location(), "alice", "wrong")
	b.Code(AuthParams("scope", "openid offline_access"))
	b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access"))))
	b.personalAccessToken()
	page := b.openAccount()
	a := b.post("/account/data", page)
	if a.Status != 200 || a.Header.Get("Content-Disposition") != `attachment; filename=alice.json` ||
		a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", a.Status, a.Header)
	}
	var data map[string]any
	if err := json.Unmarshal([]byte(a.Body), &data); err != nil {
		t.Fatal(err)
	}
	for list, want := range map[string]int{"sessions": 1, "sign_ins": 2,
		"applications": 1, "linked_accounts": 0, "personal_access_tokens": 1} {
		if got, _ := data[list].([]any); len(got) != want {
			t.Errorf("%s: %v", list, data[list])
		}
	}
	if user, _ := data["user"].(map[string]any); user["preferred_username"] != "alice" || user["sub"] == nil || user["groups"] == nil {
		t.Errorf("%v", user)
	}
	for _, secret := range []string{"$2", "argon2", "sha256", "cookie", "gatehouse_pat_", "secret", "bob"} {
		if strings.Contains(a.Body, secret) {
			t.Errorf("there is %q in it", secret)
		}
	}
	if a := r.browser().post("/account/data", page); a.Status != 400 {
		t.Errorf("another browser: %d", a.Status)
	}
	r.Exec(`UPDATE sessions SET ended_at = now()`)
	if a := b.post("/account/data", page); a.Location().Path != "/login" {
		t.Errorf("an ended session: %s", a.Location())
	}
}

// A withdrawal that is sent many times is one, and told once. Not parallel: it takes the log.
func TestAtOnceFiftyWithdrawalsAreOne(t *testing.T) {
	r := start(t)
	r.Exec(`INSERT INTO consents (user_id, client_id, scopes, granted_at)
		SELECT id, 'spa', '{openid}', now() FROM users WHERE username = 'alice'`)
	log := TakeLog(t)
	b := r.browser()
	page := b.openAccount()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if a := b.post("/account/consents/withdraw", page, "withdraw", "spa"); a.Status != 303 {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
	}
	all.Wait()
	if n := strings.Count(log.String(), `"consent_withdrawn"`); n != 1 || r.Count(`SELECT count(*) FROM consents`) != 0 {
		t.Errorf("withdrawn %d times", n)
	}
}

package provider_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"testing"

	. "gatehouse/api/apitest"
)

// withToken is a program with a personal access token of somebody.
func (r *rig) withToken(username, scope string) *console {
	r.Helper()
	token := "gatehouse_pat_" + username + "_" + strings.ReplaceAll(scope, " ", "_")
	r.Exec(`INSERT INTO personal_access_tokens (token_sha256, username, name, scope, amr, expires_at)
		VALUES (sha256($1::text::bytea), $2, 'of a test', $3, '{pwd}', now() + interval '1 day')`, token, username, scope)
	return &console{r.browser(), r.openAPI(), nil, token}
}

func (c *console) forbidden(method, path, body string) {
	c.Helper()
	if a := c.ask(method, path, body); a.Status != 403 {
		c.Errorf("%s %s: %d %s, want 403", method, path, a.Status, a.Body)
	}
}

// TestNobodyGetsMoreThanTheyHaveByTheAdminAPI tries each way up there is for somebody who may change people, groups and clients.
func TestNobodyGetsMoreThanTheyHaveByTheAdminAPI(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	r.Exec(`INSERT INTO users (username) VALUES ('bob'), ('carol'), ('dora')`)
	r.Exec(`INSERT INTO group_members (username, group_name) VALUES ('bob', 'hub-admins'), ('carol', 'help'), ('dora', 'readers')`)
	c := r.withToken("bob", "admin.users.write admin.groups.write admin.clients.write admin.upstreams.write admin.resources.write")
	c.does(200, "POST", "/users", `{"username": "eve"}`)
	c.does(204, "POST", "/groups", `{"name": "class"}`)
	c.does(204, "POST", "/groups/class/members", `{"usernames": ["eve"]}`)
	for _, path := range []string{"hub-admins", "readers", "help"} {
		c.forbidden("POST", "/groups/"+path+"/members", `{"usernames": ["eve"]}`)
		c.forbidden("DELETE", "/groups/"+path, "")
		c.forbidden("PATCH", "/groups/"+path, `{"new_name": "x"}`)
		c.forbidden("PATCH", "/groups/"+path, `{"mfa": true}`)
	}
	c.forbidden("POST", "/users", `{"username": "mallory", "groups": ["hub-admins"]}`)
	r.Exec(`DELETE FROM groups WHERE name = 'help'`)
	c.forbidden("PATCH", "/groups/class", `{"new_name": "help"}`)
	c.forbidden("POST", "/groups", `{"name": "help"}`)
	r.Exec(`INSERT INTO groups (name) VALUES ('help')`)
	r.Exec(`INSERT INTO group_members (username, group_name) VALUES ('carol', 'help')`)
	for _, who := range []string{"alice", "bob", "carol", "dora"} {
		c.forbidden("POST", "/users/"+who+"/password", `{"password": "correct horse battery staple"}`)
		c.forbidden("POST", "/users/"+who+"/links", `{}`)
		c.forbidden("POST", "/users/"+who+"/disable", "")
		c.forbidden("POST", "/users/"+who+"/reset-factors", `{}`)
		c.forbidden("PATCH", "/users/"+who, `{"email": "eve@example.org"}`)
		c.forbidden("DELETE", "/users/"+who, "")
	}
	audience := r.Issuer + "/admin/v1"
	c.forbidden("POST", "/clients", `{"client_id": "robot", "audiences": ["`+audience+`"]}`)
	c.forbidden("POST", "/clients", `{"client_id": "robot", "scope": "openid admin.write"}`)
	c.forbidden("PATCH", "/clients/web", `{"audiences": ["`+audience+`"]}`)
	c.forbidden("PATCH", "/clients/web", `{"add_audiences": ["`+audience+`"]}`)
	c.forbidden("PATCH", "/clients/console", `{"redirect_uris": ["https://eve.example.org/cb"]}`)
	c.forbidden("POST", "/clients/import", `{"clients": [{"client_id": "robot", "scope": "admin.read"}]}`)
	r.Exec(`INSERT INTO resources (identifier) VALUES ($1)`, audience)
	c.forbidden("DELETE", "/resources/"+url.PathEscape(audience), "")
	c.forbidden("POST", "/upstreams", `{"name": "eve", "issuer": "https://eve.example.org", "client_id": "x"}`)
	if r.Count(`SELECT count(*) FROM group_members WHERE username IN ('eve', 'mallory') AND group_name <> 'class'`) != 0 ||
		r.Count(`SELECT count(*) FROM clients WHERE client_id = 'robot'`) != 0 ||
		r.Count(`SELECT count(*) FROM users WHERE disabled_at IS NOT NULL`) != 0 {
		t.Error("something was changed all the same")
	}
	all := r.withToken("bob", "admin.write")
	all.does(204, "POST", "/groups/hub-admins/members", `{"usernames": ["eve"]}`)
	all.does(200, "POST", "/clients", `{"client_id": "robot", "audiences": ["`+audience+`"]}`)
}

func TestTheHelpDeskHelpsPeopleWhoHaveNoRole(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	r.Exec(`INSERT INTO users (username) VALUES ('helper'), ('student')`)
	r.Exec(`INSERT INTO group_members (username, group_name) VALUES ('helper', 'help')`)
	r.browser().Code(AuthParams())
	c := r.withToken("helper", "admin.write")
	c.does(200, "GET", "/users?q=student", "")
	c.does(200, "GET", "/users/student", "")
	c.does(200, "POST", "/users/student/links", `{}`)
	c.does(200, "POST", "/users/student/reset-factors", `{}`)
	c.does(200, "POST", "/sessions/end", `{"all_of": "student"}`)
	c.forbidden("POST", "/users/alice/links", `{}`)
	c.forbidden("POST", "/users/helper/reset-factors", `{}`)
	// No scope would do, so none is named.
	if a := c.does(403, "POST", "/sessions/end", `{"all_of": "alice"}`); a.JSON()["code"] != "forbidden" ||
		a.Header.Get("WWW-Authenticate") != "" {
		t.Errorf("%s %s", a.Body, a.Header.Get("WWW-Authenticate"))
	}
	c.forbidden("POST", "/users/student/password", `{"password": "correct horse battery staple"}`)
	c.forbidden("PATCH", "/users/student", `{"name": "Student"}`)
	c.forbidden("GET", "/clients", "")
	c.forbidden("POST", "/groups/help/members", `{"usernames": ["student"]}`)
	r.Exec(`INSERT INTO group_members (username, group_name) VALUES ('student', 'readers')`)
	c.forbidden("POST", "/users/student/links", `{}`)
	reader := r.withToken("student", "admin.write")
	reader.does(200, "GET", "/clients", "")
	reader.forbidden("POST", "/users/helper/links", `{}`)
}

func TestTheLastAdministratorIsLeft(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	c := r.withToken("alice", "admin.write")
	for _, try := range [][3]string{{"POST", "/users/alice/disable", ""}, {"DELETE", "/groups/hub-admins/members/alice", ""},
		{"DELETE", "/users/alice", ""}, {"DELETE", "/groups/hub-admins", ""},
		{"PATCH", "/users/alice", `{"expires_at": "2026-01-01T00:00:00Z"}`}, {"POST", "/users/alice/offboard", `{}`},
		{"PATCH", "/groups/hub-admins/members/alice", `{"until": "2026-01-01T00:00:00Z"}`},
		{"POST", "/groups/hub-admins/members", `{"usernames": ["alice"], "until": "2026-01-01T00:00:00Z"}`}} {
		a := c.does(409, try[0], try[1], try[2])
		if a.JSON()["constraint"] != "an_administrator_must_be_left" || !strings.Contains(a.Body, "on the command line") {
			t.Error(a.Body)
		}
	}
	r.Exec(`INSERT INTO users (username) VALUES ('bob')`)
	r.Exec(`INSERT INTO group_members (username, group_name) VALUES ('bob', 'hub-admins')`)
	bob := r.withToken("bob", "admin.write")
	var both sync.WaitGroup // each takes the other out
	var answers [2]Answer
	both.Go(func() { answers[0] = c.ask("DELETE", "/groups/hub-admins/members/bob", "") })
	both.Go(func() { answers[1] = bob.ask("DELETE", "/groups/hub-admins/members/alice", "") })
	both.Wait()
	if n := r.Count(`SELECT count(*) FROM group_members WHERE group_name = 'hub-admins'`); n != 1 {
		t.Errorf("%d are left: %v", n, answers)
	}
}

func TestADryRunAnswersWhatWouldChangeAndEnd(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	r.Exec(`INSERT INTO users (username, password) VALUES ('ada', crypt($1, gen_salt('bf', 4)))`, Password)
	b := r.browser()
	a := b.Login(b.Authorize(AuthParams("scope", "openid offline_access", "prompt", "consent")).Location(), "ada", Password)
	if a.Location().Path == "/consent" {
		a = b.Do("POST", "/consent", url.Values{"request": {a.Query("request")}, "consent": {"yes"}}, "Origin", UIOrigin)
	}
	if b.Token(Redeem(a.Query("code"))).Status != 200 {
		t.Fatalf("ada did not get in: %d %s", a.Status, a.Body)
	}
	c := r.withToken("alice", "admin.write")
	answer := c.does(200, "POST", "/users/ada/password?dry_run=true", `{"password": "correct horse battery staple"}`)
	var dry struct {
		Changes []struct{ Table, Action string }
		Ends    struct{ Sessions, Grants int }
		SQL     string
		Command string
	}
	if err := json.Unmarshal([]byte(answer.Body), &dry); err != nil || dry.Ends.Sessions != 1 || dry.Ends.Grants != 1 {
		t.Errorf("%v: %s", err, answer.Body)
	}
	if strings.Contains(answer.Body, "correct horse") || !strings.Contains(answer.Body, "(secret)") {
		t.Errorf("of the password: %s", answer.Body)
	}
	if r.Count(`SELECT count(*) FROM sessions WHERE ended_at IS NULL AND user_id = (SELECT id FROM users WHERE username = 'ada')`) != 1 {
		t.Error("the session ended")
	}
	answer = c.does(200, "PATCH", "/users/ada?dry_run=true", `{"email": "ada@example.org", "name": "Ada O'Hara"}`)
	if err := json.Unmarshal([]byte(answer.Body), &dry); err != nil {
		t.Fatal(err)
	}
	if want := "gatehouse user set ada --name 'Ada O'\\''Hara' --email ada@example.org"; dry.Command != want {
		t.Errorf("command %q, want %q", dry.Command, want)
	}
	var undo struct {
		SQL string `json:"undo_sql"`
	}
	if err := json.Unmarshal([]byte(answer.Body), &undo); err != nil {
		t.Fatal(err)
	}
	r.Exec(dry.SQL)
	if r.Count(`SELECT count(*) FROM users WHERE username = 'ada' AND email = 'ada@example.org' AND name = $1`, "Ada O'Hara") != 1 {
		t.Errorf("the SQL does something else: %s", dry.SQL)
	}
	r.Exec(undo.SQL)
	if r.Count(`SELECT count(*) FROM users WHERE username = 'ada' AND email IS NULL AND name IS NULL`) != 1 {
		t.Errorf("the SQL that takes it back does not: %s", undo.SQL)
	}
}

func TestTwoAdministratorsAtOnceDoNotUndoEachOther(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	c := r.withToken("alice", "admin.write")
	tag := c.does(200, "GET", "/users/alice", "").Header.Get("ETag")
	if tag == "" {
		t.Fatal("no ETag")
	}
	if a := c.does(304, "GET", "/users/alice", "", "If-None-Match", tag); a.Body != "" {
		t.Error(a.Body)
	}
	statuses := make([]int, 8)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			statuses[i] = c.ask("PATCH", "/users/alice", `{"given_name": "A`+strings.Repeat("a", i)+`"}`, "If-Match", tag).Status
		})
	}
	all.Wait()
	done := 0
	for _, status := range statuses {
		if status == 204 || status == 200 {
			done++
		} else if status != 412 {
			t.Errorf("%v", statuses)
		}
	}
	if done != 1 {
		t.Errorf("%d of 8 were done: %v", done, statuses)
	}
	a := c.does(412, "DELETE", "/users/alice", "", "If-Match", tag)
	current, _ := a.JSON()["current"].(map[string]any)
	if !strings.HasPrefix(Str(current["given_name"]), "A") {
		t.Errorf("current: %s", a.Body)
	}
	c.does(400, "POST", "/users", `{"username": "x"}`, "If-Match", tag)
}

func TestARequestWithTheSameIdempotencyKeyIsDoneOnce(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	c := r.withToken("alice", "admin.write")
	answers := make([]Answer, 8)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = c.ask("POST", "/clients", `{"client_id": "hub"}`, "Idempotency-Key", "k-1") })
	}
	all.Wait()
	for _, a := range answers {
		if a.Status != 200 || a.Body != answers[0].Body || len(Str(a.JSON()["client_secret"])) != 43 {
			t.Errorf("%d %s, want %s", a.Status, a.Body, answers[0].Body)
		}
	}
	c.does(422, "POST", "/clients", `{"client_id": "other"}`, "Idempotency-Key", "k-1")
	r.withToken("alice", "admin.write openid").does(200, "POST", "/clients", `{"client_id": "hub"}`, "Idempotency-Key", "k-1")
	c.does(409, "POST", "/clients", `{"client_id": "hub"}`, "Idempotency-Key", "k-2")
	c.does(200, "POST", "/clients", `{"client_id": "late"}`, "Idempotency-Key", "k-2") // what failed was not done
	if r.Count(`SELECT count(*) FROM idempotency_keys WHERE answer IS NULL OR position($1 IN encode(answer, 'escape')) > 0`,
		Str(answers[0].JSON()["client_secret"])) != 0 {
		t.Error("an answer is not sealed")
	}
}

// Who did what by the API is in audit, and a sign-in of a person has nothing there.
func TestWhatTheAdminAPIChangesIsInAudit(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	c := r.withToken("alice", "admin.write")
	a := c.does(200, "POST", "/users", `{"username": "ada"}`)
	if r.Count(`SELECT count(*) FROM audit WHERE table_name = 'users' AND action = 'INSERT' AND actor = 'alice' AND door = 'api'
		AND operation = 'user add' AND username = 'ada' AND request_id = $1 AND addr = '127.0.0.1'`, a.Header.Get("X-Request-Id")) != 1 {
		t.Error("api: not in audit")
	}
	c.does(204, "POST", "/users/ada/disable", "", "Origin", UIOrigin)
	if r.Count(`SELECT count(*) FROM audit WHERE operation = 'user disable' AND actor = 'alice' AND door = 'page'`) != 1 {
		t.Error("page: not in audit")
	}
}

// Fetch §3: the pages' origin alone may read answers, and nobody sends cookies along.
func TestNoOtherOriginReadsTheAdminAPI(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	c := r.withToken("alice", "admin.write")
	asked := []string{"Access-Control-Request-Method", "PATCH",
		"Access-Control-Request-Headers", "authorization,dpop,if-match,idempotency-key"}
	a := c.ask("OPTIONS", "/users/alice", "", append(asked, "Origin", UIOrigin)...)
	h := a.Header
	if h.Get("Access-Control-Allow-Origin") != UIOrigin || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "PATCH") ||
		!strings.Contains(h.Get("Access-Control-Allow-Headers"), "if-match") || h.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("the pages: %v", h)
	}
	for _, origin := range []string{"https://eve.example.org", "null", r.Issuer, "https://spa.example.org"} {
		for _, a := range []Answer{c.ask("OPTIONS", "/users/alice", "", append(asked, "Origin", origin)...),
			c.ask("GET", "/users/alice", "", "Origin", origin)} {
			if a.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: %v", origin, a.Header)
			}
		}
	}
}

// challenges reports whether an answer says as which type of token, and with which scope, a token would do (RFC 6750 §3.1, RFC 9449 §7.1).
func challenges(a Answer, scheme, scope string) bool {
	given, _, _ := strings.Cut(a.Header.Get("WWW-Authenticate"), `, resource_metadata="`)
	return strings.HasPrefix(given, scheme+` realm="`) && strings.Contains(given, `, error="insufficient_scope", `) &&
		strings.HasSuffix(given, `, scope="`+scope+`"`) && strings.Contains(given, ", algs=") == (scheme == "DPoP")
}

func TestAnAnswerSaysWhichScopeATokenLacks(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	bound, bearer := r.console("admin.users.read"), r.withToken("alice", "admin.users.read")
	for _, c := range []struct {
		method, path, body, scope string
	}{
		{"POST", "/users", `{"username": "ada"}`, "admin.users.write"},
		{"GET", "/clients", "", "admin.clients.read"},
		{"POST", "/audit/1/undo", "{}", "admin.write"},
	} {
		for scheme, by := range map[string]*console{"DPoP": bound, "Bearer": bearer} {
			a := by.does(403, c.method, c.path, c.body)
			if a.JSON()["code"] != "insufficient_scope" || !challenges(a, scheme, c.scope) {
				t.Errorf("%s %s: %s %s", scheme, c.path, a.Body, a.Header.Get("WWW-Authenticate"))
			}
		}
	}
	a := r.withToken("alice", "admin.users.write").does(403, "POST", "/users", `{"username": "eve", "groups": ["hub-admins"]}`)
	if !challenges(a, "Bearer", "admin.write") {
		t.Errorf("%s %s", a.Body, a.Header.Get("WWW-Authenticate"))
	}
}

package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	. "gatehouse/api/apitest"
	"gatehouse/api/provider"
)

const adminCallback = "https://console.example.org/cb"

// console is a program that talks to the admin API with one access token. Each answer is held to the OpenAPI document, and so is each
// request that is not refused.
type console struct {
	*browser
	document routers.Router
	key      *signer // nil for a bearer token
	token    string
}

// startAdmin runs the API with an admin API, whose administrators are in hub-admins, as alice is.
func startAdmin(t *testing.T, change ...func(*provider.Settings)) *rig {
	t.Helper()
	all := append([]func(*provider.Settings){func(s *provider.Settings) {
		s.AdminGroup, s.ReaderGroup, s.HelpDeskGroup, s.AdminACR = "hub-admins", "readers", "help", "1"
	}}, change...)
	r := start(t, all...)
	r.Exec(`INSERT INTO groups (name) VALUES ('readers'), ('help')`)
	r.Exec(`INSERT INTO group_members (username, group_name) VALUES ('alice', 'hub-admins')`)
	r.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris, first_party, scope, audiences, dpop_bound_access_tokens)
		VALUES ('console', 'none', ARRAY[$1], true, 'openid admin.read admin.write admin.users.read admin.users.write', ARRAY[$2], true)`,
		adminCallback, r.Issuer+"/admin/v1")
	r.WaitForNotify()
	return r
}

// console signs alice in with a scope, "" for all.
func (r *rig) console(scope string) *console {
	r.Helper()
	if scope == "" {
		scope = "admin.write"
	}
	b, key := r.browser(), newSigner("ES256", "")
	code := b.Code(AuthParams("client_id", "console", "redirect_uri", adminCallback, "scope", "openid "+scope,
		"resource", r.Issuer+"/admin/v1"))
	a := b.proven(key, Redeem(code, "client_id", "console", "redirect_uri", adminCallback))
	token := Str(a.JSON()["access_token"])
	if token == "" {
		r.Fatalf("no token: %d %s", a.Status, a.Body)
	}
	return &console{b, r.openAPI(), &key, token}
}

func (r *rig) openAPI() routers.Router {
	r.Helper()
	a := r.browser().Do("GET", "/admin/v1/openapi.json", nil)
	doc, err := openapi3.NewLoader().LoadFromData([]byte(a.Body))
	if err == nil {
		err = doc.Validate(context.Background())
	}
	if err != nil {
		r.Fatalf("openapi.json: %v", err)
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		r.Fatal(err)
	}
	return router
}

// ask sends a request, with a JSON body unless body is ""; headers are name, value pairs.
func (c *console) ask(method, path, body string, headers ...string) Answer {
	c.Helper()
	req, err := http.NewRequest(method, c.Issuer+"/admin/v1"+path, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", map[bool]string{true: "application/merge-patch+json", false: "application/json"}[method == "PATCH"])
	}
	if c.token != "" {
		scheme := "Bearer "
		if c.key != nil {
			scheme = "DPoP "
			at, _, _ := strings.Cut("/admin/v1"+path, "?")
			req.Header.Set("DPoP", c.proof(*c.key, method, at, "ath", athOf(c.token)))
		}
		req.Header.Set("Authorization", scheme+c.token)
	}
	for i := 0; i < len(headers); i += 2 {
		if req.Header.Set(headers[i], headers[i+1]); headers[i+1] == "" {
			req.Header.Del(headers[i])
		}
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		c.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.Fatal(err)
	}
	c.holdToDocument(req, body, res, text)
	return Answer{Status: res.StatusCode, Header: res.Header, Body: string(text)}
}

func (c *console) holdToDocument(req *http.Request, body string, res *http.Response, text []byte) {
	c.Helper()
	route, path, err := c.document.FindRoute(req)
	if err != nil {
		if res.StatusCode < 400 && req.Method != "OPTIONS" {
			c.Errorf("%s %s is not in the document: %v", req.Method, req.URL.Path, err)
		}
		return
	}
	req.Body = io.NopCloser(strings.NewReader(body))
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: path, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil && res.StatusCode < 400 {
		c.Errorf("%s %s: the document refuses the request: %v", req.Method, req.URL, err)
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: res.StatusCode, Header: res.Header,
		Body: io.NopCloser(bytes.NewReader(text))}
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		c.Errorf("%s %s: the document refuses the answer: %v\n%s", req.Method, req.URL, err, text)
	}
}

// does expects an answer.
func (c *console) does(status int, method, path, body string, headers ...string) Answer {
	c.Helper()
	a := c.ask(method, path, body, headers...)
	if a.Status != status {
		c.Errorf("%s %s: %d %s, want %d", method, path, a.Status, a.Body, status)
	}
	return a
}

func TestAnAdministratorSeesToPeopleGroupsAndClients(t *testing.T) {
	t.Parallel()
	c := startAdmin(t).console("")
	c.does(204, "POST", "/groups", `{"name": "physics101", "description": "Physics"}`)
	a := c.does(200, "POST", "/users", `{"username": "ada", "name": "Ada", "groups": ["physics101"]}`)
	if Str(a.JSON()["username"]) != "ada" {
		t.Error(a.Body)
	}
	c.does(200, "GET", "/users?q=ada&limit=10", "")
	c.does(200, "GET", "/groups/physics101/members", "")
	a = c.does(200, "POST", "/clients", `{"client_id": "https://hub.example.org/", "redirect_uris": ["https://hub.example.org/cb"]}`)
	if len(Str(a.JSON()["client_secret"])) != 43 {
		t.Error(a.Body)
	}
	c.does(200, "GET", "/clients/"+url.PathEscape("https://hub.example.org/"), "")
	hub := "/clients/" + url.PathEscape("https://hub.example.org/")
	c.does(200, "POST", hub+"/rotate-secret", "")
	c.does(200, "POST", hub+"/rotate-secret", `{"keep": "7d", "name": "spring/summer"}`)
	c.does(400, "POST", hub+"/rotate-secret", `{"keep": "a week"}`)
	if a = c.does(409, "POST", hub+"/secrets", `{"days": 90}`); !strings.Contains(a.Body, "at most two live secrets: remove one first") {
		t.Error(a.Body)
	}
	if a = c.does(200, "GET", hub+"/secrets", ""); strings.Count(a.Body, `"name"`) != 2 || strings.Contains(a.Body, "sha256") {
		t.Error(a.Body)
	}
	c.does(204, "DELETE", hub+"/secrets/"+url.PathEscape("spring/summer"), "")
	c.does(404, "DELETE", hub+"/secrets/"+url.PathEscape("spring/summer"), "")
	c.does(200, "POST", hub+"/secrets", `{"name": "autumn"}`)
	c.does(200, "GET", hub+"/refusals", "")
	c.does(204, "POST", "/users/ada/disable", "")
	c.does(204, "DELETE", "/clients/"+url.PathEscape("https://hub.example.org/"), "")
	c.does(404, "GET", "/clients/"+url.PathEscape("https://hub.example.org/"), "")
}

func TestTheAdminAPIIsOffUntilAGroupIsNamed(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	for _, path := range []string{"/admin/v1/openapi.json", "/admin/v1/users", provider.AdminMetadataPath} {
		if a := b.Do("GET", path, nil); a.Status != 404 {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
}

// RFC 6750 §3, RFC 9449 §7, RFC 9470 §3, RFC 8707.
func TestTheAdminAPIRefusesTokensThatAreNotForIt(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	c := r.console("")
	refused := func(what string, c *console, status int, code string, headers ...string) {
		t.Helper()
		a := c.ask("GET", "/users", "", headers...)
		if a.Status != status || a.JSON()["code"] != code || a.Header.Get("Content-Type") != provider.ProblemType {
			t.Errorf("%s: %d %s %s, want %d %s", what, a.Status, a.Header.Get("Content-Type"), a.Body, status, code)
		}
		if status == 401 && !strings.Contains(a.Header.Get("WWW-Authenticate"), `error="`+code) {
			t.Errorf("%s: WWW-Authenticate %q", what, a.Header.Get("WWW-Authenticate"))
		}
	}
	with := func(key *signer, token string) *console { return &console{c.browser, c.document, key, token} }
	refused("no token", with(nil, ""), 401, "invalid_token")
	refused("no proof", c, 401, "invalid_token", "DPoP", "")
	refused("the proof of another request", c, 401, "invalid_dpop_proof",
		"DPoP", c.proof(*c.key, "POST", "/admin/v1/users", "ath", athOf(c.token)))
	other := newSigner("ES256", "")
	refused("another key", with(&other, c.token), 401, "invalid_token")
	refused("as a bearer's", with(nil, c.token), 401, "invalid_token")
	proof := c.proof(*c.key, "GET", "/admin/v1/users", "ath", athOf(c.token))
	c.does(200, "GET", "/users", "", "DPoP", proof)
	refused("a proof twice", c, 401, "invalid_dpop_proof", "DPoP", proof)
	web := Str(c.Token(Redeem(c.Code(AuthParams()))).JSON()["access_token"])
	refused("another audience", with(nil, web), 401, "invalid_token")
	refused("no JWT", with(nil, "x"), 401, "invalid_token")
	r.Exec(`UPDATE clients SET audiences = audiences || ARRAY[$1] WHERE client_id = 'web'`, r.Issuer+"/admin/v1")
	r.Exec(`UPDATE clients SET scope = 'openid admin.write' WHERE client_id = 'web'`)
	r.WaitForNotify()
	web = Str(c.Token(Redeem(c.Code(AuthParams("scope", "openid admin.write")))).JSON()["access_token"])
	refused("a person's token that is bound to no key", with(nil, web), 401, "invalid_token")
	r.Exec(`UPDATE clients SET registration = 'open' WHERE client_id = 'console'`)
	r.WaitForNotify()
	refused("of a client that registered itself", c, 401, "invalid_token")
	r.Exec(`UPDATE clients SET registration = NULL WHERE client_id = 'console'`)
	r.WaitForNotify()
	c.does(200, "GET", "/users", "")
	r.Exec(`DELETE FROM group_members WHERE group_name = 'hub-admins'`)
	refused("taken out of the group", c, 403, "forbidden")
	r.Exec(`INSERT INTO group_members (username, group_name) VALUES ('alice', 'hub-admins')`)
	r.Exec(`UPDATE users SET disabled_at = now() WHERE username = 'alice'`)
	refused("disabled", c, 401, "invalid_token")
}

func TestAnAdministratorHasProvenTwoFactors(t *testing.T) {
	t.Parallel()
	r := startAdmin(t, func(s *provider.Settings) { s.AdminACR = "mfa" })
	c := r.console("")
	a := c.does(401, "GET", "/users", "")
	if a.JSON()["code"] != "insufficient_user_authentication" || !strings.Contains(a.Header.Get("WWW-Authenticate"), `acr_values="mfa"`) {
		t.Errorf("%s %s", a.Body, a.Header.Get("WWW-Authenticate"))
	}
	r.Exec(`INSERT INTO personal_access_tokens (token_sha256, username, name, scope, amr, expires_at)
		VALUES (sha256('gatehouse_pat_weak'), 'alice', 'weak', 'admin.read', '{pwd}', now() + interval '1 day'),
		(sha256('gatehouse_pat_strong'), 'alice', 'strong', 'admin.read', '{pwd,otp}', now() + interval '1 day')`)
	weak, strong := &console{c.browser, c.document, nil, "gatehouse_pat_weak"}, &console{c.browser, c.document, nil, "gatehouse_pat_strong"}
	weak.does(401, "GET", "/users", "")
	strong.does(200, "GET", "/users", "")
	if a := strong.does(403, "POST", "/users", `{"username": "ada"}`); a.JSON()["code"] != "insufficient_scope" ||
		!challenges(a, "Bearer", "admin.users.write") {
		t.Error(a.Body, a.Header.Get("WWW-Authenticate"))
	}
}

func TestAClientThatComesForItselfMayWhatItsRowSays(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	r.Exec(`INSERT INTO clients (client_id, grant_types, scope, audiences)
		VALUES ('robot', '{client_credentials}', 'admin.users.read', ARRAY[$1])`, r.Issuer+"/admin/v1")
	r.Exec(`INSERT INTO client_secrets (client_id, secret_sha256) VALUES ('robot', sha256('robot-secret'))`)
	r.WaitForNotify()
	b := r.browser()
	a := b.Do("POST", "/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"robot"}, "client_secret": {"robot-secret"}})
	c := &console{b, r.openAPI(), nil, Str(a.JSON()["access_token"])}
	c.does(200, "GET", "/users", "")
	c.does(403, "GET", "/clients", "")
	c.does(403, "POST", "/users/alice/disable", "")
	r.Exec(`UPDATE clients SET disabled_at = now() WHERE client_id = 'robot'`)
	r.WaitForNotify()
	c.does(401, "GET", "/users", "")
}

func TestBadInputToTheAdminAPIIsNamed(t *testing.T) {
	t.Parallel()
	c := startAdmin(t).console("")
	for _, test := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "/users", `{"username": "ada", "password_hash_of": "x"}`, 400, `no member \"password_hash_of\"`},
		{"POST", "/users", `{"username": "ada", "username": "eve"}`, 400, "is there twice"},
		{"POST", "/users", `{"username": 7}`, 400, "must be a text, not number"},
		{"POST", "/users", `{"username": "ada"} {}`, 400, "something follows"},
		{"POST", "/users", `["ada"]`, 400, "must be a JSON object"},
		{"POST", "/users", `{"username": "ada"`, 400, "no JSON"},
		{"POST", "/users", `{"username": "Ada"}`, 409, "lower-case letters"},
		{"POST", "/users", `{"username": "alice"}`, 409, "already"},
		{"POST", "/users?username=ada", `{}`, 400, "belongs into the body"},
		{"POST", "/users/alice/disable", `{"username": "bob"}`, 400, `no member \"username\"`},
		{"POST", "/clients", `{"client_id": "x", "registration": "open"}`, 400, `no member \"registration\"`},
		{"POST", "/clients", `{"client_id": "x", "managed_by": "hub.yaml:1"}`, 400, `no member \"managed_by\"`},
		{"GET", "/users?limit=many", "", 400, "must be a number"},
		{"GET", "/users?limit=1&limit=2", "", 400, "is there twice"},
		{"GET", "/users?nothing=1", "", 400, `no member \"nothing\"`},
		{"GET", "/users/", "", 404, "no such path"},
		{"GET", "/nothing", "", 404, "no such path"},
		{"PUT", "/users", "{}", 405, "GET"},
		{"POST", "/users/nobody/disable", "", 404, "there is no user"},
		{"POST", "/users", `{"username": "` + strings.Repeat("a", 70_000) + `"}`, 413, "64 KiB"},
		{"POST", "/users?dry_run=perhaps", `{"username": "ada"}`, 400, "dry_run must be true or false"},
	} {
		a := c.does(test.status, test.method, test.path, test.body)
		if !strings.Contains(a.Body, test.says) || Str(a.JSON()["request_id"]) == "" {
			t.Errorf("%s %s: %s, want %s", test.method, test.path, a.Body, test.says)
		}
	}
	a := c.does(415, "POST", "/users", `{"username": "ada"}`, "Content-Type", "text/plain")
	if !strings.Contains(a.Body, "application/json") {
		t.Error(a.Body)
	}
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal([]byte(c.does(200, "GET", "/users", "").Body), &list); err != nil || len(list.Items) != 1 {
		t.Errorf("%v: %d users", err, len(list.Items))
	}
}

// RFC 9110 §10.2.3: what could not be done because Postgres went away is worth another try, and was not done.
func TestTheAdminAPISaysWhenToTryAgain(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	c := r.withToken("alice", "admin.write")
	lock, err := r.DB.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(t.Context(), `LOCK TABLE groups`); err != nil {
		t.Fatal(err)
	}
	answered := make(chan Answer)
	go func() { answered <- c.ask("POST", "/groups", `{"name": "class"}`) }()
	for r.Count(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%groups%'`) == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	a := <-answered
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a.Status != 503 || a.JSON()["code"] != "temporarily_unavailable" || Str(a.JSON()["request_id"]) == "" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if wait := a.Header.Get("Retry-After"); wait != "5" {
		t.Errorf("Retry-After %q", wait)
	}
	if r.Count(`SELECT count(*) FROM groups WHERE name = 'class'`) != 0 {
		t.Error("it was done all the same")
	}
}

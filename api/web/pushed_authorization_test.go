package web_test

import (
	"maps"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

const requestURIPrefix = "urn:ietf:params:oauth:request_uri:"

// pushRequest pushes a request, in the name of client "web" unless it has another's.
func (b *browser) pushRequest(params url.Values, headers ...string) answer {
	b.Helper()
	params = maps.Clone(params)
	if params.Get("client_id") == "web" && !params.Has("client_secret") {
		params.Set("client_secret", "web-secret")
	}
	return b.do("POST", "/par", params, headers...)
}

// pushedURI is the request_uri of a request that is pushed.
func (b *browser) pushedURI(params url.Values) string {
	b.Helper()
	a := b.pushRequest(params)
	if a.status != 201 {
		b.Fatalf("not pushed: %d %s", a.status, a.body)
	}
	return str(a.json()["request_uri"])
}

// withPushed is what comes through the browser of a pushed request of client "web", and what else is in the address.
func withPushed(uri string, more ...string) url.Values {
	v := url.Values{"client_id": {"web"}, "request_uri": {uri}}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

// RFC 9126 §2.2, §4.
func TestAPushedRequestIsWhatWasPushedWhateverElseIsInTheAddress(t *testing.T) {
	b := start(t).browser()
	a := b.pushRequest(authParams("login_hint", "alice", "ui_locales", "fr"))
	uri := str(a.json()["request_uri"])
	if a.status != 201 || !strings.HasPrefix(uri, requestURIPrefix) || len(uri) < 100 || a.json()["expires_in"] != 60.0 ||
		len(a.json()) != 2 || a.header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	if strings.Contains(uri, "alice") || strings.Contains(uri, "callback") {
		t.Errorf("what was pushed can be read: %s", uri)
	}
	if uri == b.pushedURI(authParams("login_hint", "alice", "ui_locales", "fr")) {
		t.Error("the same request_uri twice")
	}
	for range 2 { // a visit does not spend it
		a = b.authorize(withPushed(uri, "redirect_uri", "https://evil.example/", "state", "other", "scope", "email", "prompt", "none", "login_hint", "bob",
			"response_type", "token", "response_mode", "fragment", "nonce", "x", "code_challenge", "", "claims", "{", "resource", "x", "request", "y"))
		page := b.interaction(a.header.Get("Location"))
		if page["page"] != "login" || page["username"] != "alice" || page["ui_locales"].([]any)[0] != "fr" {
			t.Fatalf("%d %s %v", a.status, a.location(), page)
		}
	}
	a = b.login(a.location(), "alice", password)
	if a.location().Host != "rp.example.org" || a.query("state") != "st" || a.query("iss") != b.issuer || a.query("fixed") != "1" {
		t.Fatalf("%d %s", a.status, a.location())
	}
	out := b.token(redeem(a.query("code"))).json()
	if out["scope"] != "openid profile email groups" || claims(str(out["id_token"]))["nonce"] != "no" {
		t.Errorf("%v", out)
	}
	if a := b.do("POST", "/authorize", withPushed(b.pushedURI(authParams()))); a.query("code") == "" {
		t.Errorf("by POST: %d %s", a.status, a.location())
	}
}

// RFC 9126 §4, §7.3: the statement that stores the code is the check.
func TestOfFiftyParallelAnswersToAPushedRequestOneIsACode(t *testing.T) {
	b := start(t).browser()
	b.code(authParams())
	uri := b.pushedURI(authParams("state", "pushed"))
	before := b.count("SELECT count(*) FROM used_jtis")
	results := make([]answer, 50)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() { results[i] = b.authorize(withPushed(uri)) })
	}
	group.Wait()
	codes := 0
	for _, a := range results {
		switch {
		case a.location().Host != "rp.example.org" || a.query("state") != "pushed" || a.query("iss") != b.issuer:
			t.Errorf("%d %s", a.status, a.location())
		case a.query("code") != "":
			codes++
		case a.query("error") != "invalid_request_uri":
			t.Errorf("%s", a.location())
		}
	}
	if made := b.count("SELECT count(*) FROM used_jtis") - before; codes != 1 || made != 1 {
		t.Errorf("%d codes were sent, %d made", codes, made)
	}
}

// RFC 9126 §2.2, §4, §7.1. Where the request can be read, its redirect URI is to be trusted; else nobody is sent anywhere.
func TestAPushedRequestIsForItsClientAMinuteAndOneAnswer(t *testing.T) {
	b := start(t).browser()
	b.code(authParams())
	b.exec(`INSERT INTO clients (client_id, client_secret_sha256, redirect_uris, first_party) VALUES ('other', sha256('web-secret'), ARRAY[$1], true)`, callback)
	toClient := func(what string, a answer) {
		t.Helper()
		if a.location().Host != "rp.example.org" || a.query("error") != "invalid_request_uri" || a.query("state") != "st" ||
			a.query("iss") != b.issuer || a.query("code") != "" {
			t.Errorf("%s: %d %s", what, a.status, a.location())
		}
	}
	toPage := func(what string, a answer) {
		t.Helper()
		page := b.interaction(a.leadsTo())
		if e, _ := page["error"].(map[string]any); a.status != 400 || a.header.Get("Location") != "" || e["code"] != "invalid_request_uri" {
			t.Errorf("%s: %d %s %v", what, a.status, a.location(), page)
		}
	}
	uri := b.pushedURI(authParams())
	toPage("another client", b.authorize(withPushed(uri, "client_id", "other", "redirect_uri", callback)))
	for i := len(requestURIPrefix); i < len(uri); i += 61 {
		altered := []byte(uri)
		altered[i] ^= 1
		toPage("altered", b.authorize(withPushed(string(altered), "redirect_uri", callback)))
	}
	for _, bad := range []string{requestURIPrefix, requestURIPrefix + "AAAA", uri + "A", uri + "=", uri[:len(uri)-1]} {
		toPage(bad, b.authorize(withPushed(bad)))
	}
	login := b.authorize(authParams("prompt", "login")).query("request")
	toPage("a request of a page", b.authorize(withPushed(requestURIPrefix+login)))
	if a := b.do("GET", "/interaction", url.Values{"request": {strings.TrimPrefix(uri, requestURIPrefix)}}); a.status != 400 {
		t.Errorf("a pushed request passes for one of a page: %d %s", a.status, a.body)
	}
	if a := b.authorize(withPushed(uri, "client_id", "nobody")); a.status != 400 || a.header.Get("Location") != "" {
		t.Errorf("an unknown client: %d %s", a.status, a.location())
	}
	twice := withPushed(uri)
	twice.Add("request_uri", uri)
	if a := b.authorize(twice); a.status != 400 || a.header.Get("Location") != "" {
		t.Errorf("request_uri twice: %d %s", a.status, a.location())
	}
	if a := b.authorize(withPushed(uri)); a.query("code") == "" {
		t.Fatalf("the refusals spent it: %d %s", a.status, a.location())
	}
	toClient("used", b.authorize(withPushed(uri)))

	late := b.pushedURI(authParams())
	b.later(59 * time.Second)
	page := b.rig.browser().authorize(withPushed(late))
	if page.location().Path != "/login" {
		t.Errorf("after 59 seconds: %s", page.location())
	}
	b.later(time.Second)
	toClient("expired", b.authorize(withPushed(late)))

	for sql, undo := range map[string]string{
		"UPDATE clients SET redirect_uris = '{https://rp.example.org/}' WHERE client_id = 'web'": "UPDATE clients SET redirect_uris = ARRAY['" + callback + "'] WHERE client_id = 'web'",
		"UPDATE clients SET disabled_at = now() WHERE client_id = 'web'":                         "UPDATE clients SET disabled_at = NULL",
	} {
		uri := b.pushedURI(authParams())
		b.exec(sql)
		waitForNotify()
		toPage(sql, b.authorize(withPushed(uri)))
		b.exec(undo)
		waitForNotify()
	}
}

// RFC 9126 §2: the client is authenticated as at the token endpoint. Of a public one nothing shows that it is itself, so nothing is stored.
func TestWhoPushesRequestsIsAuthenticatedAndNothingIsStored(t *testing.T) {
	b := start(t).browser()
	before := b.allRows()
	for what, a := range map[string]answer{
		"no client":               b.do("POST", "/par", authParams("client_id", "")),
		"no secret":               b.do("POST", "/par", authParams()),
		"a wrong secret":          b.pushRequest(authParams("client_secret", "wrong")),
		"an unknown client":       b.pushRequest(authParams("client_id", "nobody", "client_secret", "x")),
		"a secret of a public":    b.pushRequest(spaParams("client_secret", "x")),
		"a wrong Basic":           b.do("POST", "/par", authParams(), "Authorization", basic("web", "wrong")),
		"another client in Basic": b.do("POST", "/par", spaParams(), "Authorization", basic("web", "web-secret")),
	} {
		if a.status != 401 || a.json()["error"] != "invalid_client" || a.header.Get("WWW-Authenticate") == "" || a.json()["request_uri"] != nil {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	for what, a := range map[string]answer{
		"a public client":             b.pushRequest(spaParams()),
		"Basic":                       b.do("POST", "/par", authParams(), "Authorization", basic("web", "web-secret")),
		"Basic and no client_id":      b.do("POST", "/par", authParams("client_id", ""), "Authorization", basic("web", "web-secret")),
		"a page of the client's site": b.pushRequest(spaParams(), "Origin", "https://spa.example.org"),
	} {
		if a.status != 201 || !strings.HasPrefix(str(a.json()["request_uri"]), requestURIPrefix) {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	if after := b.allRows(); after != before {
		t.Errorf("%d rows became %d", before, after)
	}
	if a := b.do("GET", "/par", authParams("client_secret", "web-secret")); a.status != 405 { // RFC 9126 §2.3
		t.Errorf("GET: %d", a.status)
	}
	if a := b.pushRequest(authParams("state", strings.Repeat("x", 70<<10))); a.status != 413 {
		t.Errorf("70 kB: %d", a.status)
	}
}

// allRows counts those of all tables.
func (r *rig) allRows() (n int) {
	r.Helper()
	var tables []string
	err := r.db.QueryRow(r.Context(), "SELECT array_agg(quote_ident(tablename)) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables)
	if err != nil || len(tables) < 10 {
		r.Fatal(tables, err)
	}
	for _, table := range tables {
		n += r.count("SELECT count(*) FROM " + table)
	}
	return n
}

// RFC 9126 §2.3: as the authorization endpoint would, and in JSON.
func TestARequestThatWouldBeRefusedIsRefusedWhenItIsPushed(t *testing.T) {
	b := start(t).browser()
	repeated := authParams()
	repeated.Add("scope", "openid")
	for want, list := range map[string][]url.Values{
		"invalid_request": {authParams("redirect_uri", ""), authParams("redirect_uri", "https://evil.example/"), authParams("redirect_uri", callback+"#"),
			authParams("response_type", ""), authParams("code_challenge", ""), authParams("code_challenge_method", "plain"), authParams("prompt", "none login"),
			authParams("max_age", "-1"), authParams("response_mode", "web_message"), authParams("nonce", strings.Repeat("n", 2000)), repeated,
			authParams("request_uri", "https://rp.example.org/request"), authParams("request_uri", requestURIPrefix+"AAAA"),
			authParams("id_token_hint", "x"), authParams("claims", "{"), authParams("state", strings.Repeat("x", 4500))},
		"unsupported_response_type":         {authParams("response_type", "none")},
		"invalid_scope":                     {authParams("scope", "everything")},
		"invalid_target":                    {authParams("resource", "https://nobody.example.org")},
		"invalid_request_object":            {authParams("request", "eyJ")},
		"registration_not_supported":        {authParams("registration", "{}")},
		"unmet_authentication_requirements": {authParams("claims", `{"id_token":{"acr":{"essential":true,"value":"9"}}}`)},
	} {
		for _, params := range list {
			a := b.pushRequest(params)
			if a.status != 400 || a.json()["error"] != want || a.header.Get("Location") != "" || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%.200s: %d %s %s, want %s", params.Encode(), a.status, a.location(), a.body, want)
			}
		}
	}
	large := b.pushRequest(authParams("state", strings.Repeat("\u20ac", 1200), "nonce", strings.Repeat("n", 1000)))
	if large.status != 400 || large.json()["error"] != "invalid_request" || large.json()["error_description"] != "the request is too large" {
		t.Errorf("4,600 bytes: %d %s", large.status, large.body)
	}
	if a := b.pushRequest(authParams("state", strings.Repeat("x", 3000))); a.status != 201 || len(str(a.json()["request_uri"])) > 6<<10 {
		t.Errorf("3 kB of state: %d, %d bytes", a.status, len(str(a.json()["request_uri"])))
	}
}

package provider_test

import (
	"maps"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

const requestURIPrefix = "urn:ietf:params:oauth:request_uri:"

// pushRequest pushes a request, in the name of client "web" unless it has another's.
func (b *browser) pushRequest(params url.Values, headers ...string) Answer {
	b.Helper()
	params = maps.Clone(params)
	if params.Get("client_id") == "web" && !params.Has("client_secret") {
		params.Set("client_secret", "web-secret")
	}
	return b.Do("POST", "/par", params, headers...)
}

// pushedURI is the request_uri of a request that is pushed.
func (b *browser) pushedURI(params url.Values) string {
	b.Helper()
	a := b.pushRequest(params)
	if a.Status != 201 {
		b.Fatalf("not pushed: %d %s", a.Status, a.Body)
	}
	return Str(a.JSON()["request_uri"])
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
	t.Parallel()
	b := start(t).browser()
	a := b.pushRequest(AuthParams("login_hint", "alice", "ui_locales", "fr"))
	uri := Str(a.JSON()["request_uri"])
	if a.Status != 201 || !strings.HasPrefix(uri, requestURIPrefix) || len(uri) < 100 || a.JSON()["expires_in"] != 60.0 ||
		len(a.JSON()) != 2 || a.Header.Get("Cache-Control") != "no-store" ||
		!strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
		t.Fatalf("%d %v %s", a.Status, a.Header, a.Body)
	}
	if strings.Contains(uri, "alice") || strings.Contains(uri, "callback") {
		t.Errorf("what was pushed can be read: %s", uri)
	}
	if uri == b.pushedURI(AuthParams("login_hint", "alice", "ui_locales", "fr")) {
		t.Error("the same request_uri twice")
	}
	for range 2 { // a visit does not spend it
		a = b.Authorize(withPushed(uri, "redirect_uri", "https://evil.example/", "state", "other", "scope", "email", "prompt", "none",
			"login_hint", "bob",
			"response_type", "token", "response_mode", "fragment", "nonce", "x", "code_challenge", "", "claims", "{", "resource", "x",
			"request", "y"))
		page := b.Interaction(a.Header.Get("Location"))
		if page["page"] != "login" || page["username"] != "alice" || page["ui_locales"].([]any)[0] != "fr" {
			t.Fatalf("%d %s %v", a.Status, a.Location(), page)
		}
	}
	a = b.Login(a.Location(), "alice", Password)
	if a.Location().Host != "rp.example.org" || a.Query("state") != "st" || a.Query("iss") != b.Issuer || a.Query("fixed") != "1" {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	out := b.Token(Redeem(a.Query("code"))).JSON()
	if out["scope"] != "openid profile email groups" || Claims(Str(out["id_token"]))["nonce"] != "no" {
		t.Errorf("%v", out)
	}
	if a := b.Do("POST", "/authorize", withPushed(b.pushedURI(AuthParams()))); a.Query("code") == "" {
		t.Errorf("by POST: %d %s", a.Status, a.Location())
	}
}

// RFC 9126 §4, §7.3: the statement that stores the code is the check.
func TestOfFiftyParallelAnswersToAPushedRequestOneIsACode(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Code(AuthParams())
	uri := b.pushedURI(AuthParams("state", "pushed"))
	before := b.Count("SELECT count(*) FROM used_jtis")
	results := make([]Answer, 50)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() { results[i] = b.Authorize(withPushed(uri)) })
	}
	group.Wait()
	codes := 0
	for _, a := range results {
		switch {
		case a.Location().Host != "rp.example.org" || a.Query("state") != "pushed" || a.Query("iss") != b.Issuer:
			t.Errorf("%d %s", a.Status, a.Location())
		case a.Query("code") != "":
			codes++
		case a.Query("error") != "invalid_request_uri":
			t.Errorf("%s", a.Location())
		}
	}
	if made := b.Count("SELECT count(*) FROM used_jtis") - before; codes != 1 || made != 1 {
		t.Errorf("%d codes were sent, %d made", codes, made)
	}
}

// RFC 9126 §2.2, §4, §7.1. Where the request can be read, its redirect URI is to be trusted; else nobody is sent anywhere.
func TestAPushedRequestIsForItsClientAMinuteAndOneAnswer(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Code(AuthParams())
	b.Exec(`INSERT INTO clients (client_id, redirect_uris, first_party) VALUES ('other', ARRAY[$1], true)`, Callback)
	b.GiveSecret("other", "web-secret")
	toClient := func(what string, a Answer) {
		t.Helper()
		if a.Location().Host != "rp.example.org" || a.Query("error") != "invalid_request_uri" || a.Query("state") != "st" ||
			a.Query("iss") != b.Issuer || a.Query("code") != "" {
			t.Errorf("%s: %d %s", what, a.Status, a.Location())
		}
	}
	toPage := func(what, code string, a Answer) {
		t.Helper()
		page := b.Interaction(a.LeadsTo())
		if e, _ := page["error"].(map[string]any); a.Status != 400 || a.Header.Get("Location") != "" || e["code"] != code {
			t.Errorf("%s: %d %s %v, want %s", what, a.Status, a.Location(), page["error"], code)
		}
	}
	uri := b.pushedURI(AuthParams())
	toPage("another client", "request_uri_of_another_client", b.Authorize(withPushed(uri, "client_id", "other", "redirect_uri", Callback)))
	for i := len(requestURIPrefix); i < len(uri); i += 61 {
		altered := []byte(uri)
		altered[i] ^= 1
		toPage("altered", "request_altered", b.Authorize(withPushed(string(altered), "redirect_uri", Callback)))
	}
	for _, bad := range []string{requestURIPrefix, requestURIPrefix + "AAAA", uri + "A", uri + "=", uri[:len(uri)-1]} {
		toPage(bad, "request_altered", b.Authorize(withPushed(bad)))
	}
	login := b.Authorize(AuthParams("prompt", "login")).Query("request")
	toPage("a request of a page", "request_altered", b.Authorize(withPushed(requestURIPrefix+login)))
	if a := b.Do("GET", "/interaction", url.Values{"request": {strings.TrimPrefix(uri, requestURIPrefix)}}); a.Status != 400 {
		t.Errorf("a pushed request passes for one of a page: %d %s", a.Status, a.Body)
	}
	if a := b.Authorize(withPushed(uri, "client_id", "nobody")); a.Status != 400 || a.Header.Get("Location") != "" {
		t.Errorf("an unknown client: %d %s", a.Status, a.Location())
	}
	twice := withPushed(uri)
	twice.Add("request_uri", uri)
	if a := b.Authorize(twice); a.Status != 400 || a.Header.Get("Location") != "" {
		t.Errorf("request_uri twice: %d %s", a.Status, a.Location())
	}
	if a := b.Authorize(withPushed(uri)); a.Query("code") == "" {
		t.Fatalf("the refusals spent it: %d %s", a.Status, a.Location())
	}
	toClient("used", b.Authorize(withPushed(uri)))

	b.StopClock()
	late := b.pushedURI(AuthParams())
	b.Later(59 * time.Second)
	page := b.rig.browser().Authorize(withPushed(late))
	if page.Location().Path != "/login" {
		t.Errorf("after 59 seconds: %s", page.Location())
	}
	b.Later(time.Second)
	toClient("expired", b.Authorize(withPushed(late)))

	for sql, then := range map[string][2]string{
		`UPDATE clients SET redirect_uris = '{https://rp.example.org/}' WHERE client_id = 'web'`: {
			"invalid_redirect_uri", "UPDATE clients SET redirect_uris = ARRAY['" + Callback + "'] WHERE client_id = 'web'"},
		"UPDATE clients SET disabled_at = now() WHERE client_id = 'web'": {"unknown_client", "UPDATE clients SET disabled_at = NULL"},
	} {
		uri := b.pushedURI(AuthParams())
		b.Exec(sql)
		b.WaitForNotify()
		toPage(sql, then[0], b.Authorize(withPushed(uri)))
		b.Exec(then[1])
		b.WaitForNotify()
	}
}

// RFC 9126 §2: the client is authenticated as at the token endpoint. Of a public one nothing shows that it is itself, so nothing is stored.
func TestWhoPushesRequestsIsAuthenticatedAndNothingIsStored(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	before := b.allRows()
	for what, a := range map[string]Answer{
		"no client":               b.Do("POST", "/par", AuthParams("client_id", "")),
		"no secret":               b.Do("POST", "/par", AuthParams()),
		"a wrong secret":          b.pushRequest(AuthParams("client_secret", "wrong")),
		"an unknown client":       b.pushRequest(AuthParams("client_id", "nobody", "client_secret", "x")),
		"a secret of a public":    b.pushRequest(SPAParams("client_secret", "x")),
		"a wrong Basic":           b.Do("POST", "/par", AuthParams(), "Authorization", Basic("web", "wrong")),
		"another client in Basic": b.Do("POST", "/par", SPAParams(), "Authorization", Basic("web", "web-secret")),
	} {
		if a.Status != 401 || a.JSON()["error"] != "invalid_client" || a.Header.Get("WWW-Authenticate") == "" || a.JSON()["request_uri"] != nil {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	for what, a := range map[string]Answer{
		"a public client":             b.pushRequest(SPAParams()),
		"Basic":                       b.Do("POST", "/par", AuthParams(), "Authorization", Basic("web", "web-secret")),
		"Basic and no client_id":      b.Do("POST", "/par", AuthParams("client_id", ""), "Authorization", Basic("web", "web-secret")),
		"a page of the client's site": b.pushRequest(SPAParams(), "Origin", "https://spa.example.org"),
	} {
		if a.Status != 201 || !strings.HasPrefix(Str(a.JSON()["request_uri"]), requestURIPrefix) {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	if after := b.allRows(); after != before {
		t.Errorf("%d rows became %d", before, after)
	}
	if a := b.Do("GET", "/par", AuthParams("client_secret", "web-secret")); a.Status != 405 { // RFC 9126 §2.3
		t.Errorf("GET: %d", a.Status)
	}
	if a := b.pushRequest(AuthParams("state", strings.Repeat("x", 70<<10))); a.Status != 413 {
		t.Errorf("70 kB: %d", a.Status)
	}
}

// allRows counts those of all tables.
func (r *rig) allRows() (n int) {
	r.Helper()
	var tables []string
	err := r.DB.QueryRow(r.Context(), "SELECT array_agg(quote_ident(tablename)) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables)
	if err != nil || len(tables) < 10 {
		r.Fatal(tables, err)
	}
	for _, table := range tables {
		n += r.Count("SELECT count(*) FROM " + table)
	}
	return n
}

// RFC 9126 §2.3: as the authorization endpoint would, and in JSON.
func TestARequestThatWouldBeRefusedIsRefusedWhenItIsPushed(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	repeated := AuthParams()
	repeated.Add("scope", "openid")
	for want, list := range map[string][]url.Values{
		"invalid_request": {AuthParams("redirect_uri", ""), AuthParams("redirect_uri", "https://evil.example/"),
			AuthParams("redirect_uri", Callback+"#"),
			AuthParams("response_type", ""), AuthParams("code_challenge", ""), AuthParams("code_challenge_method", "plain"),
			AuthParams("prompt", "none login"),
			AuthParams("max_age", "-1"), AuthParams("response_mode", "web_message"), AuthParams("nonce", strings.Repeat("n", 2000)), repeated,
			AuthParams("request_uri", "https://rp.example.org/request"), AuthParams("request_uri", requestURIPrefix+"AAAA"),
			AuthParams("id_token_hint", "x"), AuthParams("claims", "{"), AuthParams("state", strings.Repeat("x", 16<<10+1))},
		"unsupported_response_type":         {AuthParams("response_type", "none")},
		"invalid_scope":                     {AuthParams("scope", "everything")},
		"invalid_target":                    {AuthParams("resource", "https://nobody.example.org")},
		"invalid_request_object":            {AuthParams("request", "eyJ")},
		"registration_not_supported":        {AuthParams("registration", "{}")},
		"unmet_authentication_requirements": {AuthParams("claims", `{"id_token":{"acr":{"essential":true,"value":"9"}}}`)},
	} {
		for _, params := range list {
			a := b.pushRequest(params)
			if a.Status != 400 || a.JSON()["error"] != want || a.Header.Get("Location") != "" || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%.200s: %d %s %s, want %s", params.Encode(), a.Status, a.Location(), a.Body, want)
			}
		}
	}
	large := b.pushRequest(AuthParams("state", strings.Repeat("x", 11_000), "nonce", strings.Repeat("n", 1000)))
	if large.Status != 400 || large.JSON()["error"] != "invalid_request" || large.JSON()["error_description"] != "the request is too large" {
		t.Errorf("12 kB: %d %s", large.Status, large.Body)
	}
	if a := b.Authorize(withPushed(b.pushedURI(AuthParams("state", strings.Repeat("x", 10_000))))); a.Location().Path != "/login" {
		t.Errorf("10 kB of state: %d %.200s", a.Status, a.Location())
	}
	if a := b.pushRequest(AuthParams("state", strings.Repeat("x", 3000))); a.Status != 201 || len(Str(a.JSON()["request_uri"])) > 6<<10 {
		t.Errorf("3 kB of state: %d, %d bytes", a.Status, len(Str(a.JSON()["request_uri"])))
	}
}

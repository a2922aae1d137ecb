package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// RFC 6749 §4.1.2.1, RFC 9700 §4.1: never a redirect to an address that is not registered, character for character.
func TestAnUnregisteredRedirectURIIsAPageAndNeverARedirect(t *testing.T) {
	b := start(t).browser()
	b.code(authParams()) // signed in, so that nothing but the address stands in the way
	for _, uri := range []string{"", "https://rp.example.org/callback", callback + "&x=1", callback + "#", "https://rp.example.org/callback/?fixed=1",
		"http://rp.example.org/callback?fixed=1", "https://rp.example.org:443/callback?fixed=1", "https://RP.example.org/callback?fixed=1",
		"https://rp.example.org.evil.example/callback?fixed=1", "https://rp.example.org@evil.example/callback?fixed=1", "//rp.example.org/callback?fixed=1",
		"https://rp.example.org/%63allback?fixed=1", "javascript:alert(1)", callback + "\x00", callback + "\n"} {
		a := b.authorize(authParams("redirect_uri", uri))
		if a.status != 400 || a.header.Get("Location") != "" || !strings.HasPrefix(a.leadsTo(), uiOrigin+"/error?request=") {
			t.Errorf("%q: %d %s leads to %s", uri, a.status, a.header.Get("Location"), a.leadsTo())
		}
	}
	for _, params := range []url.Values{authParams("client_id", "nobody"), authParams("client_id", ""), authParams("client_id", strings.Repeat("x", 300)),
		authParams("client_id", "web\x00"), {}} {
		if a := b.authorize(params); a.status != 400 || a.header.Get("Location") != "" {
			t.Errorf("client_id %q: %d", params.Get("client_id"), a.status)
		}
	}
	page := b.interaction(b.authorize(authParams("client_id", "nobody")).leadsTo())
	if page["page"] != "error" || page["error"].(map[string]any)["code"] != "unknown_client" || page["request_id"] == "" {
		t.Errorf("error page: %v", page)
	}
	twice := authParams()
	twice.Add("redirect_uri", "https://evil.example/")
	if a := b.authorize(twice); a.status != 400 || a.header.Get("Location") != "" {
		t.Errorf("a repeated redirect_uri: %d %s", a.status, a.location())
	}
}

func TestAllOtherRefusalsGoBackWithErrorStateAndIss(t *testing.T) {
	b := start(t).browser()
	repeated := authParams()
	repeated.Add("scope", "openid")
	for want, list := range map[string][]url.Values{
		"invalid_request": {authParams("response_type", ""), authParams("code_challenge", ""), authParams("code_challenge_method", "plain"),
			authParams("code_challenge_method", ""), authParams("code_challenge", "short"), authParams("prompt", "none login"), authParams("prompt", "dance"),
			authParams("max_age", "-1"), authParams("max_age", "soon"), authParams("response_mode", "web_message"), authParams("nonce", strings.Repeat("n", 2000)), repeated},
		"unsupported_response_type":  {authParams("response_type", "none"), authParams("response_type", "code none")},
		"invalid_scope":              {authParams("scope", "everything")},
		"invalid_request_object":     {authParams("request", "eyJ"), authParams("request", strings.Repeat("x", 12<<10))},
		"invalid_request_uri":        {authParams("request_uri", "https://evil.example/r"), authParams("request_uri", "urn:x")},
		"registration_not_supported": {authParams("registration", "{}")},
		"login_required":             {authParams("prompt", "none")},
	} {
		for _, params := range list {
			a := b.authorize(params)
			if a.status != 303 || a.location().Host != "rp.example.org" || a.query("error") != want || a.query("state") != "st" || a.query("iss") != b.issuer || a.query("code") != "" {
				t.Errorf("%s: %d %s", want, a.status, a.location())
			}
		}
	}
	if a := b.authorize(authParams("data", "None", "foo", "bar", "scope", "openid unheard-of")); a.location().Path != "/login" {
		t.Errorf("unknown parameters were not ignored: %s", a.location())
	}
}

// RFC 9101 §6.2: most objects have the redirect URI, so that it is not known where one cannot be read; that is not what is wrong.
func TestABadRequestObjectIsNamedAlthoughTheRedirectURIIsInIt(t *testing.T) {
	b := start(t).browser()
	params := url.Values{"client_id": {"web"}, "request": {"eyJ"}}
	a := b.authorize(params)
	page := b.interaction(a.leadsTo())
	if e, _ := page["error"].(map[string]any); a.status != 400 || a.header.Get("Location") != "" || e["code"] != "invalid_request" {
		t.Errorf("%d %s %v", a.status, a.location(), page)
	}
	params.Set("client_secret", "web-secret")
	if a := b.do("POST", "/par", params); a.status != 400 || a.json()["error"] != "invalid_request_object" {
		t.Errorf("pushed: %d %s", a.status, a.body)
	}
}

func TestAPendingRequestIsGoodForOneBrowserOnePageAndHalfAnHour(t *testing.T) {
	r := start(t)
	b, thief := r.browser(), r.browser()
	at := b.authorize(authParams()).location()
	sealed := at.Query().Get("request")

	expect := func(what string, a answer, status int, code string) {
		t.Helper()
		page := b.interaction(a.leadsTo())
		if a.status != status || a.header.Get("Location") != "" || page["error"] == nil || page["error"].(map[string]any)["code"] != code {
			t.Errorf("%s: %d %v", what, a.status, page)
		}
	}
	expect("another browser", thief.login(at, "alice", password), 400, "request_from_another_browser")
	thief.authorize(authParams())
	expect("another browser with a cookie of its own", thief.login(at, "alice", password), 400, "request_from_another_browser")
	expect("another page", b.do("POST", "/consent", url.Values{"request": {sealed}, "consent": {"yes"}}, "Origin", uiOrigin), 400, "request_altered")
	for i := 0; i < len(sealed); i += 97 {
		altered := []byte(sealed)
		altered[i] ^= 1
		expect("altered", b.do("POST", "/login", url.Values{"request": {string(altered)}, "username": {"alice"}, "password": {password}}, "Origin", uiOrigin), 400, "request_altered")
	}
	expect("another origin", b.do("POST", "/login", url.Values{"request": {sealed}, "username": {"alice"}, "password": {password}}, "Origin", "https://evil.example"), 403, "origin_refused")
	expect("a sandboxed frame", b.do("POST", "/login", url.Values{"request": {sealed}, "username": {"alice"}, "password": {password}}, "Origin", "null"), 403, "origin_refused")
	expect("no origin but a browser", b.do("POST", "/login", url.Values{"request": {sealed}, "username": {"alice"}, "password": {password}}, "Sec-Fetch-Site", "cross-site"), 403, "origin_refused")
	extra := b.do("POST", "/login", url.Values{"request": {sealed}, "username": {"alice"}, "password": {password}, "redirect_uri": {"https://evil.example/"}, "client_id": {"spa"}}, "Origin", uiOrigin)
	if extra.location().Host != "rp.example.org" {
		t.Errorf("a form field was trusted: %s", extra.location())
	}
	b.later(31 * time.Minute)
	expect("expired", b.login(at, "alice", password), 400, "request_expired")
	if page := b.interaction(at.String()); page["page"] != "error" || page["return_to"] != "https://rp.example.org/" {
		t.Errorf("an expired request does not lead back to the application: %v", page)
	}
	if r.count("SELECT count(*) FROM sessions") != 1 {
		t.Error("a refused form started a session")
	}
}

func TestInputIsBoundedBeforeItIsParsed(t *testing.T) {
	b := start(t).browser()
	many := url.Values{}
	for i := range 200 {
		many.Add("p", strings.Repeat("x", i%3))
	}
	for what, a := range map[string]answer{
		"a long body":          b.do("POST", "/token", url.Values{"code": {strings.Repeat("x", 70<<10)}}),
		"a long login":         b.do("POST", "/login", url.Values{"password": {strings.Repeat("x", 70<<10)}}, "Origin", uiOrigin),
		"many parameters":      b.do("POST", "/token", many),
		"a long query":         b.do("GET", "/authorize", url.Values{"state": {strings.Repeat("x", 17<<10)}}),
		"JSON for a form":      b.do("POST", "/token", url.Values{"grant_type": {"x"}}, "Content-Type", "application/json"),
		"a broken form":        b.do("GET", "/authorize?a=%zz", nil),
		"a NUL in a code":      b.token(redeem("a\x00b")),
		"broken UTF-8":         b.token(redeem("\xff\xfe")),
		"a NUL in a client_id": b.token(redeem("x", "client_id", "web\x00", "client_secret", "x")),
		"a repeated code":      b.token(url.Values{"grant_type": {"authorization_code"}, "code": {"a", "b"}}),
		"a huge bearer token":  b.userinfo(strings.Repeat("x", 10<<10)),
	} {
		if a.status < 400 || a.status >= 500 || strings.Contains(a.body, "SQL") || strings.Contains(a.body, "goroutine") {
			t.Errorf("%s: %d %.200s", what, a.status, a.body)
		}
	}
	if a := b.do("GET", "/nothing/../here", nil); a.status != 404 {
		t.Errorf("no such path: %d", a.status)
	}
	if a := b.do("GET", "/token", nil); a.status != 405 {
		t.Errorf("GET /token: %d", a.status)
	}
}

// RFC 6749 §5.2.
func TestTheTokenEndpointAnswersInTheProtocolsWords(t *testing.T) {
	b := start(t).browser()
	for _, c := range []struct {
		what   string
		form   url.Values
		status int
		code   string
	}{
		{"wrong secret", redeem("x", "client_id", "web", "client_secret", "wrong"), 401, "invalid_client"},
		{"unknown client", redeem("x", "client_id", "nobody", "client_secret", "wrong"), 401, "invalid_client"},
		{"no secret of a confidential client", redeem("x", "client_id", "web"), 401, "invalid_client"},
		{"a secret of a public client", redeem("x", "client_id", "spa", "client_secret", "x"), 401, "invalid_client"},
		{"no grant_type", url.Values{}, 400, "invalid_request"},
		{"unknown grant_type", url.Values{"grant_type": {"password"}}, 400, "unsupported_grant_type"},
		{"no code", url.Values{"grant_type": {"authorization_code"}, "redirect_uri": {callback}}, 400, "invalid_request"},
		{"unknown code", redeem("x"), 400, "invalid_grant"},
		{"unknown refresh token", refresh("x"), 400, "invalid_grant"},
	} {
		a := b.token(c.form)
		if a.status != c.status || a.json()["error"] != c.code || a.header.Get("Cache-Control") != "no-store" || (a.status == 401) != (a.header.Get("WWW-Authenticate") != "") {
			t.Errorf("%s: %d %s %v", c.what, a.status, a.body, a.header)
		}
	}
	b.exec(`INSERT INTO clients (client_id, client_secret_sha256, grant_types) VALUES ('a:b%', sha256('p+w %:'), '{}')`)
	for what, header := range map[string]string{"raw": basic("web", "web-secret"), "encoded": basic(url.QueryEscape("a:b%"), url.QueryEscape("p+w %:"))} {
		if a := b.token(redeem("x"), "Authorization", header); a.status != 400 || a.json()["error"] == "invalid_client" {
			t.Errorf("client_secret_basic, %s: %d %s", what, a.status, a.body)
		}
	}
	if a := b.token(redeem("x", "client_id", "web", "client_secret", "web-secret"), "Authorization", basic("web", "web-secret")); a.json()["error"] != "invalid_request" {
		t.Errorf("two ways at once: %s", a.body)
	}
	if a := b.token(refresh("x", "client_id", "nobody"), "Authorization", basic("web", "web-secret")); a.status != 401 {
		t.Errorf("client_id and header disagree: %d", a.status)
	}
}

func TestUserinfoRefusesWhatIsNotItsToken(t *testing.T) {
	b := start(t).browser()
	out := b.token(redeem(b.code(authParams("scope", "openid offline_access")))).json()
	access := str(out["access_token"])
	for what, token := range map[string]string{"nothing": "", "nonsense": "nonsense", "the ID token": str(out["id_token"]), "the refresh token": str(out["refresh_token"]),
		"another signature": access[:len(access)-4] + "AAAA", "no algorithm": "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0." + strings.Split(access, ".")[1] + "."} {
		if a := b.userinfo(token); a.status != 401 || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	if a := b.do("GET", "/userinfo", url.Values{"access_token": {access}}); a.status != 401 {
		t.Errorf("token in the query: %d", a.status)
	}
	if a := b.do("GET", "/userinfo?state=state&kc_idp_hint=x", nil, "Authorization", "bearer "+access); a.status != 200 {
		t.Errorf("extra parameters and a lower case scheme: %d", a.status)
	}
	if a := b.do("POST", "/userinfo", url.Values{"access_token": {access}}); a.status != 200 {
		t.Errorf("token in the form: %d", a.status)
	}
	b.later(16 * time.Minute)
	if a := b.userinfo(access); a.status != 401 {
		t.Errorf("an expired token: %d", a.status)
	}
	plain := b.token(redeem(b.code(authParams("scope", "email")))).json()
	if a := b.userinfo(str(plain["access_token"])); a.status != 403 || plain["id_token"] != nil {
		t.Errorf("without the scope openid: %d %v", a.status, plain["id_token"])
	}
}

func TestJSONClientsGetTheAnswerOfTheOriginalExample(t *testing.T) {
	b := start(t).browser()
	at := b.authorize(authParams()).location()
	for _, name := range []string{"alice", "nobody"} {
		a := b.login(at, name, "wrong", "Accept", "application/json")
		if a.status != 401 || strings.TrimSpace(a.body) != `{"detail":"Invalid credentials"}` {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

// RFC 6265bis; the session id is rotated at sign-in.
func TestCookiesAreBoundToTheHostAndRotated(t *testing.T) {
	b := start(t, httpsIssuer).browser()
	a := b.authorize(authParams())
	for _, header := range a.header.Values("Set-Cookie") {
		if !strings.HasPrefix(header, "__Host-gatehouse-") || !strings.Contains(header, "HttpOnly") || !strings.Contains(header, "Secure") ||
			!strings.Contains(header, "SameSite=None") || !strings.Contains(header, "Path=/") || strings.Contains(header, "Domain") {
			t.Errorf("Set-Cookie: %s", header)
		}
	}
	if len(a.header.Values("Set-Cookie")) != 1 {
		t.Errorf("cookies: %v", a.header.Values("Set-Cookie"))
	}
	at := a.location()
	_, bound, _ := strings.Cut(a.header.Get("Set-Cookie"), "=")
	bound, _, _ = strings.Cut(bound, ";")
	signedIn := b.login(at, "alice", password, "Cookie", "__Host-gatehouse-browser="+bound)
	if signedIn.query("code") == "" {
		t.Fatalf("sign-in on https: %d %s", signedIn.status, signedIn.location())
	}
	session := ""
	for _, header := range signedIn.header.Values("Set-Cookie") {
		if rest, ok := strings.CutPrefix(header, "__Host-gatehouse-session="); ok {
			session, _, _ = strings.Cut(rest, ";")
		}
	}
	b = b.rig.browser() // without a jar that would add to the headers below
	b.http.Jar = nil
	if a := b.do("GET", "/authorize", authParams(), "Cookie", "__Host-gatehouse-session="+session); a.query("code") == "" {
		t.Errorf("the session cookie does not work: %s", a.location())
	}
	// A neighbouring host can set gatehouse-session for the whole domain, but not __Host-gatehouse-session.
	if a := b.do("GET", "/authorize", authParams(), "Cookie", "gatehouse-session="+session); a.location().Path != "/login" {
		t.Errorf("a cookie without the prefix was believed: %s", a.location())
	}
	if a := b.login(at, "alice", password, "Cookie", "__Host-gatehouse-browser="+bound+"; __Host-gatehouse-session="+session); a.query("code") == "" {
		t.Errorf("second sign-in: %s", a.location())
	}
	if a := b.do("GET", "/authorize", authParams(), "Cookie", "__Host-gatehouse-session="+session); a.location().Path != "/login" {
		t.Error("the former session of the browser outlived a new sign-in")
	}
}

func TestCORSIsForTheOriginsOfRegisteredClientsErrorsIncluded(t *testing.T) {
	b := start(t).browser()
	const good, evil = "https://spa.example.org", "https://evil.example"
	for _, path := range []string{"/.well-known/openid-configuration", "/jwks", "/userinfo"} {
		if a := b.do("GET", path, nil, "Origin", good); a.header.Get("Access-Control-Allow-Origin") != good || a.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", path, a.header)
		}
		if a := b.do("GET", path, nil, "Origin", evil); a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("Vary") == "" {
			t.Errorf("%s from elsewhere: %v", path, a.header)
		}
	}
	for _, path := range []string{"/token", "/revoke"} {
		if a := b.do("POST", path, redeem("x", "client_id", "spa"), "Origin", good); a.header.Get("Access-Control-Allow-Origin") != good {
			t.Errorf("%s: %v", path, a.header)
		}
		a := b.do("OPTIONS", path, nil, "Origin", good, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "x-requested-with")
		if a.status != 204 || !contains(strings.ToLower(a.header.Get("Access-Control-Allow-Headers")), "x-requested-with") {
			t.Errorf("preflight of %s: %d %v", path, a.status, a.header)
		}
	}
	if a := b.do("GET", "/interaction", nil, "Origin", good); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("/interaction is open to clients")
	}
	if a := b.do("GET", "/authorize", authParams(), "Origin", good); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("/authorize is open to scripts")
	}
}

func TestWithoutPostgresAnswersAre503AndRecover(t *testing.T) {
	b := start(t).browser()
	at := b.authorize(authParams()).location()
	access := str(b.token(redeem(b.code(authParams()))).json()["access_token"])
	var name string
	if err := b.db.QueryRow(context.Background(), "SELECT current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	cut := func(allow string) {
		other := b.db.Config().ConnConfig.Copy()
		other.Database = "postgres"
		execAs(t, other, "ALTER DATABASE "+name+" WITH ALLOW_CONNECTIONS "+allow)
		execAs(t, other, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+name+"'")
	}
	cut("false")
	if a := b.do("GET", "/readyz", nil); a.status != 503 {
		t.Errorf("/readyz: %d", a.status)
	}
	if a := b.do("GET", "/healthz", nil); a.status != 200 {
		t.Errorf("/healthz: %d", a.status)
	}
	if a := b.userinfo(access); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("userinfo: %d", a.status)
	}
	a := b.login(at, "alice", password)
	if page := b.interaction(a.leadsTo()); a.status != 503 || page["page"] != "login" || page["error"].(map[string]any)["code"] != "temporarily_unavailable" {
		t.Errorf("login: %d %v", a.status, page)
	}
	a = b.authorize(authParams())
	page := b.interaction(a.leadsTo())
	again, _ := page["try_again"].(string)
	if a.status != 503 || a.header.Get("Retry-After") == "" || page["error"].(map[string]any)["code"] != "temporarily_unavailable" {
		t.Errorf("authorize: %d %v", a.status, page)
	}
	if a := b.token(redeem("x")); a.status != 503 {
		t.Errorf("token: %d", a.status)
	}
	cut("true")
	deadline := time.Now().Add(10 * time.Second)
	for b.userinfo(access).status != http.StatusOK {
		if time.Now().After(deadline) {
			t.Fatal("no recovery within 10 s")
		}
		time.Sleep(50 * time.Millisecond)
	}
	if a := b.do("GET", again, nil); a.query("code") == "" {
		t.Errorf("trying again: %d %s", a.status, again)
	}
}

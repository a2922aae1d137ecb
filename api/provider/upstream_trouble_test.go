package provider_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/outgoing"
)

// serverFor runs a provider of the test's own in place of the second Gatehouse.
func (n neighbours) serverFor(kind, scope string, handlers map[string]http.HandlerFunc) string {
	n.Helper()
	mux := http.NewServeMux()
	for pattern, handler := range handlers {
		mux.HandleFunc(pattern, handler)
	}
	server := httptest.NewServer(mux)
	n.Cleanup(server.Close)
	n.Exec("UPDATE upstreams SET kind = $1, scope = $2, issuer = $3, client_secret = 'a secret there'", kind, scope, server.URL)
	n.WaitForNotify()
	return server.URL
}

func discoveryOf(w http.ResponseWriter, r *http.Request) {
	at := "http://" + r.Host
	fmt.Fprintf(w, `{"issuer": %q, "authorization_endpoint": %q, "token_endpoint": %q, "jwks_uri": %q}`, at, at+"/a", at+"/t", at+"/j")
}

// GitHub's documentation, "Authorizing OAuth apps".
func TestGitHubSignsInLikeAnyUpstream(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t, "creates_users = true, username_pattern = '.+'")
	n.serverFor("github", "read:user user:email", map[string]http.HandlerFunc{
		"POST /login/oauth/access_token": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
			io.WriteString(w, "access_token=gho_"+r.PostFormValue("code")+"&scope=read%3Auser%2Cuser%3Aemail&token_type=bearer")
		},
		"GET /api/v3/user": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"login": "Octo-Cat", "id": 583231, "name": "The Octocat"}`)
		},
		"GET /api/v3/user/emails": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `[{"email": "octocat@example.org", "primary": true, "verified": true}]`)
		},
	})
	there := n.Authorize(AuthParams("idp_hint", "up"))
	if there.Location().Path != "/login/oauth/authorize" || there.Query("code_challenge") == "" {
		t.Fatalf("%d %s", there.Status, there.Location())
	}
	a := n.Do("GET", "/upstream/up/callback", url.Values{"code": {"c0de"}, "state": {there.Query("state")}})
	if a.Query("code") == "" || n.Count(`SELECT count(*) FROM users u JOIN upstream_accounts a USING (username) WHERE username = 'octo-cat'
		AND a.sub = '583231' AND u.email = 'octocat@example.org' AND a.refresh_token IS NULL AND a.access_token_expires_at IS NULL`) != 1 {
		t.Errorf("%d %s %s", a.Status, a.Location(), a.Body)
	}
}

func TestNobodyWaitsForASlowUpstreamBeyondTheLimit(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	release := make(chan struct{})
	n.serverFor("oidc", "openid", map[string]http.HandlerFunc{"/.well-known/openid-configuration": discoveryOf,
		"/t": func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-release }})
	defer close(release)
	there := n.Authorize(AuthParams("idp_hint", "up"))
	began := time.Now()
	a := n.Do("GET", "/upstream/up/callback", url.Values{"code": {"c"}, "state": {there.Query("state")}})
	if page := n.page(a); a.Status != 503 || errorOf(page) != "upstream_unavailable The other" ||
		time.Since(began) > outgoing.Patience+time.Second {
		t.Errorf("%d %v after %s", a.Status, page, time.Since(began))
	}
	if signedIn := n.Login(MustParse(a.LeadsTo()), "alice", Password); signedIn.Query("code") == "" || signedIn.Query("state") != "st" {
		t.Errorf("the request is lost: %d %s", signedIn.Status, signedIn.Location())
	}
}

func TestNonsenseOfAnUpstreamIsAPageAndNeverInTheLogWhole(t *testing.T) {
	log := TakeLog(t)
	n := startWithUpstream(t)
	answer := ""
	n.serverFor("oidc", "openid", map[string]http.HandlerFunc{"/.well-known/openid-configuration": discoveryOf,
		"/t": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if strings.HasPrefix(answer, "{\"error") {
				w.WriteHeader(400)
			}
			io.WriteString(w, answer)
		}})
	for _, answer = range []string{"", "<html>", "[]", `{"access_token": ["x"]}`, `{"access_token": "a-token-4711"}`,
		`{"access_token": "a-token-4711", "id_token": "x.y.z"}`,
		`{"access_token": "a-token-4711", "id_token": {"sub": "1"}}`,
		`{"error": "invalid_grant", "error_description": "a-code-0815 a secret there"}`,
		`{"error": {"a": "a-code-0815"}}`, strings.Repeat(" ", outgoing.MaxBody+1)} {
		there := n.Authorize(AuthParams("idp_hint", "up"))
		state := there.Query("state")
		a := n.Do("POST", "/upstream/up/callback", url.Values{"code": {"a-code-0815"}, "state": {state}, "iss": {""}})
		if page := n.page(a); a.Status != 502 || errorOf(page) != "upstream_failed The other" {
			t.Errorf("%.60s: %d %v", answer, a.Status, page)
		}
		for _, secret := range []string{"a-code-0815", "a-token-4711", "a secret there", state} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("%.60s: %s is in the log", answer, secret)
			}
		}
	}
	if n.Count("SELECT count(*) FROM sessions") != 0 {
		t.Error("somebody was signed in")
	}
	for _, params := range []url.Values{{}, {"code": {"c", "c"}}, {"code": {"a\x00"}}, {"error": {"server_error"}}, {"error": {"<script>"}}} {
		params.Set("state", n.Authorize(AuthParams("idp_hint", "up")).Query("state"))
		if a := n.Do("GET", "/upstream/up/callback", params); a.Status != 502 && a.Status != 503 ||
			!strings.Contains(errorOf(n.page(a)), "The other") {
			t.Errorf("%v: %d", params, a.Status)
		}
	}
	if a := n.choose(n.Authorize(AuthParams()).Location(), "gone"); errorOf(n.page(a)) != "upstream_failed gone" {
		t.Errorf("an upstream that is gone: %d", a.Status)
	}
	for _, name := range []string{"", strings.Repeat("x", 33)} {
		if a := n.choose(n.Authorize(AuthParams()).Location(), name); a.Status != 400 {
			t.Errorf("upstream %q: %d", name, a.Status)
		}
	}
	for _, name := range []string{"nobody", strings.Repeat("x", 33), "%00", "..%2f", "Up"} {
		params := url.Values{"code": {"c"}, "state": {n.Authorize(AuthParams("idp_hint", "up")).Query("state")}}
		if a := n.Do("GET", "/upstream/"+name+"/callback", params); a.Status != 400 && a.Status != 404 {
			t.Errorf("%s: %d %s", name, a.Status, a.Location())
		}
	}
}

func TestASecretThatCannotBeOpenedIsSaidToTheAdministratorOnly(t *testing.T) {
	var log LockedBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	n := startWithUpstream(t)
	n.Exec("UPDATE upstreams SET client_secret = 'sealed:AAAA'")
	n.WaitForNotify()
	a := n.Authorize(AuthParams("idp_hint", "up"))
	if page := n.page(a); errorOf(page) != "upstream_failed The other" ||
		!strings.Contains(log.String(), "write the secret into the row again") {
		t.Errorf("%d %v\n%s", a.Status, page, log.String())
	}
}

func TestTheLoginPageShowsWithoutUpstreamsWhileTheyCannotBeRead(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.Exec("ALTER TABLE upstreams RENAME TO upstreams_away")
	n.Exec("UPDATE clients SET client_uri = NULL") // empties the caches
	n.WaitForNotify()
	for _, more := range [][]string{nil, {"idp_hint", "up"}} {
		a := n.Authorize(AuthParams(more...))
		if page := n.page(a); page["action"] != n.Issuer+"/login" || page["upstreams"] != nil {
			t.Errorf("%v", page)
		}
		if n.Login(a.Location(), "alice", Password).Query("code") == "" {
			t.Error("the password does not do")
		}
		n.HTTP.Jar = n.rig.browser().HTTP.Jar
	}
}

// The account goes to one of them, whoever comes first.
func TestParallelLinksOfOneAccountMakeOneOwner(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.Exec(`INSERT INTO users (username, password) SELECT 'user' || i, password FROM users, generate_series(1, 6) AS i`)
	statuses := make([]int, 6)
	var post []func() Answer
	for i := range statuses {
		b := n.rig.browser()
		tab := neighbours{b, b.at(n.there.rig)}
		asked := tab.via(tab.choose(tab.Authorize(AuthParams()).Location(), "up"), "bob")
		post = append(post, func() Answer { return tab.Login(asked.Location(), fmt.Sprintf("user%d", i+1), Password) })
	}
	var group sync.WaitGroup
	for i := range statuses {
		group.Go(func() { statuses[i] = post[i]().Status })
	}
	group.Wait()
	slices.Sort(statuses)
	if !slices.Equal(statuses, []int{303, 403, 403, 403, 403, 403}) || n.Count("SELECT count(*) FROM upstream_accounts") != 1 {
		t.Errorf("%v", statuses)
	}
}

// OpenID Connect Core §3.1.2.1: who does not say when the person signed in has not said that it was just now. They are asked here, once,
// and no session that began so meets a max_age later.
func TestAnUpstreamThatDoesNotSayWhenMeetsNeitherPromptLoginNorMaxAge(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t, "creates_users = true, username_pattern = '.+'")
	n.serverFor("github", "read:user", map[string]http.HandlerFunc{
		"POST /login/oauth/access_token": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"access_token": "gho_x", "token_type": "bearer"}`)
		},
		"GET /api/v3/user":        func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"login": "octo", "id": 1}`) },
		"GET /api/v3/user/emails": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
	})
	n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, '1', 'alice' FROM upstreams`)
	back := func(there Answer) Answer {
		return n.Do("GET", "/upstream/up/callback", url.Values{"code": {"c"}, "state": {there.Query("state")}})
	}
	a := back(n.Authorize(AuthParams("idp_hint", "up")))
	id := Claims(Str(n.Token(Redeem(a.Query("code"))).JSON()["id_token"]))
	if id["sub"] != "sub-alice" || id["auth_time"] != nil {
		t.Fatalf("%d %s %v", a.Status, a.Location(), id)
	}
	if a := n.Authorize(AuthParams("prompt", "none")); a.Query("code") == "" {
		t.Errorf("no single sign-on: %s", a.Location())
	}
	for _, asked := range [][]string{{"prompt", "login"}, {"max_age", "0"}, {"max_age", "86400"}} {
		if a := n.Authorize(AuthParams("max_age", "86400", "prompt", "none")); a.Query("error") != "login_required" {
			t.Errorf("max_age is met by a sign-in of nobody knows when: %s", a.Location())
		}
		failed := back(n.Authorize(AuthParams(append(asked, "idp_hint", "up")...)))
		if page := n.page(failed); failed.Status != 403 || errorOf(page) != "upstream_not_fresh The other" {
			t.Errorf("%v: %d %v", asked, failed.Status, page)
		}
		again := back(n.choose(MustParse(failed.LeadsTo()), "up"))
		if page := n.page(again); errorOf(page) != "upstream_not_fresh The other" {
			t.Errorf("%v, there again: %d %v", asked, again.Status, page)
		}
		before := n.Now().Unix()
		signedIn := n.Login(MustParse(failed.LeadsTo()), "alice", Password)
		id := Claims(Str(n.Token(Redeem(signedIn.Query("code"))).JSON()["id_token"]))
		if when, _ := id["auth_time"].(float64); int64(when) < before {
			t.Errorf("%v, with the password: %d %s %v", asked, signedIn.Status, signedIn.Location(), id)
		}
		back(n.Authorize(AuthParams("idp_hint", "up", "prompt", "select_account")))
	}
}

// Whoever gives their password here to connect an account has signed in just now, whatever is said there.
func TestThePasswordThatConnectsAnAccountIsAFreshSignIn(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.there.Login(n.there.Authorize(url.Values{"client_id": {"down"}, "response_type": {"code"}, "scope": {"openid"},
		"redirect_uri": {n.Issuer + "/upstream/up/callback"}, "code_challenge": {strings.Repeat("A", 43)},
		"code_challenge_method": {"S256"}}).Location(), "bob", Password)
	back := n.via(n.Authorize(AuthParams("idp_hint", "up", "prompt", "login")), "bob")
	if page := n.page(back); page["link"] == nil {
		t.Fatalf("%d %v", back.Status, page)
	}
	n.there.Exec("UPDATE sessions SET auth_time = now() - interval '1 day'")
	there := n.Login(back.Location(), "alice", Password)
	if a := n.via(there, "bob"); a.Query("code") == "" {
		t.Errorf("%d %s %v", a.Status, a.Location(), a.Body)
	}
}

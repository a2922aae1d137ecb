package web_test

import (
	"bytes"
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
	n.exec("UPDATE upstreams SET kind = $1, scope = $2, issuer = $3, client_secret = 'a secret there'", kind, scope, server.URL)
	waitForNotify()
	return server.URL
}

func discoveryOf(w http.ResponseWriter, r *http.Request) {
	at := "http://" + r.Host
	fmt.Fprintf(w, `{"issuer": %q, "authorization_endpoint": %q, "token_endpoint": %q, "jwks_uri": %q}`, at, at+"/a", at+"/t", at+"/j")
}

// GitHub's documentation, "Authorizing OAuth apps".
func TestGitHubSignsInLikeAnyUpstream(t *testing.T) {
	n := startWithUpstream(t, "creates_users = true")
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
	there := n.authorize(authParams("idp_hint", "up"))
	if there.location().Path != "/login/oauth/authorize" || there.query("code_challenge") == "" {
		t.Fatalf("%d %s", there.status, there.location())
	}
	a := n.do("GET", "/upstream/up/callback", url.Values{"code": {"c0de"}, "state": {there.query("state")}})
	if a.query("code") == "" || n.count(`SELECT count(*) FROM users u JOIN upstream_accounts a USING (username) WHERE username = 'octo-cat'
		AND a.sub = '583231' AND u.email = 'octocat@example.org' AND a.refresh_token IS NULL AND a.access_token_expires_at IS NULL`) != 1 {
		t.Errorf("%d %s %s", a.status, a.location(), a.body)
	}
}

func TestNobodyWaitsForASlowUpstreamBeyondTheLimit(t *testing.T) {
	n := startWithUpstream(t)
	release := make(chan struct{})
	n.serverFor("oidc", "openid", map[string]http.HandlerFunc{"/.well-known/openid-configuration": discoveryOf,
		"/t": func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body); <-release }})
	defer close(release)
	there := n.authorize(authParams("idp_hint", "up"))
	began := time.Now()
	a := n.do("GET", "/upstream/up/callback", url.Values{"code": {"c"}, "state": {there.query("state")}})
	if page := n.page(a); a.status != 503 || errorOf(page) != "upstream_unavailable The other" || time.Since(began) > outgoing.Patience+time.Second {
		t.Errorf("%d %v after %s", a.status, page, time.Since(began))
	}
	if signedIn := n.login(mustParse(a.leadsTo()), "alice", password); signedIn.query("code") == "" || signedIn.query("state") != "st" {
		t.Errorf("the request is lost: %d %s", signedIn.status, signedIn.location())
	}
}

func TestNonsenseOfAnUpstreamIsAPageAndNeverInTheLogWhole(t *testing.T) {
	log := takeLog(t)
	n := startWithUpstream(t)
	answer := ""
	n.serverFor("oidc", "openid", map[string]http.HandlerFunc{"/.well-known/openid-configuration": discoveryOf,
		"/t": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if strings.HasPrefix(answer, "{\"error") {
				w.WriteHeader(400)
			}
			io.WriteString(w, answer)
		}})
	for _, answer = range []string{"", "<html>", "[]", `{"access_token": ["x"]}`, `{"access_token": "a-token-4711"}`, `{"access_token": "a-token-4711", "id_token": "x.y.z"}`,
		`{"access_token": "a-token-4711", "id_token": {"sub": "1"}}`, `{"error": "invalid_grant", "error_description": "a-code-0815 a secret there"}`,
		`{"error": {"a": "a-code-0815"}}`, strings.Repeat(" ", outgoing.MaxBody+1)} {
		there := n.authorize(authParams("idp_hint", "up"))
		state := there.query("state")
		a := n.do("POST", "/upstream/up/callback", url.Values{"code": {"a-code-0815"}, "state": {state}, "iss": {""}})
		if page := n.page(a); a.status != 502 || errorOf(page) != "upstream_failed The other" {
			t.Errorf("%.60s: %d %v", answer, a.status, page)
		}
		for _, secret := range []string{"a-code-0815", "a-token-4711", "a secret there", state} {
			if bytes.Contains(log.Bytes(), []byte(secret)) {
				t.Errorf("%.60s: %s is in the log", answer, secret)
			}
		}
	}
	if n.count("SELECT count(*) FROM sessions") != 0 {
		t.Error("somebody was signed in")
	}
	for _, params := range []url.Values{{}, {"code": {"c", "c"}}, {"code": {"a\x00"}}, {"error": {"server_error"}}, {"error": {"<script>"}}} {
		params.Set("state", n.authorize(authParams("idp_hint", "up")).query("state"))
		if a := n.do("GET", "/upstream/up/callback", params); a.status != 502 && a.status != 503 || !contains(errorOf(n.page(a)), "The other") {
			t.Errorf("%v: %d", params, a.status)
		}
	}
	if a := n.choose(n.authorize(authParams()).location(), "gone"); errorOf(n.page(a)) != "upstream_failed gone" {
		t.Errorf("an upstream that is gone: %d", a.status)
	}
	for _, name := range []string{"", strings.Repeat("x", 33)} {
		if a := n.choose(n.authorize(authParams()).location(), name); a.status != 400 {
			t.Errorf("upstream %q: %d", name, a.status)
		}
	}
	for _, name := range []string{"nobody", strings.Repeat("x", 33), "%00", "..%2f", "Up"} {
		params := url.Values{"code": {"c"}, "state": {n.authorize(authParams("idp_hint", "up")).query("state")}}
		if a := n.do("GET", "/upstream/"+name+"/callback", params); a.status != 400 && a.status != 404 {
			t.Errorf("%s: %d %s", name, a.status, a.location())
		}
	}
}

func TestASecretThatCannotBeOpenedIsSaidToTheAdministratorOnly(t *testing.T) {
	var log lockedBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	n := startWithUpstream(t)
	n.exec("UPDATE upstreams SET client_secret = 'sealed:AAAA'")
	waitForNotify()
	a := n.authorize(authParams("idp_hint", "up"))
	if page := n.page(a); errorOf(page) != "upstream_failed The other" || !contains(log.String(), "write the secret into the row again") {
		t.Errorf("%d %v\n%s", a.status, page, log.String())
	}
}

func TestTheLoginPageShowsWithoutUpstreamsWhileTheyCannotBeRead(t *testing.T) {
	n := startWithUpstream(t)
	n.exec("ALTER TABLE upstreams RENAME TO upstreams_away")
	n.exec("UPDATE clients SET client_uri = NULL") // empties the caches
	waitForNotify()
	for _, more := range [][]string{nil, {"idp_hint", "up"}} {
		a := n.authorize(authParams(more...))
		if page := n.page(a); page["action"] != n.issuer+"/login" || page["upstreams"] != nil {
			t.Errorf("%v", page)
		}
		if n.login(a.location(), "alice", password).query("code") == "" {
			t.Error("the password does not do")
		}
		n.http.Jar = n.rig.browser().http.Jar
	}
}

// The account goes to one of them, whoever comes first.
func TestParallelLinksOfOneAccountMakeOneOwner(t *testing.T) {
	n := startWithUpstream(t)
	n.exec(`INSERT INTO users (username, password) SELECT 'user' || i, password FROM users, generate_series(1, 6) AS i`)
	statuses := make([]int, 6)
	var post []func() answer
	for i := range statuses {
		b := n.rig.browser()
		tab := neighbours{b, &browser{n.there.rig, b.http}}
		asked := tab.via(tab.choose(tab.authorize(authParams()).location(), "up"), "bob")
		post = append(post, func() answer { return tab.login(asked.location(), fmt.Sprintf("user%d", i+1), password) })
	}
	var group sync.WaitGroup
	for i := range statuses {
		group.Go(func() { statuses[i] = post[i]().status })
	}
	group.Wait()
	slices.Sort(statuses)
	if !slices.Equal(statuses, []int{303, 403, 403, 403, 403, 403}) || n.count("SELECT count(*) FROM upstream_accounts") != 1 {
		t.Errorf("%v", statuses)
	}
}

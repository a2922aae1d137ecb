package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	. "gatehouse/api/apitest"
	"gatehouse/api/provider"
)

func documents(s *provider.Settings) { s.ClientIDDocuments = true }

// site is where applications keep the documents at their client_ids: each path of it is one, unless serve says otherwise.
type site struct {
	*httptest.Server
	asked   atomic.Int32
	members atomic.Pointer[map[string]any] // beside client_id
	serve   atomic.Pointer[http.HandlerFunc]
}

func newSite(t *testing.T) *site {
	s := &site{}
	s.say("client_name", "The app", "redirect_uris", []string{"https://app.example.org/cb"}, "token_endpoint_auth_method", "none")
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if serve := s.serve.Load(); serve != nil {
			(*serve)(w, r)
			return
		}
		s.document(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *site) document(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	document := map[string]any{"client_id": s.URL + r.URL.Path}
	for name, value := range *s.members.Load() {
		document[name] = value
	}
	_ = json.NewEncoder(w).Encode(document)
}

func (s *site) say(members ...any) {
	m := map[string]any{}
	for i := 0; i < len(members); i += 2 {
		m[members[i].(string)] = members[i+1]
	}
	s.members.Store(&m)
}

func (s *site) answer(serve http.HandlerFunc) { s.serve.Store(&serve) }

// ask begins a sign-in of the application whose document is at path.
func (b *browser) ask(s *site, path string, changes ...string) Answer {
	return b.Authorize(AuthParams(append([]string{"client_id", s.URL + path, "redirect_uri", "https://app.example.org/cb"}, changes...)...))
}

func TestAnApplicationSignsInByTheDocumentAtItsClientID(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := start(t, documents, ReachesTestServers).browser()
	ctx := oidc.ClientContext(context.Background(), http.DefaultClient)
	op, err := oidc.NewProvider(ctx, b.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	var discovered struct {
		Supported bool `json:"client_id_metadata_document_supported"`
	}
	if err := op.Claims(&discovered); err != nil || !discovered.Supported {
		t.Error("discovery does not say so")
	}
	id := s.URL + "/oauth/client.json"
	rp := oauth2.Config{ClientID: id, RedirectURL: "https://app.example.org/cb", Endpoint: op.Endpoint(), Scopes: []string{"openid", "email"}}
	verifier := oauth2.GenerateVerifier()
	a := b.Login(b.Do("GET", rp.AuthCodeURL("st", oauth2.S256ChallengeOption(verifier)), nil).Location(), "alice", Password)
	page := b.Interaction(a.Location().String())
	if client, _ := page["client"].(map[string]any); page["page"] != "consent" || client["name"] != "The app" || client["uri"] != s.URL {
		t.Fatalf("people are not asked, or do not see whose application it is: %v", page)
	}
	a = b.Do("POST", "/consent", url.Values{"request": {a.Query("request")}, "consent": {"yes"}}, "Origin", UIOrigin)
	token, err := rp.Exchange(ctx, a.Query("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if verified, err := op.VerifierContext(ctx, &oidc.Config{ClientID: id}).Verify(ctx, raw); err != nil || verified.Subject != "sub-alice" {
		t.Errorf("%+v, %v", verified, err)
	}
	if s.asked.Load() != 1 ||
		b.Count(`SELECT count(*) FROM clients WHERE client_id = $1 AND registration = 'document' AND require_pkce AND NOT first_party`, id) != 1 {
		t.Errorf("the document was fetched %d times", s.asked.Load())
	}
	if a := b.ask(s, "/oauth/client.json", "code_challenge", "", "code_challenge_method", ""); a.Query("error") != "invalid_request" {
		t.Errorf("without PKCE: %s", a.Location())
	}
}

func TestDocumentsAreReadWhereverARequestBegins(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.say("redirect_uris", []string{"https://app.example.org/cb"}, "grant_types",
		[]string{"authorization_code", "urn:ietf:params:oauth:grant-type:device_code"})
	b := start(t, documents, ReachesTestServers).browser()
	a := b.Do("POST", "/par", AuthParams("client_id", s.URL+"/pushed", "redirect_uri", "https://app.example.org/cb"))
	if a.Status != 201 {
		t.Fatalf("pushed: %d %s", a.Status, a.Body)
	}
	a = b.Authorize(url.Values{"client_id": {s.URL + "/pushed"}, "request_uri": {Str(a.JSON()["request_uri"])}})
	if a.Location().Path != "/login" || s.asked.Load() != 1 {
		t.Errorf("%d %s, fetched %d times", a.Status, a.Location(), s.asked.Load())
	}
	if a := b.Do("POST", "/device_authorization", url.Values{"client_id": {s.URL + "/device"},
		"scope": {"openid"}}); a.Status != 200 || a.JSON()["user_code"] == nil {
		t.Errorf("device: %d %s", a.Status, a.Body)
	}
	s.answer(http.NotFound)
	for _, path := range []string{"/par", "/device_authorization"} {
		if a := b.Do("POST", path, AuthParams("client_id", s.URL+"/none")); a.Status != 401 || a.JSON()["error"] != "invalid_client" {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
}

// OAuth Client ID Metadata Document §4, §6.5, §6.6.
func TestADocumentThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := start(t, documents, ReachesTestServers).browser()
	as := func(contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			fmt.Fprint(w, strings.ReplaceAll(body, "ID", s.URL+r.URL.Path))
		}
	}
	const good = `{"client_id": "ID", "redirect_uris": ["https://app.example.org/cb"]}`
	refuse := func(what string, n int) {
		t.Helper()
		a := b.ask(s, fmt.Sprintf("/%d", n))
		page := b.Interaction(a.LeadsTo())
		if code, _ := page["error"].(map[string]any); a.Status != 400 || code["code"] != "unknown_client" {
			t.Errorf("%s: %d %v", what, a.Status, page)
		}
	}
	for n, c := range []struct {
		what  string
		serve http.HandlerFunc
	}{
		{"another client_id", as("application/json",
			`{"client_id": "https://other.example/c", "redirect_uris": ["https://app.example.org/cb"]}`)},
		{"no client_id", as("application/json", `{"redirect_uris": ["https://app.example.org/cb"]}`)},
		{"a secret", as("application/json", `{"client_id": "ID", "client_secret": "x", "redirect_uris": ["https://app.example.org/cb"]}`)},
		{"a method with a secret", as("application/json",
			`{"client_id": "ID", "token_endpoint_auth_method": "client_secret_basic", "redirect_uris": ["https://app.example.org/cb"]}`)},
		{"a script to send people to", as("application/json", `{"client_id": "ID", "redirect_uris": ["javascript:alert(1)"]}`)},
		{"no JSON", as("application/json", "ID")},
		{"a file that somebody uploaded", as("text/plain", good)},
		{"a page", as("text/html", good)},
		{"more than 5 kB", as("application/json", good+strings.Repeat(" ", 5<<10))},
		{"201", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(201)
			s.document(w, r)
		}},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x"+r.URL.Path, http.StatusFound) }},
		{"nothing", http.NotFound},
	} {
		s.answer(c.serve)
		refuse(c.what, n)
	}
	s.answer(as("application/vnd.example+json; charset=utf-8", good))
	if a := b.ask(s, "/good"); a.Location().Path != "/login" {
		t.Errorf("a type of its own: %d %s", a.Status, a.Location())
	}
	if n := b.Count(`SELECT count(*) FROM clients WHERE registration = 'document'`); n != 1 {
		t.Errorf("%d clients", n)
	}
}

func TestNobodyHasUsFetchDocumentsThatWeAreNotToFetch(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for what, change := range map[string][]func(*provider.Settings){"it is off": {ReachesTestServers}, "the address is private": {documents}} {
		b := start(t, change...).browser()
		if a := b.ask(s, "/client.json"); a.Status != 400 || s.asked.Load() != 0 {
			t.Errorf("%s: %d, fetched %d times", what, a.Status, s.asked.Load())
		}
	}
	b := start(t, documents, ReachesTestServers).browser()
	for _, id := range []string{strings.Replace(s.URL, "https:", "http:", 1) + "/c", s.URL, s.URL + "/a/../c", s.URL + "/c#x",
		strings.Replace(s.URL, "//", "//u:p@", 1) + "/c",
		s.URL + "/" + strings.Repeat("x", 255)} {
		if a := b.Authorize(AuthParams("client_id", id)); a.Status != 400 || s.asked.Load() != 0 {
			t.Errorf("%s: %d, fetched %d times", id, a.Status, s.asked.Load())
		}
	}
	// What an administrator registered stays theirs, whatever its name.
	b.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris)
		VALUES ($1, 'none', '{https://mine.example.org/}')`, s.URL+"/mine")
	if a := b.ask(s, "/mine", "redirect_uri", "https://mine.example.org/"); a.Location().Path != "/login" || s.asked.Load() != 0 {
		t.Errorf("%d %s, fetched %d times", a.Status, a.Location(), s.asked.Load())
	}
	// Only who begins to sign in has us fetch.
	if a := b.Do("POST", "/token", url.Values{"grant_type": {"authorization_code"}, "code": {"x"},
		"client_id": {s.URL + "/new"}}); a.Status != 401 || s.asked.Load() != 0 {
		t.Errorf("%d, fetched %d times", a.Status, s.asked.Load())
	}
}

func TestManyRequestsForOneDocumentAreOneFetch(t *testing.T) {
	OfOneProcess(t)
	t.Parallel()
	s := newSite(t)
	r := start(t, documents, ReachesTestServers)
	together := func(path string, status int) {
		t.Helper()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if a := r.browser().ask(s, path); a.Status != status {
					t.Errorf("%s: %d", path, a.Status)
				}
			})
		}
		wg.Wait()
	}
	together("/one", 303)
	if n := s.asked.Swap(0); n != 1 {
		t.Errorf("a good document was fetched %d times", n)
	}
	s.answer(http.NotFound)
	together("/two", 400)
	together("/two", 400)
	if n := s.asked.Swap(0); n != 1 {
		t.Errorf("a missing document was fetched %d times", n)
	}
	s.answer(s.document)
	r.Later(11 * time.Second)
	together("/two", 303)
	if n := s.asked.Swap(0); n != 1 {
		t.Errorf("a document that came back was fetched %d times", n)
	}
}

// OAuth Client ID Metadata Document §4.4, §6.3.
func TestADocumentIsReadAgainAndOutlivesATrouble(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := start(t, documents, ReachesTestServers).browser()
	b.Code(AuthParams("client_id", s.URL+"/c", "redirect_uri", "https://app.example.org/cb"))
	s.asked.Store(0)
	b.Later(5 * time.Hour)
	if b.ask(s, "/c"); s.asked.Load() != 0 {
		t.Error("a fresh document was read again")
	}
	s.say("client_name", "Renamed", "redirect_uris", []string{"https://app.example.org/cb", "https://app.example.org/2"})
	b.Later(2 * time.Hour)
	b.ask(s, "/c")
	b.WaitForNotify()
	if a := b.ask(s, "/c", "prompt", "none"); a.Query("error") != "consent_required" || s.asked.Load() != 1 {
		t.Errorf("after a change of where it answers from: %s, read %d times", a.Location(), s.asked.Load())
	}
	if b.Count(`SELECT count(*) FROM clients WHERE client_id = $1 AND client_name = 'Renamed' AND cardinality(redirect_uris) = 2`,
		s.URL+"/c") != 1 {
		t.Error("the row is not what the document says")
	}
	s.answer(http.NotFound)
	b.Later(40 * time.Hour)
	if a := b.ask(s, "/c"); a.Status != 303 || s.asked.Load() != 2 {
		t.Errorf("for two days without its document: %d, read %d times", a.Status, s.asked.Load())
	}
	b.Later(10 * time.Hour)
	if a := b.ask(s, "/c"); a.Status != 400 {
		t.Errorf("after that: %d", a.Status)
	}
	s.answer(s.document)
	b.Later(time.Minute)
	if a := b.ask(s, "/c"); a.Status != 303 {
		t.Errorf("when it is back: %d", a.Status)
	}
}

func TestDocumentsAreBoundedAsRegistrationsAre(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := start(t, documents, ReachesTestServers)
	b := r.browser()
	for n := range 20 {
		if a := b.ask(s, fmt.Sprintf("/%d", n)); a.Status != 303 {
			t.Fatalf("%d: %d", n, a.Status)
		}
	}
	a := b.ask(s, "/20")
	page := b.Interaction(a.LeadsTo())
	if code, _ := page["error"].(map[string]any); a.Status != 503 || a.Header.Get("Retry-After") == "" ||
		code["code"] != "temporarily_unavailable" {
		t.Errorf("%d %v", a.Status, page)
	}
	if a := b.ask(s, "/3"); a.Status != 303 {
		t.Errorf("one that is known: %d", a.Status)
	}
	b.Code(AuthParams("client_id", s.URL+"/3", "redirect_uri", "https://app.example.org/cb"))
	b.Later(25 * time.Hour)
	r.cleanUp()
	if n := b.Count(`SELECT count(*) FROM clients WHERE registration = 'document'`); n != 1 {
		t.Errorf("%d clients are left, want the one that is used", n)
	}
	if a := b.ask(s, "/4"); a.Status != 303 {
		t.Errorf("one that comes back: %d", a.Status)
	}
}

func TestSomebodyWithALoopHasUsFetchFewDocumentsAtOnce(t *testing.T) {
	OfOneProcess(t)
	t.Parallel()
	s := newSite(t)
	r := start(t, documents, ReachesTestServers)
	var now, most atomic.Int32
	s.answer(func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		time.Sleep(50 * time.Millisecond)
		http.NotFound(w, r)
	})
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() { r.browser().ask(s, fmt.Sprintf("/%d", n)) })
	}
	wg.Wait()
	if most.Load() > 4 || s.asked.Load() != 20 {
		t.Errorf("%d at once, %d in all", most.Load(), s.asked.Load())
	}
}

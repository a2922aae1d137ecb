package provider_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// clientSite is the web server of a client, which has its request objects and keys.
type clientSite struct {
	*httptest.Server
	status atomic.Int32
	asked  atomic.Int32
	object atomic.Value // what it answers
}

func newClientSite(t *testing.T, start func(http.Handler) *httptest.Server) *clientSite {
	s := &clientSite{}
	s.status.Store(200)
	s.object.Store("")
	s.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		switch body := s.object.Load().(string); {
		case r.Header.Get("Cookie") != "" || r.Header.Get("Authorization") != "" || r.Method != "GET" || strings.Contains(r.URL.String(), "#"):
			t.Errorf("asked with %s %s %v", r.Method, r.URL, r.Header)
		case body == "slow":
			<-r.Context().Done()
		case s.status.Load() >= 300 && s.status.Load() < 400:
			http.Redirect(w, r, "/elsewhere", int(s.status.Load()))
		default:
			w.WriteHeader(int(s.status.Load()))
			fmt.Fprint(w, body)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// byReference is what comes through the browser of a request whose object is at an address.
func byReference(uri string, more ...string) url.Values {
	v := url.Values{"client_id": {"web"}, "request_uri": {uri}, "redirect_uri": {Callback}, "response_type": {"code"}, "state": {"beside"}}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

// OpenID Connect Core §6.2, RFC 9101 §5.2, §10.4: only what was registered is asked for, character for character.
func TestARequestObjectIsFetchedFromWhereItIsRegisteredAndNowhereElse(t *testing.T) {
	t.Parallel()
	b := start(t, ReachesTestServers).browser()
	key, site := newSigner("ES256", rand.Text()), newClientSite(t, httptest.NewServer)
	b.registerClientKeys("web", key)
	registered, withDigest := site.URL+"/request?a=1", site.URL+"/other.jwt#4EHA4JhOOUsgDxRURDMg8OsGkd1Y6UyOmuOcrG-zD7U"
	b.Exec("UPDATE clients SET request_uris = $1 WHERE client_id = 'web'", []string{registered, withDigest})
	b.WaitForNotify()
	b.Code(AuthParams())
	site.object.Store(key.jwt(map[string]any{"typ": "oauth-authz-req+jwt"}, b.objectOf(AuthParams("state", "in the object"), nil)) + "\n")
	for i, uri := range []string{registered, withDigest, registered} {
		a := b.Authorize(byReference(uri))
		if a.Query("code") == "" || a.Query("state") != "in the object" || int(site.asked.Load()) != i+1 {
			t.Errorf("%s: %d %s, asked %d times", uri, a.Status, a.Location(), site.asked.Load())
		}
	}
	before := site.asked.Load()
	for _, uri := range []string{site.URL + "/request", site.URL + "/request?a=1&b=2", registered + "#", registered + "#x",
		site.URL + "/other.jwt", strings.TrimSuffix(withDigest, "U"),
		site.URL + "/%72equest?a=1", strings.ToUpper(registered), "http://127.0.0.1/", "http://169.254.169.254/latest/meta-data/",
		"file:///etc/passwd", "urn:x", "x", "//" + registered} {
		if a := b.Authorize(byReference(uri)); a.Location().Host != "rp.example.org" || a.Query("error") != "invalid_request_uri" ||
			a.Query("state") != "beside" || a.Query("code") != "" {
			t.Errorf("%s: %d %s", uri, a.Status, a.Location())
		}
		if a := b.Authorize(byReference(uri, "redirect_uri", "https://evil.example/")); a.Status != 400 || a.Header.Get("Location") != "" {
			t.Errorf("%s, an unregistered redirect_uri: %d %s", uri, a.Status, a.Location())
		}
	}
	if a := b.Authorize(byReference(registered, "request", "x")); a.Query("error") != "invalid_request" {
		t.Errorf("request and request_uri: %s", a.Location())
	}
	b.Exec("UPDATE clients SET disabled_at = now() WHERE client_id = 'web'")
	b.WaitForNotify()
	if a := b.Authorize(byReference(registered)); a.Status != 400 {
		t.Errorf("a disabled client: %d", a.Status)
	}
	if asked := site.asked.Load() - before; asked != 0 {
		t.Errorf("%d fetches of what is not registered", asked)
	}
	discovery := b.Do("GET", "/.well-known/openid-configuration", nil).JSON()
	for _, name := range []string{"request_parameter_supported", "request_uri_parameter_supported", "require_request_uri_registration"} {
		if discovery[name] != true {
			t.Errorf("discovery: %s is %v", name, discovery[name])
		}
	}
}

// RFC 9101 §5.2.3, §10.4.1: bounded in what it may say and how long that may take.
func TestARequestURIThatDoesNotAnswerAsItShouldIsRefused(t *testing.T) {
	t.Parallel()
	b := start(t, ReachesTestServers).browser()
	key, site := newSigner("ES256", rand.Text()), newClientSite(t, httptest.NewServer)
	b.registerClientKeys("web", key)
	b.Exec("UPDATE clients SET request_uris = $1 WHERE client_id = 'web'", []string{site.URL + "/request", "http://127.0.0.1:1/down"})
	b.WaitForNotify()
	b.Code(AuthParams())
	good := key.jwt(nil, b.objectOf(AuthParams(), nil))
	refused := func(what string, a Answer, code string) {
		t.Helper()
		if a.Location().Host != "rp.example.org" || a.Query("error") != code || a.Query("state") != "beside" || a.Query("code") != "" {
			t.Errorf("%s: %d %s", what, a.Status, a.Location())
		}
		if strings.Contains(a.Header.Get("Location"), "127.0.0.1%3A1") || strings.Contains(a.Query("error_description"), "refused") {
			t.Errorf("%s: says what it met: %s", what, a.Location())
		}
	}
	for _, status := range []int32{201, 204, 302, 307, 404, 500} {
		site.status.Store(status)
		site.object.Store(map[bool]string{true: "", false: good}[status == 204])
		before := site.asked.Load()
		refused(fmt.Sprint(status), b.Authorize(byReference(site.URL+"/request")), "invalid_request_uri")
		if site.asked.Load() != before+1 {
			t.Errorf("%d: asked %d times", status, site.asked.Load()-before)
		}
	}
	site.status.Store(200)
	site.object.Store(good + strings.Repeat(" ", 16<<10))
	refused("more than 16 kB", b.Authorize(byReference(site.URL+"/request")), "invalid_request_uri")
	for what, object := range map[string]string{"nothing": "", "HTML": "<html>",
		"a foreign key": newSigner("ES256", rand.Text()).jwt(nil, b.objectOf(AuthParams(), nil)),
		"unsigned":      "eyJhbGciOiJub25lIn0." + strings.Split(good, ".")[1] + "."} {
		site.object.Store(object)
		refused(what, b.Authorize(byReference(site.URL+"/request")), "invalid_request_object")
	}
	refused("nobody there", b.Authorize(byReference("http://127.0.0.1:1/down")), "invalid_request_uri")
	site.object.Store("slow")
	begun := time.Now()
	refused("slow", b.Authorize(byReference(site.URL+"/request")), "invalid_request_uri")
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("waited %v", took)
	}
	site.object.Store(good)
	if a := b.Authorize(byReference(site.URL + "/request")); a.Query("code") == "" {
		t.Errorf("the good one: %d %s", a.Status, a.Location())
	}
}

// RFC 9101 §10.4.
func TestARequestURIThatLeadsInsideIsNotFetchedUnlessTheOperatorAllowsIt(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	key, site, plain := newSigner("ES256", rand.Text()), newClientSite(t, httptest.NewTLSServer), newClientSite(t, httptest.NewServer)
	uris := []string{site.URL + "/request", strings.Replace(site.URL, "127.0.0.1", "localhost", 1) + "/request", plain.URL + "/request"}
	b.Exec("UPDATE clients SET request_uris = $1, jwks_uri = $2 WHERE client_id = 'web'", uris, site.URL+"/keys")
	b.WaitForNotify()
	site.object.Store(key.jwt(nil, b.objectOf(AuthParams(), nil)))
	for _, uri := range uris {
		if a := b.Authorize(byReference(uri)); a.Query("error") != "invalid_request_uri" || a.Location().Host != "rp.example.org" {
			t.Errorf("%s: %d %s", uri, a.Status, a.Location())
		}
	}
	if a := b.Authorize(withObject(key.jwt(nil, b.objectOf(AuthParams(), nil)), "redirect_uri",
		Callback)); a.Query("error") != "invalid_request_object" {
		t.Errorf("keys inside: %d %s", a.Status, a.Location())
	}
	if n := site.asked.Load() + plain.asked.Load(); n != 0 {
		t.Errorf("%d fetches", n)
	}
}

// OpenID Connect Core §10.1.1: an object is signed with a key that is published, and those change.
func TestObjectsAreVerifiedWithTheKeysThatAreAtJWKSURI(t *testing.T) {
	OfOneProcess(t)
	t.Parallel()
	b := start(t, ReachesTestServers).browser()
	site, first, next := newClientSite(t, httptest.NewTLSServer), newSigner("ES256", rand.Text()), newSigner("ES256", rand.Text())
	b.Exec("UPDATE clients SET jwks_uri = $1, require_signed_request_object = true WHERE client_id = 'web'", site.URL+"/keys")
	b.WaitForNotify()
	site.object.Store(jwksOf(first))
	use := func(what string, key signer, good bool, asked int32) {
		t.Helper()
		before := site.asked.Load()
		a := b.Authorize(withObject(key.jwt(nil, b.objectOf(AuthParams(), nil)), "redirect_uri", Callback))
		if isGood := a.Location().Path == "/login"; isGood != good || !good && a.Query("error") != "invalid_request_object" {
			t.Errorf("%s: %d %s", what, a.Status, a.Location())
		}
		if got := site.asked.Load() - before; got != asked {
			t.Errorf("%s: asked %d times, want %d", what, got, asked)
		}
	}
	use("at first", first, true, 1)
	use("kept", first, true, 0)
	site.object.Store(jwksOf(next))
	use("a new key, a moment later", next, false, 0)
	b.Later(11 * time.Second)
	use("a new key", next, true, 1)
	use("the old one is gone", first, false, 0)
	site.status.Store(500)
	b.Later(11 * time.Minute)
	use("the address is down", next, true, 1)
	use("and is left alone for a moment", next, true, 0)
}

package provider_test

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// silent is a target that takes requests, and answers none but for discovery before it is released.
type silent struct {
	*httptest.Server
	held    atomic.Int32 // requests
	release func()
}

func newSilent(t *testing.T, start func(http.Handler) *httptest.Server) *silent {
	end := make(chan struct{})
	s := &silent{release: sync.OnceFunc(func() { close(end) })}
	s.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/.well-known/openid-configuration" {
			discoveryOf(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		s.held.Add(1)
		select {
		case <-r.Context().Done():
		case <-end:
		}
	}))
	t.Cleanup(func() { s.release(); s.Close() })
	return s
}

// A class has one address. Whoever of it uses what is dead must not keep the others from what is not.
func TestNobodyWaitsForTheDeadTargetsOfOthersAtTheirAddress(t *testing.T) {
	OfOneProcess(t)
	t.Parallel()
	const many = 8 // twice the places of a site at a target
	n := startNeighbours(t, documents, "creates_users = true, username_pattern = '.+'")
	key, site := newSigner("ES256", rand.Text()), newClientSite(t, httptest.NewServer)
	upstreams := []*silent{newSilent(t, httptest.NewServer), newSilent(t, httptest.NewServer)}
	requestURI, document := newSilent(t, httptest.NewServer), newSilent(t, httptest.NewTLSServer)
	n.registerClientKeys("web", key)
	n.Exec("UPDATE clients SET request_uris = $1 WHERE client_id = 'web'", []string{site.URL + "/request"})
	n.Exec(`INSERT INTO clients (client_id, redirect_uris, request_uris) VALUES ('slow', ARRAY[$1], ARRAY[$2])`, Callback,
		requestURI.URL+"/request")
	for i, u := range upstreams {
		n.Exec(`INSERT INTO upstreams (name, issuer, client_id, client_secret) VALUES ('dead' || $1::int, $2, 'us', 'a secret there')`,
			i, u.URL)
	}
	n.WaitForNotify()
	site.object.Store(key.jwt(nil, n.objectOf(AuthParams(), nil)))

	var waiting sync.WaitGroup
	var ended atomic.Int32
	wait := func(ask func(*browser)) {
		b := n.rig.browser()
		waiting.Go(func() { ask(b); ended.Add(1) })
	}
	back := n.signInThere(n.Authorize(AuthParams("idp_hint", "up")), "bob").Location().String()
	for i := range many {
		for u := range upstreams {
			b := n.rig.browser()
			params := url.Values{"code": {"c"}, "state": {b.Authorize(AuthParams("idp_hint", fmt.Sprint("dead", u))).Query("state")}}
			wait(func(*browser) { b.Do("GET", fmt.Sprintf("/upstream/dead%d/callback", u), params) })
		}
		wait(func(b *browser) { b.Authorize(byReference(requestURI.URL+"/request", "client_id", "slow")) })
		wait(func(b *browser) {
			b.Authorize(AuthParams("client_id", fmt.Sprint(document.URL, "/", i), "redirect_uri", "https://app.example.org/cb"))
		})
	}
	targets := append(upstreams, requestURI, document)
	held := func() (n int32) {
		for _, s := range targets {
			n += s.held.Load()
		}
		return n
	}
	for end := time.Now().Add(3 * time.Second); held() < 16 && time.Now().Before(end); time.Sleep(time.Millisecond) {
	}

	if a := n.Do("GET", back, nil); a.Query("code") == "" || ended.Load() > 0 {
		t.Errorf("at a healthy upstream: %d %s, after %d others", a.Status, a.Location(), ended.Load())
	}
	if a := n.Authorize(byReference(site.URL + "/request")); a.Query("code") == "" || ended.Load() > 0 {
		t.Errorf("at a healthy request_uri: %d %s, after %d others", a.Status, a.Location(), ended.Load())
	}
	for i, s := range targets {
		if held := s.held.Load(); held > 4 {
			t.Errorf("target %d has %d requests at once", i, held)
		}
		s.release()
	}
	waiting.Wait()
}

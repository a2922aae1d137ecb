package provider_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// OpenID Connect Core §10.1.1: keys at jwks_uri are kept, and fetched anew for a kid that is not known.
func TestKeysAtAnAddressAreKeptAndFetchedAnewForAnUnknownKid(t *testing.T) {
	OfOneProcess(t)
	t.Parallel()
	s := startSigning(t, ReachesTestServers)
	first, next := newSigner("ES256", "first"), newSigner("ES256", "next")
	var fetches, status atomic.Int32
	var body atomic.Value
	body.Store(jwksOf(first))
	status.Store(200)
	published := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetches.Add(1)
		w.WriteHeader(int(status.Load()))
		fmt.Fprint(w, body.Load())
	}))
	defer published.Close()
	s.Exec("UPDATE clients SET jwks = NULL, jwks_uri = $1 WHERE client_id = 'signs'", published.URL+"/keys")
	s.WaitForNotify()
	expect := func(what string, key signer, good bool, want int32) {
		t.Helper()
		a := s.clientCredentials(s.assertion("signs", key))
		if good && a.Status != 200 {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		} else if !good {
			s.refusedClient(what, a)
		}
		if fetches.Load() != want {
			t.Errorf("%s: %d fetches, want %d", what, fetches.Load(), want)
		}
	}
	expect("the first time", first, true, 1)
	expect("kept", first, true, 1)
	expect("unknown, a moment later", next, false, 1)
	s.Later(11 * time.Second)
	expect("unknown, and not there", next, false, 2)
	body.Store(jwksOf(first, next))
	s.Later(11 * time.Second)
	expect("after the rotation", next, true, 3)
	expect("the former beside it", first, true, 3)
	for range 20 {
		s.refusedClient("a kid without end", s.clientCredentials(s.assertion("signs", newSigner("ES256", rand.Text()))))
	}
	if fetches.Load() > 4 {
		t.Errorf("%d fetches for kids that somebody made up", fetches.Load())
	}
	body.Store(jwksOf(next))
	s.Later(11 * time.Minute)
	expect("the former is gone", first, false, fetches.Load()+1)

	status.Store(500)
	s.Later(11 * time.Minute)
	expect("while the address does not answer", next, true, fetches.Load()+1)
	s.Later(25 * time.Hour)
	expect("a day later", next, false, fetches.Load()+1)
	status.Store(200)
	expect("right after a failure", next, false, fetches.Load())
	s.Later(11 * time.Second)
	expect("when it answers again", next, true, fetches.Load()+1)
}

// Whoever hangs up must not keep a client's keys from being fetched: anybody can send an assertion that is none.
func TestWhoHangsUpKeepsNoClientFromItsKeys(t *testing.T) {
	t.Parallel()
	s := startSigning(t, ReachesTestServers)
	key := newSigner("ES256", "k")
	asked := make(chan struct{}, 10)
	published := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		time.Sleep(300 * time.Millisecond)
		fmt.Fprint(w, jwksOf(key))
	}))
	defer published.Close()
	s.Exec("UPDATE clients SET jwks = NULL, jwks_uri = $1 WHERE client_id = 'signs'", published.URL)
	s.WaitForNotify()
	ctx, hangUp := context.WithCancel(context.Background())
	ask := asserted(form("grant_type", "client_credentials"), altered(s.assertion("signs", key)))
	req, _ := http.NewRequestWithContext(ctx, "POST", s.Issuer+"/token", strings.NewReader(ask.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	done := make(chan error)
	go func() { _, err := http.DefaultClient.Do(req); done <- err }()
	<-asked
	hangUp()
	if err := <-done; err == nil {
		t.Fatal("it did not hang up")
	}
	time.Sleep(50 * time.Millisecond) // until the server has noticed
	if a := s.clientCredentials(s.assertion("signs", key)); a.Status != 200 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

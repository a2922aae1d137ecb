package web_test

import (
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/config"
	"gatehouse/api/web"
)

// behindAProxy is the API on 127.0.0.1, which is also the proxy's address, with user1 to user60.
func behindAProxy(t *testing.T) (signIn func(username, password string, headers ...string) Answer) {
	t.Helper()
	r := Start(t)
	r.Exec(`INSERT INTO users (username, password) SELECT 'user' || n, crypt($1, gen_salt('bf', 4)) FROM generate_series(1, 60) n`, Password)
	proxies := web.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	server := httptest.NewServer(web.API(r.Provider, proxies, config.Look{}))
	t.Cleanup(server.Close)
	return func(username, password string, headers ...string) Answer {
		t.Helper()
		b := r.Browser()
		at := b.Authorize(AuthParams()).Location()
		return b.Do("POST", server.URL+"/login", url.Values{"request": {at.Query().Get("request")}, "username": {username},
			"password": {password}}, append([]string{"Origin", UIOrigin}, headers...)...)
	}
}

// guess sends more wrong passwords than may fail of one address, each for another user; the forms take turns.
func guess(signIn func(username, password string, headers ...string) Answer, forms ...string) {
	var sent sync.WaitGroup
	for n := range 59 {
		sent.Go(func() {
			for signIn("user"+strconv.Itoa(n+1), "wrong", "X-Forwarded-For", forms[n%len(forms)]).Status == 503 {
				time.Sleep(50 * time.Millisecond) // there is no place for a hash, so it was no guess
			}
		})
	}
	sent.Wait()
}

func TestWhatAProxyDoesNotSayReadablyShutsNobodyElseOut(t *testing.T) {
	log := TakeLog(t)
	signIn := behindAProxy(t)
	guess(signIn, "198.51.100.1, unknown")
	for _, headers := range [][]string{
		{"X-Forwarded-For", "unknown"},
		{"X-Forwarded-For", "203.0.113.7:49152"},
		{"X-Forwarded-For", "198.51.100.1"},
		{"X-Forwarded-For", "unknown, _other"},
		{"Forwarded", `for="[2001:db8::7]:80"`},
		{}, // the proxy's own address
	} {
		if a := signIn("user60", Password, headers...); a.Status != 303 {
			t.Errorf("%q: %d", headers, a.Status)
		}
	}
	if said := strings.Count(log.String(), `"event":"forwarded_unreadable"`); said != 1 ||
		!strings.Contains(log.String(), `"proxy":"127.0.0.1","header":"X-Forwarded-For","entry":"unknown"`) {
		t.Errorf("%d lines say that the address cannot be read:\n%s", said, log.String())
	}
	if !strings.Contains(log.String(), `"addr":"203.0.113.7"`) || !strings.Contains(log.String(), `"addr":"::ffff:127.0.0.1%unknown"`) {
		t.Error("the log does not have the addresses")
	}
}

// The limit of an account and a proxy stays, so that an account cannot be guessed at from there.
func TestOneAccountIsThrottledWhereAddressesCannotBeRead(t *testing.T) {
	t.Parallel()
	signIn := behindAProxy(t)
	last := 0
	for range 7 {
		last = signIn("user1", "wrong", "X-Forwarded-For", "unknown").Status
	}
	if last != 429 {
		t.Errorf("the seventh guess: %d", last)
	}
}

// Each way to write one address is one address: fifty wrong passwords shut it out, and nobody else.
func TestOneAddressIsOneHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	signIn := behindAProxy(t)
	forms := []string{"203.0.113.7", "203.0.113.7:80", "::ffff:203.0.113.7", `"203.0.113.7"`, "198.51.100.9, 203.0.113.7:81",
		" 203.0.113.7 ,127.0.0.1"}
	guess(signIn, forms...)
	for _, form := range forms {
		if a := signIn("user60", Password, "X-Forwarded-For", form); a.Status != 429 {
			t.Errorf("%q: %d", form, a.Status)
		}
	}
	if a := signIn("user60", Password, "X-Forwarded-For", "203.0.113.8"); a.Status != 303 {
		t.Errorf("another address: %d", a.Status)
	}
}

func TestHowAddressesAreReadIsForTheDoctorOnly(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	for _, headers := range [][]string{nil, {"Authorization", "Bearer x"}, {"Authorization", "Bearer " + b.API.Provider.Examiner() + "x"}} {
		if a := b.Do("GET", "/forwarded", nil, headers...); a.Status != 401 || strings.Contains(a.Body, "127.0.0.1") && len(headers) == 0 {
			t.Errorf("%q: %d %s", headers, a.Status, a.Body)
		}
	}
	token := "Bearer " + b.API.Provider.Examiner()
	a := b.Do("GET", "/forwarded", nil, "Authorization", token, "X-Forwarded-For", "203.0.113.7")
	if a.Status != 200 || a.Body != `{"addr":"127.0.0.1","peer":"127.0.0.1","trusted":false,"header":"X-Forwarded-For","unread":null}` {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	b.API.Later(2 * 60e9)
	if a := b.Do("GET", "/forwarded", nil, "Authorization", token); a.Status != 401 {
		t.Errorf("two minutes later: %d", a.Status)
	}
}

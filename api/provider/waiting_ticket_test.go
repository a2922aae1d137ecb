package provider_test

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
	"gatehouse/api/provider"
)

// caller is a browser at an address of its own, which asks the provider without HTTP.
type caller struct {
	r       *rig
	addr    netip.Addr
	cookies map[provider.CookieName]string
	request string
}

func (r *rig) from(addr string) *caller {
	c := &caller{r: r, addr: netip.MustParseAddr(addr), cookies: map[provider.CookieName]string{}}
	a := r.Provider.Authorize(r.Context(), provider.Request{Method: "GET", Path: "/authorize", Params: AuthParams(), Addr: c.addr,
		Cookies: c.cookies})
	c.request = MustParse(a.Location).Query().Get("request")
	c.take(a)
	return c
}

func (c *caller) take(a provider.Answer) {
	for _, cookie := range a.Cookies {
		c.cookies[cookie.Name] = cookie.Value
	}
}

// signIn posts the form of the login page; in reports whether a code came of it.
func (c *caller) signIn(username, password string) (a provider.Answer, in bool) {
	a = c.r.Provider.Login(c.r.Context(), provider.Request{Method: "POST", Path: "/login", Origin: UIOrigin, Addr: c.addr, Cookies: c.cookies,
		Params: url.Values{"request": {c.request}, "username": {username}, "password": {password}}})
	c.take(a)
	return a, strings.Contains(a.Location, "code=")
}

// fill fills every bucket of these kinds, as whoever does not wait can.
func (r *rig) fill(kinds ...authn.Kind) {
	for _, kind := range kinds {
		first := int(kind) << 16
		r.Exec(`INSERT INTO login_throttle (bucket, failures, updated_at) SELECT b, 1000, $3 FROM generate_series($1::int, $2::int) b
			ON CONFLICT (bucket) DO UPDATE SET failures = 1000, updated_at = $3`, first, first+65535, r.Now())
	}
}

// flooded are the kinds of buckets of those who have not waited.
var flooded = []authn.Kind{authn.ByPair, authn.ByAddress, authn.ByAccount, authn.BySite}

// While everything is flooded by those who do not wait, who waited as long as the page said signs in, at their first try.
func TestWhoeverWasToldToWaitAndWaitedGoesFirst(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.fill(flooded...) // to last for all of this test
	for _, addr := range []string{"192.0.2.1", "2001:db8:1:2::3"} {
		owner := r.from(addr)
		told, in := owner.signIn("alice", Password)
		if in || told.Status != 429 || told.RetryAfter <= 0 || told.RetryAfter > time.Minute {
			t.Fatalf("%s: not told to wait a minute at most: %d %s", addr, told.Status, told.RetryAfter)
		}
		r.Later(told.RetryAfter / 2)
		if early, in := owner.signIn("alice", Password); in || early.Status != 429 {
			t.Errorf("%s: who does not wait gets in: %d", addr, early.Status)
		}
		r.Later(told.RetryAfter/2 + time.Second) // asking early made it no longer
		thief := r.from("198.51.100.9")
		thief.cookies[provider.TicketCookie] = owner.cookies[provider.TicketCookie]
		if a, _ := thief.signIn("alice", Password); a.Status != 429 {
			t.Errorf("%s: the ticket is good elsewhere: %d", addr, a.Status)
		}
		if a, in := owner.signIn("alice", Password); !in {
			t.Errorf("%s: the owner waited for nothing: %d %s", addr, a.Status, a.Error)
		}
	}
}

// A ticket is no way around the throttle.
func TestATicketAllowsOneFailureAMinute(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	c := r.from("192.0.2.1")
	r.fill(flooded...)
	c.signIn("alice", "guess")
	r.Later(time.Minute)
	checked := 0
	for range 10 {
		if a, _ := c.signIn("alice", "guess"); a.Status == 303 {
			checked++
		}
		r.Later(12 * time.Second)
	}
	if checked != 2 {
		t.Errorf("%d guesses of 10 in two minutes were looked at, want 2", checked)
	}
	c = r.from("192.0.2.1")
	c.cookies[provider.TicketCookie] = "invented"
	if a, _ := c.signIn("alice", Password); a.Status != 429 {
		t.Errorf("an invented ticket: %d", a.Status)
	}
}

// Somebody in the room has guessed until the address is full. A minute later all others are in, also those who mistype once.
func TestTwoHundredBehindOneAddressSignInWithinAMinute(t *testing.T) {
	r := start(t)
	first := r.from("192.0.2.1")
	if _, in := first.signIn("alice", Password); !in { // so that her hash is one of today's
		t.Fatal("alice cannot sign in")
	}
	r.Exec(`INSERT INTO users (username, password) SELECT 'pupil' || i, password FROM users, generate_series(0, 199) i
		WHERE username = 'alice'`)
	r.fill(authn.ByAddress) // for longer than this test takes
	pupils := make([]*caller, 200)
	for i := range pupils {
		pupils[i] = r.from("192.0.2.1")
		if a, _ := pupils[i].signIn(fmt.Sprint("pupil", i), Password); a.Status != 429 {
			t.Fatalf("pupil %d was not told to wait: %d", i, a.Status)
		}
	}
	r.Later(time.Minute)
	var group sync.WaitGroup
	for w := range 8 {
		group.Go(func() {
			for i := w; i < 200; i += 8 {
				if i%10 == 0 {
					pupils[i].signIn(fmt.Sprint("pupil", i), "mistyped")
					continue
				}
				if a, in := pupils[i].signIn(fmt.Sprint("pupil", i), Password); !in {
					t.Errorf("pupil %d: %d %s", i, a.Status, a.Error)
				}
			}
		})
	}
	group.Wait()
	r.Later(time.Minute)
	for i := 0; i < 200; i += 10 {
		if a, in := pupils[i].signIn(fmt.Sprint("pupil", i), Password); !in {
			t.Errorf("pupil %d, who had mistyped: %d %s", i, a.Status, a.Error)
		}
	}
}

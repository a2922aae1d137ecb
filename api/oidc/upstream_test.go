package oidc

import (
	"strings"
	"testing"
	"time"
)

func TestAUsernameIsMadeToFitAndNeverOneThatMeansMore(t *testing.T) {
	for want, names := range map[string][]string{
		"alice":                 {"Alice", "ignored"},
		"alice.b":               {"Alice B"},
		"bob":                   {"", "bob@example.org"},
		"octo-cat":              {"Octo-Cat"},
		"carol":                 {"root", "Admin", "carol"},
		"zo":                    {"Zoë"},
		"_svc":                  {"_svc"},
		"x1":                    {"1.-x1--"},
		"":                      {"", "1234", "@", "日本", "root@example.org"},
		strings.Repeat("a", 32): {strings.Repeat("a", 40)},
	} {
		if got := FitUsername(names...); got != want {
			t.Errorf("%q: %q, want %q", names, got, want)
		}
	}
}

func TestAnUpstreamServesItsDomainsExactly(t *testing.T) {
	u := &Upstream{EmailDomains: []string{"example.org"}, TrustsEmail: true, CreatesUsers: true}
	for address, want := range map[string]bool{"alice@example.org": true, "Alice@EXAMPLE.org": true, "a@b@example.org": true,
		"@example.org":          false,
		"alice@sub.example.org": false, "alice@example.org.evil.org": false, "alice@evilexample.org": false, "alice": false, "": false} {
		if u.Serves(address) != want || u.Vouches(address, true) != want || u.MayCreate(address, true) != want {
			t.Errorf("%q", address)
		}
		if u.Vouches(address, false) || u.MayCreate(address, false) {
			t.Errorf("%q, which is not verified", address)
		}
	}
	everybody := &Upstream{CreatesUsers: true}
	if !everybody.MayCreate("", false) || everybody.Vouches("alice@example.org", true) {
		t.Error("without domains an upstream creates users and vouches for none")
	}
}

// OpenID Connect Core §3.1.2.1.
func TestAnUpstreamsSignInIsFreshIfItCameAfterBeingSentThere(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	sent, skew := now.Add(-time.Minute), 10*time.Second
	minute, day := 60, 86400
	for _, c := range []struct {
		name   string
		req    AuthorizeRequest
		signed time.Duration // before now
		want   bool
	}{
		{"nothing asked for", AuthorizeRequest{}, 24 * time.Hour, true},
		{"login", AuthorizeRequest{Prompt: []string{"login"}}, 30 * time.Second, true},
		{"login, clocks differ", AuthorizeRequest{Prompt: []string{"login"}}, 65 * time.Second, true},
		{"login, before", AuthorizeRequest{Prompt: []string{"login"}}, 2 * time.Minute, false},
		{"login and max_age", AuthorizeRequest{Prompt: []string{"login"}, MaxAge: &day}, 2 * time.Minute, false},
		{"max_age", AuthorizeRequest{MaxAge: &day}, time.Hour, true},
		{"max_age, too old", AuthorizeRequest{MaxAge: &minute}, time.Hour, false},
		{"max_age of 0", AuthorizeRequest{MaxAge: new(int)}, 50 * time.Second, true},
	} {
		if got := c.req.FreshEnough(now.Add(-c.signed), sent, now, skew); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	for _, at := range []time.Time{{}, now.Add(time.Hour)} { // not said, or not to be believed
		for _, req := range []AuthorizeRequest{{Prompt: []string{"login"}}, {MaxAge: new(int)}, {MaxAge: &day}} {
			if req.FreshEnough(at, sent, now, skew) {
				t.Errorf("%v is fresh for %v", at, req)
			}
		}
		if !(AuthorizeRequest{Prompt: []string{"select_account"}}).FreshEnough(at, sent, now, skew) {
			t.Errorf("%v does not do where nothing was asked for", at)
		}
	}
}

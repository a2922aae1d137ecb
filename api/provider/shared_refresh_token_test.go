package provider_test

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/oidc"
	"gatehouse/api/provider"
)

// Somebody in step with the owner gets what a client that retries within the grace does; then at least the log says so.
func TestTheLogSaysWhereTwoNetworksUseOneRefreshToken(t *testing.T) {
	log := TakeLog(t)
	b := start(t).browser()
	token := b.offline()
	refresh := func(from string) string {
		t.Helper()
		addr, _ := netip.ParseAddr(from) // "" is not known
		a := b.Provider.Token(t.Context(), provider.Request{Method: "POST", Path: "/token", Authorization: Basic("web", "web-secret"),
			Addr: addr, Params: url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}})
		got, ok := a.JSON.(oidc.TokenResponse)
		if !ok {
			t.Fatalf("%q: %d %+v", from, a.Status, a.JSON)
		}
		return got.RefreshToken
	}
	said := func() int { return strings.Count(log.String(), `"event":"refresh_token_shared"`) }
	const owner, thief = "2001:db8:1:2::3", "2001:db8:1:3::3"
	for _, step := range []struct {
		what  string
		first string
		then  []string
		more  int
	}{
		{"a client that retries", owner, []string{owner, "2001:db8:1:2:ffff::"}, 0},
		{"a thief in step", owner, []string{owner, thief, owner}, 1},
		{"a thief before the owner", thief, []string{owner}, 1},
		{"an address that is not known", owner, []string{""}, 0},
		{"one that was not known first", "", []string{owner}, 0},
	} {
		b.Later(2 * time.Minute)
		before := said()
		next := refresh(step.first)
		for _, from := range step.then {
			if refresh(from) != next {
				t.Errorf("%s: another successor", step.what)
			}
		}
		if got := said() - before; got != step.more {
			t.Errorf("%s: said %d times, want %d", step.what, got, step.more)
		}
		token = next
	}
	if strings.Contains(log.String(), token) {
		t.Error("a token is in the log")
	}
}

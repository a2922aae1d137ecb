package authn

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestWrongSecretsAreBoundedForEachClientAndSite(t *testing.T) {
	t.Parallel()
	var g ClientGuesses
	now := noon
	thief, owner := netip.MustParseAddr("2001:db8:1:2::3"), netip.MustParseAddr("2001:db8:2::1")
	for i := range 20 {
		if wait := g.Wait("hub", thief, now); wait != 0 {
			t.Fatalf("guess %d has to wait %s", i+1, wait)
		}
		g.Failed("hub", thief, now)
	}
	neighbour := netip.MustParseAddr("2001:db8:1:ffff::9") // of the same customer
	for range 1000 {
		g.Failed("hub", neighbour, now)
	}
	for about, at := range map[string]struct {
		client string
		addr   netip.Addr
		want   time.Duration
	}{
		"who guesses":      {"hub", thief, time.Minute},
		"from their site":  {"hub", neighbour, time.Minute},
		"the owner":        {"hub", owner, 0},
		"another client":   {"wiki", thief, 0},
		"nobody knows who": {"hub", netip.Addr{}, 0},
	} {
		if wait := g.Wait(at.client, at.addr, now); wait != at.want {
			t.Errorf("%s: %s, want %s", about, wait, at.want)
		}
	}
	if now = now.Add(time.Minute); g.Wait("hub", thief, now) != 0 {
		t.Error("a minute was not enough")
	}
	for i := range 3 * clientsGuessedAt {
		g.Failed(fmt.Sprint(i), thief, now)
	}
	if len(g.states) > clientsGuessedAt {
		t.Errorf("%d states", len(g.states))
	}
}

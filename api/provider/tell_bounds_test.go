package provider

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"gatehouse/api/oidc"
)

func TestAFloodOfRefusalsDoesNotFillTheLog(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	heard := map[string]int{}
	l := newRefusals(func() time.Time { return now }, func(_ context.Context, e oidc.Event) {
		if left, ok := e.(oidc.RefusalsLeftOut); ok {
			heard["left out of "+left.Of+" of "+left.Site] += left.Count
			return
		}
		heard[e.Kind().Name]++
	})
	from := func(addr string) context.Context { return WithRequest(t.Context(), "ABC", netip.MustParseAddr(addr)) }
	flood := func(ctx context.Context, n int, e oidc.Event) {
		for range n {
			l.hear(ctx, e)
		}
	}
	flood(from("2001:db8:1::1"), 600, oidc.RequestRefused{})
	flood(from("2001:db8:1:2::1"), 600, oidc.RequestRefused{}) // of the same site
	flood(from("2001:db8:2::1"), 60, oidc.RequestRefused{})    // of another
	flood(from("2001:db8:1::1"), 60, oidc.FormRefused{})       // another event
	flood(from("2001:db8:1::1"), 600, oidc.SignedIn{})         // nothing was refused
	flood(t.Context(), 600, oidc.LogoutFailed{})               // nobody made that happen
	flood(from("2001:db8:1::1"), 600, oidc.ServerFailed{})     // an administrator has to look
	for name, want := range map[string]int{"request_refused": 160, "form_refused": 60, "signed_in": 600, "logout_failed": 600,
		"server_failed": 600} {
		if heard[name] != want {
			t.Errorf("%s: %d, want %d", name, heard[name], want)
		}
	}
	now = now.Add(10 * time.Second)
	flood(from("2001:db8:1::1"), 60, oidc.RequestRefused{})
	if heard["request_refused"] != 170 {
		t.Errorf("after ten seconds: %d, want 170", heard["request_refused"])
	}
	for range 2 {
		l.tellOfLeftOut(t.Context())
	}
	if heard["left out of request_refused of 2001:db8:1::/48"] != 1150 || len(heard) != 6 {
		t.Errorf("it is not told how many were left out: %v", heard)
	}
	now = now.Add(2 * time.Minute)
	l.tellOfLeftOut(t.Context())
	if len(l.counts) != 0 {
		t.Errorf("what is over is still counted: %v", l.counts)
	}
	for i := range 70_000 {
		l.hear(from(fmt.Sprintf("2001:db8:%x::1", i%65_536)), oidc.AccessTokenRefused{})
	}
	if len(l.counts) > sitesOfLines {
		t.Errorf("%d sites are counted", len(l.counts))
	}
}

func TestAFieldOfTheLogIsBounded(t *testing.T) {
	t.Parallel()
	long := make([]byte, 100_000)
	for i := range long {
		long[i] = 'x'
	}
	many := make([]string, 1000)
	for i := range many {
		many[i] = string(long)
	}
	if got := bounded(string(long)).(string); len(got) != maxField {
		t.Errorf("a text has %d bytes", len(got))
	}
	size := 0
	list := bounded(many).([]string)
	for _, item := range list {
		size += len(item)
	}
	if len(list) != maxItems+1 || size > maxField || list[maxItems] != "and 980 more" {
		t.Errorf("a list has %d items, %d bytes, the last is %q", len(list), size, list[len(list)-1])
	}
	for in, want := range map[string]string{"a\u202eb": "a\ufffdb", "\u0085\u009b1m": "\ufffd\ufffd1m", "ä€🙂": "ä€🙂", "a\xffb": "a\ufffdb",
		"\u2066x\u2069": "\ufffdx\ufffd", "a\nb": "a\nb"} {
		if got := bounded(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	if got := bounded(7); got != 7 {
		t.Errorf("a number is %v", got)
	}
}

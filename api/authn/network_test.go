package authn

import (
	"net/netip"
	"testing"
)

// Whoever has a /48 has 65,536 networks, and would fill a bound for all that is counted by network.
func TestASiteIsAllThatOneCustomerHas(t *testing.T) {
	for _, test := range []struct {
		a, b                  string
		sameNetwork, sameSite bool
	}{
		{"2001:db8:1:2::3", "2001:db8:1:2:ffff::4", true, true},
		{"2001:db8:1:2::3", "2001:db8:1:ff02::3", false, true},
		{"2001:db8:1:2::3", "2001:db8:2:2::3", false, false},
		{"192.0.2.1", "::ffff:192.0.2.1", true, true},
		{"192.0.2.1", "192.0.2.2", false, false},
		{"fe80::1%eth0", "fe80::2%eth1", true, true},
	} {
		a, b := netip.MustParseAddr(test.a), netip.MustParseAddr(test.b)
		if (Network(a) == Network(b)) != test.sameNetwork || (Site(a) == Site(b)) != test.sameSite {
			t.Errorf("%s and %s: network %v, site %v", a, b, Network(a) == Network(b), Site(a) == Site(b))
		}
		if key := [32]byte{1}; test.sameSite && UserCodeBucket(key, a, "") != UserCodeBucket(key, b, "") {
			t.Errorf("%s and %s guess user codes apart", a, b)
		}
	}
}

package authn

import (
	"net/netip"
	"testing"
)

// Whoever has a /48 has 65,536 subnets, and would fill a limit for all that is counted by subnet.
func TestAnEndSiteIsAllThatOneCustomerHas(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b                    string
		sameSubnet, sameEndSite bool
	}{
		{"2001:db8:1:2::3", "2001:db8:1:2:ffff::4", true, true},
		{"2001:db8:1:2::3", "2001:db8:1:ff02::3", false, true},
		{"2001:db8:1:2::3", "2001:db8:2:2::3", false, false},
		{"192.0.2.1", "::ffff:192.0.2.1", true, true},
		{"192.0.2.1", "192.0.2.2", false, false},
		{"fe80::1", "fe80::2", true, true},
		{"::ffff:10.0.0.1%unknown", "10.0.0.1", false, false}, // whose address is not known is not the proxy
		{"2001:db8::1%_a", "2001:db8::1%_b", false, false},
		{"2001:db8::1%_a", "2001:db8::1%_a", true, true},
	} {
		a, b := netip.MustParseAddr(test.a), netip.MustParseAddr(test.b)
		if (Subnet(a) == Subnet(b)) != test.sameSubnet || (EndSite(a) == EndSite(b)) != test.sameEndSite {
			t.Errorf("%s and %s: subnet %v, end site %v", a, b, Subnet(a) == Subnet(b), EndSite(a) == EndSite(b))
		}
		if key := [32]byte{1}; test.sameEndSite && UserCodeBucket(key, a, "") != UserCodeBucket(key, b, "") {
			t.Errorf("%s and %s guess user codes apart", a, b)
		}
	}
}

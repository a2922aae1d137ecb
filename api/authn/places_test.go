package authn

import "testing"

func TestPlacesAreKeptForOtherSitesAndForKnownBrowsers(t *testing.T) {
	t.Parallel()
	p := newPlaces(2, 6)
	fill := func(c Caller) (n int, leave []func()) {
		for {
			l, ok := p.enter(c)
			if !ok {
				return n, leave
			}
			n, leave = n+1, append(leave, l)
		}
	}
	one, leave := fill(Caller{Site: "2001:db8:1::/48"})
	two, more := fill(Caller{Site: "2001:db8:2::/48"})
	three, _ := fill(Caller{Site: "192.0.2.1"})
	known, rest := fill(Caller{Site: "2001:db8:1::/48", Known: true})
	if one != 4 || two != 2 || three != 0 || known != 2 {
		t.Errorf("one site has %d of 8 places, another %d, a third %d, known browsers %d", one, two, three, known)
	}
	for _, l := range append(append(leave, more...), rest...) {
		l()
	}
	if p.inUse() != 0 || len(p.of) != 0 || p.others != 0 {
		t.Errorf("places are lost: %d, %v", p.inUse(), p.of)
	}
	if newPlaces(1, 0).site != 1 {
		t.Error("nobody gets in")
	}
}

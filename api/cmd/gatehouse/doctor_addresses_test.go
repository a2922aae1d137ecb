package main

import (
	"net/netip"
	"testing"

	"gatehouse/api/provider"
)

func TestAProxyThatSaysNothingIsToldOf(t *testing.T) {
	t.Parallel()
	seen := provider.Forwarding{Addr: netip.MustParseAddr("10.0.0.1"), Peer: netip.MustParseAddr("10.0.0.1"), Trusted: true}
	if f := addressOf(seen, "https://api.example.org"); f[0].level != "warn" {
		t.Errorf("a trusted proxy without a header: %v", f)
	}
	if f := addressOf(seen, "http://localhost:4000"); f[0].level != "ok" { // nothing is between
		t.Errorf("the machine itself: %v", f)
	}
}

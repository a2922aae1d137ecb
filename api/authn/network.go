package authn

import "net/netip"

// Subnet returns what one household or machine has: an IPv4 address, or a /64 of IPv6.
func Subnet(addr netip.Addr) string { return prefix(addr, 64) }

// EndSite returns what one customer can have for the asking: an IPv4 address, or a /48 of IPv6 (RFC 6177), which is 65,536
// subnets. It is for limits that somebody with so many would otherwise reach alone.
func EndSite(addr netip.Addr) string { return prefix(addr, 48) }

// isUnread reports whether the client's address is not known: addr is the proxy's then, and its zone what the proxy wrote instead.
func isUnread(addr netip.Addr) bool { return addr.Zone() != "" }

func prefix(addr netip.Addr, bits int) string {
	if isUnread(addr) {
		return addr.String()
	}
	addr = addr.Unmap()
	if addr.Is6() {
		prefix, _ := addr.Prefix(bits) // it fits
		return prefix.String()
	}
	return addr.String()
}

package authn

import "net/netip"

// Subnet returns what one household or machine has: an IPv4 address, or a /64 of IPv6.
func Subnet(addr netip.Addr) string { return prefix(addr, 64) }

// EndSite returns what one customer can have for the asking: an IPv4 address, or a /48 of IPv6 (RFC 6177), which is 65,536
// subnets. It is for limits that somebody with so many would otherwise reach alone.
func EndSite(addr netip.Addr) string { return prefix(addr, 48) }

func prefix(addr netip.Addr, bits int) string {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		prefix, _ := addr.Prefix(bits) // it fits
		return prefix.String()
	}
	return addr.String()
}

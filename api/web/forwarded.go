package web

import (
	"iter"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"gatehouse/api/provider"
)

// Proxies are those that say where a request comes from.
type Proxies struct {
	Trusted []netip.Prefix
	Header  string // in which they say it; "" for X-Forwarded-For, and Forwarded (RFC 7239) where that is not there
}

// where returns whose request it is: of whoever sends it, unless that is a trusted proxy. Then it is of the last in the
// header whom no trusted proxy is. Everybody may write to the left of what a proxy appends, so it is read from the right,
// and never past an entry of somebody who is not trusted.
func (p Proxies) where(r *http.Request) (netip.Addr, provider.Via) {
	peer := peerOf(r)
	via := provider.Via{Peer: peer, Trusted: p.trusts(peer)}
	header, entries := p.entries(r.Header)
	via.Header = header
	if !via.Trusted || entries == nil {
		return peer, via
	}
	hop := peer
	for entry := range entries {
		next, ok := readNode(entry)
		switch {
		case !ok:
			via.Proxy, via.Unread = hop, entry
			return behind(hop, entry), via
		case !p.trusts(next):
			return next, via
		}
		hop = next
	}
	return hop, via
}

// peerOf returns who sends the request. Of a Unix socket nothing is known.
func peerOf(r *http.Request) netip.Addr {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	return peer.Addr().Unmap().WithZone("")
}

func (p Proxies) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(p.Trusted, func(network netip.Prefix) bool { return network.Contains(addr) })
}

// entries returns the header that counts, "" if it was not sent, and what is in it, the last first.
func (p Proxies) entries(h http.Header) (header string, entries iter.Seq[string]) {
	for _, header := range []string{"X-Forwarded-For", "Forwarded"} {
		if p.Header != "" {
			header = p.Header
		}
		lines := h.Values(header)
		switch {
		case len(lines) == 0:
			continue
		case header == "Forwarded":
			return header, forwardedFor(lines)
		}
		return header, fromTheRight(lines, ',')
	}
	return "", nil
}

// forwardedFor returns the for of each element (RFC 7239 §4), or the element where there is not one.
func forwardedFor(lines []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for element := range fromTheRight(lines, ',') {
			var nodes []string
			for pair := range fromTheRight([]string{element}, ';') {
				name, value, _ := strings.Cut(pair, "=")
				if strings.EqualFold(strings.TrimSpace(name), "for") {
					nodes = append(nodes, strings.TrimSpace(value))
				}
			}
			if len(nodes) == 1 && nodes[0] != "" {
				element = nodes[0]
			}
			if !yield(element) {
				return
			}
		}
	}
}

// fromTheRight returns what is between the separators of a header, without what is empty (RFC 9110 §5.6.1.2), the last
// first. One within quotes is none; quotes are counted from the right, too, so that one that a stranger leaves open hides
// nothing.
func fromTheRight(lines []string, separator byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range slices.Backward(lines) {
			end, quoted := len(line), false
			for i := len(line) - 1; i >= -1; i-- {
				if i >= 0 && line[i] == '"' && !escaped(line, i) {
					quoted = !quoted
				}
				if i >= 0 && (quoted || line[i] != separator) {
					continue
				}
				entry := strings.Trim(line[i+1:end], " \t")
				if end = i; entry != "" && !yield(entry) {
					return
				}
			}
		}
	}
}

// escaped reports whether the character at i has an odd number of backslashes in front of it.
func escaped(line string, i int) bool {
	before := line[:i]
	return (len(before)-len(strings.TrimRight(before, `\`)))%2 == 1
}

// readNode reads an address as proxies write it: with a port or without, an IPv6 address in brackets or not, with a zone, in
// quotes. False is for unknown and for names that say nothing (RFC 7239 §6.2, §6.3), and for what is not to be understood.
func readNode(entry string) (netip.Addr, bool) {
	node := unquoted(entry)
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(node, "["), "]"))
	if err != nil {
		host, hasPort := withoutPort(node)
		if !hasPort {
			return netip.Addr{}, false
		}
		if addr, err = netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")); err != nil {
			return netip.Addr{}, false
		}
	}
	addr = addr.Unmap().WithZone("")
	return addr, !addr.IsUnspecified()
}

// unquoted returns the value of a quoted-string (RFC 9110 §5.6.4), and anything else as it is.
func unquoted(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	return strings.Trim(strings.ReplaceAll(s[1:len(s)-1], `\`, ""), " \t")
}

// withoutPort cuts off a port, of digits or a name that says nothing (RFC 7239 §6).
func withoutPort(node string) (host string, found bool) {
	i := strings.LastIndexByte(node, ':')
	if i < 0 {
		return node, false
	}
	port := node[i+1:]
	isName := len(port) > 1 && port[0] == '_'
	isNumber := len(port) >= 1 && len(port) <= 5 && strings.Trim(port, "0123456789") == ""
	return node[:i], isName || isNumber
}

// maxZone is how much of what cannot be read is kept, in bytes.
const maxZone = 64

// behind returns somebody of whom only this is known: the proxy that they come by, and what it says in place of an address,
// as the address's zone. Those of one proxy are told apart by what it says, such as a name that says nothing but stays the
// same, and none of them is who has the proxy's address itself.
func behind(proxy netip.Addr, entry string) netip.Addr {
	label := unquoted(entry)
	if host, hasPort := withoutPort(label); hasPort && host != "" {
		label = host
	}
	return netip.AddrFrom16(proxy.As16()).WithZone(label[:min(len(label), maxZone)])
}

// Package outgoing is the one way out: requests to addresses that others wrote down (upstreams, back-channel logout) go through
// its client and no other, so that none of them can be used to attack the network of Gatehouse.
package outgoing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Limits of an answer.
const (
	Patience = 5 * time.Second // for the whole request, its answer included
	MaxBody  = 1 << 20         // bytes
)

// pingAfter is how long a connection may say nothing before it is asked whether it is still there, and how long it has to answer. All
// requests to a host share one over HTTP/2: those that came after the other end had gone would each wait for Patience, until TCP ends it.
const pingAfter = 2 * time.Second

// errPrivate is for the operator's log, and never for whoever named the address.
var errPrivate = errors.New("is at a private address, or does not use https; if that is meant, name the host in GATEHOUSE_PRIVATE_HOSTS")

// Client returns a client that speaks https to public addresses only, follows no redirect, uses no proxy, and ends an answer that
// takes longer than Patience or is larger than MaxBody with an error. The hosts in private, names or addresses without a port,
// may have private addresses and be reached by http.
func Client(private []string) *http.Client {
	allowed := func(host string) bool { return slices.Contains(private, strings.ToLower(host)) }
	plain := &net.Dialer{Timeout: Patience}
	guarded := &net.Dialer{Timeout: Patience, Control: refusePrivate}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, _, err := net.SplitHostPort(address); err == nil && allowed(host) {
				return plain.DialContext(ctx, network, address)
			}
			return guarded.DialContext(ctx, network, address)
		},
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAfter},
		TLSHandshakeTimeout:    Patience,
		MaxResponseHeaderBytes: 64 << 10,
		MaxConnsPerHost:        64,
		IdleConnTimeout:        30 * time.Second,
	}
	return &http.Client{
		Timeout:       Patience,
		Transport:     bounded{transport, allowed},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded refuses http and limits the length of answers.
type bounded struct {
	inner   http.RoundTripper
	allowed func(host string) bool
}

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !b.allowed(r.URL.Hostname()) {
		return nil, fmt.Errorf("%s %w", r.URL.Hostname(), errPrivate)
	}
	resp, err := b.inner.RoundTrip(r)
	if err == nil {
		resp.Body = &boundedBody{resp.Body, MaxBody + 1}
	}
	return resp, err
}

// boundedBody fails rather than end early: a truncated body must not be taken for a whole one.
type boundedBody struct {
	io.ReadCloser
	left int64 // one more than may be read
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	if b.left -= int64(n); b.left <= 0 {
		b.left = 1 // from now on
		return 0, fmt.Errorf("the answer is larger than %d bytes", MaxBody)
	}
	return n, err
}

// publicIPv6 is all that IANA has allocated. The rest is reserved, which includes site-local addresses and those with an IPv4
// address in them (RFC 4291 §2.4, RFC 6052).
var publicIPv6 = netip.MustParsePrefix("2000::/3")

// special are the blocks without a method in netip (RFC 6890, RFC 6598; in IPv6 Teredo and the like, documentation, 6to4).
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
}

// refusePrivate gets the address that is dialled, so that a name which resolves to a private address, now or at the next lookup,
// is refused, too.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	dialled, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := dialled.Addr().Unmap()
	isSpecial := func(block netip.Prefix) bool { return block.Contains(ip) }
	if !ip.IsGlobalUnicast() || ip.Is6() && !publicIPv6.Contains(ip) || ip.IsPrivate() || slices.ContainsFunc(special, isSpecial) {
		return errPrivate
	}
	return nil
}

package web

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"gatehouse/api/provider"
)

var trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("2001:db8:ffff::/48")}

// whereFrom is whose request it is that peer sends with the lines of a header.
func whereFrom(p Proxies, peer, header string, lines ...string) (string, provider.Via) {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = peer
	r.Header[http.CanonicalHeaderKey(header)] = lines
	addr, via := p.where(r)
	return addr.String(), via
}

// The forms are those of nginx, Apache, HAProxy, Traefik, Envoy, Cloudflare, the load balancers of AWS (also with client
// port preservation) and Azure (with a port), IIS, and RFC 7239.
func TestProxiesMayWriteAddressesInManyForms(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		header string
		lines  []string
		want   string
	}{
		{"X-Forwarded-For", []string{"203.0.113.7"}, "203.0.113.7"},
		{"X-Forwarded-For", []string{"203.0.113.7:49152"}, "203.0.113.7"},
		{"X-Forwarded-For", []string{" \t203.0.113.7\t "}, "203.0.113.7"},
		{"X-Forwarded-For", []string{`"203.0.113.7"`}, "203.0.113.7"},
		{"X-Forwarded-For", []string{"::ffff:203.0.113.7"}, "203.0.113.7"},
		{"X-Forwarded-For", []string{"[::ffff:203.0.113.7]:443"}, "203.0.113.7"},
		{"X-Forwarded-For", []string{"::FFFF:CB00:7107"}, "203.0.113.7"},
		{"X-Forwarded-For", []string{"2001:db8::7"}, "2001:db8::7"},
		{"X-Forwarded-For", []string{"2001:DB8:0:0:0:0:0:7"}, "2001:db8::7"},
		{"X-Forwarded-For", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"X-Forwarded-For", []string{"[2001:db8::7]:49152"}, "2001:db8::7"},
		{"X-Forwarded-For", []string{`"[2001:db8::7]:49152"`}, "2001:db8::7"},
		{"X-Forwarded-For", []string{"2001:db8:1:2:3:4:5:6:49152"}, "2001:db8:1:2:3:4:5:6"},
		{"X-Forwarded-For", []string{"2001:db8::7:49152"}, "2001:db8::7"},
		{"X-Forwarded-For", []string{"fe80::7%eth0"}, "fe80::7"},
		{"X-Forwarded-For", []string{"[fe80::7%25eth0]:443"}, "fe80::7"},
		{"X-Forwarded-For", []string{"203.0.113.7, 10.0.0.2, 127.0.0.1"}, "203.0.113.7"},
		{"X-Forwarded-For", []string{"203.0.113.7:1,10.0.0.2:2,[2001:db8:ffff::1]:3"}, "203.0.113.7"},
		{"X-Forwarded-For", []string{"203.0.113.7", "10.0.0.2:80"}, "203.0.113.7"},
		{"X-Forwarded-For", []string{"198.51.100.1", "203.0.113.7, ::ffff:10.0.0.2"}, "203.0.113.7"},
		{"X-Forwarded-For", []string{", 203.0.113.7,, ", ""}, "203.0.113.7"},
		{"X-Forwarded-For", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"X-Forwarded-For", []string{""}, "10.0.0.1"},
		{"Forwarded", []string{"for=203.0.113.7"}, "203.0.113.7"},
		{"Forwarded", []string{`For="203.0.113.7:49152"`}, "203.0.113.7"},
		{"Forwarded", []string{`for="[2001:db8:cafe::17]:4711"`}, "2001:db8:cafe::17"},
		{"Forwarded", []string{`for="[2001:db8:cafe::17]:_gazonk"`}, "2001:db8:cafe::17"},
		{"Forwarded", []string{"proto=https;FOR=203.0.113.7;by=10.0.0.1"}, "203.0.113.7"},
		{"Forwarded", []string{`for = 203.0.113.7 ; host="a,b;for=198.51.100.1"`}, "203.0.113.7"},
		{"Forwarded", []string{`host="a\"";for=203.0.113.7`}, "203.0.113.7"},
		{"Forwarded", []string{`host="\\";for="203.0.113.7"`}, "203.0.113.7"},
		{"Forwarded", []string{"for=198.51.100.1, for=203.0.113.7;proto=http, for=10.0.0.2"}, "203.0.113.7"},
		{"Forwarded", []string{"for=203.0.113.7", "for=10.0.0.2"}, "203.0.113.7"},
		{"Forwarded", []string{`for="2001:db8::7"`}, "2001:db8::7"},
	} {
		got, via := whereFrom(Proxies{Trusted: trusted}, "10.0.0.1:5000", test.header, test.lines...)
		if got != test.want || via.Unread != "" || via.Header != test.header {
			t.Errorf("%s: %q: %s, %+v, want %s", test.header, test.lines, got, via, test.want)
		}
	}
}

func TestAddressesThatCannotBeReadAreOfTheirProxyAndToldApart(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		header, line, want string
	}{
		{"X-Forwarded-For", "unknown", "::ffff:10.0.0.1%unknown"},
		{"X-Forwarded-For", "203.0.113.7, unknown, 10.0.0.2", "::ffff:10.0.0.2%unknown"},
		{"X-Forwarded-For", "203.0.113.7, _hidden:80, [2001:db8:ffff::1]:443", "2001:db8:ffff::1%_hidden"},
		{"X-Forwarded-For", "unix:", "::ffff:10.0.0.1%unix:"},
		{"X-Forwarded-For", "203.0.113.300", "::ffff:10.0.0.1%203.0.113.300"},
		{"X-Forwarded-For", "203.0.113.7:123456", "::ffff:10.0.0.1%203.0.113.7:123456"},
		{"X-Forwarded-For", "0.0.0.0", "::ffff:10.0.0.1%0.0.0.0"},
		{"X-Forwarded-For", "::", "::ffff:10.0.0.1%::"},
		{"X-Forwarded-For", "[", "::ffff:10.0.0.1%["},
		{"X-Forwarded-For", `"`, `::ffff:10.0.0.1%"`},
		{"X-Forwarded-For", strings.Repeat("x", 300), "::ffff:10.0.0.1%" + strings.Repeat("x", maxZone)},
		{"Forwarded", "for=unknown;by=10.0.0.1", "::ffff:10.0.0.1%unknown"},
		{"Forwarded", `for="_SEVKISEK:4711"`, "::ffff:10.0.0.1%_SEVKISEK"},
		{"Forwarded", "for=203.0.113.7, proto=https", "::ffff:10.0.0.1%proto=https"},
		{"Forwarded", "for=203.0.113.7;for=203.0.113.8", "::ffff:10.0.0.1%for=203.0.113.7;for=203.0.113.8"},
		{"Forwarded", "for=", "::ffff:10.0.0.1%for="},
		{"Forwarded", "203.0.113.7", "203.0.113.7"}, // of a proxy that writes the old form under the new name
	} {
		got, via := whereFrom(Proxies{Trusted: trusted}, "10.0.0.1:5000", test.header, test.line)
		if got != test.want || (via.Unread == "") == strings.Contains(got, "%") {
			t.Errorf("%s: %q: %s, %+v, want %s", test.header, test.line, got, via, test.want)
		}
	}
}

func TestOnlyTrustedProxiesSayWhereARequestComesFrom(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		peer, header, only, line, want string
	}{
		{"192.0.2.1:80", "X-Forwarded-For", "", "203.0.113.7", "192.0.2.1"},
		{"[::ffff:192.0.2.1]:80", "X-Forwarded-For", "", "203.0.113.7", "192.0.2.1"},
		{"[::ffff:10.0.0.1]:80", "X-Forwarded-For", "", "203.0.113.7", "203.0.113.7"},
		{"[fe80::1%eth0]:80", "X-Forwarded-For", "", "203.0.113.7", "fe80::1"},
		{"10.0.0.1:80", "CF-Connecting-IP", "", "203.0.113.7", "10.0.0.1"},
		{"10.0.0.1:80", "CF-Connecting-IP", "Cf-Connecting-Ip", "203.0.113.7", "203.0.113.7"},
		{"10.0.0.1:80", "X-Forwarded-For", "Cf-Connecting-Ip", "203.0.113.7", "10.0.0.1"},
		{"10.0.0.1:80", "X-Forwarded-For", "Forwarded", "203.0.113.7", "10.0.0.1"},
		{"10.0.0.1:80", "X-Real-IP", "", "203.0.113.7", "10.0.0.1"},
		{"@", "X-Forwarded-For", "", "203.0.113.7", "invalid IP"},
	} {
		if got, _ := whereFrom(Proxies{Trusted: trusted, Header: test.only}, test.peer, test.header, test.line); got != test.want {
			t.Errorf("%s, %s: %s: %s, want %s", test.peer, test.header, test.line, got, test.want)
		}
	}
	both := httptest.NewRequest("GET", "/", nil)
	both.RemoteAddr = "10.0.0.1:80"
	both.Header.Set("Forwarded", "for=198.51.100.1")
	both.Header.Set("X-Forwarded-For", "203.0.113.7")
	if addr, _ := (Proxies{Trusted: trusted}).where(both); addr.String() != "203.0.113.7" {
		t.Errorf("with both headers: %s", addr)
	}
	if addr, _ := (Proxies{Trusted: trusted, Header: "Forwarded"}).where(both); addr.String() != "198.51.100.1" {
		t.Errorf("with both headers, one of which counts: %s", addr)
	}
}

// FuzzWhatStrangersWriteToTheLeft: whatever a stranger sends, the address is the one that the trusted proxy appends.
func FuzzWhatStrangersWriteToTheLeft(f *testing.F) {
	for _, stranger := range []string{"198.51.100.1", "unknown", `for="198.51.100.1`, `"`, `\`, `for="\`, "for=198.51.100.1;",
		",;,", "127.0.0.1", `\"`, `for=198.51.100.1;host="`, "[", "::", strings.Repeat("10.0.0.1,", 100)} {
		f.Add(stranger)
	}
	f.Fuzz(func(t *testing.T, stranger string) {
		for header, entries := range map[string][]string{"X-Forwarded-For": {"203.0.113.7", "[2001:db8::7]:80", "unknown"},
			"Forwarded": {"for=203.0.113.7", `host="a,\",b";for="[2001:db8::7]:80"`, `for="_x"`}} {
			for _, entry := range entries {
				p := Proxies{Trusted: trusted}
				want, _ := whereFrom(p, "10.0.0.1:80", header, entry)
				appended, _ := whereFrom(p, "10.0.0.1:80", header, stranger+", "+entry)
				added, _ := whereFrom(p, "10.0.0.1:80", header, stranger, entry)
				if appended != want || added != want {
					t.Errorf("%s of %q and %q: %s, %s, want %s", header, stranger, entry, appended, added, want)
				}
			}
		}
	})
}

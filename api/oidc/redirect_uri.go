package oidc

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// HasRedirectURI reports whether uri is registered, character for character (RFC 9700 §2.1). Only the port of a native client on
// its own machine may differ: it is whichever was free there (RFC 8252 §7.3).
func (c *Client) HasRedirectURI(uri string) bool {
	if slices.Contains(c.RedirectURIs, uri) {
		return true
	}
	asked, host := withoutPort(uri)
	return c.mayUseAnyPortOf(host) && slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		other, itsHost := withoutPort(registered)
		return itsHost != "" && other == asked
	})
}

// mayUseAnyPortOf reports whether the client listens on a port of its choice of a host that is the person's own machine. localhost
// may resolve to another one (RFC 8252 §8.3), so an administrator decides about it; native clients that register themselves, which
// have nobody to ask, may.
func (c *Client) mayUseAnyPortOf(host string) bool {
	native := c.ApplicationType == "native"
	switch host {
	case "localhost":
		return c.LocalhostAnyPort || native && c.Registration != ""
	case "127.0.0.1", "[::1]":
		return native
	}
	return false
}

// loopback matches a URI of RFC 8252 §7.3, or of localhost.
var loopback = regexp.MustCompile(`^http://(127\.0\.0\.1|\[::1\]|localhost)(?::[0-9]{1,5})?([/?].*)?$`)

// withoutPort returns a URI of the person's own machine without its port, and the host; both are "" for any other.
func withoutPort(uri string) (bare, host string) {
	parts := loopback.FindStringSubmatch(uri)
	if parts == nil {
		return "", ""
	}
	return "http://" + parts[1] + parts[2], parts[1]
}

// AnyProgramReceives reports whether what is sent to uri goes to whichever program of the person's machine listens there or claims the
// scheme: nothing but the person tells the client from another (RFC 8252 §8.6). That is so of every scheme but http and https, and of
// the names and addresses of loopback; 0.0.0.0 and :: lead there, too.
func AnyProgramReceives(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" { // url.Parse has made it lower case
		return uri != ""
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") { // RFC 6761 §6.3
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && (addr.Unmap().IsLoopback() || addr.Unmap().IsUnspecified())
}

// ExplainRedirectURI returns, for the log, which part of given differs from the nearest registered URI, and the SQL that
// registers it.
func (c *Client) ExplainRedirectURI(given string) string {
	best, parts := nearestURI(given, c.RedirectURIs)
	fix := toAllow("to register it", rowProblem(given), c.sqlAppend("redirect_uris", given))
	if best == "" {
		return "the client has no redirect_uris; " + fix
	}
	return fmt.Sprintf("redirect_uri %q differs from the registered %q in %s; %s", clip(given), clip(best), strings.Join(parts, ", "), fix)
}

// nearestURI returns which of list differs from uri in the fewest parts, and these; "" for an empty list.
func nearestURI(uri string, list []string) (best string, parts []string) {
	for _, registered := range list {
		if d := uriDifference(uri, registered); parts == nil || len(d) < len(parts) {
			best, parts = registered, d
		}
	}
	return best, parts
}

func uriDifference(a, b string) []string {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	if errX != nil || errY != nil {
		return []string{"its syntax", "scheme", "host", "path"}
	}
	var parts []string
	add := func(differs bool, name string) {
		if differs {
			parts = append(parts, name)
		}
	}
	add(x.Scheme != y.Scheme, differing("scheme", x.Scheme, y.Scheme))
	add(x.Hostname() != y.Hostname(), differing("host", x.Hostname(), y.Hostname()))
	add(x.Port() != y.Port(), differing("port", portOf(x), portOf(y)))
	if x.Path != y.Path {
		if strings.TrimSuffix(x.Path, "/") == strings.TrimSuffix(y.Path, "/") {
			parts = append(parts, "the slash at the end of the path")
		} else {
			parts = append(parts, differing("path", x.Path, y.Path))
		}
	}
	add(x.RawQuery != y.RawQuery, "query")
	if len(parts) == 0 {
		parts = append(parts, "its spelling (upper case, percent-encoding, user name or fragment)")
	}
	return parts
}

func differing(part, a, b string) string {
	return fmt.Sprintf("%s (%s, not %s)", part, clip(a), clip(b))
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return "none"
}

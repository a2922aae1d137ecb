package oidc

import (
	"net/url"
	"strings"
)

// Origin returns scheme://host[:port] of an http or https URL as browsers send it (RFC 6454 §6.1); "" for any other.
func Origin(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	} else {
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}

// IsLoopback reports whether browsers take host for secure although it speaks http (Secure Contexts §3.1).
func IsLoopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// WithParams returns uri with parameters added to its query (RFC 6749 §3.1.2).
func WithParams(uri string, add [][2]string) string {
	separator := "?"
	if strings.Contains(uri, "?") {
		separator = "&"
	}
	return join(uri, separator, add)
}

// WithFragment returns uri, which has no fragment, with parameters as its fragment (RFC 6749 §3.1.2, §4.2.2).
func WithFragment(uri string, add [][2]string) string { return join(uri, "#", add) }

// join encodes a space as %20, not +: some clients, such as oidc-client-js, do not decode +.
func join(uri, separator string, add [][2]string) string {
	var b strings.Builder
	b.WriteString(uri)
	for _, kv := range add {
		if kv[1] == "" {
			continue
		}
		b.WriteString(separator)
		b.WriteString(url.QueryEscape(kv[0]))
		b.WriteByte('=')
		b.WriteString(strings.ReplaceAll(url.QueryEscape(kv[1]), "+", "%20"))
		separator = "&"
	}
	return b.String()
}

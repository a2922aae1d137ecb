package oidc

import (
	"net/url"
	"strings"
)

// Origin gives scheme://host[:port] of an http or https URL as browsers send it (RFC 6454 §6.1); "" for any other.
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

// WithParams adds parameters to the query of uri, keeping what it has (RFC 6749 §3.1.2).
func WithParams(uri string, add [][2]string) string {
	separator := "?"
	if strings.Contains(uri, "?") {
		separator = "&"
	}
	return join(uri, separator, add)
}

// WithFragment adds parameters as the fragment of uri, which has none (RFC 6749 §3.1.2, §4.2.2).
func WithFragment(uri string, add [][2]string) string { return join(uri, "#", add) }

// join writes a space as %20, which those also read who do not take + for one, as oidc-client-js does not.
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

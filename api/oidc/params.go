package oidc

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// Params are the known parameters of one request, each at most once and never empty.
type Params map[string]string

// ParseParams keeps the known parameters of raw. Unknown ones are ignored and empty ones count as absent (RFC 6749 §3.1);
// a known one that is repeated, or has a control character or broken UTF-8, is left out and named in bad.
func ParseParams(raw url.Values, known []string) (p Params, bad []string) {
	p = Params{}
	for _, name := range known {
		values := raw[name]
		switch {
		case len(values) > 1 || len(values) == 1 && !isText(values[0]):
			bad = append(bad, name)
		case len(values) == 1 && values[0] != "":
			p[name] = values[0]
		}
	}
	return p, bad
}

// RefuseParams returns the refusal of parameters that ParseParams found bad; nil for none.
func RefuseParams(bad []string) *Error {
	if len(bad) == 0 {
		return nil
	}
	return refuse(InvalidRequest, strings.Join(bad, " ")+" is repeated or not text")
}

// isText reports whether Postgres and logs can take s.
func isText(s string) bool {
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}

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
		value, ok := ParseParam(raw[name])
		switch {
		case !ok:
			bad = append(bad, name)
		case value != "":
			p[name] = value
		}
	}
	return p, bad
}

// ParseParam returns the value of a parameter, "" where it is not there; ok is false where it is repeated or not text.
func ParseParam(values []string) (value string, ok bool) {
	switch {
	case len(values) == 0:
		return "", true
	case len(values) > 1 || !isText(values[0]):
		return "", false
	}
	return values[0], true
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

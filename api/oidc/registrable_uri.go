package oidc

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// maxURIs is the limit of check_uris in the schema, for each of a client's lists.
const maxURIs = 100

// A uriRule is what a URI that a client registers for itself may not be, and the one reason that it is told; check_uris in the schema
// has the same ones, and fewer for administrators.
type uriRule struct {
	breaks func(uri string) bool
	reason string
	also   alsoOf // beside those who register themselves
}

// alsoOf is for which URIs of administrators a rule holds.
type alsoOf int

const (
	ofNone alsoOf = iota
	ofHTTP        // and https
	ofAll
)

// uriRules are asked in this order; the first that is broken is the answer.
var uriRules = []uriRule{
	{func(uri string) bool { return len(uri) > 1000 }, "must have at most 1000 characters", ofAll},
	{func(uri string) bool { return strings.Contains(uri, "#") }, "must have no fragment", ofAll},
	{func(uri string) bool { return strings.Contains(uri, "*") }, "must have no wildcard", ofAll},
	{func(uri string) bool { return strings.ContainsFunc(uri, func(r rune) bool { return r > '~' }) },
		"must be ASCII: Punycode for the host, percent-encoding for the rest", ofNone},
	{func(uri string) bool { return strings.ContainsFunc(uri, isSpecial) }, "must have special characters percent-encoded", ofAll},
	{unlike(`^[A-Za-z][A-Za-z0-9+.-]*:`), "must be absolute", ofAll},
	{unlike(`^[a-z0-9+.-]+:`), "must have its scheme in lower case", ofAll},
	{unlike(`^(https?:|[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:)`),
		"must be https, or of a scheme of the application that has a dot (RFC 8252 section 7.1)", ofNone},
	{unlike(`^(https?://[^/?]|[^:]*\.)`), "must have a host", ofHTTP},
	{like(`^https?://[^/?]*@`), "must have no user name", ofAll},
	{unlike(`^(https?://(\[[0-9a-fA-F:.]+\]|\w([\w.-]*\w)?)([:/?]|$)|[^:]*\.)`), "must have a valid host", ofHTTP},
	{unlike(`^(https?://(\[[^]]*\]|[^:/?]*)(:[0-9]{1,5})?([/?]|$)|[^:]*\.)`), "must have a valid port", ofHTTP},
	{func(uri string) bool { _, err := url.Parse(uri); return err != nil }, "must have valid percent-encoding", ofNone},
}

func isSpecial(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune("\\<>\"^`{|}", r) }

func like(pattern string) func(string) bool { return regexp.MustCompile(pattern).MatchString }

func unlike(pattern string) func(string) bool {
	matches := like(pattern)
	return func(uri string) bool { return !matches(uri) }
}

// uriProblem returns what is wrong with a URI that a client registers for itself, or "".
func uriProblem(uri string) string {
	for _, rule := range uriRules {
		if rule.breaks(uri) {
			return rule.reason
		}
	}
	return ""
}

// httpsProblem is uriProblem for a URI that has to be https.
func httpsProblem(uri string) string {
	if problem := uriProblem(uri); problem != "" || strings.HasPrefix(uri, "https://") {
		return problem
	}
	return "must be an https URL"
}

// isPrivateUse reports whether a registrable uri has a private-use scheme (RFC 8252 §7.1).
func isPrivateUse(uri string) bool {
	return !strings.HasPrefix(uri, "http://") && !strings.HasPrefix(uri, "https://")
}

// isLoopbackHTTP reports whether a registrable uri is on the user's own machine (RFC 8252 §7.3; localhost: OpenID Connect Dynamic
// Registration §2).
func isLoopbackHTTP(uri string) bool {
	return strings.HasPrefix(uri, "http://") && slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, hostOf(uri))
}

// hostOf returns the host of a uri without its port; "" if it has none.
func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

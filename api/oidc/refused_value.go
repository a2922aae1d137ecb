package oidc

import (
	"net/url"
	"slices"
	"strings"
)

// RefusedValue is what a client sent that is not what is registered of it, for the administrator who registers it.
type RefusedValue struct {
	Member  string // of the request: redirect_uri, post_logout_redirect_uri, resource or scope
	Sent    string // without what may be a secret: the query, the fragment and the user of a URI
	Whole   bool   // nothing is left out of Sent
	Nearest string // of what is registered; "" for nothing
}

// maxRefusedValue is what a value has in bytes at most: what the tables take of one.
const maxRefusedValue = 1000

// refusedURI is a URI that is none of those that are registered.
func refusedURI(member, sent string, registered []string) *RefusedValue {
	bare := withoutSecrets(sent)
	v := RefusedValue{Member: member, Sent: bare, Whole: bare == sent}
	v.Nearest, _ = nearestURI(sent, registered)
	v.Nearest = withoutSecrets(v.Nearest)
	return &v
}

// refusedScope is a scope of which the client may have nothing.
func refusedScope(sent string, c *Client) *RefusedValue {
	bare := clipTo(sent, maxRefusedValue)
	return &RefusedValue{Member: "scope", Sent: bare, Whole: bare == sent, Nearest: c.Scope}
}

// withoutSecrets returns a URI without its user, query and fragment, and of a bounded length; what cannot be read has none of what follows
// the first of these.
func withoutSecrets(uri string) string {
	if end := strings.IndexAny(uri, "?#"); end >= 0 {
		uri = uri[:end]
	}
	if scheme, rest, found := strings.Cut(uri, "//"); found {
		authority, path, slash := strings.Cut(rest, "/")
		if at := strings.LastIndexByte(authority, '@'); at >= 0 {
			uri = scheme + "//" + authority[at+1:]
			if slash {
				uri += "/" + path
			}
		}
	}
	return clipTo(uri, maxRefusedValue)
}

func clipTo(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// Allow returns which member of "client set" allows the value of the client, and what it is to be; "" where nothing does: the tables
// would not take it, or it is not known as a whole.
func (v RefusedValue) Allow(c *Client) (member, value string) {
	switch {
	case !v.Whole:
	case (v.Member == "redirect_uri" || v.Member == "post_logout_redirect_uri") && rowProblem(v.Sent) == "":
		return "add_" + v.Member + "s", v.Sent
	case v.Member == "resource" && c.Registration == "" && identifierProblem(v.Sent) == "":
		return "add_audiences", v.Sent
	case v.Member == "scope":
		words := strings.Fields(c.Scope)
		for word := range strings.FieldsSeq(v.Sent) {
			if !isScopeToken(word) {
				return "", ""
			}
			if !slices.Contains(words, word) {
				words = append(words, word)
			}
		}
		return "scope", strings.Join(words, " ")
	}
	return "", ""
}

// isScopeToken reports whether a word may be a scope (RFC 6749 §3.3).
func isScopeToken(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool { return r < '!' || r > '~' || r == '"' || r == '\\' })
}

// WithoutQueries returns a sentence without the queries and users of the URIs in it.
func WithoutQueries(sentence string) string {
	words := strings.SplitAfter(sentence, " ")
	for i, word := range words {
		if start := strings.Index(word, "://"); start >= 0 {
			if end := strings.IndexAny(word[start:], "?#"); end >= 0 {
				words[i] = word[:start+end] + "… "
			}
			if u, err := url.Parse(strings.Trim(words[i], `"' …,;`)); err == nil && u.User != nil {
				words[i] = u.Scheme + "://… "
			}
		}
	}
	return strings.Join(words, "")
}

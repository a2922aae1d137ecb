package oidc

import (
	"slices"
	"strings"
	"time"
)

// Upstream is another provider that people sign in with: a row of upstreams.
type Upstream struct {
	Name         string
	DisplayName  string
	Kind         string // oidc, or a provider of OAuth 2.0 with user endpoints of its own
	Issuer       string
	ClientID     string
	ClientSecret string // plain or sealed, as it is in the row; "" for a public client
	Scope        string
	Params       map[string]string // of the authorization request, beside those of the protocol
	EmailDomains []string          // in lower case
	TrustsEmail  bool
	CreatesUsers bool
	// UsernamePrefix is what the usernames of users that it creates begin with; UsernamePattern is what they are, as a regular expression
	// of Postgres. "" for any; it has at least one of them, or an account there could have the name of somebody's, or something's, account
	// on a machine.
	UsernamePrefix  string
	UsernamePattern string
	// MFAValues are those of its acr and amr by which a sign-in there counts as two factors; none: each counts as one, and nothing is said
	// of how it was.
	MFAValues []string
}

// AMR returns the methods of a sign-in there, as the ID token says them, if its row says that they count; else none.
func (u *Upstream) AMR(acr string, amr []string) []string {
	if !slices.ContainsFunc(append(slices.Clone(amr), acr), func(v string) bool { return v != "" && slices.Contains(u.MFAValues, v) }) {
		return []string{}
	}
	if slices.Contains(amr, AMRMultiple) {
		return amr
	}
	return append(slices.Clone(amr), AMRMultiple)
}

// Serves reports whether people with this address belong to the upstream: its domain is one of email_domains, exactly.
func (u *Upstream) Serves(address string) bool {
	at := strings.LastIndexByte(address, '@')
	if at < 1 {
		return false
	}
	for _, domain := range u.EmailDomains {
		if strings.EqualFold(domain, address[at+1:]) {
			return true
		}
	}
	return false
}

// Vouches reports whether address, which the upstream calls verified or not, identifies the user here too.
func (u *Upstream) Vouches(address string, verified bool) bool {
	return u.TrustsEmail && verified && u.Serves(address)
}

// MayCreate reports whether an account that belongs to nobody may become a new user.
func (u *Upstream) MayCreate(address string, verified bool) bool {
	return u.CreatesUsers && u.Admits(address, verified)
}

// Admits reports whether somebody with that address may become a new user by the upstream at all, as one that it creates or as one who is
// invited. If the upstream has email_domains, it needs a verified address in one of them: anybody can have an account at a public upstream.
func (u *Upstream) Admits(address string, verified bool) bool {
	return len(u.EmailDomains) == 0 || verified && u.Serves(address)
}

// LowerASCII changes no other letters: some, such as the Kelvin sign, become ASCII letters in lower case, which would turn the
// address of one person into that of another.
func LowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// reservedUsernames are never made for users of an upstream: relying parties may take them for more than a name.
var reservedUsernames = []string{"root", "admin", "administrator", "jupyterhub", "nobody", "daemon"}

// Username returns the username of a user that the upstream creates, made of the first suitable one of names; "" if none is.
func (u *Upstream) Username(names ...string) string {
	name := FitUsername(names...)
	if name == "" {
		return ""
	}
	return strings.TrimRight((u.UsernamePrefix + name)[:min(len(u.UsernamePrefix)+len(name), 32)], ".-")
}

// FitUsername returns a username made of the first suitable one of names: a Unix name in lower case, at most 32 characters,
// without the domain of an address. "" if none is suitable.
func FitUsername(names ...string) string {
	for _, name := range names {
		name, _, _ = strings.Cut(name, "@")
		name = strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_', r == '.', r == '-':
				return r
			case r == ' ':
				return '.'
			}
			return -1
		}, strings.ToLower(name))
		name = strings.TrimLeft(name, "0123456789.-")
		name = strings.TrimRight(name[:min(len(name), 32)], ".-")
		if name != "" && !slices.Contains(reservedUsernames, name) {
			return name
		}
	}
	return ""
}

// StraightTo returns the upstream that a request is sent to without a login page: the one that it names, or the one that serves
// the domain of its login_hint; nil for neither.
func (r AuthorizeRequest) StraightTo(upstreams []Upstream) *Upstream {
	for i, u := range upstreams {
		if r.IDPHint != "" && u.Name == r.IDPHint || r.IDPHint == "" && u.Serves(r.LoginHint) {
			return &upstreams[i]
		}
	}
	return nil
}

// UpstreamPrompt returns the values of prompt that are passed on to an upstream.
func (r AuthorizeRequest) UpstreamPrompt() (words []string) {
	for _, w := range []string{"login", "select_account"} {
		if slices.Contains(r.Prompt, w) {
			words = append(words, w)
		}
	}
	return words
}

// AsksFresh reports whether the request wants to know when the person signed in (OpenID Connect Core §3.1.2.1).
func (r AuthorizeRequest) AsksFresh() bool {
	return r.MaxAge != nil || slices.Contains(r.Prompt, "login")
}

// FreshEnough reports whether a sign-in at an upstream at authTime, to which the user was sent at sent, satisfies prompt=login
// and max_age (OpenID Connect Core §3.1.2.1). Clocks may differ by skew. A zero authTime is one that the upstream did not say, and
// satisfies neither: it may have had nobody type anything.
func (r AuthorizeRequest) FreshEnough(authTime, sent, now time.Time, skew time.Duration) bool {
	switch {
	case !r.AsksFresh():
		return true
	case authTime.IsZero() || authTime.After(now.Add(skew)):
		return false
	case !authTime.Before(sent.Add(-skew)):
		return true
	case slices.Contains(r.Prompt, "login"):
		return false
	}
	return now.Sub(authTime) <= time.Duration(*r.MaxAge)*time.Second+skew
}

package oidc

import "strings"

// Upstream is another provider that people sign in with, as its row describes it.
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
}

// Serves says that people with this address belong to the upstream: its domain is one of email_domains, exactly.
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

// Vouches says that address, which the upstream calls verified or not, stands for the person here too.
func (u *Upstream) Vouches(address string, verified bool) bool {
	return u.TrustsEmail && verified && u.Serves(address)
}

package admin

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
)

// CheckedClients is how many clients there are, and what is unsafe or cannot work.
type CheckedClients struct {
	Registered int
	Warnings   []string // sentences that begin with the client_id
}

// CheckClients looks at each client that is enabled.
func (a *Admin) CheckClients(ctx context.Context) (checked CheckedClients, err error) {
	in := ListClients{Paging: Paging{Limit: maxPageRows}}
	for {
		p, err := a.ListClients(ctx, in)
		if err != nil {
			return checked, err
		}
		for _, c := range p.Items {
			if c.DisabledAt == nil {
				checked.Warnings = append(checked.Warnings, a.warningsOf(c)...)
			}
		}
		checked.Registered += len(p.Items)
		if in.After = p.Next; in.After == "" {
			return checked, nil
		}
	}
}

func (a *Admin) warningsOf(c oidc.Client) (warnings []string) {
	warn := func(format string, args ...any) { warnings = append(warnings, c.ClientID+fmt.Sprintf(format, args...)) }
	for _, name := range c.ResponseTypes {
		if !slices.Contains(a.ResponseTypes, oidc.ParseResponseType(name)) {
			warn(" is registered for response_type %q, which is refused: add it to GATEHOUSE_RESPONSE_TYPES, or take it away", name)
		}
	}
	if c.LacksRedirectURI() {
		warn(" has no redirect URI, so nobody can sign in to it: gatehouse client set %s --add-redirect-uri URL", shellWord(c.ClientID))
	}
	if guess, found := guessSecret(c, time.Now()); found {
		warn(" has %q as its secret, which anybody would try: gatehouse client rotate-secret %s", guess, shellWord(c.ClientID))
	}
	checkSecrets(c, time.Now(), warn)
	if uri := c.FrontchannelLogoutURI; uri != "" && !oidc.MayTellInFront(uri, c.RedirectURIs) {
		warn(": "+foreignLogoutURI, uri)
	}
	if i := slices.IndexFunc(c.RedirectURIs, oidc.AnyProgramReceives); c.FirstParty && i >= 0 {
		warn(" is first_party and has %s: any program on a person's machine can get a code or token there, and nobody is asked; "+
			"set first_party to false, or use https", c.RedirectURIs[i])
	}
	for _, uri := range slices.Concat(c.RedirectURIs, c.PostLogoutRedirectURIs) {
		if sentInTheClear(uri) {
			warn(" has %s: whoever is on the way can read it; use https", uri)
		}
	}
	return warnings
}

// guessSecret tries what people take for a secret until they have time for a better one. Only who writes SQL can have such a one: the
// table has nothing but digests, so that it cannot refuse it.
func guessSecret(c oidc.Client, now time.Time) (guess string, found bool) {
	for _, word := range []string{c.ClientID, c.ClientName, "secret", "insecure_secret", "client_secret", "client-secret"} {
		for _, guess := range []string{word, c.ClientID + word, c.ClientID + "-" + word, c.ClientID + "_" + word} {
			if s := c.FindSecret(guess, now); s != nil && s.Live(now) {
				return guess, true
			}
		}
	}
	for _, s := range c.Secrets {
		if guess, found = leakedDigests()[[32]byte(s.SHA256)]; found && s.Live(now) {
			return guess, true
		}
	}
	return "", false
}

// leakedDigests has the passwords of published leaks by their digests.
var leakedDigests = sync.OnceValue(func() map[[32]byte]string {
	digests := map[[32]byte]string{}
	for word := range authn.Leaked() {
		digests[oidc.Digest(word)] = word
	}
	return digests
})

// sentInTheClear reports whether others than the browser can read what is sent to uri.
func sentInTheClear(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && strings.EqualFold(u.Scheme, "http") && !oidc.IsLoopback(u.Hostname())
}

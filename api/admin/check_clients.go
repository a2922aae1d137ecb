package admin

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

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

// sentInTheClear reports whether others than the browser can read what is sent to uri.
func sentInTheClear(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && strings.EqualFold(u.Scheme, "http") && !oidc.IsLoopback(u.Hostname())
}

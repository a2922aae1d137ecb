package main

import (
	"context"
	"fmt"
	"net/url"

	"gatehouse/api/oidc"
	"gatehouse/api/provider"
)

func warning(format string, args ...any) finding {
	return finding{"warn", fmt.Sprintf(format, args...)}
}

// examineAddresses asks the API, the way that everybody reaches it, whose request it takes that for, and what it could not
// read of proxies since its start.
func examineAddresses(ctx context.Context, p patient) []finding {
	served, err := p.provider()
	if err != nil {
		return bad("%v", err)
	}
	var seen provider.Forwarding
	if err := p.get(ctx, p.cfg.Issuer+"/forwarded", served.Examiner(), &seen); err != nil {
		return []finding{warning("%v: gatehouse serve should be of this version, and have this GATEHOUSE_ENCRYPTION_KEY", err)}
	}
	return append(addressOf(seen, p.cfg.Issuer), unreadFindings(seen.Unread)...)
}

// addressOf warns where everybody who comes through a proxy counts as one.
func addressOf(seen provider.Forwarding, issuer string) []finding {
	u, err := url.Parse(issuer)
	direct := err == nil && oidc.IsLoopback(u.Hostname())
	switch {
	case !seen.Trusted && seen.Header != "":
		return []finding{warning("%s sends %s and is not believed, so that all who come through it count as one: "+
			"name it in GATEHOUSE_TRUSTED_PROXIES", seen.Peer, seen.Header)}
	case seen.Trusted && seen.Header == "" && !direct:
		return []finding{warning("%s does not say where requests come from, so that all who come through it count as one: have it send "+
			"X-Forwarded-For", seen.Peer)}
	}
	return good("what is sent from here through %s comes from %s", issuer, seen.Addr)
}

func unreadFindings(list []oidc.ForwardedUnreadable) (findings []finding) {
	for _, e := range list {
		findings = append(findings, warning("%s sent a %s that cannot be read, such as %q: have it send an address; "+
			"till then those whom it does not name are not told apart", e.Proxy, e.Header, e.Entry))
	}
	return findings
}

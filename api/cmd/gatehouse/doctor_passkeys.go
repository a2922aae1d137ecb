package main

import (
	"context"
	"net"
	"net/url"
	"slices"
	"strings"
)

// examinePasskeys looks whether the passkeys that there are can be used with these settings, and where the pages have moved, whether
// browsers hear of it (WebAuthn Level 3 §5.11).
func examinePasskeys(ctx context.Context, p patient) []finding {
	served, err := p.provider()
	if err == nil {
		err = served.CheckPasskeys(ctx)
	}
	if err != nil {
		return bad("%s", unfold(err.Error()))
	}
	id := p.cfg.RPID()
	if net.ParseIP(id) != nil {
		return good("there can be none: %s has no name", p.cfg.UIOrigin)
	}
	ui, err := url.Parse(p.cfg.UIOrigin)
	if err != nil || ui.Hostname() == id || strings.HasSuffix(ui.Hostname(), "."+id) {
		return good("are good for %s", id)
	}
	var related struct{ Origins []string }
	address := "https://" + id + "/.well-known/webauthn"
	if err := p.get(ctx, address, "", &related); err != nil {
		return bad("%v: browsers ask there whether %s may use the passkeys of %s", err, p.cfg.UIOrigin, id)
	}
	if !slices.Contains(related.Origins, p.cfg.UIOrigin) {
		return bad("%s does not name %s: browsers let it use no passkeys of %s", address, p.cfg.UIOrigin, id)
	}
	return good("are good for %s, also at %s", id, p.cfg.UIOrigin)
}

package config

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// passkeysDisagree returns why browsers would make no passkeys with these settings, or nil: the RP ID is the host of the pages or a
// registrable parent of it (WebAuthn §5.1.3). Where the pages moved, it may be that of their former host, which says so (§5.11).
func (c *Config) passkeysDisagree() error {
	id := c.PasskeyRPID
	if id == "" || c.UIOrigin == "" {
		return nil
	}
	if suffix, _ := publicsuffix.PublicSuffix(id); suffix == id && id != hostOf(c.UIOrigin) && id != hostOf(c.UIFormerOrigin) {
		return fmt.Errorf("GATEHOUSE_PASSKEY_RP_ID (%s) belongs to many: browsers refuse it; take %s or a parent of it that is yours", id,
			hostOf(c.UIOrigin))
	}
	if !isHostOrParent(id, hostOf(c.UIOrigin)) && !isHostOrParent(id, hostOf(c.UIFormerOrigin)) {
		return fmt.Errorf("GATEHOUSE_PASSKEY_RP_ID (%s) must be the host of GATEHOUSE_UI_ORIGIN (%s) or a parent of it, such as example.org "+
			"of login.example.org; if the pages moved, set GATEHOUSE_UI_FORMER_ORIGIN, too", id, hostOf(c.UIOrigin))
	}
	return nil
}

func isHostOrParent(id, host string) bool {
	return id == host || strings.HasSuffix(host, "."+id) && net.ParseIP(host) == nil
}

// hostOf returns the host of an origin, "" of none.
func hostOf(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

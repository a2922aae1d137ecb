package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

func missing(v Variable, unreadable string) error {
	if unreadable != "" {
		return fmt.Errorf("%s is not set, and %s cannot be read: be root, or set it", v.Name, unreadable)
	}
	or := ""
	if v.Secret {
		or = " (or " + v.Name + "_FILE, the path of a file with it)"
	}
	return fmt.Errorf("%s is not set%s: set it to %s", v.Name, or, v.Example)
}

// refuseUnknown catches misspelt names: a setting that is silently ignored is worse than one that prevents the start.
func refuseUnknown(env map[string]string) error {
	known := map[string]bool{}
	for _, v := range variables {
		known[v.Name] = true
		known[v.Name+"_FILE"] = v.Secret
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(env)) {
		plain := strings.TrimSuffix(name, "_FILE")
		switch {
		case !strings.HasPrefix(name, "GATEHOUSE_") || known[name] || injected.MatchString(name):
		case known[plain]:
			problems = append(problems, fmt.Errorf("%s is not supported, %s is no secret: set %s itself", name, plain, plain))
		default:
			problems = append(problems, fmt.Errorf("%s is not a variable of Gatehouse: correct or remove it; gatehouse config lists all", name))
		}
	}
	return errors.Join(problems...)
}

// contradictions returns a problem for values that are each valid and exclude each other. A value that was refused is empty here.
func (c *Config) contradictions() []error {
	var list []error
	if (c.TLSCertFile == "") != (c.TLSKeyFile == "") {
		list = append(list, errors.New("GATEHOUSE_TLS_CERT_FILE and GATEHOUSE_TLS_KEY_FILE belong together: set both or neither"))
	}
	if c.TLSCertFile != "" && strings.HasPrefix(c.Issuer, "http:") {
		list = append(list, errors.New("GATEHOUSE_ISSUER is http although GATEHOUSE_TLS_CERT_FILE is set: write it with https"))
	}
	if c.ForwardedHeader != "" && len(c.TrustedProxies) == 0 {
		list = append(list, errors.New("GATEHOUSE_FORWARDED_HEADER is believed from GATEHOUSE_TRUSTED_PROXIES only: set that, too"))
	}
	if c.LogoDark != "" && c.Logo == "" {
		list = append(list, errors.New("GATEHOUSE_LOGO_DARK is set without GATEHOUSE_LOGO: set that, too"))
	}
	list = append(list, c.originsDisagree(), c.passkeysDisagree(), c.mailDisagrees())
	for _, pair := range []struct {
		short, long     string
		shorter, longer time.Duration
	}{
		{"GATEHOUSE_SESSION_IDLE", "GATEHOUSE_SESSION_MAX", c.SessionIdle, c.SessionMax},
		{"GATEHOUSE_REFRESH_IDLE", "GATEHOUSE_REFRESH_MAX", c.RefreshIdle, c.RefreshMax},
		{"GATEHOUSE_REFRESH_GRACE", "GATEHOUSE_REFRESH_IDLE", c.RefreshGrace, c.RefreshIdle},
		{"GATEHOUSE_KEY_PUBLISH_AHEAD", "GATEHOUSE_KEY_ROTATION", c.KeyPublishAhead, c.KeyRotation},
	} {
		if pair.shorter > 0 && pair.longer > 0 && pair.shorter > pair.longer {
			list = append(list, fmt.Errorf("%s (%s) is longer than %s (%s): shorten it", pair.short, pair.shorter, pair.long, pair.longer))
		}
	}
	return list
}

// originsDisagree returns why the two origins cannot be used together, or nil: a page and an API need the same scheme. Over http
// the cookies are SameSite=Lax, and localhost, 127.0.0.1 and [::1] are different sites to a browser.
func (c *Config) originsDisagree() error {
	issuer, err1 := url.Parse(c.Issuer)
	ui, err2 := url.Parse(c.UIOrigin)
	switch {
	case c.Issuer == "" || c.UIOrigin == "" || err1 != nil || err2 != nil:
		return nil
	case issuer.Scheme != ui.Scheme:
		return fmt.Errorf("GATEHOUSE_UI_ORIGIN is %s while GATEHOUSE_ISSUER is %s: use https for both", ui.Scheme, issuer.Scheme)
	case issuer.Scheme == "http" && issuer.Hostname() != ui.Hostname():
		return fmt.Errorf("GATEHOUSE_UI_ORIGIN (%s) and GATEHOUSE_ISSUER (%s) must have the same host over http, for browsers "+
			"take them for different sites", ui.Hostname(), issuer.Hostname())
	}
	return nil
}

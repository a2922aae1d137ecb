package web

import (
	"net/http"
	"strings"

	"gatehouse/api/provider"
)

// hostPrefix makes browsers take a cookie only with Secure, Path=/ and no Domain (RFC 6265bis §4.1.3.2).
const hostPrefix = "__Host-"

// prefix is what our cookies' names begin with. On https only the prefixed ones are ours: a neighbouring host can plant others.
func (a answerer) prefix() string {
	if a.https {
		return hostPrefix
	}
	return ""
}

// readCookies keeps ours.
func (a answerer) readCookies(r *http.Request) map[provider.CookieName]string {
	out := map[provider.CookieName]string{}
	for _, c := range r.Cookies() {
		name, ok := strings.CutPrefix(c.Name, a.prefix())
		if !ok {
			continue
		}
		switch known := provider.CookieName(name); {
		case known == provider.SessionCookie, known == provider.BrowserCookie, known == provider.DeviceCookie, known == provider.TicketCookie,
			known == provider.StateCookie, strings.HasPrefix(name, string(provider.UpstreamCookie)):
			out[known] = c.Value
		}
	}
	return out
}

// cookie is HttpOnly, but for the one that a script is to read; on https Secure and SameSite=None, since the UI may be on another site and
// silent renewal runs in a frame. What changes state checks Origin instead. On http (localhost only) browsers refuse None, so it is Lax.
func (a answerer) cookie(c provider.Cookie) *http.Cookie {
	out := &http.Cookie{Name: a.prefix() + string(c.Name), Value: c.Value, Path: "/", SameSite: http.SameSiteLaxMode,
		HttpOnly: c.Name != provider.StateCookie}
	if a.https {
		out.Secure, out.SameSite = true, http.SameSiteNoneMode
	}
	switch {
	case c.MaxAge < 0:
		out.MaxAge = -1
	case c.MaxAge > 0:
		out.MaxAge = int(c.MaxAge.Seconds())
	}
	return out
}

package provider

import (
	"encoding/base64"
	"maps"
	"strings"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

// forget removes a cookie from the request, as if it had not come along.
func (r *Request) forget(name CookieName) {
	r.Cookies = maps.Clone(r.Cookies)
	delete(r.Cookies, name)
}

// give returns a cookie that lasts until the browser closes, and adds it to the request, as if it had come along.
func (r *Request) give(name CookieName, value string) Cookie {
	r.Cookies = maps.Clone(r.Cookies)
	r.Cookies[name] = value
	return Cookie{Name: name, Value: value}
}

// bindBrowser makes sure that the browser has a cookie of 256 bits; it returns the one to set if it has none.
func (p *Provider) bindBrowser(r *Request) []Cookie {
	if b, err := base64.RawURLEncoding.DecodeString(r.Cookies[BrowserCookie]); err == nil && len(b) == 32 {
		return nil
	}
	return []Cookie{r.give(BrowserCookie, randomSecret())}
}

// browserDigest returns what a pending request keeps of the browser's cookie.
func browserDigest(r Request) []byte {
	d := oidc.Digest(r.Cookies[BrowserCookie])
	return d[:]
}

// deviceCookieAge is how long a browser counts as known to an account; Chromium keeps no cookie longer.
const deviceCookieAge = 400 * 24 * time.Hour

// deviceCookie returns, sealed, that the browser named by device signed in as username.
func (p *Provider) deviceCookie(username, device string) string {
	return p.sealer.SealText(keys.ForKnownDevices, []byte(device+" "+username), nil)
}

// knownDevice returns the name of the browser if username signed in at it before, else "".
func (p *Provider) knownDevice(r Request, username string) string {
	device, name := p.knownBrowser(r)
	if name != username {
		return ""
	}
	return device
}

// knownBrowser returns the name of the browser and who signed in at it last; both are "" for a new one.
func (p *Provider) knownBrowser(r Request) (device, username string) {
	plain, err := p.sealer.OpenText(keys.ForKnownDevices, r.Cookies[DeviceCookie], nil)
	if err != nil {
		return "", ""
	}
	device, username, _ = strings.Cut(string(plain), " ")
	return device, username
}

package provider

import (
	"encoding/base64"
	"maps"
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

// browserDigest returns what a pending request keeps of the browser's cookie; nil where there is none, which is no browser.
func browserDigest(r Request) []byte {
	if r.Cookies[BrowserCookie] == "" {
		return nil
	}
	d := oidc.Digest(r.Cookies[BrowserCookie])
	return d[:]
}

// deviceCookieAge is how long a browser counts as known to an account; Chromium keeps no cookie longer.
const deviceCookieAge = 400 * 24 * time.Hour

// knownDevice is a browser that somebody signed in at: what DeviceCookie has, sealed.
type knownDevice struct {
	Name     string `json:"d"`           // of the browser; random
	Username string `json:"u"`           // that was typed at the last sign-in
	UserID   string `json:"i"`           // whose row that was: a name can change hands, and anybody who seals can write one
	Display  string `json:"n"`           // how pages address them, at most maxDisplay
	Factor   bool   `json:"f,omitempty"` // whether they have proven a second factor at it, too
}

// maxDisplay is in bytes: the cookie goes along with each request.
const maxDisplay = 200

var deviceBox = keys.Box[knownDevice]{Purpose: keys.ForKnownDevices}

// newDevice is a browser, known by that name, at which a user has signed in with what they typed as their username.
func newDevice(name, typed string, u *oidc.User) knownDevice {
	display := u.DisplayName()
	if len(display) > maxDisplay {
		display = u.Username
	}
	return knownDevice{Name: name, Username: typed, UserID: u.ID, Display: display}
}

// deviceCookie returns the cookie that makes a browser known to an account.
func (p *Provider) deviceCookie(d knownDevice) Cookie {
	return Cookie{Name: DeviceCookie, Value: deviceBox.Seal(p.sealer, d, nil), MaxAge: deviceCookieAge}
}

// deviceOf returns what is known of the browser of a request; nothing for a new one.
func (p *Provider) deviceOf(r Request) knownDevice {
	known, err := deviceBox.Open(p.sealer, r.Cookies[DeviceCookie], nil)
	if err != nil {
		return knownDevice{}
	}
	return known
}

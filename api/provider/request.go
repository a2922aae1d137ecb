package provider

import (
	"net/netip"
	"net/url"
)

// Request is what web hands over of an HTTP request: bounded, and nothing more than the endpoints use.
type Request struct {
	Method        string     // GET (or HEAD), POST, PUT or DELETE
	Path          string     // of the endpoint, such as /token
	Name          string     // of the upstream, where the path has one; "" if it is no name
	Params        url.Values // of the query for GET, of the body for POST; never both
	Unread        string     // why there are no Params, where the endpoint answers all the same; else ""
	Body          []byte     // JSON, where the endpoint takes that; there are no Params then
	Authorization string
	DPoP          []string // the proofs that came along (RFC 9449 §4.1): one, or the request is wrong
	Origin        string
	FetchSite     string     // Sec-Fetch-Site
	FetchDest     string     // Sec-Fetch-Dest
	UserAgent     string     // at most 200 characters
	Addr          netip.Addr // with a zone, it is a proxy's, and the zone all that is known of who comes by it
	Via           Via
	Cookies       map[CookieName]string
}

// CookieName names a cookie without its prefix.
type CookieName string

// The cookies, all of the API's host; HttpOnly but for StateCookie.
const (
	SessionCookie CookieName = "gatehouse-session" // who is signed in
	BrowserCookie CookieName = "gatehouse-browser" // what a pending request is bound to
	DeviceCookie  CookieName = "gatehouse-device"  // an account that signed in here before: it is throttled apart

	TicketCookie CookieName = "gatehouse-ticket" // of who was told to wait: they go first afterwards

	StateCookie CookieName = "gatehouse-state" // for the page at check_session_iframe, which asks whether it has changed

	UpstreamCookie CookieName = "gatehouse-upstream-" // begins the names of those that last for a sign-in at an upstream
)

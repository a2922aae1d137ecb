package web

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/api/provider"
)

// origins are those whose pages may read the answers of an endpoint; never with credentials, so that no page gets anything by the
// cookies of whoever looks at it.
type origins int

const (
	nobody  origins = iota
	theUI           // the UI's origin, exactly
	clients         // those of registered clients: of their redirect URIs, and clients.cors_origins
	anybody         // for what a program does before it is a client, such as to register itself
)

// allow adds the CORS headers (Fetch §3.3), so that errors can be read as well as successes.
func (who origins) allow(c echo.Context, p *provider.Provider) bool {
	h, origin := c.Response().Header(), c.Request().Header.Get("Origin")
	switch {
	case who == nobody:
		return false
	case who == anybody:
		origin = "*"
	default:
		h.Add("Vary", "Origin")
	}
	if origin == "" || who == theUI && origin != p.UIOrigin || who == clients && !isClientOrigin(c.Request().Context(), p, origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "WWW-Authenticate, DPoP-Nonce, ETag, Retry-After, X-Request-Id")
	return true
}

func isClientOrigin(ctx context.Context, p *provider.Provider, origin string) bool {
	ctx, cancel := context.WithTimeout(ctx, provider.Patience)
	defer cancel()
	return p.IsClientOrigin(ctx, origin)
}

func (who origins) preflight(c echo.Context, p *provider.Provider, methods string) error {
	if who.allow(c, p) {
		h := c.Response().Header()
		h.Set("Access-Control-Allow-Methods", strings.ReplaceAll(methods, " ", ", "))
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP, X-Requested-With"+othersAsked(c.Request().Header))
		h.Set("Access-Control-Max-Age", "600") // seconds
		h.Add("Vary", "Access-Control-Request-Headers")
	}
	return c.NoContent(http.StatusNoContent)
}

// What a page may ask to send beside: tracing and versions of protocols above ours add headers that nobody can list.
const maxAskedHeaders = 2048 // bytes

var headerNames = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+([ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$") // RFC 9110 §5.6.2

// othersAsked returns the names in Access-Control-Request-Headers (Fetch §3.3.3), to go on a list; "" if it is none, or too long.
func othersAsked(h http.Header) string {
	asked := strings.Join(h.Values("Access-Control-Request-Headers"), ",")
	if len(asked) > maxAskedHeaders || !headerNames.MatchString(asked) {
		return ""
	}
	return ", " + asked
}

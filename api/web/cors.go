package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/api/provider"
)

// origins are those whose pages may read the answers of an endpoint; never with credentials.
type origins int

const (
	nobody  origins = iota
	theUI           // the UI's origin, exactly
	clients         // the origins of registered clients' redirect URIs
)

// allow adds the CORS headers (Fetch §3.3), so that errors can be read as well as successes.
func (who origins) allow(c echo.Context, p *provider.Provider) bool {
	if who == nobody {
		return false
	}
	h := c.Response().Header()
	h.Add("Vary", "Origin")
	origin := c.Request().Header.Get("Origin")
	if origin == "" || who == theUI && origin != p.UIOrigin || who == clients && !isClientOrigin(c.Request().Context(), p, origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-Id")
	return true
}

func isClientOrigin(ctx context.Context, p *provider.Provider, origin string) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return p.IsClientOrigin(ctx, origin)
}

func (who origins) preflight(c echo.Context, p *provider.Provider, methods string) error {
	if who.allow(c, p) {
		h := c.Response().Header()
		h.Set("Access-Control-Allow-Methods", strings.ReplaceAll(methods, " ", ", "))
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP, X-Requested-With")
		h.Set("Access-Control-Max-Age", "600") // seconds
	}
	return c.NoContent(http.StatusNoContent)
}

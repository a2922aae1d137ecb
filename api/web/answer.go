package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/api/provider"
)

// answerer is the one writer of responses.
type answerer struct {
	https        bool
	proxies      Proxies
	pages        pages
	checkSession fixedPage
	count        func(path string, status int, took time.Duration) // hears of each answer
	tracer       provider.Tracer                                   // nil where nothing is traced
}

// always are headers of every answer; one that needs another value sets it after them.
var always = map[string][]string{
	"X-Content-Type-Options":  {"nosniff"},
	"Referrer-Policy":         {"no-referrer"},
	"Cache-Control":           {"no-store"},
	"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
}

// always sets them.
func (a answerer) always(c echo.Context) http.Header {
	h := c.Response().Header()
	maps.Copy(h, always)
	if a.https {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return h
}

func (a answerer) write(c echo.Context, ans provider.Answer) error {
	h := a.always(c)
	if a.tracer != nil && ans.Error != "" {
		c.Set(errorKey, ans.Error)
	}
	if ans.Public > 0 {
		h.Set("Cache-Control", "public, max-age="+wholeSeconds(ans.Public))
	}
	if ans.ETag != "" {
		h.Set("ETag", ans.ETag)
	}
	if ans.Challenge != "" {
		h.Set("WWW-Authenticate", ans.Challenge)
	}
	if ans.DPoPNonce != "" {
		h.Set("DPoP-Nonce", ans.DPoPNonce)
	}
	if ans.Download != "" {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": ans.Download}))
	}
	if ans.RetryAfter > 0 {
		h.Set("Retry-After", wholeSeconds(ans.RetryAfter))
	}
	for _, cookie := range ans.Cookies {
		c.SetCookie(a.cookie(cookie))
	}
	if ans.Script != nil && wantsJSON(c) {
		ans.Status, ans.JSON, ans.Location = ans.Script.Status, ans.Script.JSON, ""
	}
	switch {
	case ans.FormPost != nil:
		return a.pages.post(c, ans)
	case ans.CheckSession:
		h.Set("Content-Security-Policy", a.checkSession.policy)
		return c.HTMLBlob(ans.Status, a.checkSession.html)
	case len(ans.Frames) > 0 && !wantsJSON(c):
		return a.pages.signOut(c, ans)
	case ans.Location != "" && (ans.Status == http.StatusOK || ans.Status >= 400):
		return a.pages.lead(c, ans)
	case ans.Location != "":
		return c.Redirect(ans.Status, ans.Location)
	case ans.ETag != "" && has(c, ans.ETag):
		return c.NoContent(http.StatusNotModified)
	case ans.Raw != nil:
		return blob(c, ans.Status, cmp.Or(ans.Type, "application/json"), ans.Raw)
	case ans.JSON != nil:
		body, err := json.Marshal(ans.JSON)
		if err != nil {
			return err
		}
		return blob(c, ans.Status, cmp.Or(ans.Type, "application/json"), body)
	}
	return c.NoContent(ans.Status)
}

// blob sets Content-Length, so that the body leaves in one piece with the headers.
func blob(c echo.Context, status int, contentType string, body []byte) error {
	c.Response().Header().Set("Content-Length", strconv.Itoa(len(body)))
	return c.Blob(status, contentType, body)
}

// has reports whether the client has it already, in which case it is spared the body (RFC 9110 §13.1.2).
func has(c echo.Context, tag string) bool {
	for known := range strings.SplitSeq(c.Request().Header.Get("If-None-Match"), ",") {
		if known = strings.TrimPrefix(strings.TrimSpace(known), "W/"); known == tag || known == "*" {
			return true
		}
	}
	return false
}

func wholeSeconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}

// writeRoutingError answers what no endpoint was found for, and what failed below all of them: with JSON, or with a page for a person.
func (a answerer) writeRoutingError(c echo.Context, err error) {
	if c.Response().Committed {
		return
	}
	status := http.StatusInternalServerError
	var known *echo.HTTPError
	if errors.As(err, &known) {
		status = known.Code
	}
	words := map[int]string{404: "not_found", 405: "method_not_allowed", 500: "server_error"}
	word := words[status]
	if word == "" {
		word = "invalid_request"
	}
	if wantsPage(c.Request().Header.Get("Accept")) {
		a.always(c)
		if a.pages.nothing(c, status, word) == nil {
			return
		}
	}
	_ = a.write(c, provider.Answer{Status: status, JSON: map[string]string{"error": word, "error_description": "request " + requestID(c)}})
}

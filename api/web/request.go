package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"

	"gatehouse/api/oidc"
	"gatehouse/api/provider"
)

// What a request may bring, checked before it is parsed.
const (
	maxQuery  = oidc.MaxQuery
	maxSealed = 2 * maxQuery // of a query that has a whole request, sealed
	maxBody   = 64 << 10     // bytes
	maxParams = 100
	maxName   = 32 // bytes

	maxUserAgent = 200
)

// problem is why a request is not even looked at.
type problem struct {
	status int
	why    string
}

// readRequest takes from an HTTP request what the endpoints use. Parameters come from the query of a GET or the form of a POST,
// never from both (RFC 6749 §3.2).
func (a answerer) readRequest(c echo.Context) (provider.Request, *problem) {
	h := c.Request().Header
	r := provider.Request{
		Method:        c.Request().Method,
		Path:          c.Path(),
		Name:          pathName(c),
		Authorization: h.Get("Authorization"),
		DPoP:          h.Values("DPoP"),
		Origin:        h.Get("Origin"),
		FetchSite:     h.Get("Sec-Fetch-Site"),
		FetchDest:     h.Get("Sec-Fetch-Dest"),
		UserAgent:     userAgent(h.Get("User-Agent")),
		Cookies:       a.readCookies(c.Request()),
	}
	r.Addr, r.Via = a.proxies.where(c.Request())
	if len(h.Values("Authorization")) > 1 {
		return r, &problem{http.StatusBadRequest, "more than one Authorization header"}
	}
	if takesJSON(c) {
		body, bad := readBody(c, "application/json")
		r.Body = body
		return r, bad
	}
	raw, bad := rawParams(c)
	if bad != nil {
		return r, bad
	}
	if strings.Count(raw, "&") >= maxParams {
		return r, &problem{http.StatusBadRequest, "too many parameters"}
	}
	params, err := url.ParseQuery(raw)
	if err != nil {
		return r, &problem{http.StatusBadRequest, "parameters are not form-urlencoded"}
	}
	r.Params = params
	return r, nil
}

// userAgent returns what a browser calls itself, as far as it is text, and no more than a person would want to see.
func userAgent(header string) string {
	text := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(header[:min(len(header), maxUserAgent)], "")))
	return string(text[:min(len(text), maxUserAgent)])
}

// pathName returns the name in the path, if it can be one.
func pathName(c echo.Context) string {
	if name := c.Param("name"); len(name) <= maxName {
		return name
	}
	return ""
}

func rawParams(c echo.Context) (string, *problem) {
	req := c.Request()
	if req.Method != http.MethodPost {
		limit := maxQuery
		if c.Path() == "/interaction" {
			limit = maxSealed
		}
		if len(req.URL.RawQuery) > limit {
			return "", &problem{http.StatusRequestURITooLong, "the query is longer than " + strconv.Itoa(limit>>10) + " KiB"}
		}
		return req.URL.RawQuery, nil
	}
	body, bad := readBody(c, "application/x-www-form-urlencoded")
	return string(body), bad
}

// takesJSON: RFC 7591 §3.1, RFC 7592 §2.2.
func takesJSON(c echo.Context) bool {
	return strings.HasPrefix(c.Path(), "/register") && c.Request().Method != http.MethodGet
}

// readBody reads a body that is none, or of this type. A page of another origin cannot send JSON in somebody's name without asking first.
func readBody(c echo.Context, wanted string) ([]byte, *problem) {
	req := c.Request()
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), req.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &problem{http.StatusRequestEntityTooLarge, "the body is longer than 64 KiB"}
	case err != nil:
		return nil, &problem{http.StatusBadRequest, "the body could not be read"}
	case len(body) == 0:
		return nil, nil
	}
	if kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err != nil || kind != wanted {
		return nil, &problem{http.StatusBadRequest, "Content-Type must be " + wanted}
	}
	return body, nil
}

// wantsJSON reports whether a client asks for JSON and is no browser, which asks for HTML first.
func wantsJSON(c echo.Context) bool {
	accept := c.Request().Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

package web

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html/template"
	"maps"
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
	checkSession fixedPage
}

// always are headers of every answer; one that needs another value sets it after them.
var always = map[string][]string{
	"X-Content-Type-Options":  {"nosniff"},
	"Referrer-Policy":         {"no-referrer"},
	"Cache-Control":           {"no-store"},
	"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
}

func (a answerer) write(c echo.Context, ans provider.Answer) error {
	h := c.Response().Header()
	maps.Copy(h, always)
	if a.https {
		h.Set("Strict-Transport-Security", "max-age=31536000")
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
		h.Set("Content-Security-Policy", "default-src 'none'; script-src "+submitHash) // no frame-ancestors: silent renewal is framed
		return renderFormPost(c, ans)
	case ans.CheckSession:
		h.Set("Content-Security-Policy", a.checkSession.policy)
		return c.HTMLBlob(ans.Status, a.checkSession.html)
	case len(ans.Frames) > 0 && !wantsJSON(c):
		h.Set("Content-Security-Policy", framesPolicy(ans.Frames))
		return renderFrames(c, ans)
	case ans.Location != "" && ans.Status == http.StatusOK:
		return c.HTML(ans.Status, leadPage(ans.Location, 0))
	case ans.Location != "" && ans.Status >= 400:
		return c.HTML(ans.Status, leadPage(ans.Location, 1))
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
		return blob(c, ans.Status, "application/json", body)
	}
	return c.NoContent(ans.Status)
}

// blob says how long the body is, so that it leaves in one piece with the headers.
func blob(c echo.Context, status int, contentType string, body []byte) error {
	c.Response().Header().Set("Content-Length", strconv.Itoa(len(body)))
	return c.Blob(status, contentType, body)
}

// has says whether the client has it already, in which case it is spared the body (RFC 9110 §13.1.2).
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

// leadPage has a status of its own, such as the true one of an error, and leads to the page of the UI that goes with it, after so many
// seconds: a program or a person that leaves an error at once must not be dragged back to it.
func leadPage(to string, seconds int) string {
	to = template.HTMLEscapeString(to)
	return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="` + strconv.Itoa(seconds) + `;url=` + to + `">` +
		`<title>One moment</title>
<p><a href="` + to + `">Continue</a></p></html>
`
}

const submitScript = `document.forms[0].submit()`

var submitHash = hashOf(submitScript)

// hashOf allows an inline script and no other (Content Security Policy Level 3 §2.3.1).
func hashOf(script string) string {
	sum := sha256.Sum256([]byte(script))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// asURL marks an address that has been checked, such as a registered one, for html/template.
var asURL = template.FuncMap{"url": func(s string) template.URL { return template.URL(s) }}

// formPostPage posts an answer to the relying party (OAuth 2.0 Form Post Response Mode §2). The action is a registered redirect URI.
var formPostPage = template.Must(template.New("form_post").Funcs(asURL).Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>One moment</title>
<form method="post" action="{{url .Action}}">{{range .Fields}}{{if index . 1}}
<input type="hidden" name="{{index . 0}}" value="{{index . 1}}">{{end}}{{end}}
<noscript><button>Continue</button></noscript></form>
<script>` + submitScript + `</script></html>
`))

func renderFormPost(c echo.Context, ans provider.Answer) error {
	var b strings.Builder
	if err := formPostPage.Execute(&b, ans.FormPost); err != nil {
		return err
	}
	return c.HTML(ans.Status, b.String())
}

// writeRoutingError answers what no endpoint was found for, and what failed below all of them.
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
	_ = a.write(c, provider.Answer{Status: status, JSON: map[string]string{"error": word, "error_description": "request " + requestID(c)}})
}

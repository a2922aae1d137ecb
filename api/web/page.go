package web

import (
	"crypto/sha256"
	_ "embed" // for what the pages are made of
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/api/config"
	"gatehouse/api/oidc"
	"gatehouse/api/provider"
)

// pages are those of the API: they look like the UI's and are there for a moment only, on the way to one of them or to an
// application.
type pages struct {
	place    place
	uiOrigin string
	policy   string // what each of them may load, without what only some do
}

// place is what the operator says of the place, made ready for a page.
type place struct {
	Name, Logo, LogoDark string
	Support              string
	Links                []config.Link
	Style                template.CSS
	Icon                 template.URL
	Mark                 template.HTML
	Theme                string // #rrggbb
}

// screen is what such a page shows.
type screen struct {
	place
	Lang                     string
	Title, Text              string
	To                       string // where its button leads; "" for nowhere
	Button                   string
	Seconds                  int  // after which it goes there by itself
	Goes                     bool // by itself
	RequestID                string
	RequestIDLabel, GetsHelp string
	FormPost                 *provider.FormPost
	Frames                   []string
	Script                   template.JS // that the policy allows
}

func newPages(s provider.Settings, look config.Look) pages {
	at := func(href string) string {
		if strings.HasPrefix(href, "/") {
			return s.UIOrigin + href
		}
		return href
	}
	p := place{Name: s.Name, Logo: at(look.Logo), LogoDark: at(look.LogoDark), Support: look.Support, Icon: icon(s.Name, look),
		Mark: mark, Style: template.CSS(pageStyle(look)), Theme: light.in(look.Accent).fill}
	for _, link := range look.Links {
		p.Links = append(p.Links, config.Link{Text: link.Text, Href: at(link.Href)})
	}
	images := "data:"
	for _, logo := range []string{p.Logo, p.LogoDark} {
		if origin := oidc.Origin(logo); logo != "" && !strings.HasSuffix(images, " "+origin) {
			images += " " + origin
		}
	}
	return pages{p, s.UIOrigin, "default-src 'none'; style-src " + hashOf(string(p.Style)) + "; img-src " + images}
}

// screen returns a page in the person's language that says nothing yet, and the words for it.
func (p pages) screen(c echo.Context, ans provider.Answer) (screen, words) {
	lang := languageOf(ans, c.Request().Header.Get("Accept-Language"))
	w := inLanguage[lang]
	return screen{place: p.place, Lang: lang, Title: w.oneMoment, Button: w.goOn, To: ans.Location,
		RequestIDLabel: w.requestID, GetsHelp: w.getHelp}, w
}

// lead answers with a status of its own, such as the true one of an error, and leads to the page of the UI that goes with it,
// after a second: a program or a person that leaves an error at once must not be dragged back to it. Where nothing went wrong it
// does not wait.
func (p pages) lead(c echo.Context, ans provider.Answer) error {
	s, w := p.screen(c, ans)
	s.Goes, s.Text = true, w.next
	if ans.Status >= 400 {
		s.Seconds, s.Title, s.RequestID = 1, w.title(ans.Error), requestID(c)
		if ans.RetryAfter > 0 {
			s.Text = w.waits(ans.RetryAfter)
		}
	}
	return p.write(c, ans.Status, p.policy+"; frame-ancestors 'none'", s)
}

// nothing is for a person at an address that leads nowhere, or where something failed below all endpoints.
func (p pages) nothing(c echo.Context, status int, code string) error {
	s, w := p.screen(c, provider.Answer{Location: p.uiOrigin + "/"})
	s.Title, s.Button, s.RequestID = w.title(code), w.toStart, requestID(c)
	if status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
		s.Title, s.Text = w.title("not_found"), w.forPrograms
	}
	return p.write(c, status, p.policy+"; frame-ancestors 'none'", s)
}

// post sends the answer to the relying party with a form (OAuth 2.0 Form Post Response Mode §2). The action is a registered
// redirect URI. Silent renewal frames it.
func (p pages) post(c echo.Context, ans provider.Answer) error {
	s, w := p.screen(c, ans)
	s.FormPost, s.Text, s.Script = ans.FormPost, w.back, submitScript
	return p.write(c, ans.Status, p.policy+"; script-src "+submitHash, s)
}

func (p pages) write(c echo.Context, status int, policy string, s screen) error {
	var b strings.Builder
	if err := pageTemplate.Execute(&b, s); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", policy)
	h.Add("Vary", "Accept-Language")
	return c.HTML(status, b.String())
}

// wantsPage reports whether whoever asks is a person at a browser, rather than a program: of the two only a browser asks for
// HTML.
func wantsPage(accept string) bool { return strings.Contains(accept, "text/html") }

// hashOf allows an inline script or style and no other (Content Security Policy Level 3 §2.3.1).
func hashOf(inline string) string {
	sum := sha256.Sum256([]byte(inline))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

const submitScript = `document.forms[0].submit()`

var submitHash = hashOf(submitScript)

// asURL marks an address that has been checked, such as a registered one, for html/template.
var asURL = template.FuncMap{"url": func(s string) template.URL { return template.URL(s) }}

// pageHTML has what Frame.svelte and Brand.svelte have.
//
//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("page").Funcs(asURL).Parse(pageHTML))

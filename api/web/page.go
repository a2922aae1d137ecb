package web

import (
	"crypto/sha256"
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
	name, uiOrigin, logo string
	style                template.CSS
	icon                 template.URL
	policy               string // what each of them may load, without what only some do
}

// screen is what such a page shows.
type screen struct {
	Lang, Name, Logo string
	Icon             template.URL
	Style            template.CSS
	Title, Text      string
	To               string // where its button leads; "" for nowhere
	Button           string
	Seconds          int  // after which it goes there by itself
	Goes             bool // by itself
	RequestID        string
	RequestIDIs      string // what it is called
	FormPost         *provider.FormPost
	Frames           []string
}

func newPages(s provider.Settings, look config.Look) pages {
	p := pages{name: s.Name, uiOrigin: s.UIOrigin, logo: look.Logo, icon: icon(look.Accent),
		style: template.CSS(pageStyle(look.Accent))}
	images := "data:"
	if strings.HasPrefix(p.logo, "/") {
		p.logo = s.UIOrigin + p.logo
	}
	if p.logo != "" {
		images += " " + oidc.Origin(p.logo)
	}
	p.policy = "default-src 'none'; style-src " + hashOf(string(p.style)) + "; img-src " + images
	return p
}

// screen returns a page in the person's language that says nothing yet, and the words for it.
func (p pages) screen(c echo.Context, ans provider.Answer) (screen, words) {
	lang := languageOf(ans, c.Request().Header.Get("Accept-Language"))
	w := inLanguage[lang]
	return screen{Lang: lang, Name: p.name, Logo: p.logo, Icon: p.icon, Style: p.style, Title: w.oneMoment,
		Button: w.goOn, To: ans.Location, RequestIDIs: w.requestID}, w
}

// lead answers with a status of its own, such as the true one of an error, and leads to the page of the UI that goes with it,
// after a second: a program or a person that leaves an error at once must not be dragged back to it. Where nothing went wrong it
// does not wait.
func (p pages) lead(c echo.Context, ans provider.Answer) error {
	s, w := p.screen(c, ans)
	s.Goes, s.Text = true, w.next
	if ans.Status >= 400 {
		s.Seconds, s.Title, s.RequestID = 1, w.title(ans.Error), requestID(c)
	}
	return p.write(c, ans.Status, p.policy+"; frame-ancestors 'none'", s)
}

// nothing is for a person at an address that leads nowhere, or where something failed below all endpoints.
func (p pages) nothing(c echo.Context, status int, code string) error {
	s, w := p.screen(c, provider.Answer{Location: p.uiOrigin + "/"})
	s.Title, s.Button, s.RequestID = w.title(code), w.toStart, requestID(c)
	if status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
		s.Title, s.Text = w.nothingHere, w.forPrograms
	}
	return p.write(c, status, p.policy+"; frame-ancestors 'none'", s)
}

// post sends the answer to the relying party with a form (OAuth 2.0 Form Post Response Mode §2). The action is a registered
// redirect URI. Silent renewal frames it.
func (p pages) post(c echo.Context, ans provider.Answer) error {
	s, w := p.screen(c, ans)
	s.FormPost, s.Text = ans.FormPost, w.back
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

// pageTemplate has what Frame.svelte and Brand.svelte have.
var pageTemplate = template.Must(template.New("page").Funcs(asURL).Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{{if .Goes}}<meta http-equiv="refresh" content="{{.Seconds}};url={{url .To}}">
{{end}}{{if .Frames}}<noscript><meta http-equiv="refresh" content="4;url={{url .To}}"></noscript>
{{end}}<title>{{.Title}} · {{.Name}}</title>
<link rel="icon" type="image/svg+xml" href="{{.Icon}}">
<style>{{.Style}}</style></head>
<body><div class="card">
<header>{{if .Logo}}<img src="{{url .Logo}}" alt="{{.Name}}">{{else}}` + mark + `<span>{{.Name}}</span>{{end}}</header>
<main><h1>{{.Title}}</h1>
{{if .Text}}<p>{{.Text}}</p>
{{end}}{{with .FormPost}}<form method="post" action="{{url .Action}}">{{range .Fields}}{{if index . 1}}
<input type="hidden" name="{{index . 0}}" value="{{index . 1}}">{{end}}{{end}}
<noscript><button>{{$.Button}}</button></noscript></form>
<script>` + submitScript + `</script>
{{else}}{{if .To}}<a class="button" href="{{url .To}}">{{.Button}}</a>
{{end}}{{end}}{{if .RequestID}}<p class="id">{{.RequestIDIs}} <code>{{.RequestID}}</code></p>
{{end}}</main></div>
{{if .Frames}}{{range .Frames}}<iframe hidden aria-hidden="true" title="Sign-out" ` +
	`sandbox="allow-scripts allow-forms allow-same-origin" src="{{url .}}"></iframe>
{{end}}<script>` + goOnScript + `</script>
{{end}}</body></html>
`))

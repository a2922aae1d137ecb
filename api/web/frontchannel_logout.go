package web

import (
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/api/oidc"
	"gatehouse/api/provider"
)

// The page goes on when every frame has loaded, which is when the page itself has (HTML §13.2.7), or after four seconds, and once only: who
// is slow must not be asked twice.
const goOnScript = `let go = () => { go = () => {}; location.replace(document.links[0].href); };
addEventListener('load', () => go());
setTimeout(() => go(), 4000);`

var goOnHash = hashOf(goOnScript)

// framesPage loads the clients that are to hear of a logout, and goes on (OpenID Connect Front-Channel Logout 1.0 §3). They may run
// scripts there, for some keep their session in the browser's storage, but not take the whole page elsewhere.
var framesPage = template.Must(template.New("frames").Funcs(asURL).Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Signing you out…</title>
<noscript><meta http-equiv="refresh" content="4;url={{url .Location}}"></noscript>
<main><h1>Signing you out…</h1>
<p><a href="{{url .Location}}">Continue</a></p></main>
{{range .Frames}}<iframe hidden aria-hidden="true" title="Sign-out" ` +
	`sandbox="allow-scripts allow-forms allow-same-origin" src="{{url .}}"></iframe>
{{end}}<script>` + goOnScript + `</script></html>
`))

func renderFrames(c echo.Context, ans provider.Answer) error {
	var b strings.Builder
	if err := framesPage.Execute(&b, ans); err != nil {
		return err
	}
	return c.HTML(http.StatusOK, b.String())
}

// framesPolicy allows the origins of these frames and the script of the page.
func framesPolicy(frames []string) string {
	var origins []string
	for _, address := range frames {
		origins = append(origins, oidc.Origin(address))
	}
	slices.Sort(origins)
	return "default-src 'none'; frame-src " + strings.Join(slices.Compact(origins), " ") + "; script-src " + goOnHash +
		"; frame-ancestors 'none'"
}

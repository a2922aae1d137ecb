package web

import (
	"html/template"
	"net/url"
	"strings"
)

// mark is the gate of Brand.svelte.
const mark = `<svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">` +
	`<rect width="32" height="32" rx="8" fill="currentColor"/>` +
	`<path class="door" d="M8 26V15a8 8 0 0 1 16 0v11z"/>` +
	`<path d="M16 13.25a2.25 2.25 0 0 1 1.1 4.2l.9 4.05h-4l.9-4.05a2.25 2.25 0 0 1 1.1-4.2" fill="currentColor"/></svg>`

// icon is the mark by itself, in the accent, for the tab.
func icon(accent string) template.URL {
	s := light.in(accent)
	svg := strings.NewReplacer(`<svg `, `<svg xmlns="http://www.w3.org/2000/svg" `, `currentColor`, s.fill,
		`class="door"`, `fill="`+s.label+`"`).Replace(mark)
	return template.URL("data:image/svg+xml," + url.PathEscape(svg))
}

// pageStyle is what app.css and the components of the UI say of what is on the pages of the API.
func pageStyle(accent string) string {
	return ":root{color-scheme:light dark;" + light.in(accent).css() + "}" +
		"@media(prefers-color-scheme:dark){:root{" + dark.in(accent).css() + "}}" + pageRules
}

func (s scheme) css() string {
	return "--fill:" + s.fill + ";--label:" + s.label + ";--hover:" + s.hover + ";--edge:" + s.edge + ";--ink:" + s.ink +
		";--text:" + s.text + ";--muted:" + s.muted + ";--surface:" + s.surface + ";--page:" + s.page + ";--line:" + s.line
}

const pageRules = `
html{background:var(--surface);color:var(--text);
font:1rem/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','Noto Sans',sans-serif;
-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{display:flex;justify-content:center;margin:0;overflow-wrap:anywhere;hyphens:auto}
.card{box-sizing:border-box;width:100%;max-width:24rem;padding:1.75rem 1.25rem}
header{display:flex;gap:.625rem;align-items:center;margin-bottom:2rem;font-weight:600;letter-spacing:-.005em}
header svg{flex:none;color:var(--fill)}
.door{fill:var(--label)}
img{display:block;max-width:70%;height:2rem}
h1{margin:0;font-size:1.5rem;font-weight:650;line-height:1.25;letter-spacing:-.015em;text-wrap:balance}
p{margin:1rem 0 0;color:var(--muted)}
.id{margin-top:1.5rem;font-size:.8125rem}
code{font:.9375em/1.4 ui-monospace,'SFMono-Regular','Cascadia Mono',Menlo,Consolas,monospace;user-select:all}
.button,button{display:flex;align-items:center;justify-content:center;box-sizing:border-box;width:100%;min-height:2.875rem;
margin:1.5rem 0 0;padding:.5rem 1rem;border:1px solid var(--edge);border-radius:.625rem;background:var(--fill);color:var(--label);
font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer}
.button:hover,button:hover{background:var(--hover)}
:focus-visible{outline:2px solid var(--ink);outline-offset:2px}
@media(min-width:30rem) and (min-height:30rem){
html{background:var(--page);
background:radial-gradient(52rem 30rem at 50% -8rem,color-mix(in srgb,var(--ink) 9%,transparent),transparent) no-repeat var(--page)}
body{box-sizing:border-box;align-items:center;min-height:100vh;min-height:100dvh;padding:2rem 1rem 9vh}
.card{padding:2.25rem 2.25rem 2rem;border:1px solid var(--line);border-radius:1rem;background:var(--surface);
box-shadow:0 1px 2px rgb(16 32 25/4%),0 12px 32px rgb(16 32 25/6%)}}
`

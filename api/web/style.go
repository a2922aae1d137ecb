package web

import (
	"cmp"
	_ "embed" // for the rules
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"gatehouse/api/config"
)

// mark is the gate of Brand.svelte.
const mark = `<svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">` +
	`<rect width="32" height="32" rx="8" fill="currentColor"/>` +
	`<path class="door" d="M8 26V15a8 8 0 0 1 16 0v11z"/>` +
	`<path d="M16 13.25a2.25 2.25 0 0 1 1.1 4.2l.9 4.05h-4l.9-4.05a2.25 2.25 0 0 1 1.1-4.2" fill="currentColor"/></svg>`

// icon is what the tab has: the mark in the accent or, beside a logo, the first letter of the name.
func icon(name string, look config.Look) template.URL {
	s := light.in(look.Accent)
	svg := strings.NewReplacer(`<svg `, `<svg xmlns="http://www.w3.org/2000/svg" `, `currentColor`, s.fill,
		`class="door"`, `fill="`+s.label+`"`).Replace(mark)
	if look.Logo != "" {
		letter, _ := utf8.DecodeRuneInString(strings.ToUpper(name))
		svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">` +
			`<rect width="32" height="32" rx="8" fill="` + s.fill + `"/>` +
			`<text x="16" y="23" text-anchor="middle" font-family="sans-serif" font-size="20" font-weight="700" fill="` + s.label +
			`">` + template.HTMLEscapeString(string(letter)) + `</text></svg>`
	}
	return template.URL("data:image/svg+xml," + url.PathEscape(svg))
}

// pageStyle is what app.css and the components of the UI say of what is on the pages of the API.
func pageStyle(look config.Look) string {
	height := strconv.Itoa(cmp.Or(look.LogoHeight, 32))
	return ":root{color-scheme:light dark;--logo:" + height + "px;" + light.in(look.Accent).css() + "}" +
		"@media(prefers-color-scheme:dark){:root{" + dark.in(look.Accent).css() + "}}\n" + pageRules
}

func (s scheme) css() string {
	return "--fill:" + s.fill + ";--label:" + s.label + ";--hover:" + s.hover + ";--edge:" + s.edge + ";--ink:" + s.ink +
		";--text:" + s.text + ";--muted:" + s.muted + ";--surface:" + s.surface + ";--page:" + s.page + ";--line:" + s.line
}

//go:embed page.css
var pageRules string

package web

import (
	"fmt"
	"math"
	"strconv"
)

// The accent is two colours: one to fill with, and one to write with. A fill may be any colour, since its label is black or
// white, whichever is read better; the ink is the accent, darkened on light ground and lightened on dark ground until it can be
// read (WCAG 2.2 SC 1.4.3). The UI computes the same in lib/accent.ts: both are held to ui/tests/unit/accents.json.

// scheme has the colours of app.css that a page of the API needs, for light or for dark.
type scheme struct {
	fill, label, hover, edge, ink               string
	text, muted, surface, page, line, fieldLine string
}

var (
	light = scheme{fill: "#1a6b52", label: "#ffffff", hover: "#175e48", edge: "#1a6b52", ink: "#1a6b52",
		text: "#16201c", muted: "#59645f", surface: "#ffffff", page: "#f5f7f6", line: "#e0e5e2", fieldLine: "#87918c"}
	dark = scheme{fill: "#6fcdab", label: "#0d1512", hover: "#80d3b5", edge: "#6fcdab", ink: "#6fcdab",
		text: "#e9edeb", muted: "#a3ada8", surface: "#1b1f22", page: "#121517", line: "#2d3336", fieldLine: "#737e79"}
)

// in returns the colours of s with another accent, #rrggbb, in place of the one it has; "" changes nothing.
func (s scheme) in(accent string) scheme {
	if accent == "" {
		return s
	}
	fill, surface := parseColour(accent), parseColour(s.surface)
	label, away := white, black
	if contrast(fill, black) > contrast(fill, white) {
		label, away = black, white
	}
	s.fill, s.label, s.hover = fill.String(), label.String(), mix(fill, away, 0.12).String()
	s.edge = s.fill
	if contrast(fill, surface) < faint {
		s.edge = s.fieldLine
	}
	if contrast(surface, black) > contrast(surface, white) {
		s.ink = readable(surface, fill, black).String()
	} else {
		s.ink = readable(surface, fill, fill.brightest(), white).String()
	}
	return s
}

const (
	enough = 4.5  // WCAG 2.2 SC 1.4.3
	faint  = 1.25 // below it a filled button has no edge to be seen
	tinted = 0.1  // how much of the ink there is in the ground that it stands on at most
)

// readable returns the first colour on the way from accent, by those that follow it, that can be read on the surface, tinted with
// it as well.
func readable(surface, accent rgb, by ...rgb) rgb {
	for _, next := range by {
		for step := range 20 {
			ink := mix(accent, next, float64(step)/20)
			if contrast(ink, surface) >= enough && contrast(ink, mix(surface, ink, tinted)) >= enough {
				return ink
			}
		}
		accent = next
	}
	return accent
}

// brightest returns the colour of the same hue that is as bright as one can be; black has none.
func (c rgb) brightest() rgb {
	return mix(black, c, 255/math.Max(1, max(c[0], c[1], c[2])))
}

// rgb is a colour, each part from 0 to 255.
type rgb [3]float64

var black, white = rgb{0, 0, 0}, rgb{255, 255, 255}

// parseColour reads #rrggbb, which the configuration has checked.
func parseColour(hex string) (c rgb) {
	for i := range c {
		n, _ := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		c[i] = float64(n)
	}
	return c
}

// String returns the colour as #rrggbb.
func (c rgb) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(math.Round(c[0])), int(math.Round(c[1])), int(math.Round(c[2])))
}

// mix returns a colour that is so much of the way from one to the other, in whole steps of 255.
func mix(from, to rgb, share float64) (c rgb) {
	for i := range c {
		c[i] = math.Round(from[i] + float64((to[i]-from[i])*share))
	}
	return c
}

// contrast is WCAG 2.2's "contrast ratio": from 1 (the same) to 21 (black on white).
func contrast(a, b rgb) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// luminance is WCAG 2.2's "relative luminance".
func luminance(c rgb) float64 {
	for i, part := range c {
		if c[i] = part / 255; c[i] <= 0.04045 {
			c[i] /= 12.92
		} else {
			c[i] = math.Pow((c[i]+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2]
}

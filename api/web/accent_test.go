package web

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The UI's lib/accent.ts is held to the same file.
func TestTheAPIAndTheUIMakeTheSameOfAnAccent(t *testing.T) {
	t.Parallel()
	type part struct{ Edge, Ink string }
	var known map[string]struct {
		Label, Hover string
		Light, Dark  part
	}
	content, err := os.ReadFile("../../ui/tests/unit/accents.json")
	if err == nil {
		err = json.Unmarshal(content, &known)
	}
	if err != nil || len(known) < 10 {
		t.Fatalf("%d accents, %v", len(known), err)
	}
	for accent, want := range known {
		l, d := light.in(accent), dark.in(accent)
		if l.fill != strings.ToLower(accent) || l.label != want.Label || l.hover != want.Hover || d.label != want.Label ||
			(part{l.edge, l.ink}) != want.Light || (part{d.edge, d.ink}) != want.Dark {
			t.Errorf("%s: light %+v, dark %+v, want %+v", accent, l, d, want)
		}
	}
}

func TestEveryAccentCanBeReadInBothSchemes(t *testing.T) {
	t.Parallel()
	try := func(accent rgb) {
		for _, base := range []scheme{light, dark} {
			s := base.in(accent.String())
			surface, ink := parseColour(s.surface), parseColour(s.ink)
			for what, ratio := range map[string]float64{
				"label":             contrast(parseColour(s.label), parseColour(s.fill)),
				"label under mouse": contrast(parseColour(s.label), parseColour(s.hover)),
				"ink":               contrast(ink, surface),
				"ink on its tint":   contrast(ink, mix(surface, ink, tinted)),
			} {
				if ratio < 4.5 {
					t.Errorf("%s on %s: %s has %.2f", accent, s.surface, what, ratio)
				}
			}
			if contrast(parseColour(s.edge), surface) < faint {
				t.Errorf("%s on %s: a button has no edge", accent, s.surface)
			}
		}
	}
	for r := range 16 {
		for g := range 16 {
			for b := range 16 {
				try(rgb{float64(r) * 17, float64(g) * 17, float64(b) * 17})
			}
		}
	}
}

func TestThePagesOfTheAPIHaveTheColoursOfTheUI(t *testing.T) {
	t.Parallel()
	css, err := os.ReadFile("../../ui/src/app.css")
	if err != nil {
		t.Fatal(err)
	}
	inLight, inDark, _ := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
	inDark, _, _ = strings.Cut(inDark, "/* On a phone")
	for _, test := range []struct {
		source string
		s      scheme
	}{{inLight, light}, {inDark, dark}} {
		for name, want := range map[string]string{"text": test.s.text, "muted": test.s.muted, "surface": test.s.surface,
			"page": test.s.page, "line": test.s.line, "field-line": test.s.fieldLine} {
			found := regexp.MustCompile(`\n +--` + name + `: (#[0-9a-f]+);`).FindStringSubmatch(test.source)
			if found == nil || found[1] != want && found[1]+found[1][1:] != want {
				t.Errorf("--%s is %s in app.css, and %s here", name, found, want)
			}
		}
	}
}

func TestThePagesOfTheAPIHaveTheTitlesOfTheUI(t *testing.T) {
	t.Parallel()
	for lang, w := range inLanguage {
		source, err := os.ReadFile("../../ui/src/messages/" + lang + ".ts")
		if err != nil {
			t.Fatal(err)
		}
		for code, title := range w.titles {
			in := regexp.MustCompile(`\n      ` + code + `: \{\n        title: '(.*)',\n`).FindSubmatch(source)
			if code == "too_many_attempts" { // the UI says it beside the form
				in = regexp.MustCompile(`too_many_attempts: \(wait\S*\s?\S*\) => .(` + title + `)\.`).FindSubmatch(source)
			}
			if in == nil || string(in[1]) != title {
				t.Errorf("%s says %q of %s, which the UI does not", lang, title, code)
			}
		}
		before, after, _ := strings.Cut(w.wait, "%s")
		if !regexp.MustCompile(`too_many_attempts: .*` + before + `\$\{wait \|\| '[^']*'\}` + regexp.QuoteMeta(after)).Match(source) {
			t.Errorf("%s says %q, which the UI does not", lang, w.wait)
		}
		if len(w.titles) != len(inLanguage["en"].titles) {
			t.Errorf("%s has %d titles", lang, len(w.titles))
		}
	}
}

func TestATimeToWaitIsSaidAsTheUISaysIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		lang string
		wait time.Duration
		want string
	}{
		{"en", 200 * time.Millisecond, "Please wait 1 second, then try again."},
		{"en", 59 * time.Second, "Please wait 59 seconds, then try again."},
		{"en", time.Minute, "Please wait 1 minute, then try again."},
		{"de", 61 * time.Second, "Bitte warten Sie 2 Minuten und versuchen Sie es dann noch einmal."},
		{"de", time.Hour - time.Second, "Bitte warten Sie 60 Minuten und versuchen Sie es dann noch einmal."},
		{"fr", time.Hour, "Veuillez patienter 1 heure, puis réessayez."},
		{"fr", time.Hour + time.Second, "Veuillez patienter 2 heures, puis réessayez."},
	} {
		if got := inLanguage[test.lang].waits(test.wait); got != test.want {
			t.Errorf("%s: %q, want %q", test.wait, got, test.want)
		}
	}
}

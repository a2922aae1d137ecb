package provider_test

import (
	"strings"
	"testing"
)

// What an operator writes may be long, and is held to its bounds by the database; a reader looks and changes nothing.
func TestTermsAreManagedFromAfar(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	c := r.console("")
	long := strings.Repeat("é", 45_000) // 90 kB
	for _, ask := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "/terms", `{"name": "use", "version": "1", "titles": {"en": "Terms"}, "texts": {"en": "` + long + `", "de": "` + long + `"},
			"in_force_from": "2099-03-01T00:00:00Z"}`, 204, ""},
		{"POST", "/terms", `{"name": "use", "version": "1", "titles": {"en": "Terms"}, "texts": {"en": "x"}}`, 409, "version already"},
		{"POST", "/terms", `{"name": "use", "version": "2", "titles": {"en": "Terms"}, "texts": {"en": "` + strings.Repeat(long, 4) + `"}}`,
			409, "at most 300 kB"},
		{"POST", "/terms", `{"name": "use", "version": "2", "titles": {"en": "Terms"}, "texts": {"en": "` + strings.Repeat(long, 12) + `"}}`,
			413, "1024 KiB"},
		{"POST", "/terms", `{"name": "use", "version": "2", "titles": {"en": "Terms"}, "uris": {"en": "javascript:alert(1)"}}`, 409, "https"},
		{"GET", "/terms/use/report", "", 404, "in force"},
		{"PATCH", "/terms/use/1", `{"in_force_from": "2026-01-01T00:00:00Z", "texts": {"en": "Be kind."}}`, 204, ""},
		{"PATCH", "/terms/use/1", `{"texts": {"en": "Be unkind."}}`, 409, "add another version"},
		{"GET", "/terms/use/report", "", 200, `"username":"alice"`},
	} {
		a := c.ask(ask.method, ask.path, ask.body)
		if a.Status != ask.status || !strings.Contains(a.Body, ask.says) {
			t.Errorf("%s %s %.80s: %d %.300s, want %d %s", ask.method, ask.path, ask.body, a.Status, a.Body, ask.status, ask.says)
		}
	}
}

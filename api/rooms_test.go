// Package api holds the rooms of the product; see docs/architecture.md.
package api

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rooms says what each may import of ours and of the libraries that have one room only. Arrows point one way.
var rooms = map[string][]string{
	"oidc":     {},
	"declared": {"yaml"},
	"roster":   {},
	"qrcode":   {},
	"config":   {"oidc"},
	"keys":     {"oidc", "jwx"},
	"store":    {"oidc", "declared", "pgx", "goose", "migrations"},
	"authn":    {"oidc", "store", "go-oidc", "go-webauthn"},
	"outgoing": {},
	"mail":     {"oidc", "go-mail"},
	"provider": {"oidc", "keys", "roster", "store", "authn", "outgoing", "qrcode", "mail"},
	"metrics":  {"oidc", "store", "prometheus"},
	"traces":   {"oidc", "otel"},
	"admin":    {"oidc", "declared", "roster", "store", "authn", "mail", "qrcode"},
	"web":      {"oidc", "provider", "admin", "store", "config", "echo"},
}

// guarded are the libraries that belong to one room, and what the pure room must not see.
var guarded = map[string]string{
	"github.com/lestrrat-go/jwx/": "jwx", "github.com/jackc/pgx/": "pgx", "github.com/labstack/echo/": "echo",
	"github.com/pressly/goose/": "goose", "github.com/coreos/go-oidc/": "go-oidc", "golang.org/x/oauth2": "go-oidc",
	"github.com/go-webauthn/": "go-webauthn", "go.yaml.in/": "yaml", "github.com/wneessen/go-mail": "go-mail",
	"github.com/prometheus/": "prometheus", "go.opentelemetry.io/": "otel", "gatehouse/migrations": "migrations",
}

func TestArrowsBetweenRoomsPointOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if slices.Contains(words[1:], "gatehouse/api/apitest") && words[0] != "gatehouse/api/cmd/faults" { // which is a test, too
			t.Errorf("%s must not import apitest: it is for tests", words[0])
		}
		room := strings.TrimPrefix(words[0], "gatehouse/api/")
		allowed, ruled := rooms[room]
		if !ruled {
			continue
		}
		seen++
		for _, imported := range words[1:] {
			name, ours := strings.CutPrefix(imported, "gatehouse/api/")
			for prefix, library := range guarded {
				if strings.HasPrefix(imported, prefix) {
					name, ours = library, true
				}
			}
			if ours && !slices.Contains(allowed, name) {
				t.Errorf("%s must not import %s", room, imported)
			}
			pure := slices.Contains([]string{"oidc", "declared", "roster"}, room)
			if pure && slices.Contains([]string{"net/http", "database/sql", "crypto/rand", "os", "log/slog"}, imported) {
				t.Errorf("%s is pure and must not import %s", room, imported)
			}
		}
	}
	if seen != len(rooms) {
		t.Errorf("%d of %d rooms are there", seen, len(rooms))
	}
}

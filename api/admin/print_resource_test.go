package admin

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"gatehouse/deploy"
)

// RFC 9728 §2, §3.1.
func TestTheMetadataOfAServiceAreBelowItsHost(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	a.Issuer = "https://api.example.org"
	_, err := conn.Exec(t.Context(), `INSERT INTO resources (identifier, name, scopes, min_acr) VALUES
		('https://a.example.org', NULL, '{}', NULL), ('https://b.example.org/', 'B', '{"w": "Write", "r": "Read"}', 'phr'),
		('https://c.example.org/mcp', NULL, '{}', NULL), ('https://d.example.org/mcp/', NULL, '{}', NULL),
		('http://localhost:8010/mcp?v=1', NULL, '{}', NULL)`)
	try(t, err)
	strong := `STRONG = ["mfa", "https://refeds.org/profile/mfa", "phr", "phrh"]`
	for identifier, want := range map[string]struct{ metadata, document, strong string }{
		"https://a.example.org": {"https://a.example.org/.well-known/oauth-protected-resource",
			`{"resource":"https://a.example.org","authorization_servers":["https://api.example.org"],"bearer_methods_supported":["header"]}`,
			strong},
		"https://b.example.org/": {"https://b.example.org/.well-known/oauth-protected-resource",
			`{"resource":"https://b.example.org/","resource_name":"B","authorization_servers":["https://api.example.org"],` +
				`"scopes_supported":["r","w"],"bearer_methods_supported":["header"]}`, `STRONG = ["phr", "phrh"]`},
		"https://c.example.org/mcp":     {"https://c.example.org/.well-known/oauth-protected-resource/mcp", "", strong},
		"https://d.example.org/mcp/":    {"https://d.example.org/.well-known/oauth-protected-resource/mcp/", "", strong},
		"http://localhost:8010/mcp?v=1": {"http://localhost:8010/.well-known/oauth-protected-resource/mcp?v=1", "", strong},
	} {
		printed := func(template string) string {
			out, err := a.PrintResource(t.Context(), PrintResource{identifier, template})
			try(t, err)
			return out.Config
		}
		service := printed("fastapi")
		if !strings.Contains(service, `METADATA_URL = "`+want.metadata+`"`) || !strings.Contains(service, want.strong) {
			t.Errorf("%s: %s", identifier, service)
		}
		var document map[string]any
		try(t, json.Unmarshal([]byte(printed("")), &document))
		if document["resource"] != identifier || want.document != "" && !strings.Contains(service, "METADATA = "+want.document) {
			t.Errorf("%s: %v", identifier, document)
		}
	}
}

// A name is text of an operator's, and what is printed is run.
func TestNoNameOfAServiceIsMoreThanText(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	a.Issuer = "https://api.example.org"
	const identifier = `https://a.example.org/x';}"""`
	_, err := conn.Exec(t.Context(), `INSERT INTO resources (identifier, name) VALUES ($1, $2)`, identifier, `"""; x = 1 # \' $host ; }`)
	try(t, err)
	for _, template := range deploy.ResourceTemplates[1:] {
		out, err := a.PrintResource(t.Context(), PrintResource{identifier, template})
		try(t, err)
		if n := strings.Count(out.Config, `"""`); template == "nginx" && n > 0 || n%2 != 0 {
			t.Errorf("%s: a text ends where it should not:\n%s", template, out.Config)
		}
		inQuotes := regexp.MustCompile(`return 200 '([^']*)';`).FindStringSubmatch(out.Config)
		if template != "nginx" {
			continue
		}
		if len(inQuotes) != 2 || strings.ContainsAny(inQuotes[1], "$") || !json.Valid([]byte(inQuotes[1])) {
			t.Errorf("nginx reads %q", inQuotes)
		}
	}
}

func TestWhatIsNoAddressHasNoConfiguration(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	_, err := conn.Exec(t.Context(), `INSERT INTO resources (identifier) VALUES ('jobs'), ('urn:example:jobs'), ('https://u@a.example.org')`)
	try(t, err)
	for _, identifier := range []string{"jobs", "urn:example:jobs", "https://u@a.example.org"} {
		if _, err := a.PrintResource(t.Context(), PrintResource{Identifier: identifier}); !errors.As(err, new(Invalid)) {
			t.Errorf("%s: %v", identifier, err)
		}
	}
	if _, err := a.PrintResource(t.Context(), PrintResource{Identifier: "gone"}); !errors.As(err, new(Missing)) {
		t.Errorf("one that is not there: %v", err)
	}
	if _, err := a.PrintResource(t.Context(), PrintResource{"jobs", "../passwd"}); !errors.As(err, new(Invalid)) {
		t.Errorf("a template that is not there: %v", err)
	}
}

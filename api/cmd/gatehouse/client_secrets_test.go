package main

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestAClientsSecretsAreRotatedInPeace(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good("", "client", "add", "hub", "--redirect-uri", "https://hub.example.org/cb")
	one := regexp.MustCompile(`^client_secret [A-Za-z0-9_-]{43}\n$`)
	if out := s.good("", "client", "rotate-secret", "hub", "--keep", "7d", "--name", "spring"); !one.MatchString(out) {
		t.Errorf("rotate-secret: %s", out)
	}
	today, then := time.Now().UTC().Format(time.DateOnly), time.Now().UTC().Add(7*24*time.Hour).Format(time.DateOnly)
	s.sql("UPDATE client_secrets SET used_at = '2027-03-01T10:00:00Z' WHERE name = 'spring'")
	list := s.good("", "client", "secrets", "hub")
	for _, want := range []string{`^NAME +CREATED +ENDS +LAST_USE\n`, today + ` +` + today + `T\S+ +` + then + `T\S+ +none known\n`,
		`\nspring +` + today + `T\S+ +never +2027-03-01T10:00Z\n$`} {
		if !regexp.MustCompile(want).MatchString(list) {
			t.Errorf("client secrets has no %s:\n%s", want, list)
		}
	}
	if out := s.good("", "client", "secrets", "hub", "--json"); !strings.Contains(out, `"name": "spring"`) || strings.Contains(out, "sha") {
		t.Errorf("client secrets --json: %s", out)
	}
	const third = "a client has at most two live secrets: remove one first"
	s.bad(third, "", "client", "add-secret", "hub")
	s.bad(third, "", "client", "rotate-secret", "hub", "--keep", "1h")
	if out := s.good("", "client", "remove-secret", "hub", today); out != "removed secret "+today+" of hub\n" {
		t.Errorf("remove-secret: %s", out)
	}
	s.bad("the client has a secret of this name already: \"spring\"", "", "client", "add-secret", "hub", "--name", "spring")
	if out := s.good("", "client", "add-secret", "hub", "--name", "summer", "--days", "90"); !one.MatchString(out) {
		t.Errorf("add-secret: %s", out)
	}
	s.good("", "client", "rotate-secret", "hub")
	if out := s.good("", "client", "secrets", "hub"); strings.Count(out, "\n") != 2 || !strings.Contains(out, today) {
		t.Errorf("after a rotation at once:\n%s", out)
	}
	for _, args := range [][]string{{"secrets", "gone"}, {"add-secret", "gone"}, {"rotate-secret", "gone"}} {
		s.bad(`there is no client "gone"`, "", append([]string{"client"}, args...)...)
	}
	s.bad(`there is no secret of hub called "x"`, "", "client", "remove-secret", "hub", "x")
	s.bad("--days must be from 1 to 3650", "", "client", "add-secret", "hub", "--days", "0")
	s.bad("--keep must be at most 3650d", "", "client", "rotate-secret", "hub", "--keep", "4000d")
	s.bad(`"a week" is no duration: write 7d, 24h or 90m`, "", "client", "rotate-secret", "hub", "--keep", "a week")
	s.good("", "client", "add", "spa", "--public")
	s.bad("a client with token_endpoint_auth_method none must have no secret", "", "client", "add-secret", "spa")
	s.bad("a client with token_endpoint_auth_method none must have no secret", "", "client", "rotate-secret", "spa")

	// What client list prints is what client import takes, and changes no secret.
	before := s.good("", "client", "secrets", "hub", "--json")
	exported := s.good("", "client", "list", "--json")
	if strings.Contains(exported, "secret_") && strings.Contains(exported, "client_secret\"") {
		t.Errorf("client list --json has a secret: %s", exported)
	}
	s.good(exported, "client", "import", "-")
	if after := s.good("", "client", "secrets", "hub", "--json"); after != before {
		t.Errorf("an import of what is there changed the secrets: %s", after)
	}
}

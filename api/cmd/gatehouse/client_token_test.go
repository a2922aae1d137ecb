package main

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestInitialAccessTokenCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	printed := regexp.MustCompile(`^initial_access_token ([A-Za-z0-9_-]{43})\n$`).FindStringSubmatch(s.good("", "client", "token",
		"add", "wiki"))
	if printed == nil {
		t.Fatal("no token was printed")
	}
	s.good("", "client", "token", "add", "any", "--uses", "0", "--days", "365")
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	var stored bool
	if err := conn.QueryRow(t.Context(), `SELECT token_sha256 = sha256($1::text::bytea) AND uses_left = 1
		AND expires_at BETWEEN now() + '29 days' AND now() + '30 days'
		FROM initial_access_tokens WHERE name = 'wiki'`, printed[1]).Scan(&stored); err != nil || !stored {
		t.Errorf("what was printed is not what is stored: %v", err)
	}
	list := s.good("", "client", "token", "list")
	if !regexp.MustCompile(`(?m)^any +any number `).MatchString(list) ||
		!regexp.MustCompile(`(?m)^wiki +1 .* -$`).MatchString(list) || strings.Contains(list, printed[1]) {
		t.Errorf("client token list:\n%s", list)
	}
	if out := s.good("", "client", "token", "remove", "wiki"); out != "removed token wiki\n" {
		t.Errorf("client token remove: %s", out)
	}
	if list := s.good("", "client", "token", "list", "--json"); strings.Contains(list, "wiki") ||
		!strings.Contains(list, `"uses_left": null`) {
		t.Errorf("client token list --json:\n%s", list)
	}
	s.bad(`there is an initial access token of this name already: "any"`, "", "client", "token", "add", "any")
	s.bad("--days must be from 1", "", "client", "token", "add", "x", "--days", "0")
	s.bad(`there is no initial access token "wiki"`, "", "client", "token", "remove", "wiki")
}

func TestClientListShowsWhichRegisteredThemselves(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good("", "client", "add", "wiki")
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), `INSERT INTO clients (client_id, token_endpoint_auth_method, registration, metadata_fetched_at) VALUES
		('a', 'none', 'open', NULL), ('b', 'none', 'token', NULL), ('https://c.example.org/c', 'none', 'document', now())`); err != nil {
		t.Fatal(err)
	}
	list := s.good("", "client", "list")
	for id, how := range map[string]string{"a": "open", "b": "token", "https://c.example.org/c": "document", "wiki": "-"} {
		if !regexp.MustCompile(`(?m)^` + id + ` .* ` + how + ` +enabled`).MatchString(list) {
			t.Errorf("%s is not listed as %s:\n%s", id, how, list)
		}
	}
	if shown := s.good("", "client", "show", "a"); !strings.Contains(shown, `"registration": "open"`) {
		t.Errorf("client show: %s", shown)
	}
}

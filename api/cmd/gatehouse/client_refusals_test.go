package main

import (
	"strings"
	"testing"
)

func TestClientRefusalsShowWhatDiffersAndWhatAllowsIt(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good("", "client", "add", "hub", "--redirect-uri", "https://hub.example.org/hub/oauth_callback")
	if out := s.good("", "client", "refusals", "hub"); out != "nothing of it was refused within the last days\n" {
		t.Errorf("client refusals: %s", out)
	}
	s.sql(`INSERT INTO refusals (at, client_id, endpoint, error, why, member, sent, whole, nearest) VALUES
		('2027-03-01T10:00:01Z', 'hub', 'token', 'invalid_client', 'client_id hub has a secret, and sent none', NULL, NULL, false, NULL),
		('2027-03-01T10:00:02Z', 'hub', 'authorization', 'invalid_request', 'redirect_uri is not registered', 'redirect_uri',
			'https://hub.example.org/hub/ö''s', true, 'https://hub.example.org/hub/oauth_callback'),
		('2027-03-01T10:00:03Z', 'hub', 'authorization', 'invalid_request', 'redirect_uri is not registered', 'redirect_uri',
			'https://hub.example.org/', false, 'https://hub.example.org/hub/oauth_callback')`)
	const want = `2027-03-01T10:00:03Z  authorization  invalid_request: redirect_uri is not registered
  sent     https://hub.example.org/ …
  nearest  https://hub.example.org/hub/oauth_callback
                                   ^
2027-03-01T10:00:02Z  authorization  invalid_request: redirect_uri is not registered
  sent     https://hub.example.org/hub/ö's
  nearest  https://hub.example.org/hub/oauth_callback
                                       ^
  to allow it: gatehouse client set hub --add-redirect-uri 'https://hub.example.org/hub/ö'\''s'
2027-03-01T10:00:01Z  token  invalid_client: client_id hub has a secret, and sent none
`
	if out := s.good("", "client", "refusals", "hub"); out != want {
		t.Errorf("client refusals:\n%s\nwant:\n%s", out, want)
	}
	if out := s.good("", "client", "refusals", "hub", "--json"); !strings.Contains(out, `"differs_at": 24`) {
		t.Errorf("client refusals --json: %s", out)
	}
	s.good("", "client", "set", "hub", "--add-redirect-uri", "https://hub.example.org/new")
	s.bad(`there is no client "gone"`, "", "client", "refusals", "gone")
}

package provider_test

import (
	"maps"
	"testing"

	. "gatehouse/api/apitest"
)

// OpenID Connect Dynamic Client Registration §2.
func TestTheLoginAndConsentPagesGetWhatTheClientRegisteredAboutItself(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	want := map[string]any{"name": "The page", "uri": "https://spa.example.org/"}
	shown := func(a Answer, page string) {
		t.Helper()
		view := b.Interaction(a.Location().String())
		if client, _ := view["client"].(map[string]any); view["page"] != page || !maps.Equal(client, want) {
			t.Errorf("%v, want the %s page with the client %v", view, page, want)
		}
	}
	shown(b.Authorize(SPAParams()), "login")
	about := map[string]any{"logo_uri": "https://spa.example.org/logo.svg", "policy_uri": "https://spa.example.org/privacy?a=1&b=2",
		"tos_uri": "https://spa.example.org/terms"}
	b.Exec("UPDATE clients SET logo_uri = $1, policy_uri = $2, tos_uri = $3 WHERE client_id = 'spa'",
		about["logo_uri"], about["policy_uri"], about["tos_uri"])
	b.WaitForNotify()
	maps.Copy(want, about)
	login := b.Authorize(SPAParams())
	shown(login, "login")
	wrong := b.Login(login.Location(), "alice", "wrong")
	shown(wrong, "login")
	shown(b.Login(wrong.Location(), "alice", Password), "consent")
}

package provider_test

import (
	"cmp"
	"maps"
	"net/url"
	"testing"
	"time"

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

// OpenID Connect Dynamic Client Registration §9.1, RFC 8628 §5.4: any client can register the addresses of another one, so what it says of
// itself counts at the host that an answer goes to, and nowhere where none goes to one.
func TestEachPageSaysThatNobodyHasCheckedAClientThatRegisteredItself(t *testing.T) {
	t.Parallel()
	r := start(t, openRegistration)
	b := r.browser()
	const own, foreign = "https://app.example.net", "https://hub.example.org"
	c := b.registered(map[string]any{"client_name": "JupyterHub", "token_endpoint_auth_method": "none",
		"redirect_uris": []string{own + "/cb", foreign + "/cb"}, "grant_types": []string{"authorization_code", deviceGrant},
		"logo_uri": foreign + "/logo.png", "client_uri": foreign + "/", "policy_uri": foreign + "/privacy", "tos_uri": foreign + "/terms",
		"initiate_login_uri": foreign + "/login"})
	request := AuthParams("client_id", c.id, "redirect_uri", own+"/cb", "scope", "openid")
	shown := func(a Answer, page, uri string) {
		t.Helper()
		want := map[string]any{"name": "JupyterHub", "unchecked": true}
		returnTo := any(nil)
		if uri != "" {
			want["uri"] = uri
			if page == "error" {
				returnTo = uri
			}
		}
		view := b.Interaction(cmp.Or(a.LeadsTo(), a.Header.Get("Location")))
		if client, _ := view["client"].(map[string]any); view["page"] != page || !maps.Equal(client, want) || view["return_to"] != returnTo {
			t.Errorf("%v, want the %s page with the client %v", view, page, want)
		}
	}
	login := b.Authorize(request)
	shown(login, "login", own)
	shown(b.Login(login.Location(), "alice", "wrong"), "login", own)
	consent := b.Login(login.Location(), "alice", Password)
	shown(consent, "consent", own)
	elsewhere := url.Values{"client_id": {c.id}, "redirect_uri": {"https://else.example.org/"}, "response_type": {"code"}}
	shown(b.Authorize(elsewhere), "error", "")
	shown(b.Do("GET", "/logout", url.Values{"client_id": {c.id}}), "logout", "")

	asks := b.Do("POST", "/device_authorization", url.Values{"client_id": {c.id}, "scope": {"openid"}}).JSON()
	device := b.typeCode(Str(asks["user_code"]))
	shown(device, "consent", "")
	shown(b.press("no", device), "device_done", "")

	// At its own host it may have a logo and terms, as on any page before.
	b.Exec("UPDATE clients SET logo_uri = $1, tos_uri = $2 WHERE client_id = $3", own+"/logo.png", foreign+"/terms", c.id)
	b.WaitForNotify()
	view := b.Interaction(b.Authorize(request).Location().String())["client"].(map[string]any)
	if view["logo_uri"] != own+"/logo.png" || view["tos_uri"] != nil {
		t.Errorf("with a logo of its own: %v", view)
	}
	ask, _ := url.Parse(b.Do("GET", "/logout", url.Values{"client_id": {c.id}}).LeadsTo())
	signOut := url.Values{"request": {ask.Query().Get("request")}, "logout": {"yes"}}
	shown(b.Do("POST", "/logout/confirm", signOut, "Origin", UIOrigin), "signed_out", "")
	r.Later(24 * time.Hour)
	shown(consent, "error", own) // expired
}

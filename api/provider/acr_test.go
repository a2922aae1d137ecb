package provider_test

import (
	"net/url"
	"testing"

	. "gatehouse/api/apitest"
)

// OpenID Connect Core §2, RFC 9470 §6: tokens and introspection say what was reached; what was asked for is said, also after a refresh.
func TestTokensSayWhatTheSignInReached(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`UPDATE clients SET grant_types = '{authorization_code,refresh_token}', resource_server = true WHERE client_id = 'web'`)
	r.WaitForNotify()
	b := r.browser()
	b.SignedIn(AuthParams())
	r.Exec(`UPDATE sessions SET amr = '{pwd,otp}'`)
	for _, c := range []struct{ asked, acr string }{
		{"", "mfa"}, {"1 mfa", "1"}, {"phr https://refeds.org/profile/mfa", "https://refeds.org/profile/mfa"}, {"phr", "mfa"},
	} {
		tokens := b.Token(Redeem(b.Code(AuthParams("acr_values", c.asked, "scope", "openid offline_access")))).JSON()
		for range 2 {
			id, access := Claims(Str(tokens["id_token"])), Claims(Str(tokens["access_token"]))
			form := url.Values{"token": {Str(tokens["access_token"])}}
			about := b.Do("POST", "/introspect", form, "Authorization", Basic("web", "web-secret")).JSON()
			if id["acr"] != c.acr || access["acr"] != c.acr || about["acr"] != c.acr || about["auth_time"] != id["auth_time"] {
				t.Errorf("asked for %q: the ID token says %v, the access token %v, introspection %v, want %s",
					c.asked, id["acr"], access["acr"], about["acr"], c.acr)
			}
			if amr, _ := id["amr"].([]any); len(amr) != 3 || amr[0] != "pwd" || amr[1] != "otp" || amr[2] != "mfa" {
				t.Errorf("amr: %v", amr)
			}
			tokens = b.Token(Refresh(Str(tokens["refresh_token"]))).JSON()
		}
	}
}

// Neither a refresh token nor a personal access token outlives a policy that it does not meet.
func TestWhatWasMadeWithLessThanIsAskedForByNowIsRefused(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`UPDATE clients SET grant_types = '{authorization_code,refresh_token}' WHERE client_id = 'web'`)
	b := r.browser()
	refresh := b.offline()
	personal := b.personalAccessToken()
	introspected := func() any {
		return b.Do("POST", "/introspect", url.Values{"token": {personal}}, "Authorization", Basic("web", "web-secret")).JSON()["active"]
	}
	exec := func(sql string) {
		r.Exec(sql)
		r.WaitForNotify()
	}
	tomorrow := `UPDATE clients SET min_acr = 'mfa', min_acr_from = now() + interval '1 day' WHERE client_id = 'web'`
	for _, sql := range []string{tomorrow, `UPDATE groups SET mfa = true, mfa_from = now() + interval '1 day' WHERE name = 'staff'`} {
		exec(sql)
		if refresh = b.next(refresh); b.Userinfo(personal).Status != 200 || introspected() != true {
			t.Errorf("refused before the date: %s", sql)
		}
	}
	refused := func(by string, userinfo int) {
		t.Helper()
		if a := b.Token(Refresh(refresh)); a.Status != 400 || a.JSON()["error"] != "invalid_grant" {
			t.Errorf("%s: a refresh answers %d %s", by, a.Status, a.Body)
		}
		if a := b.Userinfo(personal); a.Status != userinfo || introspected() != false {
			t.Errorf("%s: userinfo of a personal access token answers %d, want %d", by, a.Status, userinfo)
		}
	}
	exec(`UPDATE clients SET min_acr_from = NULL WHERE client_id = 'web'`)
	refused("the client", 200) // userinfo is none
	exec(tomorrow)
	exec(`UPDATE groups SET mfa_from = NULL WHERE name = 'staff'`)
	refused("the group", 401)
}

// An upstream's acr and amr count only if its row says so.
func TestAnUpstreamsFactorsCountIfItsRowSaysSo(t *testing.T) {
	t.Parallel()
	for values, want := range map[string]struct {
		acr string
		amr int
	}{`{}`: {"1", 0}, `{mfa}`: {"1", 0}, `{pwd}`: {"mfa", 2}, `{"1"}`: {"mfa", 2}} {
		n := startWithUpstream(t)
		n.Exec(`UPDATE upstreams SET mfa_values = $1::text[]`, values)
		n.WaitForNotify()
		n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username, linked_at) VALUES ('up', $1, 'sub-bob', 'alice', now())`,
			n.there.Issuer)
		back := n.via(n.choose(n.Authorize(AuthParams()).Location(), "up"), "bob")
		id := Claims(Str(n.Token(Redeem(back.Query("code"))).JSON()["id_token"]))
		if amr, _ := id["amr"].([]any); id["acr"] != want.acr || len(amr) != want.amr {
			t.Errorf("mfa_values %s: acr %v, amr %v", values, id["acr"], id["amr"])
		}
	}
}

package provider_test

import (
	"net/url"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// A personal access token belongs to no client, so the gate of the service that asks about it is the only one.
func TestAPersonalAccessTokenIsNoWayAroundAServicesGroups(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	token := b.personalAccessToken()
	active := func() any {
		t.Helper()
		return b.Do("POST", "/introspect", url.Values{"token": {token}, "client_id": {"web"}, "client_secret": {"web-secret"}}).JSON()["active"]
	}
	for _, step := range []struct {
		sql  string
		want bool
	}{
		{"UPDATE clients SET allowed_groups = '{hub-admins}'", false},
		{"INSERT INTO group_members (username, group_name) VALUES ('alice', 'hub-admins')", true},
		{"DELETE FROM group_members WHERE group_name = 'hub-admins'", false},
		{"UPDATE clients SET allowed_groups = '{}'", true},
	} {
		b.Exec(step.sql)
		b.WaitForNotify()
		if got := active(); got != step.want {
			t.Errorf("after %s: active is %v", step.sql, got)
		}
	}
}

// Whatever token somebody got hold of, it is good for what it was made for and for nothing else (RFC 8725 §3.11, §3.12).
func TestNoTokenOfTheNewKindsPassesForAnother(t *testing.T) {
	t.Parallel()
	b, google, _ := exchanges(t)
	b.Exec("UPDATE clients SET refresh_token_format = 'jwt', grant_types = grant_types || $1::text WHERE client_id = 'web'", deviceGrant)
	r := b.receiver("web")
	b.WaitForNotify()
	tokens := b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()
	elsewhere := google.Token(Redeem(google.Code(AuthParams()))).JSON()
	personal := b.personalAccessToken()
	b.signOut(Str(tokens["id_token"]))
	logout := ""
	select {
	case logout = <-r.tokens:
	case <-time.After(soon):
		t.Fatal("no logout token")
	}
	subject := Str(b.Token(Redeem(b.Code(AuthParams()))).JSON()["access_token"])
	if a := b.Token(exchange(subject)); a.Status != 200 {
		t.Fatalf("the right token: %d %s", a.Status, a.Body)
	}
	web := func(more ...string) url.Values {
		form := url.Values{"client_id": {"web"}, "client_secret": {"web-secret"}}
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return form
	}
	at := func(path string, form url.Values) func() Answer {
		return func() Answer { return b.Do("POST", path, form) }
	}
	for name, token := range map[string]string{"ID token": Str(tokens["id_token"]), "refresh token": Str(tokens["refresh_token"]),
		"logout token":          logout,
		"personal access token": personal, "upstream's access token": Str(elsewhere["access_token"]),
		"upstream's ID token": Str(elsewhere["id_token"])} {
		for place, send := range map[string]func() Answer{
			"userinfo":          func() Answer { return b.Userinfo(token) },
			"subject of a swap": at("/token", exchange(token, "client_id", "web", "client_secret", "web-secret")),
			"refresh":           at("/token", web("grant_type", "refresh_token", "refresh_token", token)),
			"device code":       at("/token", web("grant_type", deviceGrant, "device_code", token)),
			"code":              at("/token", Redeem(token, "client_id", "web", "client_secret", "web-secret")),
			"introspection":     at("/introspect", web("token", token)),
		} {
			good := name+place == "personal access tokenuserinfo" || name+place == "personal access tokenintrospection" ||
				name+place == "refresh tokenrefresh" || name+place == "refresh tokenintrospection"
			if a := send(); !good && a.Status/100 != 4 && a.JSON()["active"] != false {
				t.Errorf("%s as %s: %d %s %s", name, place, a.Status, a.Location(), a.Body)
			}
		}
		a := b.Do("GET", "/logout", url.Values{"id_token_hint": {token}}) // nobody stays signed in, but it counts for nothing
		if page := b.Interaction(a.LeadsTo()); name != "ID token" && page["error"].(map[string]any)["code"] != "logout_hint_invalid" {
			t.Errorf("%s as hint of a logout: %d %v", name, a.Status, page)
		}
	}
}

// Whoever revokes what they make never has many tokens that can be used, but rows without end.
func TestMakingAndRevokingTokensInALoopFillsNoTable(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.personalAccessToken()
	b.Exec("UPDATE personal_access_tokens SET revoked_at = now()")
	b.Exec(`INSERT INTO personal_access_tokens (token_sha256, username, name, created_at, expires_at, revoked_at)
		SELECT sha256(i::text::bytea), username, name, created_at, expires_at, revoked_at
		FROM personal_access_tokens, generate_series(1, 199) AS i`)
	at := b.openAccount()
	a := b.makeToken(at)
	if e, _ := b.Interaction(a.LeadsTo())["error"].(map[string]any); a.Status != 400 || e["code"] != "too_many_tokens" {
		t.Errorf("the 201st of a day: %d %v", a.Status, e)
	}
	b.Exec("UPDATE personal_access_tokens SET created_at = created_at - interval '1 day'")
	b.personalAccessToken()
}

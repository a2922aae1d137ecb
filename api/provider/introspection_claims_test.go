package provider_test

import (
	"net/url"
	"slices"
	"testing"

	. "gatehouse/api/apitest"
)

// startWithServices has a client "from", whose tokens are for the client "mail", and others: "server", whose row says what it is,
// "other", an administrator's, and "stranger", which registered itself.
func startWithServices(t *testing.T) *browser {
	t.Helper()
	b := start(t).browser()
	b.Exec(`INSERT INTO clients (client_id, redirect_uris, grant_types, first_party, audiences, resource_server,
			registration)
		VALUES ('from', ARRAY[$1], '{authorization_code,refresh_token}', true, '{mail}', false, NULL),
			('mail', '{}', '{}', true, '{}', false, NULL), ('server', '{}', '{}', true, '{}', true, NULL),
			('other', '{}', '{}', true, '{}', false, NULL),
			('stranger', '{}', '{}', false, '{}', false, 'open')`, Callback)
	for _, id := range []string{"from", "mail", "server", "other", "stranger"} {
		b.GiveSecret(id, "s")
	}
	b.Exec(`UPDATE users SET claims = '{"department": "physics", "active": false, "username": "root", "token_type": "x", "Scope": "all"}'`)
	return b
}

func (b *browser) introspectedBy(client, token string) map[string]any {
	b.Helper()
	return b.Do("POST", "/introspect", url.Values{"token": {token}}, "Authorization", Basic(client, "s")).JSON()
}

func (b *browser) tokenFrom(scope string) map[string]any {
	b.Helper()
	code := b.Code(AuthParams("client_id", "from", "scope", scope))
	return b.Token(Redeem(code), "Authorization", Basic("from", "s")).JSON()
}

// RFC 7662 §2.2, §4. A mail server looks for the address of whoever the token is of.
func TestIntrospectionTellsAnAudienceWhatUserinfoWouldTell(t *testing.T) {
	t.Parallel()
	b := startWithServices(t)
	all := Str(b.tokenFrom("openid email profile groups")["access_token"])
	info := b.Userinfo(all).JSON()
	for _, client := range []string{"mail", "server"} {
		said := b.introspectedBy(client, all)
		for name, value := range info {
			if !slices.Contains([]string{"active", "username", "token_type", "Scope"}, name) && asJSON(said[name]) != asJSON(value) {
				t.Errorf("%s: %s is %v, userinfo says %v", client, name, said[name], value)
			}
		}
		if said["active"] != true || said["username"] != "alice" || said["token_type"] != "Bearer" || said["Scope"] != nil ||
			said["email"] != "alice@example.org" || said["department"] != "physics" || said["client_id"] != "from" {
			t.Errorf("%s: %v", client, said)
		}
	}
	for scope, want := range map[string][3]any{
		"openid email": {"alice@example.org", nil, nil}, "openid": {}, "openid profile": {nil, "alice", "alice"}, "email": {},
	} {
		said := b.introspectedBy("mail", Str(b.tokenFrom(scope)["access_token"]))
		if said["active"] != true || said["email"] != want[0] || said["username"] != want[1] || said["preferred_username"] != want[2] {
			t.Errorf("%s: %v", scope, said)
		}
	}
	b.Exec("UPDATE clients SET released_claims = '{preferred_username,email}' WHERE client_id = 'from'")
	b.WaitForNotify()
	if said := b.introspectedBy("mail", Str(b.tokenFrom("openid")["access_token"])); said["email"] == nil || said["username"] != "alice" {
		t.Errorf("claims of the client's row: %v", said)
	}
	b.Exec("UPDATE users SET disabled_at = now()")
	if said := b.introspectedBy("mail", all); len(said) != 1 || said["active"] != false {
		t.Errorf("a token of a disabled user: %v", said)
	}
}

// OpenID Connect Core §8: a pairwise subject is of no use where another client can ask for the name.
func TestIntrospectionTellsWhoATokenIsOfToItsAudienceAlone(t *testing.T) {
	t.Parallel()
	b := startWithServices(t)
	for _, subjects := range []string{"pairwise", "public"} {
		b.Exec("UPDATE clients SET subject_type = $1 WHERE client_id = 'from'", subjects)
		b.WaitForNotify()
		tokens := b.tokenFrom("openid email profile offline_access")
		access, next := Str(tokens["access_token"]), Str(tokens["refresh_token"])
		for _, client := range []string{"stranger", "other"} {
			said := b.introspectedBy(client, access)
			for _, name := range []string{"username", "preferred_username", "name", "email", "department"} {
				if said[name] != nil {
					t.Errorf("%s is told %s of a %s client's token: %v", client, name, subjects, said)
				}
			}
			if said["active"] != true || said["client_id"] != "from" || said["sub"] != Claims(access)["sub"] {
				t.Errorf("%s of a %s client's token: %v", client, subjects, said)
			}
		}
		own, ownNext := b.introspectedBy("from", access), b.introspectedBy("from", next)
		if want := map[string]any{"public": "alice"}[subjects]; own["username"] != want || ownNext["username"] != want || own["email"] != nil {
			t.Errorf("the %s client itself is told %v, %v", subjects, own, ownNext)
		}
		if said := b.introspectedBy("mail", access); said["username"] != "alice" || said["sub"] != Claims(access)["sub"] {
			t.Errorf("the audience of a %s client's token: %v", subjects, said)
		}
		// Never more than the token's own client knows.
		less := b.tokenFrom("openid offline_access")
		for _, client := range []string{"mail", "server", "from"} {
			for _, token := range []any{less["access_token"], less["refresh_token"]} {
				said := b.introspectedBy(client, Str(token))
				if said["username"] != nil || said["preferred_username"] != nil || said["email"] != nil {
					t.Errorf("%s is told more than a %s client that asked for nothing: %v", client, subjects, said)
				}
			}
		}
	}

	personal := b.personalAccessToken()
	for client, want := range map[string]any{"stranger": nil, "other": "alice", "server": "alice"} {
		if said := b.introspectedBy(client, personal); said["active"] != true || said["username"] != want ||
			(said["email"] != nil) != (want != nil) {
			t.Errorf("%s about a personal access token: %v", client, said)
		}
	}
}

package provider_test

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

// startWithRows is startWithServices with rows of client_claims for the client "from": role and courses of the groups, which services
// are told as well, and a login that is a field of the person.
func startWithRows(t *testing.T) *browser {
	t.Helper()
	b := startWithServices(t)
	b.Exec(`INSERT INTO groups (name) VALUES ('bi-admins'), ('course-ml'), ('course-101')`)
	b.Exec(`INSERT INTO group_members (group_name, username) VALUES ('course-101', 'alice'), ('course-ml', 'alice'), ('bi-admins', 'alice')`)
	b.Exec(`INSERT INTO client_claims (client_id, claim, from_group, from_group_prefix, from_field, value, shape, in_access_token) VALUES
		('from', 'role', 'bi-admins', NULL, NULL, '"Admin"', 'single', true), ('from', 'role', NULL, NULL, NULL, '"Viewer"', 'single', false),
		('from', 'courses', NULL, 'course-', NULL, NULL, 'list', true), ('from', 'login', NULL, NULL, 'username', NULL, 'single', false),
		('from', 'department', NULL, NULL, NULL, '"of the row"', 'single', false)`)
	b.WaitForNotify()
	return b
}

// What all that a client gets of a person says, by the claims in names; only what the tokens at a client of rows say is compared.
func (b *browser) saidOf(tokens map[string]any, names ...string) map[string][]any {
	b.Helper()
	access := Str(tokens["access_token"])
	out := map[string][]any{}
	for what, claims := range map[string]map[string]any{"ID token": Claims(Str(tokens["id_token"])), "userinfo": b.Userinfo(access).JSON(),
		"access token": Claims(access), "introspection": b.introspectedBy("mail", access)} {
		for _, name := range names {
			out[what] = append(out[what], claims[name])
		}
	}
	return out
}

func TestTheRowsOfAClientMakeClaimsInAllThatItGets(t *testing.T) {
	t.Parallel()
	b := startWithRows(t)
	tokens := b.tokenFrom("openid profile offline_access")
	names := []string{"role", "courses", "login", "department"}
	all := []any{"Admin", []any{"101", "ml"}, "alice", "of the row"}
	want := map[string][]any{"ID token": all, "userinfo": all, "introspection": all, "access token": {"Admin", []any{"101", "ml"}, nil, nil}}
	if got := b.saidOf(tokens, names...); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	// Memberships count at the next request; a group that is gone is nobody's, and the row for it goes with it, so that whoever makes a
	// group of that name later gives nobody its role.
	b.Exec(`DELETE FROM groups WHERE name IN ('bi-admins', 'course-101')`)
	b.WaitForNotify()
	b.Exec(`INSERT INTO groups (name) VALUES ('bi-admins')`)
	b.Exec(`INSERT INTO group_members (group_name, username) VALUES ('bi-admins', 'alice')`)
	b.WaitForNotify()
	refreshed := b.Token(Refresh(Str(tokens["refresh_token"])), "Authorization", Basic("from", "s")).JSON()
	all = []any{"Viewer", []any{"ml"}, "alice", "of the row"}
	want = map[string][]any{"ID token": all, "userinfo": all, "introspection": all, "access token": {nil, []any{"ml"}, nil, nil}}
	if got := b.saidOf(refreshed, names...); !reflect.DeepEqual(got, want) {
		t.Errorf("after a refresh: %v, want %v", got, want)
	}
	// Userinfo of the former token says it, too.
	if got := b.Userinfo(Str(tokens["access_token"])).JSON()["role"]; got != "Viewer" {
		t.Errorf("userinfo of a former token: %v", got)
	}
	// And so does what is signed, and a token without openid, of which introspection tells what is in it.
	b.Exec(`UPDATE clients SET userinfo_signed_response_alg = 'ES256', id_token_scope_claims = false WHERE client_id = 'from'`)
	b.WaitForNotify()
	tokens = b.tokenFrom("openid profile")
	if said := Claims(b.Userinfo(Str(tokens["access_token"])).Body); said["role"] != "Viewer" || said["iss"] != b.Issuer {
		t.Errorf("signed userinfo: %v", said)
	}
	if said := Claims(Str(tokens["id_token"])); said["role"] != "Viewer" || said["login"] != "alice" || said["preferred_username"] != nil {
		t.Errorf("an ID token without what scopes release: %v", said)
	}
	said := b.introspectedBy("mail", Str(b.tokenFrom("groups")["access_token"]))
	if !reflect.DeepEqual(said["courses"], []any{"ml"}) || said["role"] != nil || said["login"] != nil {
		t.Errorf("introspection of a token without openid: %v", said)
	}
}

// RFC 8693: the rows are those of the client that the new token is issued to.
func TestATokenOfAnExchangeHasTheClaimsOfTheClientThatExchanged(t *testing.T) {
	t.Parallel()
	b := startWithRows(t)
	b.Exec(`UPDATE clients SET grant_types = '{urn:ietf:params:oauth:grant-type:token-exchange}' WHERE client_id = 'mail'`)
	b.Exec(`INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('mail', 'next', 'openid')`)
	b.Exec(`INSERT INTO client_claims (client_id, claim, from_group, in_access_token) VALUES ('mail', 'admin_of', 'bi-admins', true)`)
	b.WaitForNotify()
	a := b.Do("POST", "/token", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "audience": {"next"},
		"subject_token":      {Str(b.tokenFrom("openid")["access_token"])},
		"subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}}, "Authorization", Basic("mail", "s"))
	if said := Claims(Str(a.JSON()["access_token"])); a.Status != 200 || said["admin_of"] != "bi-admins" || said["role"] != nil {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// OpenID Connect Core §8: a row is no way around a scope that the person was not asked for.
func TestAFieldOfARowNeedsItsScope(t *testing.T) {
	t.Parallel()
	b := startWithRows(t)
	b.Exec(`INSERT INTO client_claims (client_id, claim, from_field, in_access_token) VALUES ('from', 'contact', 'email', true)`)
	b.Exec("UPDATE clients SET subject_type = 'pairwise' WHERE client_id = 'from'")
	b.WaitForNotify()
	for scope, want := range map[string][]any{
		"openid": {nil, nil}, "openid profile": {"alice", nil}, "openid email": {nil, "alice@example.org"},
	} {
		for what, got := range b.saidOf(b.tokenFrom(scope), "login", "contact") {
			if what == "access token" {
				got[0] = want[0] // which is not in it
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %s: %v, want %v", scope, what, got, want)
			}
		}
	}
	b.Exec("UPDATE clients SET released_claims = '{email}' WHERE client_id = 'from'")
	b.WaitForNotify()
	if got := b.saidOf(b.tokenFrom("openid"), "contact")["ID token"]; got[0] != "alice@example.org" {
		t.Errorf("a released claim: %v", got)
	}
}

// Names that only the protocol sets are refused by the schema; were a constraint dropped, no token would say other than it does.
func TestRowsThatTheSchemaRefusesHaveNoEffect(t *testing.T) {
	t.Parallel()
	b := startWithRows(t)
	b.Exec(`ALTER TABLE client_claims DROP CONSTRAINT client_claims_claim_must_not_be_one_of_the_protocol,
		DROP CONSTRAINT client_claims_claim_must_not_be_one_that_a_scope_releases,
		DROP CONSTRAINT client_claims_claim_must_be_1_to_100_letters_digits_and_signs`)
	for _, name := range []string{"sub", "Sub", "ſub", "iss", "groups", "GROUPS", "scope", "cnf", "aud", "email", "username", "Active"} {
		b.Exec(`INSERT INTO client_claims (client_id, claim, value, in_access_token) VALUES ('from', $1, '"of a row"', true)`, name)
	}
	b.WaitForNotify()
	tokens := b.tokenFrom("openid profile email groups")
	for what, text := range map[string]any{"ID token": Claims(Str(tokens["id_token"])), "access token": Claims(Str(tokens["access_token"])),
		"userinfo": b.Userinfo(Str(tokens["access_token"])).JSON(), "introspection": b.introspectedBy("mail", Str(tokens["access_token"]))} {
		if strings.Contains(asJSON(text), `"of a row"`) {
			t.Errorf("%s: %s", what, asJSON(text))
		}
	}
}

// Stored scripts: what a row says stays JSON in JSON.
func TestTextOfARowIsData(t *testing.T) {
	t.Parallel()
	b := startWithRows(t)
	const script = `</script><script>alert(1)</script>","sub":"root`
	b.Exec(`INSERT INTO client_claims (client_id, claim, value) VALUES ('from', 'note', to_jsonb($1::text))`, script)
	b.WaitForNotify()
	tokens := b.tokenFrom("openid")
	for _, said := range []map[string]any{Claims(Str(tokens["id_token"])), b.Userinfo(Str(tokens["access_token"])).JSON()} {
		if said["note"] != script || said["sub"] == "root" {
			t.Error(said)
		}
	}
}

// A client that comes for itself has no person, and a personal access token no client.
func TestRowsAreAboutPeopleAtTheirClient(t *testing.T) {
	t.Parallel()
	b := startWithRows(t)
	b.Exec(`UPDATE clients SET grant_types = grant_types || '{client_credentials}' WHERE client_id = 'from'`)
	b.Exec(`UPDATE client_claims SET in_access_token = true`)
	b.WaitForNotify()
	own := Str(b.Token(url.Values{"grant_type": {"client_credentials"}}, "Authorization", Basic("from", "s")).JSON()["access_token"])
	if said := Claims(own); own == "" || said["role"] != nil || said["courses"] != nil {
		t.Errorf("%v", said)
	}
	personal := b.personalAccessToken()
	if said := b.introspectedBy("from", personal); said["active"] != true || said["role"] != nil {
		t.Errorf("%v", said)
	}
}

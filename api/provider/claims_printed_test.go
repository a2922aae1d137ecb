package provider_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"gatehouse/api/admin"
	. "gatehouse/api/apitest"
	"gatehouse/api/store"
)

// printed is what gatehouse claims prints.
func (b *browser) printed(client, scope string) admin.ClaimsOf {
	b.Helper()
	db, err := store.Open(b.Context(), b.URL)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	out, err := admin.New(db, admin.Settings{Settings: b.API.Provider.Settings}).
		Claims(b.Context(), admin.Claims{ClientID: client, Username: "alice", Scope: scope})
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// What gatehouse claims prints is what is issued, but for what is another in each token.
func TestThePrintedClaimsAreThoseThatAreIssued(t *testing.T) {
	t.Parallel()
	b := startWithRows(t)
	b.Exec(`UPDATE clients SET post_logout_redirect_uris = '{https://rp.example.org/bye}' WHERE client_id = 'from'`)
	inEach := []string{"jti", "grant_id", "sid", "at_hash", "nonce", "iat", "exp", "auth_time"}
	for _, change := range []string{"subject_type = 'public'", "subject_type = 'pairwise'", "id_token_scope_claims = false",
		"released_claims = '{email}'", "scope = 'openid groups'"} {
		b.Exec(`UPDATE clients SET ` + change + ` WHERE client_id = 'from'`)
		b.WaitForNotify()
		for _, scope := range []string{"openid profile email groups", "openid", "groups"} {
			tokens := b.tokenFrom(scope)
			access := Str(tokens["access_token"])
			printed := b.printed("from", scope)
			if printed.Refused != "" || printed.Scope != tokens["scope"] {
				t.Errorf("%s, %s: %+v", change, scope, printed)
			}
			issued := map[string]map[string]any{"access token": Claims(access)}
			said := map[string]map[string]any{"access token": printed.AccessToken, "ID token": printed.IDToken, "userinfo": printed.Userinfo}
			if id := Str(tokens["id_token"]); id != "" {
				issued["ID token"], issued["userinfo"] = Claims(id), b.Userinfo(access).JSON()
			}
			for what, claims := range said {
				for _, name := range inEach {
					if (claims[name] == nil) != (issued[what][name] == nil) && name != "at_hash" && name != "nonce" {
						t.Errorf("%s, %s, %s: %s is printed as %v, issued as %v", change, scope, what, name, claims[name], issued[what][name])
					}
					delete(claims, name)
					delete(issued[what], name)
				}
				if len(claims)+len(issued[what]) > 0 && asJSON(claims) != asJSON(issued[what]) {
					t.Errorf("%s, %s, %s:\nprinted %s\n issued %s", change, scope, what, asJSON(claims), asJSON(issued[what]))
				}
			}
		}
	}
}

func TestThePrintedClaimsSayWhichRowMadeThem(t *testing.T) {
	t.Parallel()
	b := startWithRows(t)
	var rows []string
	for _, row := range b.printed("from", "openid").Rows {
		rows = append(rows, fmt.Sprintf("%d %s %v %s", row.Position, row.Claim, row.Makes, row.Why))
	}
	want := []string{"1 role [Admin] ", "2 role [] row 1 has made it", "3 courses [101 ml] ",
		"4 login [] the scope profile, which releases preferred_username, is not there", "5 department [of the row] "}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("%q, want %q", rows, want)
	}
	b.Exec(`UPDATE clients SET allowed_groups = '{nobody}' WHERE client_id = 'from'`)
	if out := b.printed("from", ""); !strings.Contains(out.Refused, "not in a group") || out.IDToken["role"] != "Admin" {
		t.Errorf("%+v", out)
	}
	b.Exec(`UPDATE users SET disabled_at = now()`)
	if out := b.printed("from", ""); out.Refused != "refused: the person is disabled" {
		t.Errorf("%+v", out)
	}
}

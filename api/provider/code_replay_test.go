package provider_test

import (
	"net/url"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// spaRedeem is a request to /token for a code of client spa.
func spaRedeem(code string, changes ...string) url.Values {
	return Redeem(code, append([]string{"client_id", "spa", "redirect_uri", "https://spa.example.org/cb"}, changes...)...)
}

// RFC 6749 §4.1.2: a code that comes again revokes what it got, but not at the word of whoever finds it in a browser's history.
func TestAnOldCodeAloneEndsNoLogin(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec(`UPDATE clients SET require_pkce = false WHERE client_id = 'web'`)
	b.WaitForNotify()
	spa, web := SPAParams("scope", "openid offline_access"), AuthParams("scope", "openid offline_access")
	plain := AuthParams("scope", "openid offline_access", "code_challenge", "", "code_challenge_method", "")
	for _, test := range []struct {
		what    string
		params  url.Values
		redeem  func(code string, changes ...string) url.Values
		first   []string
		again   []string
		later   time.Duration
		revokes bool
	}{
		{"a public client's, without the verifier", spa, spaRedeem, nil, []string{"code_verifier", ""}, 0, false},
		{"a public client's, with another verifier", spa, spaRedeem, nil, []string{"code_verifier", Verifier + "x"}, 0, false},
		{"a public client's, with the verifier", spa, spaRedeem, nil, nil, 0, true},
		{"a public client's, when the code has expired", spa, spaRedeem, nil, nil, 9 * time.Minute, true},
		{"a public client's, with the verifier, long after", spa, spaRedeem, nil, nil, 11 * time.Minute, false},
		{"through the client's own callback, without the verifier", web, Redeem, nil, []string{"code_verifier", Verifier + "x"}, 0, false},
		{"with the secret and the verifier", web, Redeem, nil, nil, 0, true},
		{"with the secret, where there is no challenge", plain, Redeem, []string{"code_verifier", ""}, []string{"code_verifier", ""}, 0, true},
		{"where there is no challenge, long after", plain, Redeem, []string{"code_verifier", ""}, []string{"code_verifier", ""},
			11 * time.Minute, false},
	} {
		code := b.Code(test.params)
		first := b.Token(test.redeem(code, test.first...))
		if first.Status != 200 {
			t.Fatalf("%s: %d %s", test.what, first.Status, first.Body)
		}
		b.Later(test.later)
		if a := b.Token(test.redeem(code, test.again...)); a.Status != 400 || a.JSON()["error"] != "invalid_grant" {
			t.Errorf("%s: %d %s", test.what, a.Status, a.Body)
		}
		client := test.params.Get("client_id")
		refresh := Refresh(Str(first.JSON()["refresh_token"]))
		if client == "spa" {
			refresh.Set("client_id", client)
		}
		if a := b.Token(refresh); (a.Status != 200) != test.revokes {
			t.Errorf("%s: what it got has ended: %v, want %v", test.what, a.Status != 200, test.revokes)
		}
	}
}

// The row of its grant is what shows that a code was used, so the code must not outlive it.
func TestADeletedGrantDoesNotComeBackWithItsCode(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	for what, sql := range map[string][]string{
		"deleted":         {`DELETE FROM grants`},
		"deleted by user": {`DELETE FROM grants WHERE user_id = (SELECT id FROM users WHERE username = 'alice')`},
		"truncated":       {`TRUNCATE grants`},
		"its client removed and added again": {`CREATE TABLE kept AS SELECT * FROM clients WHERE client_id = 'web'`,
			`CREATE TABLE kept_secrets AS SELECT * FROM client_secrets WHERE client_id = 'web'`,
			`DELETE FROM clients WHERE client_id = 'web'`, `INSERT INTO clients SELECT * FROM kept`,
			`INSERT INTO client_secrets SELECT * FROM kept_secrets`, `DROP TABLE kept, kept_secrets`},
	} {
		code := b.Code(AuthParams("scope", "openid offline_access"))
		if a := b.Token(Redeem(code)); a.Status != 200 {
			t.Fatalf("%s: %d %s", what, a.Status, a.Body)
		}
		for _, statement := range sql {
			b.Exec(statement)
		}
		b.WaitForNotify()
		if n := b.Count(`SELECT count(*) FROM grants`); n != 0 {
			t.Errorf("%s: %d grants are left", what, n)
		}
		for range 2 {
			if a := b.Token(Redeem(code)); a.Status != 400 || a.JSON()["error"] != "invalid_grant" {
				t.Errorf("%s: %d %s", what, a.Status, a.Body)
			}
		}
		if n := b.Count(`SELECT count(*) FROM grants`); n != 0 {
			t.Errorf("%s: %d grants came back", what, n)
		}
	}
	if n := b.Count(`SELECT count(*) FROM used_jtis`); n == 0 {
		t.Error("nothing is noted")
	}
}

// RFC 9700 §4.14.2, RFC 9449 §5: a spent refresh token that is bound to a key revokes its family at the word of whoever has the key.
func TestASpentRefreshTokenWithoutItsKeyEndsNoLogin(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	key, thief := newSigner("ES256", ""), newSigner("ES256", "")
	next := func(token string) string {
		return Str(b.proven(key, Refresh(token, "client_id", "spa")).JSON()["refresh_token"])
	}
	first := Str(b.proven(key, spaRedeem(b.Code(SPAParams("scope", "openid offline_access")))).JSON()["refresh_token"])
	third := next(next(first))
	for what, a := range map[string]Answer{"no key": b.Token(Refresh(first, "client_id", "spa")),
		"another key": b.proven(thief, Refresh(first, "client_id", "spa"))} {
		if a.Status != 400 || a.JSON()["error"] != "invalid_grant" {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	if third = next(third); third == "" {
		t.Fatal("the family was revoked without the key")
	}
	if next(first) != "" || next(third) != "" {
		t.Error("the family outlived a replay with its key")
	}
}

// After a crash, and where a standby was promoted, what was used is not known any more (used_jtis is unlogged), and with asynchronous
// replication the latest grants are gone, too. So what was made before does not count, and what is made afterwards does.
func TestWhatWasMadeBeforeACrashIsNotUsedTwice(t *testing.T) {
	t.Parallel()
	s := startSigning(t)
	key := s.keys["ES256"]
	code := s.Code(AuthParams("scope", "openid offline_access"))
	if a := s.Token(Redeem(code)); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	unused := s.Code(AuthParams("scope", "openid"))
	assertion := s.assertion("signs", key)
	if a := s.clientCredentials(assertion); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	s.Exec(`DELETE FROM grants`)
	s.Exec(`TRUNCATE used_jtis, used_since`)
	s.Exec(`INSERT INTO used_since DEFAULT VALUES`) // as rememberSince does
	for what, again := range map[string]string{"used": code, "never used": unused} {
		if a := s.Token(Redeem(again)); a.Status != 400 || a.JSON()["error"] != "invalid_grant" {
			t.Errorf("a code that was %s: %d %s", what, a.Status, a.Body)
		}
	}
	s.refusedClient("an assertion that was used", s.clientCredentials(assertion))
	if n := s.Count(`SELECT count(*) FROM grants`); n != 0 {
		t.Errorf("%d grants were made", n)
	}
	if a := s.Token(Redeem(s.Code(AuthParams("scope", "openid")))); a.Status != 200 {
		t.Errorf("a new code: %d %s", a.Status, a.Body)
	}
	time.Sleep(1100 * time.Millisecond) // an assertion says the second in which it was made
	if a := s.clientCredentials(s.assertion("signs", key)); a.Status != 200 {
		t.Errorf("a new assertion: %d %s", a.Status, a.Body)
	}
}

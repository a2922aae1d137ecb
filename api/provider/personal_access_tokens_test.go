package provider_test

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

func TestATokenIsShownOnceAndNeitherStoredNorInAnAddress(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	made := b.makeToken(b.openAccount())
	at := made.Header.Get("Location")
	if made.Status != 303 || strings.Contains(at, "gatehouse_pat") {
		t.Fatalf("%d %s", made.Status, at)
	}
	var values []string
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			view := b.Interaction(at)
			shown, _ := view["token"].(map[string]any)
			mu.Lock()
			defer mu.Unlock()
			if tokens, _ := view["tokens"].([]any); len(tokens) != 1 {
				t.Errorf("not listed: %v", view)
			}
			if shown != nil {
				values = append(values, Str(shown["value"]))
			}
		})
	}
	wg.Wait()
	if len(values) != 1 {
		t.Fatalf("shown %d times", len(values))
	}
	if b.Count(`SELECT count(*) FROM personal_access_tokens
		WHERE token_sha256 = sha256($1) AND shown_at IS NOT NULL`, []byte(values[0])) != 1 {
		t.Error("what was shown is not the token")
	}
	late := b.makeToken(b.openAccount())
	b.Later(6 * time.Minute)
	if view := b.Interaction(late.Header.Get("Location")); view["token"] != nil || len(view["tokens"].([]any)) != 2 {
		t.Errorf("shown long after it was made: %v", view)
	}
}

func TestATokenIsGoodAtUserinfoAndIntrospectionUntilItIsRevokedExpiredOrItsUserDisabled(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	token := b.personalAccessToken()
	introspect := func() map[string]any {
		return b.Do("POST", "/introspect", url.Values{"token": {token}, "client_id": {"web"}, "client_secret": {"web-secret"}}).JSON()
	}
	if a := b.Userinfo(token); a.Status != 200 || a.JSON()["email"] != "alice@example.org" || a.JSON()["sub"] != "sub-alice" ||
		a.JSON()["name"] != nil {
		t.Errorf("userinfo: %d %s", a.Status, a.Body)
	}
	got := introspect()
	for name, want := range map[string]any{"active": true, "username": "alice", "sub": "sub-alice", "scope": "openid email",
		"token_type": "Bearer", "iss": b.Issuer, "aud": b.Issuer, "client_id": nil} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	exp, _ := got["exp"].(float64)
	if life := time.Until(time.Unix(int64(exp), 0)); life.Round(time.Hour) != 30*24*time.Hour || Str(got["jti"]) == "" || got["iat"] == nil {
		t.Errorf("%v", got)
	}
	if a := b.Do("POST", "/introspect", url.Values{"token": {token}, "client_id": {"spa"}}); a.Status != 401 {
		t.Errorf("a public client introspects: %d", a.Status)
	}

	refused := func(why string) {
		t.Helper()
		if a := b.Userinfo(token); a.Status != 401 || a.JSON()["error"] != "invalid_token" {
			t.Errorf("%s: userinfo %d %s", why, a.Status, a.Body)
		}
		if got := introspect(); got["active"] != false || len(got) != 1 {
			t.Errorf("%s: introspection %v", why, got)
		}
	}
	for _, change := range [][2]string{
		{"UPDATE users SET disabled_at = now()", "UPDATE users SET disabled_at = NULL"},
		{"UPDATE personal_access_tokens SET revoked_at = now()", "UPDATE personal_access_tokens SET revoked_at = NULL"},
	} {
		b.Exec(change[0])
		refused(change[0])
		b.Exec(change[1])
		if a := b.Userinfo(token); a.Status != 200 {
			t.Errorf("%s: %d", change[1], a.Status)
		}
	}
	b.Exec("UPDATE users SET username = 'alicia'")
	if got := introspect(); got["username"] != "alicia" {
		t.Errorf("after a change of the username: %v", got)
	}
	b.Later(30*24*time.Hour + time.Second)
	refused("expired")
	b.Later(-30*24*time.Hour - time.Second)
	b.Exec("DELETE FROM personal_access_tokens")
	refused("deleted")
}

func TestATokenWithoutTheScopeOpenidIsNoneForUserinfo(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	if a := b.Userinfo(b.personalAccessToken("scope", "groups")); a.Status != 403 || a.JSON()["error"] != "insufficient_scope" ||
		!challenges(a, "Bearer", "openid") {
		t.Errorf("%d %s %s", a.Status, a.Body, a.Header.Get("WWW-Authenticate"))
	}
	for _, guess := range []string{"", strings.Repeat("A", 43), strings.Repeat("x", 5000)} {
		if a := b.Userinfo("gatehouse_pat_" + guess); a.Status != 401 {
			t.Errorf("%.30s: %d %s", guess, a.Status, a.Body)
		}
	}
}

// A busy token costs one write an hour.
func TestTheUseOfATokenIsNotedOnceAnHour(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	token := b.personalAccessToken()
	used := func() (at *time.Time) {
		if err := b.DB.QueryRow(t.Context(), "SELECT used_at FROM personal_access_tokens").Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	if used() != nil {
		t.Error("used before any use")
	}
	b.Userinfo(token)
	first := used()
	b.Later(59 * time.Minute)
	b.Userinfo(token)
	if first == nil || !used().Equal(*first) {
		t.Errorf("%v, then %v", first, used())
	}
	b.Later(time.Minute)
	b.Userinfo(token)
	if !used().After(*first) {
		t.Error("not noted after an hour")
	}
	if list := b.tokensOn(b.openAccount()); len(list) != 1 || list[0]["used_at"] == nil {
		t.Errorf("%v", list)
	}
}

func TestNobodyHasMoreThanFiftyTokensHoweverManyAreAskedForAtOnce(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec(`INSERT INTO personal_access_tokens (token_sha256, username, name, expires_at, revoked_at)
		SELECT gen_random_bytes(32), 'alice', 'x', now() + interval '1 day', CASE WHEN i > 45 THEN now() END FROM generate_series(1, 60) AS i`)
	at := b.openAccount()
	var wg sync.WaitGroup
	statuses := make([]int, 20)
	for i := range statuses {
		wg.Go(func() { statuses[i] = b.makeToken(at).Status })
	}
	wg.Wait()
	slices.Sort(statuses)
	if statuses[4] != 303 || statuses[5] != 400 || b.Count("SELECT count(*) FROM personal_access_tokens WHERE revoked_at IS NULL") != 50 {
		t.Errorf("%v", statuses)
	}
	failure, _ := b.Interaction(b.makeToken(at).LeadsTo())["error"].(map[string]any)
	if failure["code"] != "too_many_tokens" {
		t.Errorf("%v", failure)
	}
}

func TestAnAdministratorMakesATokenForAServiceWithSQL(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec(`INSERT INTO users (username) VALUES ('backup')`)
	b.Exec(`INSERT INTO personal_access_tokens (token_sha256, username, name, expires_at)
		VALUES (sha256('gatehouse_pat_of-the-administrator'), 'backup', 'Nightly backup', now() + interval '1 year')`)
	if a := b.Userinfo("gatehouse_pat_of-the-administrator"); a.Status != 200 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

package provider_test

import (
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
)

// asWeb sends a request to an endpoint as the client web, with a secret.
func (b *browser) asWeb(endpoint, secret string) Answer {
	b.Helper()
	form := map[string]url.Values{"/token": {"grant_type": {"client_credentials"}}, "/introspect": {"token": {"x"}},
		"/revoke": {"token": {"x"}}, "/par": AuthParams()}[endpoint]
	return b.Do("POST", endpoint, form, "Authorization", Basic("web", secret))
}

var secretEndpoints = []string{"/token", "/introspect", "/revoke", "/par"}

// mayUse reports whether the secret is taken at every endpoint; it fails the test where they differ.
func (b *browser) mayUse(secret string) bool {
	b.Helper()
	taken := 0
	for _, endpoint := range secretEndpoints {
		switch a := b.asWeb(endpoint, secret); a.Status {
		case 200, 201:
			taken++
		case 401:
		default:
			b.Fatalf("%s: %d %s", endpoint, a.Status, a.Body)
		}
	}
	if taken != 0 && taken != len(secretEndpoints) {
		b.Errorf("the secret is taken at %d of %d endpoints", taken, len(secretEndpoints))
	}
	return taken > 0
}

func startWithTwoSecrets(t *testing.T) *browser {
	t.Helper()
	b := start(t).browser()
	b.Exec(`UPDATE clients SET grant_types = grant_types || '{client_credentials}' WHERE client_id = 'web'`)
	b.Exec(`UPDATE client_secrets SET created_at = created_at - interval '1 day'`)
	b.GiveSecret("web", "second-secret")
	b.WaitForNotify()
	return b
}

// RFC 6749 §2.3.1. While a client gets a new secret, it may still send the old one, wherever it authenticates.
func TestTwoSecretsOfAClientCountAtOnce(t *testing.T) {
	t.Parallel()
	b := startWithTwoSecrets(t)
	for secret, want := range map[string]bool{"web-secret": true, "second-secret": true, "third-secret": false} {
		if b.mayUse(secret) != want {
			t.Errorf("%s: taken: %v", secret, !want)
		}
	}
	if a := b.Do("POST", "/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"web"},
		"client_secret": {"second-secret"}}); a.Status != 200 {
		t.Errorf("in the form: %d %s", a.Status, a.Body)
	}
	b.Exec(`DELETE FROM client_secrets WHERE name = 'first'`)
	b.WaitForNotify()
	if b.mayUse("web-secret") || !b.mayUse("second-secret") {
		t.Error("it is not the removed one that is refused")
	}
	b.Exec(`DELETE FROM client_secrets`)
	b.WaitForNotify()
	if b.mayUse("second-secret") {
		t.Error("a client without a secret authenticates with one")
	}
	if a := b.Do("POST", "/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"web"}}); a.Status != 401 {
		t.Errorf("a client without a secret authenticates without one: %d %s", a.Status, a.Body)
	}
}

// No change tells the replica, which has the client in memory.
func TestASecretEndsAtItsSecond(t *testing.T) {
	t.Parallel()
	b := startWithTwoSecrets(t)
	b.StopClock()
	b.Exec(`UPDATE client_secrets SET expires_at = $1 WHERE name = 'first'`, b.Now().Add(time.Hour))
	b.WaitForNotify()
	b.Later(time.Hour - time.Microsecond) // as exact as Postgres is
	if !b.mayUse("web-secret") {
		t.Error("a secret is refused before its end")
	}
	b.Later(time.Microsecond)
	if b.mayUse("web-secret") || !b.mayUse("second-secret") {
		t.Error("a secret is not refused at its end, or the other one with it")
	}
}

// The log tells an administrator which secret is the one to replace, and never a secret.
func TestTheLogNamesAnOldSecretThatIsUsed(t *testing.T) {
	OfOneProcess(t)
	log := TakeLog(t)
	b := startWithTwoSecrets(t)
	b.StopClock()
	b.Later(time.Until(time.Now().Truncate(time.Hour).Add(time.Hour)))
	uses := func() int { return strings.Count(log.String(), `"event":"old_secret_used"`) }
	b.mayUse("second-secret")
	if uses() != 0 {
		t.Errorf("the newest secret is old: %s", log)
	}
	b.mayUse("web-secret")
	if uses() != 1 || !strings.Contains(log.String(), `"client_id":"web","name":"first"`) {
		t.Errorf("%d events: %s", uses(), log)
	}
	b.Later(time.Hour)
	b.mayUse("web-secret")
	b.mayUse("web-secret")
	if uses() != 2 {
		t.Errorf("%d events after an hour", uses())
	}
	b.Exec(`UPDATE client_secrets SET expires_at = $1 WHERE name = 'first'`, b.Now())
	b.WaitForNotify()
	b.asWeb("/token", "web-secret")
	if why := lastReason(log); !regexp.MustCompile(`^client_id web sent its secret "first", which ended at 20\S+Z; to make a new one: ` +
		`gatehouse client rotate-secret$`).MatchString(why) {
		t.Errorf("%q", why)
	}
	b.Exec(`DELETE FROM client_secrets`)
	b.WaitForNotify()
	b.asWeb("/token", "web-secret")
	if why := lastReason(log); why != "client_id web has no secret yet; to make one: gatehouse client rotate-secret" {
		t.Errorf("%q", why)
	}
	if strings.Contains(log.String(), "web-secret") || strings.Contains(log.String(), "second-secret") {
		t.Error("the log has a secret")
	}
}

// Several replicas note in memory which secrets are used, and each hour is written once.
func TestTheLastUseOfASecretIsWrittenOnceAnHour(t *testing.T) {
	t.Parallel()
	b := startWithTwoSecrets(t)
	first := b.Provider
	second := httptest.NewUnstartedServer(nil)
	b.Serve(second, authn.NewPasswords(2, 64))
	b.StopClock()
	there := "http://" + second.Listener.Addr().String()
	here := b.Issuer
	version := b.Count(`SELECT version FROM cache_version`)
	rows := func() string {
		var ids string
		row := b.DB.QueryRow(t.Context(), `SELECT string_agg(name || ' ' || ctid, ', ' ORDER BY name) FROM client_secrets`)
		if err := row.Scan(&ids); err != nil {
			t.Fatal(err)
		}
		return ids
	}
	flush := func() {
		first.SaveSecretUses(t.Context())
		b.Provider.SaveSecretUses(t.Context())
	}
	use := func() {
		for _, issuer := range []string{here, there} {
			b.Issuer = issuer
			if !b.mayUse("web-secret") {
				t.Fatal("refused")
			}
		}
	}
	use()
	if b.Count(`SELECT count(used_at) FROM client_secrets`) != 0 {
		t.Error("a request waits for the last use to be written")
	}
	flush()
	hour := b.Now().UTC().Truncate(time.Hour)
	if b.Count(`SELECT count(*) FROM client_secrets WHERE used_at IS NOT NULL`) != 1 ||
		b.Count(`SELECT count(*) FROM client_secrets WHERE name = 'first' AND used_at = $1`, hour) != 1 {
		t.Error("the last use is not the hour")
	}
	before := rows()
	use()
	flush()
	if rows() != before {
		t.Error("the same hour is written again")
	}
	b.Later(time.Hour)
	use()
	flush()
	if b.Count(`SELECT count(*) FROM client_secrets WHERE name = 'first' AND used_at = $1`, hour.Add(time.Hour)) != 1 {
		t.Error("the next hour is not written")
	}
	if b.Count(`SELECT version FROM cache_version`) != version {
		t.Error("a last use drops the caches")
	}
}

// RFC 7592 §2.2: a client whose secret has ended gets another one when it says again what it is.
func TestAClientThatRegisteredItselfMayHaveTwoSecrets(t *testing.T) {
	t.Parallel()
	b := start(t, openRegistration).browser()
	c := b.registered(withCallback())
	b.GiveSecret(c.id, "another-of-the-administrator")
	put := func(more ...any) Answer {
		return b.sendJSON("PUT", c.at, withCallback(append([]any{"client_id", c.id}, more...)...), "Authorization", c.bearer)
	}
	for _, secret := range []string{c.secret, "another-of-the-administrator"} {
		if a := put("client_secret", secret); a.Status != 200 || a.JSON()["client_secret"] != nil {
			t.Errorf("a change with a live secret: %d %s", a.Status, a.Body)
		}
		if a := b.Do("POST", "/introspect", url.Values{"token": {"x"}}, "Authorization", Basic(c.id, secret)); a.Status != 200 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	b.Exec(`UPDATE client_secrets SET expires_at = $1`, b.Now().Add(time.Hour))
	b.WaitForNotify()
	b.Later(time.Hour)
	if a := put("client_secret", c.secret); a.Status != 400 {
		t.Errorf("a change with a secret that has ended: %d %s", a.Status, a.Body)
	}
	a := put()
	if secret := Str(a.JSON()["client_secret"]); a.Status != 200 || len(secret) != 43 || secret == c.secret ||
		a.JSON()["client_secret_expires_at"] != 0.0 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if n := b.Count(`SELECT count(*) FROM client_secrets`); n != 2 { // with that of web
		t.Errorf("%d secrets", n)
	}
	if a := put("token_endpoint_auth_method", "none"); a.Status != 200 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if n := b.Count(`SELECT count(*) FROM client_secrets`); n != 1 {
		t.Errorf("a client that became public left %d secrets", n-1)
	}
}

package provider_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

var statementInLog = regexp.MustCompile(`(?:UPDATE clients SET|INSERT INTO exchange_policies) .*$`)

// lastOffered returns the SQL at the end of the last reason in the log.
func lastOffered(log *LockedBuffer) string { return statementInLog.FindString(lastReason(log)) }

// lastReason returns why the last request was refused.
func lastReason(log *LockedBuffer) (why string) {
	for text := range strings.Lines(log.String()) {
		var line struct{ Why string }
		if json.Unmarshal([]byte(text), &line) == nil && line.Why != "" {
			why = line.Why
		}
	}
	return why
}

// Where a row is what refuses a request, the log has the SQL that changes it: run as it stands, it lets the same request through.
func TestTheSQLThatTheLogOffersLetsTheRequestThrough(t *testing.T) {
	log := TakeLog(t)
	b := start(t, mayReachItself).browser()
	hint := b.SignedIn(AuthParams())
	b.Exec(`UPDATE clients SET grant_types = array_append(grant_types, 'urn:ietf:params:oauth:grant-type:token-exchange')`)
	b.Exec(`INSERT INTO upstreams (name, display_name, issuer, client_id, client_secret)
		VALUES ('up', 'Up', 'https://up.example.org', 'c', 's')`)
	b.WaitForNotify()
	subject := Str(b.Token(Redeem(b.Code(AuthParams()))).JSON()["access_token"])
	authorize := func(changes ...string) func() bool {
		return func() bool { return b.Authorize(AuthParams(changes...)).Query("code") != "" }
	}
	logout := func(to string) func() bool {
		return func() bool {
			a := b.Do("GET", "/logout", url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {to}})
			return a.Status == 303 && strings.HasPrefix(a.Location().String(), to)
		}
	}
	exchanged := func(refused string, changes ...string) func() bool {
		return func() bool { return b.Token(exchange(subject, changes...)).JSON()["error"] != refused }
	}
	for _, test := range []struct {
		what string
		done func() bool
	}{
		{"redirect_uri", authorize("redirect_uri", "https://app.example.org/oauth2callback")},
		{"redirect_uri with what SQL quotes", authorize("redirect_uri", `https://app.example.org/it's,NULL?a=b,c&d='`)},
		{"code_challenge", authorize("code_challenge", "", "code_challenge_method", "")},
		{"an upstream's tokens", exchanged("invalid_target", "requested_issuer", "up")},
		{"a service's tokens", exchanged("invalid_target", "requested_issuer", "", "audience", "https://it's.example.org")},
		{"post_logout_redirect_uri", logout("https://app.example.org/signed-out")},
		{"post_logout_redirect_uri with what SQL quotes", logout(`https://app.example.org/it's,NULL?a='`)},
	} {
		if test.done() {
			t.Errorf("%s is not refused", test.what)
			continue
		}
		sql := lastOffered(log)
		if sql == "" {
			t.Errorf("%s: the log offers nothing", test.what)
			continue
		}
		b.Exec(sql)
		b.WaitForNotify()
		if !test.done() {
			t.Errorf("%s: still refused after %s", test.what, sql)
		}
	}
}

// No row makes these right, so no SQL is offered for them.
func TestNoSQLIsOfferedWhereItWouldBeRefused(t *testing.T) {
	log := TakeLog(t)
	b := start(t).browser()
	b.Authorize(SPAParams("code_challenge", "", "code_challenge_method", ""))
	if sql := lastOffered(log); sql != "" {
		t.Errorf("a client without a secret without PKCE: %s", sql)
	}
	b.Authorize(AuthParams("response_type", "id_token"))
	if text := log.String(); !strings.Contains(text, "response_type id_token is not among GATEHOUSE_RESPONSE_TYPES") {
		t.Error(text)
	}
}

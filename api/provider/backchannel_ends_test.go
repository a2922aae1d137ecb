package provider_test

import (
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	. "gatehouse/api/apitest"
)

const (
	eventLogout   = "http://schemas.openid.net/event/backchannel-logout"
	eventDisabled = "https://schemas.openid.net/secevent/risc/event-type/account-disabled"
	eventPurged   = "https://schemas.openid.net/secevent/risc/event-type/account-purged"
)

// A client is told whether somebody signed out, or whether the account has ended and why (OpenID RISC Profile 1.0).
func TestALogoutTokenSaysWhetherTheAccountHasEnded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, event, reason string }{
		"a session that ends": {`UPDATE sessions SET ended_at = now()`, "", ""},
		"disabled":            {`UPDATE users SET disabled_at = now() WHERE username = 'alice'`, eventDisabled, "disabled"},
		"deleted":             {`DELETE FROM users WHERE username = 'alice'`, eventPurged, ""},
		"expired":             {`UPDATE users SET expires_at = now() - interval '1 second' WHERE username = 'alice'`, eventDisabled, "expired"},
		"offboarded": {`WITH noted AS (INSERT INTO offboardings (username, memberships, created_at, undo_until)
				VALUES ('alice', '[]', now(), now() + interval '30 days'))
			UPDATE users SET disabled_at = now() WHERE username = 'alice'`, eventDisabled, "offboarded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, private)
			told := r.receiver("web")
			client, b := r.goClient("openid"), r.browser()
			client.signIn(b)
			r.Exec(c.sql)
			if name == "expired" {
				r.endAccounts()
			}
			var raw string
			select {
			case raw = <-told.tokens:
			case <-time.After(soon):
				t.Fatal("the client is not told")
			}
			claims := Claims(raw)
			events, _ := claims["events"].(map[string]any)
			if logout, _ := events[eventLogout].(map[string]any); len(events) != 1 || logout == nil || len(logout) != 0 {
				t.Errorf("events %v: the OpenID suite takes nothing but an empty logout (Back-Channel Logout §2.4)", events)
			}
			for _, event := range []string{eventDisabled, eventPurged} {
				of, there := claims[event].(map[string]any)
				if there != (event == c.event) || there && Str(of["reason"]) != c.reason {
					t.Errorf("%s: %v, want reason %q", event, claims[event], c.reason)
				}
			}
			// A library that knows nothing of it takes the token for what it is.
			logout, err := client.op.Verifier(&oidc.Config{ClientID: "web"}).VerifyLogout(client.ctx, raw)
			if err != nil || logout.Subject != "sub-alice" {
				t.Errorf("%+v %v", logout, err)
			}
		})
	}
}

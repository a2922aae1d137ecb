package provider_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/oidc"
)

// device is one that waits: a client "tv" that is registered for nothing else.
type device struct {
	*browser   // of its own: a device has no cookies to speak of
	code, user string
}

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

func startWithDevices(t *testing.T) *rig {
	t.Helper()
	r := start(t)
	r.Exec(`INSERT INTO clients (client_id, client_name, token_endpoint_auth_method, grant_types, allowed_groups)
		VALUES ('tv', 'The screen', 'none', ARRAY[$1, 'refresh_token'], '{staff}')`, deviceGrant)
	return r
}

func (r *rig) ask(scope string) Answer {
	r.Helper()
	return r.browser().Do("POST", "/device_authorization", url.Values{"client_id": {"tv"}, "scope": {scope}})
}

func (r *rig) waiting(scope string) device {
	r.Helper()
	a := r.ask(scope)
	if a.Status != 200 {
		r.Fatalf("no device code: %d %s", a.Status, a.Body)
	}
	return device{r.browser(), Str(a.JSON()["device_code"]), Str(a.JSON()["user_code"])}
}

func (d device) poll(changes ...string) Answer {
	d.Helper()
	form := url.Values{"grant_type": {deviceGrant}, "client_id": {"tv"}, "device_code": {d.code}}
	for i := 0; i < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
	}
	return d.Do("POST", "/token", form)
}

// RFC 7636 §4.6 for a grant that RFC 8628 has no challenge for: one that is sent is held.
func TestADeviceThatSentAChallengeProvesIt(t *testing.T) {
	t.Parallel()
	r := startWithDevices(t)
	r.Exec("UPDATE clients SET allowed_groups = '{}' WHERE client_id = 'tv'")
	r.WaitForNotify()
	ask := func(more ...string) Answer {
		return r.browser().Do("POST", "/device_authorization", form(append([]string{"client_id", "tv", "scope", "openid"}, more...)...))
	}
	challenge, _ := oidc.ChallengeOf(Verifier)
	asked := ask("code_challenge", challenge, "code_challenge_method", "S256")
	if asked.Status != 200 {
		t.Fatalf("%d %s", asked.Status, asked.Body)
	}
	d := device{r.browser(), Str(asked.JSON()["device_code"]), Str(asked.JSON()["user_code"])}
	refused := func(what string, a Answer, code string) {
		t.Helper()
		if a.Status != 400 || a.JSON()["error"] != code {
			t.Errorf("%s: %d %s, want %s", what, a.Status, a.Body, code)
		}
	}
	another := strings.Repeat("x", 43)
	refused("another verifier, before anybody answers", d.poll("code_verifier", another), "invalid_grant")
	refused("with it, before anybody answers", d.poll("code_verifier", Verifier), "authorization_pending")
	person := r.browser()
	person.press("yes", person.toConsent(d.user))
	refused("none", d.poll(), "invalid_grant")
	refused("another", d.poll("code_verifier", another), "invalid_grant")
	refused("too short", d.poll("code_verifier", "x"), "invalid_grant")
	tokens := d.poll("code_verifier", Verifier)
	if tokens.Status != 200 {
		t.Fatalf("with it: %d %s", tokens.Status, tokens.Body)
	}
	refused("used before, and another", d.poll("code_verifier", another), "invalid_grant")
	if a := r.browser().Userinfo(Str(tokens.JSON()["access_token"])); a.Status != 200 {
		t.Errorf("who has no verifier ended the grant: %d %s", a.Status, a.Body)
	}
	refused("plain", ask("code_challenge", another, "code_challenge_method", "plain"), "invalid_request")
	refused("no method", ask("code_challenge", another), "invalid_request")
	refused("a method alone", ask("code_challenge_method", "S256"), "invalid_request")
	without := r.waiting("openid")
	person.press("yes", person.toConsent(without.user))
	refused("a verifier without a challenge", without.poll("code_verifier", Verifier), "invalid_grant")
}

func (d device) expect(what, code string) {
	d.Helper()
	if a := d.poll(); a.Status != 400 || a.JSON()["error"] != code {
		d.Errorf("%s: %d %s, want %s", what, a.Status, a.Body, code)
	}
}

// typeCode posts the form of the device page.
func (b *browser) typeCode(userCode string) Answer {
	b.Helper()
	return b.Do("POST", "/device", url.Values{"user_code": {userCode}}, "Origin", UIOrigin)
}

// toConsent types the code, signs alice in where it is asked for, and returns the address of the consent page.
func (b *browser) toConsent(userCode string) Answer {
	b.Helper()
	a := b.typeCode(userCode)
	if a.Location().Path == "/login" {
		a = b.Login(a.Location(), "alice", Password)
	}
	if a.Status != 303 || a.Location().Path != "/consent" {
		b.Fatalf("no consent page: %d %s %s", a.Status, a.Header.Get("Location"), a.Body)
	}
	return a
}

func (b *browser) press(consent string, at Answer) Answer {
	b.Helper()
	return b.Do("POST", "/consent", url.Values{"request": {at.Query("request")}, "consent": {consent}}, "Origin", UIOrigin)
}

// errorOf is the code on the page that an answer leads to.
func (b *browser) errorOf(a Answer) string {
	to := a.LeadsTo()
	if to == "" {
		to = a.Header.Get("Location")
	}
	failure, _ := b.Interaction(to)["error"].(map[string]any)
	return Str(failure["code"])
}

// RFC 8628 §3.1 to §3.5.
func TestADeviceGetsItsTokensOnceAPersonHasAllowedIt(t *testing.T) {
	t.Parallel()
	r := startWithDevices(t)
	a := r.ask("openid email offline_access unheard-of")
	out := a.JSON()
	user := Str(out["user_code"])
	if a.Status != 200 || out["verification_uri"] != UIOrigin+"/device" ||
		out["verification_uri_complete"] != UIOrigin+"/device?user_code="+user ||
		out["expires_in"] != 600.0 || out["interval"] != 5.0 || len(Str(out["device_code"])) < 43 || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("device authorization: %d %s", a.Status, a.Body)
	}
	d := device{r.browser(), Str(out["device_code"]), user}
	d.expect("before anyone has answered", "authorization_pending")

	b := r.browser()
	at := b.typeCode(strings.ToLower(strings.ReplaceAll(user, "-", "  ")))
	if page := b.Interaction(at.Location().String()); page["page"] != "login" || page["client"].(map[string]any)["name"] != "The screen" {
		t.Fatalf("nobody is signed in: %v", page)
	}
	consent := b.Login(at.Location(), "alice", Password)
	page := b.Interaction(consent.Location().String())
	if page["page"] != "consent" || page["user_code"] != user || fmt.Sprint(page["scopes"]) != "[openid email offline_access]" {
		t.Fatalf("consent: %v", page)
	}
	if strings.Contains(at.Location().String()+consent.Location().String(), user) {
		t.Error("the user code is in an address")
	}
	done := b.press("yes", consent)
	page = b.Interaction(done.Location().String())
	if done.Location().Path != "/device-done" || page["page"] != "device_done" || page["allowed"] != true ||
		page["client"].(map[string]any)["name"] != "The screen" {
		t.Fatalf("done: %d %s %v", done.Status, done.Location(), page)
	}
	if a := b.press("yes", consent); a.Location().Path != "/device-done" {
		t.Errorf("the form sent again: %d %s", a.Status, b.errorOf(a))
	}

	tokens := d.poll()
	got := tokens.JSON()
	id := Claims(Str(got["id_token"]))
	if tokens.Status != 200 || got["scope"] != "openid email offline_access" || got["refresh_token"] == nil ||
		id["sub"] != "sub-alice" || id["aud"] != "tv" || id["nonce"] != nil || id["auth_time"] == nil {
		t.Fatalf("tokens: %d %s", tokens.Status, tokens.Body)
	}
	if info := r.browser().Userinfo(Str(got["access_token"])); info.JSON()["email"] != "alice@example.org" {
		t.Errorf("userinfo: %d %s", info.Status, info.Body)
	}
	if a := b.typeCode(user); b.errorOf(a) != "unknown_user_code" {
		t.Errorf("a code that was answered: %d %s", a.Status, b.errorOf(a))
	}

	next := r.waiting("openid")
	if a := b.typeCode(next.user); a.Location().Path != "/consent" {
		t.Errorf("a second device needs a password or is not confirmed: %s", a.Location())
	}

	d.expect("a replay", "invalid_grant")
	if info := r.browser().Userinfo(Str(got["access_token"])); info.Status != 401 {
		t.Errorf("a replay did not revoke: %d", info.Status)
	}
}

// RFC 8628 §3.5.
func TestADevicePollsNoFasterThanItIsTold(t *testing.T) {
	t.Parallel()
	r := startWithDevices(t)
	r.StopClock()
	d := r.waiting("openid")
	for i, step := range []struct {
		later time.Duration
		code  string
	}{{0, "authorization_pending"}, {5 * time.Second, "authorization_pending"}, {2 * time.Second, "slow_down"}, {5 * time.Second, "slow_down"},
		{15 * time.Second, "authorization_pending"}, {10 * time.Second, "slow_down"}} {
		r.Later(step.later)
		d.expect(fmt.Sprint("poll ", i), step.code)
	}
	b := r.browser()
	b.press("yes", b.toConsent(d.user))
	if a := d.poll(); a.Status != 200 {
		t.Errorf("allowed meanwhile: %d %s", a.Status, a.Body)
	}
}

// RFC 8628 §3.5.
func TestADeviceThatWasDeniedHasExpiredOrIsUnknownIsToldSo(t *testing.T) {
	t.Parallel()
	r := startWithDevices(t)
	b := r.browser()

	denied := r.waiting("openid")
	no := b.press("no", b.toConsent(denied.user))
	if page := b.Interaction(no.Location().String()); page["page"] != "device_done" || page["allowed"] != false {
		t.Errorf("denied: %v", page)
	}
	denied.expect("denied", "access_denied")

	unknown := denied
	unknown.code = "unknown"
	unknown.expect("unknown", "invalid_grant")
	if a := denied.poll("device_code", ""); a.JSON()["error"] != "invalid_request" {
		t.Errorf("no device_code: %s", a.Body)
	}
	if a := b.typeCode("BBBB-BBBB"); a.Status != 303 || a.Location().Path != "/device" || b.errorOf(a) != "unknown_user_code" ||
		b.Interaction(a.Location().String())["action"] != b.Issuer+"/device" {
		t.Errorf("unknown user code: %d %s", a.Status, a.Location())
	}
	if a := b.typeCode("what?"); b.errorOf(a) != "unknown_user_code" || b.Interaction(a.Location().String())["user_code"] != "what?" {
		t.Errorf("no user code at all: %d %s", a.Status, a.Location())
	}

	other := r.waiting("openid")
	b.press("yes", b.toConsent(other.user))
	if a := other.poll("client_id", "spa"); a.JSON()["error"] != "unauthorized_client" {
		t.Errorf("a client without the grant: %s", a.Body)
	}
	r.Exec(`INSERT INTO clients (client_id, grant_types) VALUES ('tv2', ARRAY[$1])`, deviceGrant)
	r.GiveSecret("tv2", "s")
	if a := other.poll("client_id", "tv2", "client_secret", "s"); a.JSON()["error"] != "invalid_grant" {
		t.Errorf("another client's code: %s", a.Body)
	}
	if a := other.poll(); a.Status != 200 {
		t.Errorf("the other client spoilt it: %d %s", a.Status, a.Body)
	}

	late := r.waiting("openid")
	consent := b.toConsent(late.user)
	r.Later(10*time.Minute + time.Second)
	late.expect("expired", "expired_token")
	if a := b.press("yes", consent); a.Status != 400 || b.errorOf(a) != "expired_token" {
		t.Errorf("consent to what has expired: %d %s", a.Status, b.errorOf(a))
	}
	if a := b.typeCode(late.user); a.Status != 400 || b.errorOf(a) != "expired_token" {
		t.Errorf("an expired user code: %d %s", a.Status, b.errorOf(a))
	}
}

func TestADeviceLivesByItsPersonsSessionGroupAndAccount(t *testing.T) {
	t.Parallel()
	r := startWithDevices(t)
	b := r.browser()
	const leave, join = "DELETE FROM group_members", "INSERT INTO group_members (username, group_name) VALUES ('alice', 'staff')"
	for _, end := range []struct{ what, sql, undo string }{
		{"user disabled", "UPDATE users SET disabled_at = now()", "UPDATE users SET disabled_at = NULL"},
		{"not in a group", leave, join},
		{"signed out", "UPDATE sessions SET ended_at = now()", ""},
	} {
		d := r.waiting("openid offline_access")
		b.press("yes", b.toConsent(d.user))
		r.Exec(end.sql)
		d.expect(end.what, "invalid_grant")
		r.Exec(end.undo)
	}
	r.Exec(leave)
	d := r.waiting("openid")
	a := b.Login(b.typeCode(d.user).Location(), "alice", Password)
	if page := b.Interaction(a.LeadsTo()); a.Status != 403 || page["page"] != "refused" || page["other"] != true || page["cancel"] != nil {
		t.Errorf("outside the group: %d %v", a.Status, page)
	}
	r.Exec(join)

	b.Login(b.Authorize(AuthParams()).Location(), "alice", Password)
	consent := b.toConsent(d.user)
	r.Exec("UPDATE sessions SET ended_at = now()")
	if a := b.press("yes", consent); a.Location().Path != "/login" {
		t.Errorf("consent without a session: %d %s", a.Status, a.Location())
	}
	d.expect("consent without a session", "authorization_pending")

	ends := r.waiting("openid")
	b.press("yes", b.toConsent(ends.user))
	out := ends.poll().JSON()
	if out["refresh_token"] != nil {
		t.Error("a refresh token without offline_access")
	}
	r.Exec("UPDATE sessions SET ended_at = now()")
	if a := b.Userinfo(Str(out["access_token"])); a.Status != 401 {
		t.Errorf("the token outlives the session: %d", a.Status)
	}
}

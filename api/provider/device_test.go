package provider_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
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

// toConsent types the code, signs alice in where it is asked for, and gives the address of the consent page.
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
	r.Exec(`INSERT INTO clients (client_id, client_secret_sha256, grant_types) VALUES ('tv2', sha256('s'), ARRAY[$1])`, deviceGrant)
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
	if a.Status != 403 || b.errorOf(a) != "access_denied" {
		t.Errorf("outside the group: %d %s", a.Status, b.errorOf(a))
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

// As for authorization codes (RFC 6749 §10.5); the statement is the check.
func TestOneOfTwentyParallelPollsWinsAndTheReplaysRevokeIt(t *testing.T) {
	t.Parallel()
	r := startWithDevices(t)
	b := r.browser()
	d := r.waiting("openid offline_access")
	b.press("yes", b.toConsent(d.user))
	results := make([]Answer, 20)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() { results[i] = d.poll() })
	}
	group.Wait()
	won := ""
	for _, a := range results {
		switch {
		case a.Status == 200 && won != "":
			t.Fatal("two polls won")
		case a.Status == 200:
			won = Str(a.JSON()["access_token"])
		case a.Status != 400 || a.JSON()["error"] != "invalid_grant":
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	if won == "" || r.Count("SELECT count(*) FROM grants") != 1 ||
		r.Count("SELECT count(*) FROM grants WHERE refresh_sha256 IS NOT NULL") != 1 {
		t.Fatal("not one grant with a family of refresh tokens")
	}
	if a := b.Userinfo(won); a.Status != 401 {
		t.Errorf("the replays did not revoke: %d", a.Status)
	}
}

func TestOneOfManyAnswersAndPollsAtOnceCounts(t *testing.T) {
	t.Parallel()
	r := startWithDevices(t)
	d := r.waiting("openid")
	results := make([]Answer, 10)
	parallel := func(do func(i int) Answer) {
		var group sync.WaitGroup
		for i := range results {
			group.Go(func() { results[i] = do(i) })
		}
		group.Wait()
	}
	count := func(fits func(a Answer) bool) (n int) {
		for _, a := range results {
			if fits(a) {
				n++
			}
		}
		return n
	}
	parallel(func(int) Answer { return d.poll() })
	if n := count(func(a Answer) bool { return a.JSON()["error"] == "authorization_pending" }); n != 1 {
		t.Errorf("%d of 10 polls at once were in time: %v", n, results)
	}

	browsers, pages := make([]*browser, len(results)), make([]Answer, len(results))
	for i := range browsers {
		browsers[i] = r.browser()
		pages[i] = browsers[i].toConsent(d.user)
	}
	parallel(func(i int) Answer { return browsers[i].press([]string{"yes", "no"}[i%2], pages[i]) })
	allowed := count(func(a Answer) bool { return r.browser().Interaction(a.Header.Get("Location"))["allowed"] == true })
	denied := count(func(a Answer) bool { return r.browser().Interaction(a.Header.Get("Location"))["allowed"] == false })
	switch a := d.poll(); {
	case a.Status == 200 && allowed == 1 && denied == 0: // one said yes; whoever says no after that is told that it is over
	case a.JSON()["error"] == "access_denied" && allowed == 0 && denied == 5: // no is no, however often
	default:
		t.Errorf("%d were told yes, %d no, and the device %s", allowed, denied, a.Body)
	}
}

func TestTheWaitingDevicesAreBounded(t *testing.T) {
	t.Parallel()
	r := startWithDevices(t)
	first := r.waiting("openid")
	r.Exec(`INSERT INTO device_codes (device_code_sha256, user_code_hmac, network_hmac, grant_id, client_id, offline, scope,
			poll_interval, expires_at)
		SELECT gen_random_bytes(32), gen_random_bytes(32), network_hmac, gen_random_uuid(), client_id, offline, scope, poll_interval, expires_at
		FROM device_codes, generate_series(1, 99)`)
	expect := func(what string, status int, code string) {
		t.Helper()
		a := r.ask("openid")
		if a.Status != status || Str(a.JSON()["error"]) != code || (status == 200) != (a.Header.Get("Retry-After") == "") {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	expect("the 101st of a network", 429, "slow_down")
	b := r.browser()
	b.press("yes", b.toConsent(first.user))
	expect("one was answered", 200, "")
	expect("full again", 429, "slow_down")
	r.Exec("UPDATE device_codes SET network_hmac = 'elsewhere'")
	expect("another network", 200, "")
	r.Exec(`INSERT INTO device_codes (device_code_sha256, user_code_hmac, network_hmac, grant_id, client_id, offline, scope,
			poll_interval, expires_at)
		SELECT gen_random_bytes(32), gen_random_bytes(32), gen_random_bytes(32), gen_random_uuid(), 'tv', false, '',
			'5 s', now() + interval '5 minutes'
		FROM generate_series(1, 10000)`)
	expect("10,000 in all", 503, "temporarily_unavailable")
	r.Later(11 * time.Minute)
	expect("they have expired", 200, "")
}

// RFC 8628 §5.1.
func TestGuessingUserCodesIsSlowedDownWithoutLockingOthersOut(t *testing.T) {
	t.Parallel()
	r := startWithDevices(t)
	d := r.waiting("openid")
	owner, attacker := r.browser(), r.browser()
	owner.Code(AuthParams()) // leaves a known-device cookie
	results := make([]Answer, 80)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() {
			results[i] = attacker.typeCode(fmt.Sprintf("BBBB-BB%c%c", "BCDFGHJKL"[i/10], "BCDFGHJKLM"[i%10]))
		})
	}
	group.Wait()
	looked := 0
	for _, a := range results {
		switch {
		case a.Status == 303:
			looked++
		case a.Status != 429 || a.Header.Get("Retry-After") == "":
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	if looked != 50 {
		t.Errorf("%d of 80 parallel guesses were looked for, want 50", looked)
	}
	right := attacker.typeCode(d.user)
	if right.Status != 429 || attacker.errorOf(right) != "too_many_attempts" {
		t.Errorf("after 50 guesses: %d %s", right.Status, right.LeadsTo())
	}
	if a := owner.typeCode(d.user); a.Location().Path != "/consent" {
		t.Errorf("somebody known is locked out: %d %s", a.Status, a.Body)
	}
	r.Later(time.Minute)
	for range 10 {
		if a := attacker.typeCode(d.user); a.Location().Path != "/login" {
			t.Fatalf("right codes count as guesses, or a minute is not enough: %d", a.Status)
		}
	}
}

func TestTheDeviceEndpointsRefuseWhatIsNotForThem(t *testing.T) {
	t.Parallel()
	r := startWithDevices(t)
	b := r.browser()
	d := r.waiting("openid")
	for what, headers := range map[string][]string{"another origin": {"Origin", "https://evil.example"}, "a frame": {"Origin", "null"},
		"no origin but a browser": {"Sec-Fetch-Site", "cross-site"}} {
		if a := b.Do("POST", "/device", url.Values{"user_code": {d.user}}, headers...); a.Status != 403 || b.errorOf(a) != "origin_refused" {
			t.Errorf("%s: %d %s", what, a.Status, b.errorOf(a))
		}
	}
	thief := r.browser()
	thief.typeCode(d.user)
	if a := thief.press("yes", b.toConsent(d.user)); thief.errorOf(a) != "request_from_another_browser" {
		t.Errorf("a consent page of another browser: %d %s", a.Status, thief.errorOf(a))
	}
	for _, c := range []struct {
		what   string
		form   url.Values
		status int
		code   string
	}{
		{"not registered for it", url.Values{"client_id": {"spa"}}, 400, "unauthorized_client"},
		{"nobody", url.Values{}, 401, "invalid_client"},
		{"wrong secret", url.Values{"client_id": {"web"}, "client_secret": {"x"}}, 401, "invalid_client"},
		{"no such scope", url.Values{"client_id": {"tv"}, "scope": {"everything"}}, 400, "invalid_scope"},
		{"repeated scope", url.Values{"client_id": {"tv"}, "scope": {"openid", "email"}}, 400, "invalid_request"},
	} {
		if a := b.Do("POST", "/device_authorization", c.form); a.Status != c.status || a.JSON()["error"] != c.code {
			t.Errorf("%s: %d %s", c.what, a.Status, a.Body)
		}
	}
	a := b.Do("POST", "/device_authorization", url.Values{"client_id": {"tv"}}, "Origin", "https://spa.example.org")
	if a.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Error("pages of clients cannot read the answer")
	}
	doc := b.Do("GET", "/.well-known/openid-configuration", nil).JSON()
	if doc["device_authorization_endpoint"] != r.Issuer+"/device_authorization" ||
		!strings.Contains(fmt.Sprint(doc["grant_types_supported"]), deviceGrant) {
		t.Errorf("discovery: %v", doc)
	}
	if r.Count("SELECT count(*) FROM device_codes") != 2 {
		t.Error("a refused request left a row")
	}
}

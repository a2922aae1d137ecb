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

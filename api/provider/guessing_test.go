package provider_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
)

func TestGuessingIsSlowedDownWithoutLockingTheOwnerOut(t *testing.T) {
	t.Parallel()
	r := start(t)
	owner, attacker := r.browser(), r.browser()
	owner.Code(AuthParams()) // leaves a known-device cookie
	at := attacker.Authorize(AuthParams()).Location()
	for range 5 {
		if a := attacker.Login(at, "alice", "guess"); a.Status != 303 {
			t.Fatalf("an early guess: %d", a.Status)
		}
	}
	slowed := attacker.Login(at, "alice", Password)
	if slowed.Status != 429 || slowed.Header.Get("Retry-After") == "" || slowed.Header.Get("Location") != "" {
		t.Errorf("the sixth guess: %d", slowed.Status)
	}
	page := attacker.Interaction(slowed.LeadsTo())
	if page["page"] != "login" || page["error"].(map[string]any)["code"] != "too_many_attempts" {
		t.Errorf("page: %v", page)
	}
	if a := owner.Login(owner.Authorize(AuthParams("prompt", "login")).Location(), "alice", Password); a.Query("code") == "" {
		t.Errorf("the owner is locked out of a known browser: %d %s", a.Status, a.Location())
	}
	r.Later(time.Minute)
	if a := attacker.Login(at, "alice", Password); a.Query("code") == "" {
		t.Errorf("a minute later the right password is refused: %d", a.Status)
	}
}

// Not parallel: each guess has to be heard within a moment.
func TestHangingUpDoesNotEscapeTheThrottle(t *testing.T) {
	r := start(t)
	b := r.browser()
	at := b.Authorize(AuthParams()).Location()
	impatient := *b.HTTP
	impatient.Timeout = 300 * time.Millisecond // less than a refusal takes
	for range 6 {
		form := url.Values{"request": {at.Query().Get("request")}, "username": {"alice"}, "password": {"guess"}}
		if resp, err := impatient.PostForm(b.Issuer+"/login", form); err == nil {
			resp.Body.Close()
			if resp.StatusCode != 429 { // what is under way counts, too
				t.Fatalf("an answer came too soon for this test: %d", resp.StatusCode)
			}
		}
	}
	time.Sleep(time.Second)
	if a := b.Login(at, "alice", "guess"); a.Status != 429 {
		t.Errorf("the sixth guess: %d", a.Status)
	}
}

func TestGuessesSentAllAtOnceAreNotAllLetThrough(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	at := b.Authorize(AuthParams()).Location()
	results := make([]Answer, 60)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() { results[i] = b.Login(at, "alice", fmt.Sprint("guess", i)) })
	}
	group.Wait()
	checked := 0
	for _, a := range results {
		switch a.Status {
		case 303:
			checked++
		case 429:
		default:
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	if checked == 0 || checked > 5*Replicas() {
		t.Errorf("%d of 60 parallel guesses were checked, want at most 5 at a replica", checked)
	}
}

// Not in parallel: under the race detector a hash takes seconds of a core, and a sign-in has ten.
func TestBeyondTheHashQueueTheAnswerIs503WithRetryAfter(t *testing.T) {
	r := start(t)
	server := httptest.NewUnstartedServer(nil)
	r.Serve(server, authn.NewPasswords(1, 1))
	b := r.browser()
	at := b.Authorize(AuthParams()).Location()
	b.Issuer = "http://" + server.Listener.Addr().String()
	r.Exec(`INSERT INTO users (username, password) SELECT 'user' || i, crypt($1, gen_salt('bf', 10))
		FROM generate_series(0, 19) AS i`, Password)
	results := make([]Answer, 20)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() { results[i] = b.Login(at, fmt.Sprint("user", i), Password) })
	}
	group.Wait()
	done, busy := 0, 0
	for _, a := range results {
		switch {
		case a.Query("code") != "":
			done++
		case a.Status == 503 && a.Header.Get("Retry-After") != "" &&
			b.Interaction(a.LeadsTo())["error"].(map[string]any)["code"] == "temporarily_unavailable":
			busy++
		default:
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	if done == 0 || busy == 0 {
		t.Errorf("%d signed in, %d were told to come back", done, busy)
	}
}

// A verified address signs in as the username does, and two names allow no more guesses than one.
func TestAnAddressSignsInAndIsGuessedNoFasterThanTheUsername(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec("UPDATE users SET email = 'Alice@example.org', email_verified = true WHERE username = 'alice'")
	owner, attacker := r.browser(), r.browser()
	if a := owner.Login(owner.Authorize(AuthParams()).Location(), " ALICE@Example.org", Password); a.Query("code") == "" {
		t.Errorf("by the address: %d %s", a.Status, a.Location())
	}
	at := attacker.Authorize(AuthParams()).Location()
	for i, name := range []string{"alice", "alice@example.org", "alice", "alice@example.org", "alice"} {
		if a := attacker.Login(at, name, "guess"); a.Status != 303 {
			t.Fatalf("guess %d: %d", i, a.Status)
		}
	}
	for _, name := range []string{"alice", "alice@example.org"} {
		if a := attacker.Login(at, name, Password); a.Status != 429 {
			t.Errorf("%s after five guesses: %d", name, a.Status)
		}
	}
	r.Exec("UPDATE users SET email_verified = false WHERE username = 'alice'")
	r.Later(time.Hour)
	if a := attacker.Login(at, "alice@example.org", Password); a.Query("code") != "" {
		t.Error("an address that is not verified signs in")
	}
}

func TestTheLoginPageSaysHowOftenItWasWrongAndHowLongToWaitFromNow(t *testing.T) {
	t.Parallel()
	r := start(t)
	b := r.browser()
	at := b.Authorize(AuthParams()).Location()
	failure := func(location string) map[string]any {
		f, _ := b.Interaction(location)["error"].(map[string]any)
		return f
	}
	for want := 1; want <= 2; want++ {
		at = b.Login(at, "alice", "guess").Location()
		if f := failure(at.String()); f["code"] != "invalid_credentials" || f["times"] != float64(want) {
			t.Errorf("wrong for the %d. time: %v", want, f)
		}
	}
	var slowed Answer
	for range 4 {
		slowed = b.Login(at, "alice", "guess")
	}
	wait, _ := failure(slowed.LeadsTo())["retry_after"].(float64)
	if slowed.Status != 429 || wait < 2 || wait > 60 {
		t.Fatalf("%d, to wait %v s", slowed.Status, wait)
	}
	r.Later(time.Second)
	if f := failure(slowed.LeadsTo()); f != nil && (f["retry_after"].(float64) > wait-1 || f["times"] != nil) { // the clock goes on
		t.Errorf("a second later: %v, %v s before", f, wait)
	}
	r.Later(time.Duration(wait) * time.Second)
	if f := failure(slowed.LeadsTo()); f != nil {
		t.Errorf("the wait is over, and the page says %v", f)
	}
}

// Not parallel: it takes the log.
func TestTheLogNamesWhoIsDisabledAndNothingThatIsNoUser(t *testing.T) {
	r := start(t)
	log := TakeLog(t)
	b := r.browser()
	r.Exec(`UPDATE users SET disabled_at = now() WHERE username = 'alice'`)
	at := b.Authorize(AuthParams()).Location()
	for _, name := range []string{"ALICE", "my secret passphrase"} {
		if a := b.Login(at, name, "wrong"); a.Status != 303 || a.Query("code") != "" {
			t.Fatalf("%s: %d %s", name, a.Status, a.Location())
		}
	}
	b.Login(at, "alice", Password)
	for _, want := range []string{`"username":"alice","client_id":"web","disabled":true}`, `"username":"(unknown)","client_id":"web"}`,
		`"username":"alice","client_id":"web","why":"the user is disabled"}`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %s:\n%s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "passphrase") {
		t.Errorf("the log has what was typed:\n%s", log.String())
	}
}

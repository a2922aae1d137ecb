package web_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"gatehouse/api/authn"
)

func TestGuessingIsSlowedDownWithoutLockingTheOwnerOut(t *testing.T) {
	r := start(t)
	owner, attacker := r.browser(), r.browser()
	owner.code(authParams()) // leaves a known-device cookie
	at := attacker.authorize(authParams()).location()
	for range 5 {
		if a := attacker.login(at, "alice", "guess"); a.status != 303 {
			t.Fatalf("an early guess: %d", a.status)
		}
	}
	slowed := attacker.login(at, "alice", password)
	if slowed.status != 429 || slowed.header.Get("Retry-After") == "" || slowed.header.Get("Location") != "" {
		t.Errorf("the sixth guess: %d", slowed.status)
	}
	page := attacker.interaction(slowed.leadsTo())
	if page["page"] != "login" || page["error"].(map[string]any)["code"] != "too_many_attempts" {
		t.Errorf("page: %v", page)
	}
	if a := owner.login(owner.authorize(authParams("prompt", "login")).location(), "alice", password); a.query("code") == "" {
		t.Errorf("the owner is locked out of a known browser: %d %s", a.status, a.location())
	}
	r.later(time.Minute)
	if a := attacker.login(at, "alice", password); a.query("code") == "" {
		t.Errorf("a minute later the right password is refused: %d", a.status)
	}
}

func TestHangingUpDoesNotEscapeTheThrottle(t *testing.T) {
	r := start(t)
	b := r.browser()
	at := b.authorize(authParams()).location()
	impatient := *b.http
	impatient.Timeout = 100 * time.Millisecond // less than a refusal takes
	for range 6 {
		form := url.Values{"request": {at.Query().Get("request")}, "username": {"alice"}, "password": {"guess"}}
		if resp, err := impatient.PostForm(b.issuer+"/login", form); err == nil {
			resp.Body.Close()
			if resp.StatusCode != 429 { // what is under way counts, too
				t.Fatalf("an answer came too soon for this test: %d", resp.StatusCode)
			}
		}
	}
	time.Sleep(time.Second)
	if a := b.login(at, "alice", "guess"); a.status != 429 {
		t.Errorf("the sixth guess: %d", a.status)
	}
}

func TestGuessesSentAllAtOnceAreNotAllLetThrough(t *testing.T) {
	b := start(t).browser()
	at := b.authorize(authParams()).location()
	results := make([]answer, 60)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() { results[i] = b.login(at, "alice", fmt.Sprint("guess", i)) })
	}
	group.Wait()
	checked := 0
	for _, a := range results {
		switch a.status {
		case 303:
			checked++
		case 429:
		default:
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if checked == 0 || checked > 5 {
		t.Errorf("%d of 60 parallel guesses were checked, want at most 5", checked)
	}
}

func TestBeyondTheHashQueueTheAnswerIs503WithRetryAfter(t *testing.T) {
	r := start(t)
	server := httptest.NewUnstartedServer(nil)
	r.serve(server, authn.NewPasswords(1, 1))
	b := r.browser()
	at := b.authorize(authParams()).location()
	b.issuer = "http://" + server.Listener.Addr().String()
	r.exec(`INSERT INTO users (username, password) SELECT 'user' || i, crypt($1, gen_salt('bf', 10)) FROM generate_series(0, 19) AS i`, password)
	results := make([]answer, 20)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() { results[i] = b.login(at, fmt.Sprint("user", i), password) })
	}
	group.Wait()
	done, busy := 0, 0
	for _, a := range results {
		switch {
		case a.query("code") != "":
			done++
		case a.status == 503 && a.header.Get("Retry-After") != "" && b.interaction(a.leadsTo())["error"].(map[string]any)["code"] == "temporarily_unavailable":
			busy++
		default:
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if done == 0 || busy == 0 {
		t.Errorf("%d signed in, %d were told to come back", done, busy)
	}
}

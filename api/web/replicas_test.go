package web_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/api/authn"
)

// No replica keeps what another needs: each step is made at another one, and what SQL changes counts at both.
func TestAFlowMayMoveBetweenReplicas(t *testing.T) {
	r := start(t)
	second := httptest.NewUnstartedServer(nil)
	r.serve(second, authn.NewPasswords(2, 64))
	first := r.issuer
	other := "http://" + second.Listener.Addr().String()
	b := r.browser()

	at := b.authorize(authParams("scope", "openid offline_access")).location()
	b.issuer = other // cookies go by host, not by port
	code := b.login(at, "alice", password).query("code")
	b.issuer = first
	tokens := b.token(redeem(code)).json()
	b.issuer = other
	if a := b.token(redeem(code)); a.json()["error"] != "invalid_grant" {
		t.Errorf("a code was redeemed at two replicas: %s", a.body)
	}
	tokens = b.token(redeem(b.code(authParams("scope", "openid offline_access")))).json()
	if a := b.userinfo(str(tokens["access_token"])); a.status != 200 {
		t.Errorf("userinfo: %d %s", a.status, a.body)
	}
	b.issuer = first
	if a := b.token(refresh(str(tokens["refresh_token"]))); a.status != 200 {
		t.Errorf("refresh: %d %s", a.status, a.body)
	}
	for _, sql := range []string{"UPDATE clients SET disabled_at = now() WHERE client_id = 'web'", "UPDATE clients SET disabled_at = NULL", "DELETE FROM clients WHERE client_id = 'web'"} {
		b.exec(sql)
		waitForNotify()
		want := 400
		if strings.Contains(sql, "NULL") {
			want = 303
		}
		for _, replica := range []string{first, other} {
			b.issuer = replica
			if a := b.authorize(authParams()); a.status != want {
				t.Errorf("%s: %d at %s", sql, a.status, replica)
			}
		}
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

func TestAnOlderHashBecomesArgon2idAtTheNextSignIn(t *testing.T) {
	b := start(t).browser()
	b.code(authParams())
	if n := b.count("SELECT count(*) FROM users WHERE password LIKE '$argon2id$%'"); n != 1 {
		t.Error("the bcrypt hash was not upgraded")
	}
	fresh := b.rig.browser()
	fresh.code(authParams())
}

func TestHangingUpDoesNotEscapeTheThrottle(t *testing.T) {
	r := start(t)
	b := r.browser()
	at := b.authorize(authParams()).location()
	impatient := *b.http
	impatient.Timeout = 100 * time.Millisecond // less than a refusal takes
	for range 5 {
		form := url.Values{"request": {at.Query().Get("request")}, "username": {"alice"}, "password": {"guess"}}
		if resp, err := impatient.PostForm(b.issuer+"/login", form); err == nil {
			resp.Body.Close()
			if resp.StatusCode != 429 { // it may be slowed down already
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

package provider_test

import (
	"context"
	"encoding/base64"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	. "gatehouse/api/apitest"
	"gatehouse/api/provider"
)

// private lets the API reach the test's own servers.
func private(s *provider.Settings) { s.PrivateHosts = []string{"127.0.0.1"} }

// receiver is a relying party's backchannel_logout_uri. It answers with the statuses in turn, and 200 from then on.
type receiver struct {
	*httptest.Server
	tokens chan string
}

func (r *rig) receiver(client string, statuses ...int) receiver {
	r.Helper()
	out := receiver{tokens: make(chan string, 100)}
	out.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != "POST" || req.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || req.URL.RawQuery != "fixed=1" {
			r.Errorf("%s %s %s", req.Method, req.URL, req.Header)
		}
		out.tokens <- req.PostFormValue("logout_token")
		if len(statuses) > 0 {
			w.WriteHeader(statuses[0])
			w.Write([]byte(`{"error": "invalid_request", "error_description": "no\tsuch session"}`))
			statuses = statuses[1:]
		}
	}))
	r.Cleanup(out.Close)
	r.Exec("UPDATE clients SET backchannel_logout_uri = $1 WHERE client_id = $2", out.URL+"/logout?fixed=1", client)
	return out
}

// next returns the claims of the next logout token, nil if none comes in time.
func (r receiver) next(within time.Duration) map[string]any {
	wait := time.NewTimer(within)
	for {
		select {
		case token := <-r.tokens:
			return Claims(token)
		default:
		}
		select {
		case <-wait.C:
			return nil
		case <-time.After(5 * time.Millisecond):
		}
	}
}

const soon, never = 10 * time.Second, 2500 * time.Millisecond // a poll is every two seconds

func (b *browser) signOut(hint string) { b.Do("GET", "/logout", url.Values{"id_token_hint": {hint}}) }

func TestSigningOutTellsEachClientOfTheSessionAtOnce(t *testing.T) {
	t.Parallel()
	r := start(t, private)
	web, spa := r.receiver("web"), r.receiver("spa", 204)
	other, b := r.browser(), r.browser()
	other.SignedIn(AuthParams())
	hint := b.SignedIn(AuthParams())
	b.SignedIn(SPAParams())
	before := time.Now()
	b.signOut(hint)
	var token string
	select {
	case token = <-web.tokens:
	case <-time.After(soon):
		t.Fatal("web is not told")
	}
	if took := time.Since(before); took > 1500*time.Millisecond {
		t.Errorf("took %s", took)
	}
	if n := spa.next(soon); n["sid"] != Claims(hint)["sid"] || n["aud"] != "spa" {
		t.Errorf("spa: %v", n)
	}
	if extra := web.next(never); extra != nil {
		t.Errorf("another session, or the same one twice: %v", extra)
	}

	// Signed with the key of ID tokens, for this client, by a library that nobody here wrote.
	op, err := oidc.NewProvider(context.Background(), b.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := op.Verifier(&oidc.Config{ClientID: "web", SupportedSigningAlgs: []string{"RS256"}}).Verify(context.Background(),
		token); err != nil {
		t.Error(err)
	}
	header, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	if !strings.Contains(string(header), `"typ":"logout+jwt"`) {
		t.Errorf("header %s", header)
	}
	c := Claims(token)
	if names := slices.Sorted(maps.Keys(c)); !slices.Equal(names, []string{"aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"}) {
		t.Errorf("claims %v", names)
	}
	events, _ := c["events"].(map[string]any)
	event, ok := events["http://schemas.openid.net/event/backchannel-logout"].(map[string]any)
	if c["sub"] != "sub-alice" || c["sid"] != Claims(hint)["sid"] || c["exp"].(float64)-c["iat"].(float64) > 120 || len(event) != 0 || !ok {
		t.Errorf("claims %v", c)
	}
	// It is no ID token and no access token.
	page := b.Interaction(b.Do("GET", "/logout", url.Values{"id_token_hint": {token}}).Location().String())
	if page["error"].(map[string]any)["code"] != "logout_hint_invalid" {
		t.Errorf("as id_token_hint: %v", page)
	}
	if a := b.Userinfo(token); a.Status != 401 {
		t.Errorf("as access token: %d", a.Status)
	}
	if n := b.Count(`SELECT count(*) FROM backchannel_logouts WHERE delivered_at IS NOT NULL AND next_attempt_at IS NULL
		AND attempts = 1`); n != 2 {
		t.Errorf("%d of 2 are noted as delivered", n)
	}
}

func TestALogoutWithSQLTellsTheClientsToo(t *testing.T) {
	t.Parallel()
	r := start(t, private)
	web, spa := r.receiver("web"), r.receiver("spa")
	r.Exec("UPDATE clients SET backchannel_logout_session_required = true WHERE client_id = 'spa'")
	b := r.browser()
	sid := Claims(b.SignedIn(AuthParams()))["sid"]
	r.Exec("UPDATE sessions SET ended_at = now()")
	if c := web.next(soon); c["sid"] != sid {
		t.Errorf("session ended: %v", c)
	}

	b.SignedIn(AuthParams())
	sid = Claims(b.SignedIn(SPAParams()))["sid"]
	for _, sql := range []string{"UPDATE users SET disabled_at = now()",
		"UPDATE users SET disabled_at = NULL WHERE set_config('gatehouse.keep_sessions', 'on', true) = 'on'", "DELETE FROM users"} {
		r.Exec(sql)
		if strings.Contains(sql, "NULL") {
			continue
		}
		if c := web.next(soon); c["sub"] != "sub-alice" || c["sid"] != nil {
			t.Errorf("%s: web is told %v", sql, c)
		}
		if c := spa.next(soon); c["sub"] != "sub-alice" || c["sid"] != sid {
			t.Errorf("%s: spa, which wants a sid, is told %v", sql, c)
		}
	}
	if web.next(never) != nil || spa.next(0) != nil {
		t.Error("told twice")
	}
}

// Signing in again (prompt=login, max_age) is no logout; the logout after it reaches the clients of both sessions.
func TestSigningInAgainSignsNobodyOutButAnotherPersonDoes(t *testing.T) {
	t.Parallel()
	r := start(t, private)
	web, spa := r.receiver("web"), r.receiver("spa")
	r.Exec(`INSERT INTO users (sub, username, password) VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)))`, Password)
	b := r.browser()
	first := Claims(b.SignedIn(AuthParams()))["sid"]
	hint := b.SignedIn(SPAParams("prompt", "login"))
	if c := web.next(never); c != nil {
		t.Fatalf("signing in again is told as a logout: %v", c)
	}
	if Claims(hint)["sid"] == first {
		t.Fatal("the session is the same")
	}
	b.signOut(hint)
	if c := web.next(soon); c["sid"] != first {
		t.Errorf("web is told %v", c)
	}
	if c := spa.next(soon); c["sid"] != Claims(hint)["sid"] {
		t.Errorf("spa is told %v", c)
	}

	first = Claims(b.SignedIn(AuthParams()))["sid"]
	b.Login(b.Authorize(AuthParams("prompt", "login")).Location(), "bob", Password)
	if c := web.next(soon); c["sid"] != first || c["sub"] != "sub-alice" {
		t.Errorf("another person has signed in at the browser; web is told %v", c)
	}
}

func TestAClientThatFailsIsToldAgainWithGrowingPausesAndARefusalIsFinal(t *testing.T) {
	t.Parallel()
	r := start(t, private)
	web, spa := r.receiver("web", 500, 302, 500, 503, 500, 500, 500, 404), r.receiver("spa", 503, 400)
	b := r.browser()
	hint := b.SignedIn(AuthParams())
	b.SignedIn(SPAParams())
	b.signOut(hint)
	seen := map[string]bool{}
	for attempt, pause := range []time.Duration{0, 5, 15, 45, 120, 360, 1020, 2040} {
		r.Later(pause * time.Second)
		r.Provider.DeliverLogoutsNow()
		c := web.next(soon)
		if c == nil {
			t.Fatalf("attempt %d does not come after %ds", attempt+1, pause)
		}
		if seen[Str(c["jti"])] || c["sid"] != Claims(hint)["sid"] {
			t.Errorf("attempt %d: %v", attempt+1, c)
		}
		seen[Str(c["jti"])] = true
		r.eventually(`SELECT count(*) FROM backchannel_logouts WHERE client_id = 'web' AND attempts = $1
			AND last_error LIKE 'answers %'`, attempt+1)
		r.Exec("UPDATE backchannel_logouts SET last_error = NULL WHERE client_id = 'web'") // so that the next one is seen
	}
	r.Later(24 * time.Hour)
	r.Provider.DeliverLogoutsNow()
	if c := web.next(never); c != nil {
		t.Errorf("a ninth attempt: %v", c)
	}
	if spa.next(0) == nil || spa.next(0) == nil || spa.next(0) != nil {
		t.Error("spa, which refuses at the second attempt, is not told twice")
	}
	if n := b.Count(`SELECT count(*) FROM backchannel_logouts WHERE client_id = 'spa' AND next_attempt_at IS NULL AND delivered_at IS NULL
		AND last_error = 'answers 400: invalid_request no such session'`); n != 1 {
		t.Error("what spa said is not noted")
	}
}

// eventually waits until a count is 1.
func (r *rig) eventually(sql string, args ...any) {
	r.Helper()
	for end := time.Now().Add(soon); r.Count(sql, args...) != 1; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			r.Fatal(sql)
		}
	}
}

func TestAClientThatDoesNotAnswerDelaysNobody(t *testing.T) {
	t.Parallel()
	r := start(t, private)
	web := r.receiver("web")
	hang := make(chan struct{})
	dead := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer dead.Close()
	defer close(hang)
	r.Exec("UPDATE clients SET backchannel_logout_uri = $1 WHERE client_id = 'spa'", dead.URL)
	b := r.browser()
	hint := b.SignedIn(AuthParams())
	b.SignedIn(SPAParams())
	// A backlog far longer than the places there are.
	r.Exec(`INSERT INTO backchannel_logouts (client_id, sub, next_attempt_at, created_at) SELECT 'spa', 'x', 'epoch', now()
		FROM generate_series(1, 500)`)
	time.Sleep(never)
	before := time.Now()
	b.signOut(hint)
	if took := time.Since(before); took > time.Second {
		t.Errorf("the logout took %s", took)
	}
	if c := web.next(soon); c == nil || time.Since(before) > 1500*time.Millisecond {
		t.Errorf("web is told %v after %s", c, time.Since(before))
	}
}

// A code that is redeemed while its session ends, or its user is disabled, gets no grant that the logout did not see.
func TestACodeIsNotRedeemedWhileItsSessionEnds(t *testing.T) {
	t.Parallel()
	r := start(t, private)
	for _, sql := range []string{"UPDATE sessions SET ended_at = now()", "UPDATE users SET disabled_at = now()"} {
		b := r.browser()
		code := b.Code(AuthParams("scope", "openid offline_access"))
		tx, err := r.DB.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(context.Background()) }()
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
		redeemed := make(chan Answer, 1)
		go func() { redeemed <- b.Token(Redeem(code)) }()
		select {
		case a := <-redeemed:
			t.Fatalf("did not wait for %s: %d", sql, a.Status)
		case <-time.After(500 * time.Millisecond):
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if a := <-redeemed; a.Status != 400 || a.JSON()["error"] != "invalid_grant" || r.Count("SELECT count(*) FROM grants") != 0 {
			t.Errorf("%s: %d %s", sql, a.Status, a.Body)
		}
	}
}

func TestALogoutGoesToNoPrivateAddressUnlessItIsNamed(t *testing.T) {
	t.Parallel()
	r := start(t)
	web := r.receiver("web")
	b := r.browser()
	b.signOut(b.SignedIn(AuthParams()))
	r.eventually("SELECT count(*) FROM backchannel_logouts WHERE attempts = 1 AND last_error LIKE '%GATEHOUSE_PRIVATE_HOSTS%'")
	if web.next(0) != nil {
		t.Error("it was sent all the same")
	}
}

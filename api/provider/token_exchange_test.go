package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
	"gatehouse/api/keys"
	"gatehouse/api/provider"
)

const accessTokenURI = "urn:ietf:params:oauth:token-type:access_token"

func mayReachItself(s *provider.Settings) { s.PrivateHosts = []string{"127.0.0.1"} }

// exchanges starts a Gatehouse whose upstream named google is another one, which takes every second use of a refresh token for theft.
// alice has signed in through it, and client web may have her token. subject is an access token of web.
func exchanges(t *testing.T) (b, google *browser, subject string) {
	google = start(t, func(s *provider.Settings) { s.RefreshGrace = 0 }).browser()
	b = start(t, mayReachItself).browser()
	b.Exec(`UPDATE clients SET allowed_upstreams = '{google}', grant_types = grant_types ||
		'{urn:ietf:params:oauth:grant-type:token-exchange}'`)
	b.Exec(`INSERT INTO upstreams (name, display_name, issuer, client_id, client_secret) VALUES ('google', 'Google', $1, 'web', 'web-secret')`,
		google.Issuer)
	b.WaitForNotify()
	b.link(google.Issuer, google.Token(Redeem(google.Code(AuthParams("scope", "openid email offline_access")))).JSON())
	return b, google, Str(b.Token(Redeem(b.Code(AuthParams()))).JSON()["access_token"])
}

// link keeps tokens of google, whose issuer it is, as a sign-in through it does.
func (b *browser) link(issuer string, tokens map[string]any) {
	b.Helper()
	sealer, err := keys.NewSealer([][32]byte{{1, 2, 3}})
	if err != nil {
		b.Fatal(err)
	}
	seal := func(name string) []byte {
		return sealer.Seal("upstream token", []byte(Str(tokens[name])), []byte("google\x00"+issuer+"\x00sub-alice"))
	}
	b.Exec("DELETE FROM upstream_accounts")
	b.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username, access_token, access_token_expires_at, refresh_token, token_scope)
		VALUES ('google', $1, 'sub-alice', 'alice', $2, $3, $4, $5)`, issuer, seal("access_token"),
		time.Now().Add(time.Duration(tokens["expires_in"].(float64))*time.Second), seal("refresh_token"), tokens["scope"])
}

// bothLater moves both clocks.
func bothLater(a, b *browser, d time.Duration) {
	a.Later(d)
	b.Later(d)
}

// exchange is what TokenExchangeAuthenticator sends; changes are name, value pairs, "" removes one.
func exchange(subject string, changes ...string) url.Values {
	v := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {subject},
		"requested_issuer":   {"google"},
		"subject_token_type": {accessTokenURI}, "requested_token_type": {accessTokenURI}}
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "" {
			v.Del(changes[i])
		} else {
			v.Set(changes[i], changes[i+1])
		}
	}
	return v
}

// RFC 8693 §2.2.1.
func TestAnExchangeGivesTheTokenOfTheUpstreamAgainAndAgain(t *testing.T) {
	t.Parallel()
	b, google, subject := exchanges(t)
	a := b.Token(exchange(subject))
	got := a.JSON()
	token, expires := Str(got["access_token"]), got["expires_in"]
	if a.Status != 200 || got["issued_token_type"] != accessTokenURI || got["token_type"] != "Bearer" ||
		got["scope"] != "openid email offline_access" ||
		expires.(float64) < 890 || expires.(float64) > 900 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if a := google.Userinfo(token); a.Status != 200 {
		t.Errorf("the upstream does not take it: %d %s", a.Status, a.Body)
	}
	if again := b.Token(exchange(subject, "requested_token_type", "")); Str(again.JSON()["access_token"]) != token {
		t.Errorf("a token that lives was refreshed: %s", again.Body)
	}
	for range 3 { // the upstream rotates each time
		bothLater(b, google, 14*time.Minute+30*time.Second)
		subject = Str(b.Token(Redeem(b.Code(AuthParams()))).JSON()["access_token"])
		next := b.Token(exchange(subject)).JSON()
		if Str(next["access_token"]) == token || next["expires_in"].(float64) < 890 || google.Userinfo(Str(next["access_token"])).Status != 200 {
			t.Fatalf("after the refresh: %v", next)
		}
		token = Str(next["access_token"])
	}
	if n := b.Count(`SELECT count(*) FROM upstream_accounts WHERE position($1::bytea in access_token) > 0
		OR refreshing_until IS NOT NULL`, []byte(token)); n != 0 {
		t.Error("the token is kept in the clear, or the lease goes on")
	}
}

// An upstream that rotates refresh tokens takes the second use of one for theft, and ends them all.
func TestOfTwentyParallelExchangesOnTwoReplicasOneRefreshes(t *testing.T) {
	t.Parallel()
	b, google, subject := exchanges(t)
	second := httptest.NewUnstartedServer(nil)
	b.Serve(second, authn.NewPasswords(2, 64), mayReachItself)
	replicas := []string{b.Issuer, "http://" + second.Listener.Addr().String()}
	b.Exec("UPDATE upstream_accounts SET access_token_expires_at = now()")
	answers := make([]Answer, 20)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() {
			form := exchange(subject, "client_id", "web", "client_secret", "web-secret")
			answers[i] = b.Do("POST", replicas[i%2]+"/token", form)
		})
	}
	group.Wait()
	for _, a := range answers {
		if a.Status != 200 || a.JSON()["access_token"] != answers[0].JSON()["access_token"] {
			t.Fatalf("%d %s, the first: %s", a.Status, a.Body, answers[0].Body)
		}
	}
	if used := google.Count("SELECT sum(refresh_seq) FROM grants"); used != 1 {
		t.Errorf("%d refreshes at the upstream, want 1", used)
	}
	if a := google.Userinfo(Str(answers[0].JSON()["access_token"])); a.Status != 200 {
		t.Errorf("the upstream took it for theft: %d %s", a.Status, a.Body)
	}
}

func TestAReplicaThatEndsDuringARefreshHoldsNobodyUpForLong(t *testing.T) {
	t.Parallel()
	b, _, subject := exchanges(t)
	b.Exec("UPDATE upstream_accounts SET access_token_expires_at = now(), refreshing_until = now() + interval '300 ms'")
	if a := b.Token(exchange(subject)); a.Status != 200 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// RFC 8693 §2.2.2.
func TestAnExchangeIsRefusedForWhatIsNotTheClientsOwnLivingToken(t *testing.T) {
	t.Parallel()
	b, google, subject := exchanges(t)
	tokens := b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()
	foreign := Str(b.Token(Redeem(b.Code(SPAParams()), "redirect_uri", "https://spa.example.org/cb", "client_id",
		"spa")).JSON()["access_token"])
	if foreign == "" || subject == "" {
		t.Fatal("no token")
	}
	refused := func(what string, form url.Values, code, says string) {
		t.Helper()
		a := b.Token(form)
		if said := Str(a.JSON()["error_description"]); a.Status != 400 || a.JSON()["error"] != code || !strings.Contains(said, says) {
			t.Errorf("%s: %d %s, want %s … %s", what, a.Status, a.Body, code, says)
		}
	}
	const notLiving = "subject_token is not a living access token that this client can exchange"
	refused("a forged token", exchange("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9."), "invalid_request", notLiving)
	refused("another client's", exchange(foreign), "invalid_request", notLiving)
	refused("an ID token", exchange(Str(tokens["id_token"])), "invalid_request", notLiving)
	refused("a refresh token", exchange(Str(tokens["refresh_token"])), "invalid_request", notLiving)
	refused("a token of the upstream", exchange(Str(google.Token(Redeem(google.Code(AuthParams()))).JSON()["access_token"])),
		"invalid_request", notLiving)
	refused("no target", exchange(subject, "requested_issuer", ""), "invalid_request", "audience or resource is missing")
	for _, name := range []string{"subject_token", "subject_token_type"} {
		refused("no "+name, exchange(subject, name, ""), "invalid_request", name+" is missing")
	}
	refused("another subject", exchange(subject, "subject_token_type", "urn:ietf:params:oauth:token-type:jwt"), "invalid_request",
		"subject_token_type must be")
	refused("another kind", exchange(subject, "requested_token_type", "urn:ietf:params:oauth:token-type:jwt"), "invalid_request",
		"requested_token_type must be")
	refused("delegation", exchange(subject, "actor_token", subject, "actor_token_type", accessTokenURI), "invalid_request",
		"actor_token has no place")
	refused("an actor of no type", exchange(subject, "actor_token", subject), "invalid_request", "come together")
	refused("an audience", exchange(subject, "audience", "x"), "invalid_target", "audience has no place")
	refused("another upstream", exchange(subject, "requested_issuer", "github"), "invalid_target", "whose tokens this client may have")
	refused("a public client", exchange(foreign, "client_id", "spa"), "unauthorized_client", "without a secret")

	b.Exec("UPDATE users SET disabled_at = now()")
	refused("a disabled user", exchange(subject), "invalid_request", notLiving)
	b.Exec("UPDATE users SET disabled_at = NULL")
	b.Exec("UPDATE upstreams SET disabled_at = now()")
	b.WaitForNotify()
	refused("a disabled upstream", exchange(subject), "invalid_target", "not an upstream that can be used")
	b.Exec("UPDATE upstreams SET disabled_at = NULL")
	b.Exec("UPDATE clients SET grant_types = '{authorization_code}'")
	b.WaitForNotify()
	refused("a client without the grant", exchange(subject), "unauthorized_client", "not registered for this grant_type")
	b.Exec("UPDATE clients SET grant_types = '{urn:ietf:params:oauth:grant-type:token-exchange}'")
	b.WaitForNotify()
	b.Later(16 * time.Minute)
	refused("an expired token", exchange(subject), "invalid_request", notLiving)
}

func TestWhoHasNoTokenAtTheUpstreamIsToldHowToGetOne(t *testing.T) {
	t.Parallel()
	b, google, subject := exchanges(t)
	refused := func(what, says string) {
		t.Helper()
		a := b.Token(exchange(subject))
		if said := Str(a.JSON()["error_description"]); a.Status != 400 || a.JSON()["error"] != "invalid_grant" || said != says {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	b.Exec("UPDATE upstream_accounts SET access_token_expires_at = now() + interval '10 seconds', refresh_token = NULL")
	if a := b.Token(exchange(subject)); a.Status != 200 || a.JSON()["expires_in"].(float64) > 10 {
		t.Errorf("without a refresh token, while the token lives: %d %s", a.Status, a.Body)
	}
	b.Exec("UPDATE upstream_accounts SET access_token = NULL, access_token_expires_at = NULL, refresh_token = NULL")
	refused("linked with SQL", "there is no token of Google, or it has expired: sign in through Google again at "+UIOrigin)

	b.link(google.Issuer, google.Token(Redeem(google.Code(AuthParams("scope", "openid offline_access")))).JSON())
	b.Exec("UPDATE upstream_accounts SET access_token_expires_at = now()")
	google.Exec("UPDATE grants SET revoked_at = now()")
	for range 2 { // the second time nobody asks the upstream
		refused("revoked there", map[bool]string{
			true:  "the token of Google has expired and cannot be renewed: sign in through Google again at " + UIOrigin,
			false: "there is no token of Google, or it has expired: sign in through Google again at " + UIOrigin,
		}[b.Count("SELECT count(*) FROM upstream_accounts WHERE refresh_token IS NOT NULL") == 1])
	}
	b.link(google.Issuer, google.Token(Redeem(google.Code(AuthParams("scope", "openid offline_access")))).JSON())
	b.Exec("UPDATE upstream_accounts SET access_token = 'x'")
	refused("the key is lost", "the token of Google cannot be read any more: sign in through Google again at "+UIOrigin)

	b.Exec("DELETE FROM upstream_accounts")
	b.Exec(`UPDATE upstreams SET display_name = 'Universität "A"'`)
	b.WaitForNotify()
	refused("not linked", "the user has no account of google linked: sign in once through google at "+UIOrigin)
}

func TestAnUpstreamThatIsDownCostsATryLaterAndNoToken(t *testing.T) {
	t.Parallel()
	b, google, subject := exchanges(t)
	tokens := google.Token(Redeem(google.Code(AuthParams("scope", "openid offline_access")))).JSON()
	calls := make(chan string, 100)
	var broken *httptest.Server
	broken = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "GET" {
			fmt.Fprintf(w, `{"issuer": %q, "authorization_endpoint": "%[1]s/a", "token_endpoint": "%[1]s/token", `+
				`"jwks_uri": "%[1]s/jwks"}`, broken.URL)
			return
		}
		calls <- r.URL.Path
		time.Sleep(time.Second)
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer broken.Close()
	b.Exec("UPDATE upstreams SET issuer = $1, client_secret = 'web-secret'", broken.URL)
	b.WaitForNotify()
	b.link(broken.URL, tokens)
	b.Exec("UPDATE upstream_accounts SET access_token_expires_at = now()")
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			if a := b.Token(exchange(subject)); a.Status != 503 || a.JSON()["error"] != "temporarily_unavailable" ||
				a.Header.Get("Retry-After") == "" {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
	}
	group.Wait()
	if n := b.Count("SELECT count(*) FROM upstream_accounts WHERE refresh_token IS NOT NULL AND refreshing_until IS NULL"); n != 1 {
		t.Error("the refresh token is gone, or the lease goes on")
	}
	if len(calls) != 1 {
		t.Errorf("%d requests to an upstream that is down, want 1", len(calls))
	}
}

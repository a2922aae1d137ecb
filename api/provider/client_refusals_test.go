package provider_test

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
	"gatehouse/api/provider"
	"gatehouse/api/store"
)

// refusalsOf returns what is kept of a client, the latest first.
func (b *browser) refusalsOf(clientID string) []store.ClientRefusal {
	b.Helper()
	b.Provider.SaveClientRefusals(b.Context())
	db, err := store.Open(b.Context(), b.URL)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	list, err := db.ListClientRefusals(b.Context(), clientID)
	if err != nil {
		b.Fatal(err)
	}
	return list
}

// RFC 6749 §4.1.2.1: the person sees that something is wrong; whoever set the client up sees what.
func TestWhatAClientSentThatWasRefusedIsKept(t *testing.T) {
	OfOneProcess(t)
	t.Parallel()
	b := start(t).browser()
	b.Authorize(AuthParams("redirect_uri", "https://rp.example.org/Callback?code=secret-code"))
	b.Do("POST", "/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {"web"}, "client_secret": {"secret-guess"}})
	b.Do("GET", "/logout", url.Values{"client_id": {"web"}, "post_logout_redirect_uri": {"https://u:secret@rp.example.org/byE"}})
	b.Authorize(AuthParams("resource", "https://data.example.org"))
	b.Authorize(AuthParams("scope", "jobs:read"))
	b.Authorize(AuthParams("prompt", "none")) // nobody is signed in: nothing is wrong with that
	list := b.refusalsOf("web")
	got := map[string]store.ClientRefusal{}
	for _, r := range list {
		if text := fmt.Sprint(r); strings.Contains(text, "secret-") || strings.Contains(text, "u:secret") {
			t.Errorf("a secret is kept: %s", text)
		}
		got[r.Endpoint+" "+r.Member] = r
	}
	for key, want := range map[string][4]string{
		"authorization redirect_uri": {"invalid_request", "redirect_uri is not registered", "https://rp.example.org/Callback",
			"https://rp.example.org/callback"},
		"logout post_logout_redirect_uri": {"logout_uri_unregistered", "post_logout_redirect_uri is not registered",
			"https://rp.example.org/byE", Bye},
		"authorization resource": {"invalid_target", "resource is not registered", "https://data.example.org", b.Issuer},
		"authorization scope": {"invalid_scope", "scope is not registered", "jobs:read",
			"openid profile email groups offline_access"},
		"token ": {"invalid_client",
			"client_id web sent another secret than its own; to make a new one: gatehouse client rotate-secret", "", ""},
	} {
		if r, ok := got[key]; !ok || [4]string{r.Error, r.Why, r.Sent, r.Nearest} != want {
			t.Errorf("%s: %+v", key, r)
		}
	}
	if len(list) != 5 {
		t.Errorf("%d are kept", len(list))
	}
}

// Anybody can have requests refused, for any client_id and with any text.
func TestAFloodOfRefusedRequestsWritesFewRows(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	for i := range 30 {
		b.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ($1, 'none')`, fmt.Sprint("c", i))
	}
	b.WaitForNotify()
	request := func(clientID, uri string) {
		b.Provider.Authorize(t.Context(), provider.Request{Method: "GET", Path: "/authorize", Addr: netip.MustParseAddr("192.0.2.1"),
			Params: AuthParams("client_id", clientID, "redirect_uri", uri)})
	}
	const evil = "https://rp.example.org/\x1b[31m\u202eevil\r\n\u009b\x00"
	for i := range 3000 {
		request([]string{"web", fmt.Sprint("c", i%30), fmt.Sprint("nobody", i)}[i%3], evil)
	}
	b.Provider.SaveClientRefusals(t.Context())
	if n := b.Count(`SELECT max(count) FROM (SELECT count(*) FROM refusals GROUP BY client_id) AS of`); n < 5 || n > store.ClientRefusalsKept {
		t.Errorf("%d rows of a client", n)
	}
	if n := b.Count(`SELECT count(*) FROM refusals r WHERE concat(sent, why, endpoint, error, nearest) ~ '[[:cntrl:]]'
		OR strpos(concat(sent, why), E'\u202e') > 0`); n != 0 {
		t.Errorf("%d rows could steer a terminal", n)
	}
	for range 10 { // of each client the latest are kept, however often
		for range 5 {
			request("web", "https://rp.example.org/again")
		}
		b.Provider.SaveClientRefusals(t.Context())
	}
	if n := b.Count(`SELECT count(*) FROM refusals WHERE client_id = 'web' AND sent = 'https://rp.example.org/again'`); n !=
		store.ClientRefusalsKept || b.Count(`SELECT count(*) FROM refusals WHERE client_id = 'web'`) != n {
		t.Errorf("%d rows of web", n)
	}
	if n := b.Count(`SELECT count(*) FROM refusals WHERE client_id !~ '^(web|c[0-9]+)$'`); n != 0 {
		t.Errorf("%d rows of clients that are not there", n)
	}
	b.Exec(`DELETE FROM clients WHERE client_id = 'web'`)
	if n := b.Count(`SELECT count(*) FROM refusals WHERE client_id = 'web'`); n != 0 {
		t.Error("refusals stay when their client goes")
	}
}

// A refusal that waits for its client to be there again is none.
func TestARefusalOfAClientThatIsGoneIsNotKept(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Authorize(AuthParams("redirect_uri", "https://rp.example.org/x"))
	b.Exec(`DELETE FROM clients WHERE client_id = 'web'`)
	b.Provider.SaveClientRefusals(t.Context())
	if n := b.Count(`SELECT count(*) FROM refusals`); n != 0 {
		t.Errorf("%d rows", n)
	}
}

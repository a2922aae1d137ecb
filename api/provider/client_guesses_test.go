package provider_test

import (
	"context"
	"net/netip"
	"net/url"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/provider"
)

// RFC 6749 §2.3.1: the endpoint must be protected against brute force attacks. A client_id is public, so that must keep no client out.
func TestWrongSecretsOfAClientAreBoundedAndKeepNobodyElseOut(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec(`UPDATE clients SET grant_types = grant_types || '{client_credentials}', scope = scope || ' read' WHERE client_id = 'web'`)
	b.WaitForNotify()
	type endpoint func(*provider.Provider, context.Context, provider.Request) provider.Answer
	ask := func(at endpoint, addr, secret string, via provider.Via) provider.Answer {
		return at(b.Provider, t.Context(), provider.Request{Method: "POST", Path: "/token", Authorization: Basic("web", secret),
			Addr: netip.MustParseAddr(addr), Via: via,
			Params: url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}, "token": {"x"}}})
	}
	token := (*provider.Provider).Token
	direct := provider.Via{}
	endpoints := map[string]endpoint{"token": token, "introspect": (*provider.Provider).Introspect, "revoke": (*provider.Provider).Revoke,
		"par": (*provider.Provider).PushAuthorization, "device": (*provider.Provider).DeviceAuthorization}
	const thief, owner = "192.0.2.1", "198.51.100.1"
	for i := range 4 {
		for name, at := range endpoints {
			if a := ask(at, thief, "guess", direct); a.Status != 401 {
				t.Fatalf("%s: guess %d: %d", name, i, a.Status)
			}
		}
	}
	for name, at := range endpoints {
		for _, secret := range []string{"guess", "web-secret"} {
			if a := ask(at, thief, secret, direct); a.Status != 429 || a.RetryAfter <= 0 || a.RetryAfter > time.Minute {
				t.Errorf("%s: %s: %d, %s", name, secret, a.Status, a.RetryAfter)
			}
		}
	}
	if a := ask(token, owner, "web-secret", direct); a.Status != 200 {
		t.Errorf("the owner, elsewhere: %d %+v", a.Status, a.JSON)
	}
	if a := b.Token(Refresh("x", "client_id", "spa")); a.Status != 400 {
		t.Errorf("another client: %d", a.Status)
	}
	b.Later(time.Minute)
	if a := ask(token, thief, "web-secret", direct); a.Status != 200 {
		t.Errorf("the right one after a minute: %d %+v", a.Status, a.JSON)
	}
	// A proxy that nobody trusts stands for everybody.
	proxy := provider.Via{Peer: netip.MustParseAddr("172.18.0.2"), Header: "X-Forwarded-For"}
	for range 50 {
		ask(token, "172.18.0.2", "guess", proxy)
	}
	if a := ask(token, "172.18.0.2", "web-secret", proxy); a.Status != 200 {
		t.Errorf("the owner behind a proxy that does not count: %d %+v", a.Status, a.JSON)
	}
	if n := b.Count(`SELECT count(*) FROM login_throttle`); n != 0 {
		t.Errorf("%d rows were written", n)
	}
}
